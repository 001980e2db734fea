#include "lib/metrics/ranking.h"
#include "lib/base/error.h"
#include "lib/base/random.h"
#include <math.h>
#include <stdlib.h>

/* Adds the ranks of one item's values. */
static void add_ranks(const double *value, size_t sets, double *rank)
{
    for (size_t i = 0; i < sets; i++) {
        size_t better = 0, equal = 0;
        for (size_t k = 0; k < sets; k++) {
            better += value[k] > value[i];
            equal += value[k] == value[i];
        }
        rank[i] += (double)better + ((double)equal + 1) / 2;
    }
}

static void rank_cases(const struct contest *contest, struct ranking *ranking)
{
    const size_t sets = contest->sets;
    for (size_t c = 0; c < contest->cases; c++) {
        double *rank = ranking->rank + c * sets;
        for (size_t item = 0; item < contest->items; item++)
            add_ranks(contest->value + (c * contest->items + item) * sets, sets, rank);
        for (size_t i = 0; i < sets; i++) {
            rank[i] /= (double)contest->items;
            ranking->score[i] += rank[i];
        }
    }
    for (size_t i = 0; i < sets; i++)
        ranking->score[i] /= (double)contest->cases;
}

/* By insertion: the order of equal ones stays. */
static void sort_sets(size_t sets, struct ranking *ranking)
{
    for (size_t i = 0; i < sets; i++) {
        size_t at = i;
        for (; at > 0 && ranking->score[ranking->order[at - 1]] > ranking->score[i]; at--)
            ranking->order[at] = ranking->order[at - 1];
        ranking->order[at] = i;
    }
}

/* How often chance puts set i as far ahead of set j as it is. */
static double permutation_test(const struct contest *contest, const struct ranking *ranking, size_t i,
                               size_t j, int draws, uint64_t key)
{
    const size_t sets = contest->sets;
    const double rounding = 1e-9;
    double ahead = 0;
    int as_far = 0;
    for (size_t c = 0; c < contest->cases; c++)
        ahead += ranking->rank[c * sets + j] - ranking->rank[c * sets + i];
    for (int draw = 0; draw < draws; draw++) {
        const uint64_t draw_key = random_key_number(key, (uint64_t)draw);
        double drawn = 0;
        for (size_t c = 0; c < contest->cases; c++) {
            const double d = ranking->rank[c * sets + j] - ranking->rank[c * sets + i];
            drawn += random_bits(draw_key, c) >> 63 ? d : -d;
        }
        as_far += drawn >= ahead - rounding;
    }
    return ((double)as_far + 1) / ((double)draws + 1);
}

int ranking_make(const struct contest *contest, int draws, uint64_t seed, struct ranking *ranking)
{
    const size_t sets = contest->sets;
    const uint64_t key = random_key(seed, "ranking");
    *ranking = (struct ranking){calloc(contest->cases * sets, sizeof *ranking->rank),
                                calloc(sets, sizeof *ranking->score), calloc(sets, sizeof *ranking->order),
                                malloc(sets * sets * sizeof *ranking->p)};
    if (!ranking->rank || !ranking->score || !ranking->order || !ranking->p) {
        ranking_free(ranking);
        return fail(STATUS_FAILURE, "out of memory for the ranks of %zu cases", contest->cases);
    }
    rank_cases(contest, ranking);
    sort_sets(sets, ranking);
    for (size_t i = 0; i < sets; i++)
        for (size_t j = 0; j < sets; j++)
            ranking->p[i * sets + j] = ranking->score[i] < ranking->score[j]
                                           ? permutation_test(contest, ranking, i, j, draws, key)
                                           : NAN;
    return STATUS_OK;
}

void ranking_free(struct ranking *ranking)
{
    free(ranking->rank);
    free(ranking->score);
    free(ranking->order);
    free(ranking->p);
    *ranking = (struct ranking){0};
}
