/* The search for postprocess's et_minimum on a validation split, and what it would bring. */
#ifndef PRUNET_METRICS_ET_SEARCH_H
#define PRUNET_METRICS_ET_SEARCH_H

#include "lib/metrics/convention.h"
#include "lib/metrics/segmentation.h"
#include <stddef.h>

/* One case: its predicted enhancing tumour and what the ET scores are when it stays and when it goes. */
struct et_case {
    double volume;           /* mm^3 */
    double dice[2], hd95[2]; /* [0] as predicted, [1] without any enhancing tumour; NaN: undefined */
};

/* Scores a case for the search; the prediction's small components are dropped first. STATUS_DATA unless both
 * lie on the same grid. */
int et_case_score(const struct convention *convention, double component_minimum,
                  const struct segmentation *prediction, const struct segmentation *reference,
                  struct et_case *scores);

struct et_choice {
    double minimum;    /* mm^3 */
    double dice, hd95; /* means over the cases where they are defined */
    size_t changed;    /* cases that lose a predicted enhancing tumour */
};

/* All choices that differ: 0, then between each two volumes that were predicted, then above the largest;
 * ascending. *best: index of the highest mean Dice, the first of equals. choices[] holds up to count + 1;
 * *choice_count of them are filled. Reorders the cases by volume. */
void et_search(struct et_case *cases, size_t count, struct et_choice *choices, size_t *choice_count,
               size_t *best);

struct et_search_options {
    const struct convention *convention;
    double component_minimum; /* mm^3, dropped before, as postprocess does */
    const char *pairs;        /* a list of files, or NULL: a stream */
    const char *output;       /* NULL: stdout */
    uint64_t max_bytes;       /* largest record or volume; 0: 4 GiB */
    bool no_header;           /* of the table */
};

/* Reads predictions and references from the list or from the stream of `count` files (none: stdin), and
 * prints the choices as TSV: et_minimum, dice_et, hd95_et, changed, cases, best (0 or 1), convention. */
int et_search_run(const struct et_search_options *options, int count, char *const *paths);

#endif
