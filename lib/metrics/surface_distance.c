#include "lib/metrics/surface_distance.h"
#include "lib/base/error.h"
#include "lib/metrics/distance.h"
#include "lib/metrics/order.h"
#include "lib/metrics/surface.h"
#include <math.h>
#include <stdlib.h>

static const double PERCENTILE = 0.95;

static int surface_of(enum surface_kind kind, const struct mask *mask, const double spacing[3],
                      struct surface *surface)
{
    if (kind == SURFACE_LATTICE)
        return surface_lattice(mask, spacing, surface);
    return surface_border(mask, kind == SURFACE_CORNERS, surface);
}

/* Distances of one surface's points to the other surface; areas NULL: all points count alike. */
struct directed {
    double *squared;
    const double *areas;
    size_t count;
};

/* Sums of distance times weight, and of weight, in the order of the points. */
static void average(const struct directed *d, double *sum, double *weight)
{
    *sum = *weight = 0;
    for (size_t i = 0; i < d->count; i++) {
        double w = d->areas ? d->areas[i] : 1;
        *sum += w * sqrt(d->squared[i]);
        *weight += w;
    }
}

static double largest(const struct directed *d)
{
    double most = 0;
    for (size_t i = 0; i < d->count; i++)
        most = fmax(most, d->squared[i]);
    return sqrt(most);
}

/* The weight of the points within the tolerance. */
static double within(const struct directed *d, double tolerance)
{
    double sum = 0;
    for (size_t i = 0; i < d->count; i++)
        if (sqrt(d->squared[i]) <= tolerance)
            sum += d->areas ? d->areas[i] : 1;
    return sum;
}

static double surface_dice(const struct directed *forward, const struct directed *backward, double tolerance)
{
    double sum, weight_f, weight_b;
    average(forward, &sum, &weight_f);
    average(backward, &sum, &weight_b);
    const double f = within(forward, tolerance), b = within(backward, tolerance);
    return forward->areas ? (f + b) / (weight_f + weight_b) : (f / weight_f + b / weight_b) / 2;
}

/* The percentile interpolates distances, not their squares. Reorders. */
static double plain_percentile(double *squared, size_t count)
{
    double low, high;
    double part = order_neighbours(squared, count, PERCENTILE, &low, &high);
    return sqrt(low) + part * (sqrt(high) - sqrt(low));
}

static int percentile(const struct directed *d, double *value)
{
    if (!d->areas) {
        *value = plain_percentile(d->squared, d->count);
        return STATUS_OK;
    }
    struct weighted *items = malloc(d->count * sizeof *items);
    if (!items)
        return fail(STATUS_FAILURE, "out of memory for %zu distances", d->count);
    for (size_t i = 0; i < d->count; i++)
        items[i] = (struct weighted){d->squared[i], d->areas[i]};
    *value = sqrt(order_weighted(items, d->count, PERCENTILE));
    free(items);
    return STATUS_OK;
}

static int summarize(const struct convention *convention, const struct directed *forward,
                     const struct directed *backward, const struct tolerances *tolerances,
                     struct surface_distances *out)
{
    double sum_f, weight_f, sum_b, weight_b, percentile_b;
    average(forward, &sum_f, &weight_f);
    average(backward, &sum_b, &weight_b);
    out->average = sum_f / weight_f;
    out->symmetric = convention->average_twice ? (sum_f / weight_f + sum_b / weight_b) / 2
                                               : (sum_f + sum_b) / (weight_f + weight_b);
    out->hd = largest(forward);
    if (convention->join != JOIN_FORWARD)
        out->hd = fmax(out->hd, largest(backward));
    for (int i = 0; tolerances && i < tolerances->count; i++)
        out->nsd[i] = surface_dice(forward, backward, tolerances->value[i]);
    if (convention->join == JOIN_POOLED) { /* the two arrays are one */
        out->hd95 = plain_percentile(forward->squared, forward->count + backward->count);
        return STATUS_OK;
    }
    int status = percentile(forward, &out->hd95);
    if (!status && convention->join == JOIN_LARGER && !(status = percentile(backward, &percentile_b)))
        out->hd95 = fmax(out->hd95, percentile_b);
    return status;
}

int surface_distances(const struct convention *convention, const struct mask *prediction,
                      const struct mask *reference, const double spacing[3],
                      const struct tolerances *tolerances, struct surface_distances *distances)
{
    struct surface p = {0}, r = {0};
    double *squared = NULL;
    int status = surface_of(convention->surface, prediction, spacing, &p);
    if (!status)
        status = surface_of(convention->surface, reference, spacing, &r);
    if (!status && !(squared = malloc((p.count + r.count) * sizeof *squared)))
        status = fail(STATUS_FAILURE, "out of memory for %zu distances", p.count + r.count);
    if (!status)
        status = distance_squared(&p, &r, spacing, squared);
    if (!status)
        status = distance_squared(&r, &p, spacing, squared + p.count);
    if (!status)
        status = summarize(convention, &(struct directed){squared, p.areas, p.count},
                           &(struct directed){squared + p.count, r.areas, r.count}, tolerances, distances);
    free(squared);
    surface_free(&p);
    surface_free(&r);
    return status;
}
