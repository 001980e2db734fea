/* Streams of records that are read and written. */
#include "lib/api/inside.h"
#include "lib/base/error.h"
#include "lib/stream/reader.h"
#include "lib/stream/record_write.h"
#include <stdio.h>
#include <stdlib.h>

struct prunet_reader {
    struct reader *reader;
};

struct prunet_writer {
    struct output output;
    bool failed;
};

/* Reading --------------------------------------------------------------------------------------------- */

static int open_reader(struct prunet_reader **reader, const char *path, const struct reader_options *options)
{
    char *paths[] = {(char *)path};
    api_begin();
    struct prunet_reader *r = malloc(sizeof *r);
    int status = r ? reader_open(&r->reader, 1, paths, options) : fail(STATUS_FAILURE, "out of memory");
    if (status)
        free(r);
    else
        *reader = r;
    return status;
}

int prunet_reader_open(struct prunet_reader **reader, const char *path, uint64_t max_bytes)
{
    return open_reader(reader, path, &(struct reader_options){.max_bytes = max_bytes});
}

int prunet_reader_open_descriptor(struct prunet_reader **reader, int descriptor, uint64_t max_bytes)
{
    const struct reader_options options = {.max_bytes = max_bytes, .descriptor = &descriptor};
    return open_reader(reader, "-", &options);
}

int prunet_reader_next(struct prunet_reader *reader, struct prunet_record **record)
{
    struct record r;
    bool got;
    *record = NULL;
    int status = reader_next(reader->reader, &r, &got);
    return status || !got ? status : api_wrap(record, &r);
}

void prunet_reader_close(struct prunet_reader *reader)
{
    if (!reader)
        return;
    reader_close(reader->reader);
    free(reader);
}

/* Writing --------------------------------------------------------------------------------------------- */

static int opened_writer(struct prunet_writer **writer, struct prunet_writer *w, int status)
{
    if (status)
        free(w);
    else
        *writer = w;
    return status;
}

int prunet_writer_open(struct prunet_writer **writer, const char *path)
{
    api_begin();
    struct prunet_writer *w = calloc(1, sizeof *w);
    return opened_writer(writer, w,
                         w ? output_open(&w->output, path, true) : fail(STATUS_FAILURE, "out of memory"));
}

int prunet_writer_open_descriptor(struct prunet_writer **writer, int descriptor)
{
    char name[32];
    api_begin();
    snprintf(name, sizeof name, "descriptor %d", descriptor);
    struct prunet_writer *w = calloc(1, sizeof *w);
    return opened_writer(writer, w,
                         w ? output_open_descriptor(&w->output, descriptor, name)
                           : fail(STATUS_FAILURE, "out of memory"));
}

int prunet_writer_write(struct prunet_writer *writer, const struct prunet_record *record, int form)
{
    const struct storage_choice choice = {.half = form & PRUNET_HALF, .zstd = form & PRUNET_COMPRESSED};
    if (form & ~(PRUNET_HALF | PRUNET_COMPRESSED))
        return fail(STATUS_USAGE, "%d is no form of a record", form);
    int status = record_write_as(&writer->output, &record->record, &choice);
    writer->failed = writer->failed || status == STATUS_FAILURE;
    return status;
}

int prunet_writer_commit(struct prunet_writer *writer)
{
    if (writer->failed)
        return fail(STATUS_FAILURE, "%s: is not whole", output_name(&writer->output));
    return output_commit(&writer->output);
}

void prunet_writer_close(struct prunet_writer *writer)
{
    if (!writer)
        return;
    output_discard(&writer->output);
    free(writer);
}
