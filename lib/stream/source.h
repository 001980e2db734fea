/* One input of the record reader: a regular file, which is mapped, or a pipe, which is read as it arrives. */
#ifndef PRUNET_STREAM_SOURCE_H
#define PRUNET_STREAM_SOURCE_H

#include "lib/base/sha256_beside.h"
#include "lib/stream/record.h"

struct source {
    const char *path; /* borrowed */
    int fd;           /* -1: closed */
    bool regular;
    uint64_t position; /* in a regular file, of what is not yet consumed */
    char *buffer;      /* NRRD_HEADER_MAX bytes: what was read ahead for a header */
    size_t begin, end; /* of the bytes in the buffer that are not yet consumed */
    double *seconds;   /* time spent in read calls is added here */
    int stop;          /* readable when waiting is to end; -1: none */
    bool digesting;    /* what is consumed is added to: */
    struct sha256 digest;
    struct sha256_beside beside; /* while a payload is read */
};

/* Opens PATH ("-": a copy of `standard`, a descriptor). A missing or unreadable file or a folder is STATUS_FAILURE.
 * Reading from a pipe is STATUS_RETRY once the descriptor `stop` (-1: none) is readable. */
int source_open(struct source *source, const char *path, int standard, double *seconds, int stop);
void source_close(struct source *source);

/* From now on all bytes that are consumed are digested, as they lie in this process's memory: nothing is mapped.
 * Those of a large payload of a file are digested by a thread that lives while the payload is read. */
void source_digest(struct source *source);

/* Whether the source is a regular file and all of it is consumed. */
bool source_is_consumed(const struct source *source);

/* "standard input" for "-". */
const char *source_name(const char *path);

/* Reads ahead a whole header, which stays valid until the next call for this source: *text and *length.
 * *length is 0 at the end of the input. STATUS_DATA when the input ends inside it or it is too long. */
int source_header(struct source *source, char **text, size_t *length);

/* Consumes the header and then the payload of record->bytes bytes, which becomes record->data: in
 * `destination`, which is borrowed, or where that is NULL a private mapping if the file allows it at this
 * alignment and nothing is digested, else memory that, from a pipe, grows as bytes arrive. A payload that is stored
 * otherwise is unpacked (storage.h): integers piece by piece, while they are read. */
int source_payload(struct source *source, size_t header_length, struct record *record, void *destination);

#endif
