#include "lib/metrics/order.h"
#include "lib/base/numbers.h"
#include <math.h>

/* The median of first, middle and last keeps sorted and organ-pipe inputs linear. */
static double pivot_of(double a, double b, double c)
{
    double low = a < b ? a : b, high = a < b ? b : a;
    return double_clamp(c, low, high);
}

double order_select(double *x, size_t n, size_t k)
{
    size_t low = 0, high = n; /* the answer lies in low .. high-1 */
    while (high - low > 1) {
        double pivot = pivot_of(x[low], x[low + (high - low) / 2], x[high - 1]);
        size_t less = low, at = low, more = high; /* three parts: surfaces have many equal distances */
        while (at < more) {
            double here = x[at];
            if (here < pivot) {
                x[at++] = x[less];
                x[less++] = here;
            } else if (here > pivot) {
                x[at] = x[--more];
                x[more] = here;
            } else
                at++;
        }
        if (k < less)
            high = less;
        else if (k >= more)
            low = more;
        else
            break;
    }
    return x[k];
}

double order_neighbours(double *x, size_t n, double share, double *low, double *high)
{
    double h = share * (double)(n - 1), whole = floor(h);
    size_t k = (size_t)whole;
    *low = *high = order_select(x, n, k);
    if (k + 1 < n) {
        *high = x[k + 1];
        for (size_t i = k + 2; i < n; i++)
            *high = x[i] < *high ? x[i] : *high;
    }
    return h - whole;
}

double order_quantile(double *x, size_t n, double share)
{
    double low, high;
    if (!n)
        return NAN;
    double part = order_neighbours(x, n, share, &low, &high);
    return high > low ? low + part * (high - low) : low; /* not inf - inf */
}

double order_weighted(struct weighted *x, size_t n, double share)
{
    double whole = 0, before = 0; /* weight of all, and of what lies below `low` */
    for (size_t i = 0; i < n; i++)
        whole += x[i].weight;
    size_t low = 0, high = n;
    while (high - low > 1) {
        double pivot = pivot_of(x[low].value, x[low + (high - low) / 2].value, x[high - 1].value);
        size_t less = low, at = low, more = high;
        double weight_less = 0, weight_equal = 0;
        while (at < more) {
            struct weighted here = x[at];
            if (here.value < pivot) {
                weight_less += here.weight;
                x[at++] = x[less];
                x[less++] = here;
            } else if (here.value > pivot) {
                x[at] = x[--more];
                x[more] = here;
            } else {
                weight_equal += here.weight;
                at++;
            }
        }
        if (less > low && (before + weight_less) / whole >= share)
            high = less;
        else if (more == high || (before + weight_less + weight_equal) / whole >= share)
            return pivot;
        else {
            before += weight_less + weight_equal;
            low = more;
        }
    }
    return x[low].value;
}
