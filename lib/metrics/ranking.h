/* The ranking of the BraTS challenges: which of several sets of predictions is better, case by case
 * (Bakas et al., Identifying the best machine learning algorithms for brain tumor segmentation, 2018). */
#ifndef PRUNET_METRICS_RANKING_H
#define PRUNET_METRICS_RANKING_H

#include <stddef.h>
#include <stdint.h>

/* Scores of all sets, larger is better. value[(case * items + item) * sets + set]; an item is a measure of
 * a region. Infinite values are values; NaN is not allowed. */
struct contest {
    size_t sets, cases, items;
    double *value;
};

struct ranking {
    double *rank;  /* [cases][sets]: mean of the set's ranks over the case's items, 1 the best */
    double *score; /* [sets]: mean over the cases */
    size_t *order; /* [sets]: sets by score, the best first; equal ones as they came */
    /* [sets][sets]: for sets i and j with score[i] < score[j] the share of draws, and one of the draws +
     * 1, in which i is as far ahead of j as it is, when in every case it is a matter of chance which of
     * the two ranks is whose; one-sided; NaN for the others. */
    double *p;
};

/* Sets of equal value share the mean of their ranks. In a draw the ranks of two sets are exchanged, in each
 * case with probability 1/2, all items of a case together. A draw is a function of the seed, its number and
 * the case's number: the same for every pair of sets. STATUS_FAILURE without memory. */
int ranking_make(const struct contest *contest, int draws, uint64_t seed, struct ranking *ranking);
void ranking_free(struct ranking *ranking);

#endif
