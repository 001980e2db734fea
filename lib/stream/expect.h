/* The case names that a stream must bring, in order: how a missing case is noticed when files are joined. */
#ifndef PRUNET_STREAM_EXPECT_H
#define PRUNET_STREAM_EXPECT_H

#include <stddef.h>

struct expect {
    const char *path;
    char **names;
    size_t count;
};

/* Reads a file of one case name a line (empty lines are skipped). STATUS_FAILURE when it cannot be read,
 * STATUS_DATA for a line that is no case name. */
int expect_read(struct expect *expect, const char *path);
void expect_free(struct expect *expect);

/* Checks that case number `index` (from 0) of the stream is `name`. */
int expect_case(const struct expect *expect, size_t index, const char *name);

/* Checks that a stream of `cases` cases was complete. */
int expect_end(const struct expect *expect, size_t cases);

#endif
