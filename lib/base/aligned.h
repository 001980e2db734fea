/* A table for people: the columns of tab-separated lines, aligned. For lib/base/output.c alone.
 *
 * Rows that come at once are held until the last one and share their columns' widths. As soon as one has been waited
 * for (a step, a case), each row is passed on when it comes; a wider cell then widens its column from there on. */
#ifndef PRUNET_BASE_ALIGNED_H
#define PRUNET_BASE_ALIGNED_H

#include <stdbool.h>
#include <stddef.h>

enum { ALIGNED_COLUMNS = 64 }; /* those after them are not aligned */

struct aligned {
    char *text; /* what is held */
    size_t length, capacity;
    int width[ALIGNED_COLUMNS];    /* of the widest cell so far, in characters */
    bool is_text[ALIGNED_COLUMNS]; /* some cell below the names is no number; numbers stand to the right */
    bool names_seen;               /* the first line is that of names */
    bool passes;                   /* a row has been waited for */
    double last;                   /* clock_seconds of the last bytes; 0: none have come */
};

/* Where lines go; a status as of lib/base/error.h. */
typedef int (*aligned_write)(void *self, const char *bytes, size_t count);

/* Takes bytes of the table, whole lines or parts of them. A line without a tab is passed on as it is, in its place. */
int aligned_add(struct aligned *table, const void *bytes, size_t count, aligned_write write, void *self);

/* Passes on what is held, a last line without an end included, and frees it. */
int aligned_end(struct aligned *table, aligned_write write, void *self);

#endif
