/* Feeds bytes to the record reader, through a pipe or from a file, and keeps the records or the message. */
#ifndef PRUNET_TESTS_LIB_FEED_H
#define PRUNET_TESTS_LIB_FEED_H

#include "lib/base/error.h"
#include "lib/stream/reader.h"
#include "lib/stream/record_write.h"
#include "tests/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static inline void write_file(const char *path, const void *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, count, file) != count || fclose(file))
        abort();
}

/* A whole file, with a 0 behind it. */
static inline char *read_file(const char *path, size_t *count)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        abort();
    fseek(file, 0, SEEK_END);
    *count = (size_t)ftell(file);
    rewind(file);
    char *bytes = calloc(1, *count + 1);
    if (!bytes || fread(bytes, 1, *count, file) != *count)
        abort();
    fclose(file);
    return bytes;
}

enum { FED_MAX = 8 };

struct fed {
    int status; /* of the call that ended the stream */
    char message[1024];
    int count;
    size_t cases;
    struct record record[FED_MAX];
};

static inline void fed_free(struct fed *fed)
{
    for (int i = 0; i < fed->count; i++)
        record_free(&fed->record[i]);
    fed->count = 0;
}

static inline void feed_paths(struct fed *fed, int count, char *const *paths,
                              const struct reader_options *options)
{
    struct reader *reader;
    *fed = (struct fed){0};
    fed->status = reader_open(&reader, count, paths, options);
    if (!fed->status) {
        for (bool got = true; got && !fed->status && fed->count < FED_MAX; fed->count += got)
            fed->status = reader_next(reader, &fed->record[fed->count], &got);
        fed->cases = reader_cases_done(reader);
        reader_close(reader);
    }
    if (fed->status)
        snprintf(fed->message, sizeof fed->message, "%s", error_message());
}

/* Bytes that fit a pipe's buffer (64 KiB) go through a pipe; a file is fed by feed_paths. */
static inline void feed_pipe(struct fed *fed, const void *bytes, size_t count,
                             const struct reader_options *options)
{
    int ends[2];
    char path[32], *paths[] = {path};
    if (pipe(ends) || write(ends[1], bytes, count) != (ssize_t)count)
        abort();
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    feed_paths(fed, 1, paths, options);
    close(ends[0]);
}

/* A pipe's reading end into which another process writes the bytes: the first 2000 one by one, then `chunk`
 * at a time. Close it, and wait(NULL). */
static inline int dribble(const char *bytes, size_t count, size_t chunk)
{
    int ends[2];
    if (pipe(ends))
        abort();
    pid_t child = fork();
    if (child < 0)
        abort();
    if (child) {
        close(ends[1]);
        return ends[0];
    }
    close(ends[0]);
    for (size_t at = 0; at < count;) {
        size_t part = at < 2000 ? 1 : chunk < count - at ? chunk : count - at;
        ssize_t done = write(ends[1], bytes + at, part);
        if (done < 0)
            _exit(1);
        at += (size_t)done;
    }
    _exit(0);
}

static inline void feed_file(struct fed *fed, const void *bytes, size_t count,
                             const struct reader_options *options)
{
    char path[512], *paths[] = {path};
    snprintf(path, sizeof path, "%s", scratch("feed.nrrd"));
    write_file(path, bytes, count);
    feed_paths(fed, 1, paths, options);
}

/* A record of 3 x 5 x 7 voxels, cropped from a 9 x 8 x 7 grid at (1, 2, -1), with counted samples. */
static inline struct record sample_record(const char *name, enum role role, enum sample sample, int channels)
{
    struct record record = {.role = role,
                            .sample = sample,
                            .size = {3, 5, 7},
                            .channels = channels,
                            .directions = {{-1, 0, 0}, {0, -1.5, 0}, {0, 0, 2}},
                            .origin = {9, 47, -12},
                            .has_geometry = true,
                            .has_grid = true,
                            .grid = {9, 8, 7},
                            .affine = {{-1, 0, 0, 10}, {0, -1.5, 0, 50}, {0, 0, 2, -10}},
                            .last = true};
    snprintf(record.case_name, sizeof record.case_name, "%s", name);
    if (record_allocate(&record))
        abort();
    for (size_t i = 0; i < record.bytes; i++)
        ((unsigned char *)record.data)[i] = (unsigned char)(i % 61);
    return record;
}

/* The bytes of records as the writer emits them. */
static inline char *written(int count, const struct record *records, size_t *bytes)
{
    struct output output;
    const char *path = scratch("written.nrrd");
    int status = output_open(&output, path, true);
    for (int i = 0; i < count && !status; i++)
        status = record_write(&output, &records[i]);
    if (status || output_commit(&output))
        abort();
    return read_file(path, bytes);
}

#endif
