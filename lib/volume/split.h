/* Splitting cases into training and validation, reproducibly. */
#ifndef PRUNET_VOLUME_SPLIT_H
#define PRUNET_VOLUME_SPLIT_H

#include "lib/base/names.h"

/* Puts case names into an order that is a function of the seed and the set of names alone. STATUS_DATA for
 * one that is no case name. */
int order_cases(struct names *names, uint64_t seed);

/* How many of `count` cases, at least 2, are for training: floor(fraction * count + 0.5) within 1..count-1.
 */
size_t training_count(size_t count, double fraction);

/* Of folds 1..folds of `count` ordered cases, `fold` is validated on: [*begin, *end). */
void fold_range(size_t count, int fold, int folds, size_t *begin, size_t *end);

#endif
