#include "lib/stream/source.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include "lib/base/progress.h"
#include "lib/stream/magic.h"
#include "lib/stream/mapping.h"
#include "lib/stream/nrrd_text.h"
#include "lib/stream/storage.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* PIECE_BYTES: what is read at once to be digested or widened while the processor's cache still has it. */
enum { PIPE_BYTES = 1 << 20, GROWTH_FIRST = 1 << 20, PIECE_BYTES = 1 << 18, ALIGNMENT = 64 };
enum { PIECES = SHA256_AHEAD + 1 };

const char *source_name(const char *path)
{
    return strcmp(path, "-") ? path : "standard input";
}

int source_open(struct source *source, const char *path, int standard, double *seconds, int stop)
{
    struct stat file;
    *source = (struct source){.path = path, .seconds = seconds, .stop = stop};
    /* who can be stopped waits for a FIFO's writer in wait_for_input, not in open */
    const int flags = O_RDONLY | O_CLOEXEC | (stop < 0 ? 0 : O_NONBLOCK);
    source->fd = strcmp(path, "-") ? open(path, flags) : dup(standard);
    if (source->fd < 0 || fstat(source->fd, &file))
        return fail_errno(STATUS_FAILURE, "cannot open");
    if (flags & O_NONBLOCK && strcmp(path, "-") != 0)
        fcntl(source->fd, F_SETFL, fcntl(source->fd, F_GETFL) & ~O_NONBLOCK);
    if (S_ISDIR(file.st_mode))
        return fail(STATUS_FAILURE, "is a folder");
    source->buffer = malloc(NRRD_HEADER_MAX);
    if (!source->buffer)
        return fail(STATUS_FAILURE, "out of memory");
    off_t position = lseek(source->fd, 0, SEEK_CUR);
    source->regular = S_ISREG(file.st_mode) && position >= 0;
    source->position = source->regular ? (uint64_t)position : 0;
    if (S_ISFIFO(file.st_mode))
        fcntl(source->fd, F_SETPIPE_SZ, PIPE_BYTES); /* fewer switches between processes; may be refused */
    return STATUS_OK;
}

void source_close(struct source *source)
{
    if (source->fd >= 0)
        close(source->fd);
    free(source->buffer);
    *source = (struct source){.fd = -1};
}

void source_digest(struct source *source)
{
    source->digesting = true;
    sha256_begin(&source->digest);
}

bool source_is_consumed(const struct source *source)
{
    struct stat file;
    return source->regular && !fstat(source->fd, &file) && (uint64_t)file.st_size == source->position;
}

/* Returns when there is something to read, the end of the input included. */
static int wait_for_input(const struct source *source)
{
    struct pollfd both[] = {{.fd = source->fd, .events = POLLIN}, {.fd = source->stop, .events = POLLIN}};
    int ready;
    do
        ready = poll(both, 2, -1); /* a negative descriptor is passed over */
    while (ready < 0 && errno == EINTR);
    if (ready < 0)
        return fail_errno(STATUS_FAILURE, "cannot wait for input");
    return both[1].revents ? fail(STATUS_RETRY, "stopped while waiting for input") : STATUS_OK;
}

/* Reads at least one byte, or none at the end: *got tells how many. `ahead` counts from what is not consumed.
 */
static int read_some(struct source *source, void *to, size_t capacity, size_t ahead, size_t *got)
{
    double start = clock_seconds();
    ssize_t count;
    int status = source->stop < 0 || source->regular ? STATUS_OK : wait_for_input(source);
    if (status)
        return status;
    do
        count = source->regular ? pread(source->fd, to, capacity, (off_t)(source->position + ahead))
                                : read(source->fd, to, capacity);
    while (count < 0 && errno == EINTR);
    *source->seconds += clock_seconds() - start;
    if (count < 0)
        return fail_errno(STATUS_FAILURE, "cannot read");
    *got = (size_t)count;
    return STATUS_OK;
}

int source_header(struct source *source, char **text, size_t *length)
{
    memmove(source->buffer, source->buffer + source->begin, source->end - source->begin);
    source->end -= source->begin;
    source->begin = 0;
    *text = source->buffer;
    while (!(*length = nrrd_header_length(source->buffer, source->end))) {
        size_t free_bytes = NRRD_HEADER_MAX - source->end, got;
        if (!free_bytes)
            return fail(STATUS_DATA, "a header of more than %d bytes, or not NRRD", NRRD_HEADER_MAX);
        int status = read_some(source, source->buffer + source->end, size_min(free_bytes, NRRD_PAGE),
                               source->end, &got);
        if (status)
            return status;
        if (!got)
            return source->end
                       ? fail(STATUS_DATA, "the input ends inside the header, after %zu bytes", source->end)
                       : STATUS_OK;
        source->end += got;
        const char *foreign = source->end < 4 || !memcmp(source->buffer, "NRRD", 4)
                                  ? ""
                                  : looks_like(source->buffer, source->end);
        if (*foreign)
            return fail(STATUS_DATA, "not a record%s", foreign);
    }
    if (source->digesting)
        sha256_add(&source->digest, source->buffer, *length);
    return STATUS_OK;
}

static int ends_early(size_t have, size_t bytes)
{
    return fail(STATUS_DATA, "the input ends inside the data: %zu of %zu bytes", have, bytes);
}

/* Bytes of the payload behind the `have` that were taken: at least one, or none at the end. What is digested is what
 * the caller gets, here or by the thread beside, while the processor's cache still has it. */
static int take(struct source *source, void *to, size_t most, size_t have, size_t *got)
{
    int status = STATUS_OK;
    if (source->digesting)
        most = size_min(most, PIECE_BYTES);
    if ((*got = size_min(most, source->end - source->begin))) {
        memcpy(to, source->buffer + source->begin, *got);
        source->begin += *got;
    } else
        status = read_some(source, to, most, have, got);
    if (!status && source->digesting)
        sha256_beside_add(&source->beside, to, *got);
    return status;
}

/* Room for more than `have` of `bytes` bytes. A file was seen to have the payload; from a pipe memory grows while bytes
 * arrive, so that a header that lies reserves nothing. */
static int make_room(const struct source *source, char **data, size_t *capacity, size_t have, size_t bytes)
{
    if (!source->regular)
        return array_grow_within(data, capacity, size_min(have + GROWTH_FIRST, bytes), bytes, 1);
    *data = samples_allocate(bytes);
    *capacity = *data ? bytes : 0;
    return *data ? STATUS_OK : fail(STATUS_FAILURE, "no memory for %zu bytes", bytes);
}

/* Fills a buffer with `bytes` bytes of the payload. */
static int fill(struct source *source, char *to, size_t bytes, size_t have, size_t all)
{
    size_t got;
    for (size_t done = 0; done < bytes; done += got) {
        int status = take(source, to + done, bytes - done, have + done, &got);
        if (status || !got)
            return status ? status : ends_early(have + done, all);
    }
    return STATUS_OK;
}

/* A pipe's bytes are digested in line: the memory that grows with them may move. */
static void begin_digest(struct source *source, size_t bytes)
{
    if (source->digesting)
        sha256_beside_begin(&source->beside, &source->digest, source->regular ? bytes : 0);
}

/* Samples as they are. */
static int read_plain(struct source *source, size_t bytes, char **data, size_t capacity)
{
    int status = STATUS_OK;
    begin_digest(source, bytes);
    for (size_t have = 0; !status && have < bytes; have = capacity) {
        if (have == capacity)
            status = make_room(source, data, &capacity, have, bytes);
        if (!status)
            status = fill(source, *data + have, capacity - have, have, bytes);
    }
    sha256_beside_end(&source->beside);
    return status;
}

/* Integers, of which a piece becomes floats while the processor's cache has it. Where a digest is beside it has the
 * pieces before this one. */
static int read_scaled(struct source *source, const struct record *record, char **data, size_t capacity)
{
    const size_t all = storage_bytes(record);
    const size_t narrow = sizeof(int16_t), wide = sizeof(float);
    char *pieces = malloc((size_t)PIECES * PIECE_BYTES);
    int status = pieces ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
    begin_digest(source, all);
    for (size_t have = 0, count; !status && have < all; have += count) {
        char *piece = pieces + (source->beside.threaded ? have % (PIECES * PIECE_BYTES) : 0);
        count = size_min(all - have, PIECE_BYTES);
        status = fill(source, piece, count, have, all);
        while (!status && (have + count) / narrow * wide > capacity)
            status = make_room(source, data, &capacity, capacity, record->bytes);
        if (!status)
            storage_widen(record, have / narrow, (const int16_t *)piece, count / narrow,
                          (float *)*data + have / narrow);
    }
    sha256_beside_end(&source->beside);
    free(pieces);
    return status;
}

static int read_payload(struct source *source, struct record *record, char *destination)
{
    const size_t capacity = destination ? record->bytes : 0;
    char *data = destination;
    int status = storage_is_plain(record) ? read_plain(source, record->bytes, &data, capacity)
                                          : read_scaled(source, record, &data, capacity);
    if (status) {
        if (!destination)
            free(data);
        return status;
    }
    record->data = data;
    record->borrowed = destination != NULL;
    return STATUS_OK;
}

/* Maps the payload copy on write; false where its place in the file is not aligned or mapping is not offered.
 */
static bool map_payload(struct source *source, struct record *record)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), before = source->position % page;
    if (before % ALIGNMENT)
        return false;
    size_t length = record->bytes + before;
    void *mapping =
        mapping_open(source->fd, (off_t)(source->position - before), length, source_name(source->path));
    if (!mapping)
        return false;
    record->mapping = mapping;
    record->mapping_bytes = length;
    record->data = (char *)mapping + before;
    return true;
}

static int payload(struct source *source, size_t header_length, struct record *record, void *destination)
{
    const size_t bytes = storage_bytes(record);
    struct stat file;
    if (!source->regular) {
        source->begin += header_length;
        return read_payload(source, record, destination);
    }
    source->position += header_length;
    source->begin = source->end = 0;
    if (fstat(source->fd, &file))
        return fail_errno(STATUS_FAILURE, "cannot stat");
    uint64_t rest = (uint64_t)file.st_size > source->position ? (uint64_t)file.st_size - source->position : 0;
    if (rest < bytes)
        return ends_early((size_t)rest, bytes);
    const bool mapped = !destination && !source->digesting && storage_is_plain(record);
    int status =
        mapped && map_payload(source, record) ? STATUS_OK : read_payload(source, record, destination);
    source->position += bytes;
    return status;
}

/* What is compressed is read, or mapped, first. */
static int expand(struct source *source, size_t header_length, struct record *record, void *destination)
{
    struct record raw = {.bytes = storage_bytes(record)};
    int status = payload(source, header_length, &raw, NULL);
    if (!status)
        status = storage_unpack(record, raw.data, destination);
    record_free(&raw);
    return status;
}

int source_payload(struct source *source, size_t header_length, struct record *record, void *destination)
{
    return record->stored.zstd ? expand(source, header_length, record, destination)
                               : payload(source, header_length, record, destination);
}
