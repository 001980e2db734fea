#include "lib/stream/record_write.h"
#include "lib/base/error.h"
#include "lib/stream/nrrd_format.h"
#include <fcntl.h>
#include <stdlib.h>

enum { PIPE_BYTES = 1 << 20 };

static int write_header(struct output *output, const struct record *record)
{
    size_t length;
    char *text = malloc(NRRD_HEADER_MAX);
    if (!text)
        return fail(STATUS_FAILURE, "%s: out of memory", output_name(output));
    int status = nrrd_format(record, text, &length);
    if (!status) {
        fcntl(output->fd, F_SETPIPE_SZ, PIPE_BYTES); /* fewer switches between processes; may be refused */
        status = output_write(output, text, length);
    }
    free(text);
    return status;
}

int record_write_header(struct output *output, const struct record *record)
{
    struct record plain = *record;
    plain.stored = (struct storage){0};
    return write_header(output, &plain);
}

static int check_bytes(const struct record *record)
{
    const size_t bytes = record_voxels(record) * (size_t)record->channels * sample_bytes(record->sample);
    if (record->data && record->bytes == bytes)
        return STATUS_OK;
    return fail(STATUS_FAILURE, "case %s: %zu bytes of data, where the sizes need %zu", record->case_name,
                record->bytes, bytes);
}

int record_write(struct output *output, const struct record *record)
{
    int status = check_bytes(record);
    if (!status)
        status = record_write_header(output, record);
    return status ? status : output_write(output, record->data, record->bytes);
}

int record_write_as(struct output *output, const struct record *record, const struct storage_choice *choice)
{
    struct record packed;
    int status = check_bytes(record);
    if (status || (status = storage_pack(&packed, record, choice)))
        return status;
    status = write_header(output, &packed);
    if (!status)
        status = output_write(output, packed.data, storage_bytes(&packed));
    record_free(&packed);
    return status;
}
