/* Which cases of an epoch one of several ranks trains on: of every batch of B the places p with
 * floor(rB/N) <= p < floor((r+1)B/N), for rank r of N. Together the shares are all cases, each once. */
#ifndef PRUNET_STREAM_SHARE_H
#define PRUNET_STREAM_SHARE_H

#include <stdbool.h>
#include <stddef.h>

struct share {
    int batch;         /* B, from 1 on */
    int number, count; /* r from 0 on, N at most B */
};

/* Reads "R/N" with 0 <= R < N; false for anything else. */
bool share_parse(const char *text, struct share *share);

/* Whether the case at a place of the epoch, from 0 on, is of the share. */
bool share_has(const struct share *share, size_t place);

/* How many of the epoch's first `cases` cases are. */
size_t share_cases(const struct share *share, size_t cases);

/* The place of the share's case number `index`, from 0 on. */
size_t share_place(const struct share *share, size_t index);

#endif
