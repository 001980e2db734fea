#include "lib/stream/gzip_output.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include <stdlib.h>
#include <zlib.h>

enum { LEVEL = 6, GZIP_WINDOW = 15 + 16 };

struct gzip_output {
    struct output *output;
    bool compress;
    z_stream stream;
    unsigned char buffer[1 << 16];
};

static int deflate_some(struct gzip_output *gzip, int flush)
{
    z_stream *stream = &gzip->stream;
    int status = STATUS_OK, result = Z_OK;
    do {
        stream->next_out = gzip->buffer;
        stream->avail_out = sizeof gzip->buffer;
        result = deflate(stream, flush);
        if (result == Z_STREAM_ERROR)
            return fail(STATUS_FAILURE, "%s: zlib cannot compress", gzip_name(gzip));
        status = output_write(gzip->output, gzip->buffer, sizeof gzip->buffer - stream->avail_out);
    } while (!status && result != Z_STREAM_END && !stream->avail_out);
    return status;
}

int gzip_begin(struct gzip_output **gzip, struct output *output, bool compress)
{
    struct gzip_output *begun = calloc(1, sizeof *begun);
    if (!begun)
        return fail(STATUS_FAILURE, "%s: out of memory", output_name(output));
    begun->output = output;
    begun->compress = compress;
    /* zlib's own gzip header has no name and no time */
    if (compress &&
        deflateInit2(&begun->stream, LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(begun);
        return fail(STATUS_FAILURE, "%s: zlib cannot start", output_name(output));
    }
    *gzip = begun;
    return STATUS_OK;
}

int gzip_put(struct gzip_output *gzip, const void *bytes, size_t count)
{
    int status = STATUS_OK;
    if (!gzip->compress)
        return output_write(gzip->output, bytes, count);
    for (const unsigned char *at = bytes; !status && count;) {
        size_t part = size_min(count, 1 << 30); /* zlib counts in unsigned int */
        gzip->stream.next_in = (unsigned char *)at;
        gzip->stream.avail_in = (uInt)part;
        status = deflate_some(gzip, Z_NO_FLUSH);
        at += part;
        count -= part;
    }
    return status;
}

int gzip_end(struct gzip_output *gzip, int status)
{
    if (gzip->compress) {
        if (!status)
            status = deflate_some(gzip, Z_FINISH);
        deflateEnd(&gzip->stream);
    }
    free(gzip);
    return status;
}

const char *gzip_name(const struct gzip_output *gzip)
{
    return output_name(gzip->output);
}
