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

/* DIGEST_BYTES: what is read at once to be digested while the processor's cache still has it. */
enum { PIPE_BYTES = 1 << 20, GROWTH_FIRST = 1 << 20, DIGEST_BYTES = 1 << 18, ALIGNMENT = 64 };

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

/* Without a destination: memory that grows while bytes arrive, so that a header that lies reserves
 * nothing. */
static int read_payload(struct source *source, struct record *record, char *destination)
{
    size_t bytes = record->bytes, ahead = source->end - source->begin, have = 0;
    size_t capacity = destination ? bytes : 0;
    char *data = destination;
    int status = STATUS_OK;
    while (!status && have < bytes) {
        if (have == capacity &&
            (status = array_grow_within(&data, &capacity, size_min(have + GROWTH_FIRST, bytes), bytes, 1)))
            break;
        const size_t most = source->digesting ? size_min(capacity - have, DIGEST_BYTES) : capacity - have;
        size_t got = size_min(most, ahead);
        if (got) {
            memcpy(data + have, source->buffer + source->begin, got);
            source->begin += got;
            ahead -= got;
        } else if (!(status = read_some(source, data + have, most, have, &got)) && !got)
            status = ends_early(have, bytes);
        if (source->digesting)
            sha256_add(&source->digest, data + have, got);
        have += got;
    }
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
    if (rest < record->bytes)
        return ends_early((size_t)rest, record->bytes);
    int status = !destination && !source->digesting && map_payload(source, record)
                     ? STATUS_OK
                     : read_payload(source, record, destination);
    source->position += record->bytes;
    return status;
}

/* What lies in the file is read, or mapped, first. */
static int unpack(struct source *source, size_t header_length, struct record *record, void *destination)
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
    return storage_is_plain(record) ? payload(source, header_length, record, destination)
                                    : unpack(source, header_length, record, destination);
}
