/* Order statistics without sorting. */
#ifndef PRUNET_METRICS_ORDER_H
#define PRUNET_METRICS_ORDER_H

#include <stddef.h>

/* The k-th smallest of n values (k from 0), by quickselect in linear expected time; afterwards no value
 * before index k is larger and none after it smaller. */
double order_select(double *values, size_t n, size_t k);

/* The two neighbours of the quantile at h = share (n - 1): *low = x[floor(h)], *high = x[floor(h) + 1] (or
 * *low at the end) of the sorted values; returns h - floor(h). Values are reordered. n > 0. */
double order_neighbours(double *values, size_t n, double share, double *low, double *high);

/* Quantile with linear interpolation between its neighbours, as numpy's default; NaN for n = 0. Reorders. */
double order_quantile(double *values, size_t n, double share);

/* A value and the weight it stands for. */
struct weighted {
    double value, weight;
};

/* The smallest value v such that the weights of all values <= v are at least share of the whole weight.
 * Reorders. n > 0. */
double order_weighted(struct weighted *items, size_t n, double share);

#endif
