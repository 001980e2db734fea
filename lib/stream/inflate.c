#include "lib/stream/inflate.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INFLATE_INPUT = 1 << 18, GZIP_WINDOW = 15 + 16 };
static const size_t OUTPUT_MAX = 1 << 30; /* a call of zlib counts in unsigned int */

static int read_file(struct inflate *file, void *to, size_t capacity, size_t *got)
{
    ssize_t count;
    do
        count = read(file->fd, to, size_min(capacity, OUTPUT_MAX));
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return fail_errno(STATUS_FAILURE, "cannot read");
    *got = (size_t)count;
    return STATUS_OK;
}

/* Reads ahead; afterwards avail_in is 0 only at the end of the file. */
static int refill(struct inflate *file)
{
    size_t got = 0;
    if (file->stream.avail_in)
        return STATUS_OK;
    int status = read_file(file, file->input, INFLATE_INPUT, &got);
    file->stream.next_in = file->input;
    file->stream.avail_in = (uInt)got;
    return status;
}

/* Both bytes of the magic are needed, and a pipe may bring them one by one. */
static int detect(struct inflate *file)
{
    size_t have = 0, got = 1;
    int status = STATUS_OK;
    while (!status && have < 2 && got) {
        status = read_file(file, file->input + have, INFLATE_INPUT - have, &got);
        have += status ? 0 : got;
    }
    file->stream.next_in = file->input;
    file->stream.avail_in = (uInt)have;
    file->gzip = file->member = have >= 2 && file->input[0] == 0x1f && file->input[1] == 0x8b;
    return status;
}

int inflate_open(struct inflate *file, const char *path)
{
    struct stat status_of;
    *file = (struct inflate){.fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO)};
    if (file->fd < 0)
        return fail_errno(STATUS_FAILURE, "cannot open");
    int status = STATUS_OK;
    if (!fstat(file->fd, &status_of) && S_ISDIR(status_of.st_mode))
        status = fail(STATUS_FAILURE, "is a folder");
    else if (!(file->input = malloc(INFLATE_INPUT)))
        status = fail(STATUS_FAILURE, "out of memory");
    else
        status = detect(file);
    if (!status && file->gzip && inflateInit2(&file->stream, GZIP_WINDOW) != Z_OK) {
        file->gzip = false;
        status = fail(STATUS_FAILURE, "zlib cannot start");
    }
    if (status)
        inflate_close(file);
    return status;
}

void inflate_close(struct inflate *file)
{
    if (file->fd < 0)
        return;
    close(file->fd);
    if (file->gzip)
        inflateEnd(&file->stream);
    free(file->input);
    *file = (struct inflate){.fd = -1};
}

static int read_plain(struct inflate *file, unsigned char *to, size_t count, size_t *got)
{
    z_stream *ahead = &file->stream;
    size_t more = 1, first = size_min(count, ahead->avail_in);
    memcpy(to, ahead->next_in, first);
    ahead->next_in += first;
    ahead->avail_in -= (uInt)first;
    int status = STATUS_OK;
    for (*got = first; !status && *got < count && more; *got += status ? 0 : more)
        status = read_file(file, to + *got, count - *got, &more);
    return status;
}

/* Between members: another one, or zeros up to the end (tapes and block devices pad with them). */
static int next_member(struct inflate *file, bool *end)
{
    z_stream *stream = &file->stream;
    for (;;) {
        int status = refill(file);
        if (status)
            return status;
        *end = !stream->avail_in;
        if (*end)
            return STATUS_OK;
        if (*stream->next_in == 0x1f)
            break;
        if (*stream->next_in)
            return fail(STATUS_DATA, "other bytes after the gzip data");
        stream->next_in++;
        stream->avail_in--;
    }
    file->member = true;
    return inflateReset(stream) == Z_OK ? STATUS_OK : fail(STATUS_FAILURE, "zlib cannot go on");
}

static int read_gzip(struct inflate *file, unsigned char *to, size_t count, size_t *got)
{
    z_stream *stream = &file->stream;
    int status = STATUS_OK;
    bool end = false;
    stream->next_out = to;
    while (!status && *got < count && !end) {
        if (!file->member) {
            status = next_member(file, &end);
            continue;
        }
        if ((status = refill(file)))
            break;
        if (!stream->avail_in)
            return fail(STATUS_DATA, "the gzip data ends early");
        size_t wanted = size_min(count - *got, OUTPUT_MAX);
        stream->avail_out = (uInt)wanted;
        int result = inflate(stream, Z_NO_FLUSH);
        *got += wanted - stream->avail_out;
        if (result == Z_STREAM_END)
            file->member = false;
        else if (result == Z_MEM_ERROR)
            status = fail(STATUS_FAILURE, "out of memory");
        else if (result != Z_OK)
            status =
                fail(STATUS_DATA, "damaged gzip data: %s", stream->msg ? stream->msg : "it is not valid");
    }
    return status;
}

int inflate_read(struct inflate *file, void *to, size_t count, size_t *got)
{
    *got = 0;
    return file->gzip ? read_gzip(file, to, count, got) : read_plain(file, to, count, got);
}
