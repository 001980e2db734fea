#include "lib/stream/zstd.h"
#include "lib/base/error.h"

#ifdef PRUNET_ZSTD

#include "lib/base/array.h"
#include "lib/base/numbers.h"
#include <stdlib.h>
#include <zstd.h>

enum { LEVEL = 3, GROWTH_FIRST = 1 << 20 };

bool zstd_is_built_in(void)
{
    return true;
}

int zstd_compress(const void *from, size_t bytes, void **frame, size_t *frame_bytes)
{
    const size_t most = ZSTD_compressBound(bytes);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    void *to = malloc(most);
    size_t got = 0;
    bool done = context && to;
    if (done) {
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL);
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
        got = ZSTD_compress2(context, to, most, from, bytes);
        done = !ZSTD_isError(got);
    }
    ZSTD_freeCCtx(context);
    if (!done) {
        free(to);
        return fail(STATUS_FAILURE, "out of memory to compress %zu bytes", bytes);
    }
    *frame = to;
    *frame_bytes = got;
    return STATUS_OK;
}

/* Expands while there is input, never beyond `bytes`; then nothing may be left of either. */
static int expand(ZSTD_DStream *stream, ZSTD_inBuffer *in, size_t bytes, char **data, size_t capacity)
{
    size_t have = 0, left = 1;
    int status = STATUS_OK;
    while (!status && left) {
        const size_t before = in->pos;
        if (have == capacity && have < bytes)
            status = array_grow_within(data, &capacity, size_min(have + GROWTH_FIRST, bytes), bytes, 1);
        if (status)
            break;
        ZSTD_outBuffer out = {*data, capacity, have};
        left = ZSTD_decompressStream(stream, &out, in);
        if (ZSTD_isError(left))
            return fail(STATUS_DATA, "damaged zstd data: %s", ZSTD_getErrorName(left));
        if (left && out.pos == have && in->pos == before)
            return have < bytes
                       ? fail(STATUS_DATA, "the zstd data end early")
                       : fail(STATUS_DATA, "the zstd data hold more than the %zu bytes announced", bytes);
        have = out.pos;
    }
    if (!status && (have != bytes || in->pos != in->size))
        status = fail(STATUS_DATA, "the zstd data hold %zu bytes, %zu are announced", have, bytes);
    return status;
}

int zstd_expand(const void *frame, size_t frame_bytes, size_t bytes, void *destination, void **to)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    ZSTD_inBuffer in = {frame, frame_bytes, 0};
    char *data = destination;
    if (!stream)
        return fail(STATUS_FAILURE, "out of memory to expand %zu bytes", bytes);
    int status = expand(stream, &in, bytes, &data, destination ? bytes : 0);
    ZSTD_freeDStream(stream);
    if (!status)
        *to = data;
    else if (!destination)
        free(data);
    return status;
}

#else

bool zstd_is_built_in(void)
{
    return false;
}

static int absent(void)
{
    return fail(STATUS_FAILURE, "zstd data, and this program was built without that library: build it where "
                                "libzstd-dev is installed");
}

int zstd_compress(const void *from, size_t bytes, void **frame, size_t *frame_bytes)
{
    (void)from, (void)bytes, (void)frame, (void)frame_bytes;
    return absent();
}

int zstd_expand(const void *frame, size_t frame_bytes, size_t bytes, void *destination, void **to)
{
    (void)frame, (void)frame_bytes, (void)bytes, (void)destination, (void)to;
    return absent();
}

#endif
