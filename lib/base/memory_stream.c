#include "lib/base/memory_stream.h"
#include "lib/base/error.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static ssize_t keep(void *self, const char *bytes, size_t count)
{
    struct memory_stream *stream = self;
    const size_t wanted = stream->size + count + 1;
    if (wanted > stream->capacity) {
        const size_t capacity = wanted + wanted / 2;
        char *more = realloc(stream->text, capacity);
        if (!more) {
            errno = ENOMEM;
            return 0; /* as fopencookie has it for an error */
        }
        stream->text = more;
        stream->capacity = capacity;
    }
    memcpy(stream->text + stream->size, bytes, count);
    stream->size += count;
    stream->text[stream->size] = 0;
    return (ssize_t)count;
}

FILE *memory_stream_open(struct memory_stream *stream)
{
    *stream = (struct memory_stream){.text = calloc(1, 1), .capacity = 1};
    FILE *file = stream->text ? fopencookie(stream, "w", (cookie_io_functions_t){.write = keep}) : NULL;
    if (!file)
        free(stream->text);
    return file;
}

int memory_stream_close(FILE *file, struct memory_stream *stream)
{
    const bool failed = ferror(file);
    if (!fclose(file) && !failed)
        return STATUS_OK;
    free(stream->text);
    stream->text = NULL;
    return fail(STATUS_FAILURE, "out of memory");
}
