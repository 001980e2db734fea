/* Bytes of a file or stdin, inflated when they are gzip; the first two bytes decide, not the name. */
#ifndef PRUNET_STREAM_INFLATE_H
#define PRUNET_STREAM_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

struct inflate {
    int fd; /* -1: closed */
    bool gzip;
    bool member;          /* inside a gzip member, whose CRC-32 and length are not verified yet */
    z_stream stream;      /* its next_in and avail_in also hold what was read ahead of a plain file */
    unsigned char *input; /* INFLATE_INPUT bytes */
};

/* Opens PATH ("-": stdin). STATUS_FAILURE when that is not possible; messages do not name the path. */
int inflate_open(struct inflate *file, const char *path);

/* Reads `count` bytes, or fewer at the end of the data: *got tells. Members of a gzip file follow each other.
 * STATUS_DATA for gzip data that is damaged or cut, or has other bytes than zeros behind it. To have the
 * last member verified, read on until *got is 0. */
int inflate_read(struct inflate *file, void *to, size_t count, size_t *got);

void inflate_close(struct inflate *file);

#endif
