/* A FILE that writes into memory. Unlike open_memstream's, whose bytes may be lost in silence where memory ends
 * (glibc 2.36), it says so when it is closed. */
#ifndef PRUNET_BASE_MEMORY_STREAM_H
#define PRUNET_BASE_MEMORY_STREAM_H

#include <stddef.h>
#include <stdio.h>

struct memory_stream {
    char
        *text; /* after closing: all that was written, and a NUL behind it; malloc'd, whose is the caller's */
    size_t size, capacity;
};

/* NULL when out of memory, and then there is nothing to close. */
FILE *memory_stream_open(struct memory_stream *stream);

/* STATUS_FAILURE, "out of memory", where some of it could not be kept; text is then NULL. */
int memory_stream_close(FILE *file, struct memory_stream *stream);

#endif
