#include "lib/volume/phantom_files.h"
#include "lib/base/error.h"
#include "lib/stream/nifti_write.h"
#include "lib/volume/phantom_record.h"
#include <stdlib.h>
#include <string.h>

static int write_volume(struct record *record, const char *path)
{
    struct output output;
    int status = output_open(&output, path, true);
    if (status)
        return status;
    record->bytes = record_voxels(record) * (size_t)record->channels * sample_bytes(record->sample);
    status = nifti_write(&output, record, true);
    if (!status)
        return output_commit(&output);
    output_discard(&output);
    return status;
}

int phantom_write_image(const struct phantom *phantom, const char *name, int modality, const char *path)
{
    struct record record = phantom_record(phantom, name);
    record.sample = SAMPLE_INT16;
    record.data = phantom->image[modality];
    return write_volume(&record, path);
}

int phantom_write_images(const struct phantom *phantom, const char *name, const char *path)
{
    struct record record = phantom_record(phantom, name);
    record.sample = SAMPLE_INT16;
    record.channels = MODALITIES;
    int status = record_allocate(&record);
    const size_t bytes = status ? 0 : record.bytes / MODALITIES;
    for (int m = 0; m < MODALITIES && !status; m++)
        memcpy((char *)record.data + (size_t)modalities[m].decathlon * bytes, phantom->image[m], bytes);
    if (!status)
        status = write_volume(&record, path);
    record_free(&record);
    return status;
}

/* The number that a scheme's files have for a label of records. */
static uint8_t number_of(const struct label_scheme *scheme, uint8_t label)
{
    int number = 0;
    while (number < LABEL_VALUES && scheme->label_of[number] != label)
        number++;
    return (uint8_t)number;
}

int phantom_write_label(const struct phantom *phantom, const char *name, const struct label_scheme *scheme,
                        const char *path)
{
    struct record record = phantom_record(phantom, name);
    record.role = ROLE_LABEL;
    record.sample = SAMPLE_UINT8;
    int status = record_allocate(&record);
    uint8_t *numbers = record.data;
    for (size_t i = 0; i < record.bytes; i++)
        numbers[i] = number_of(scheme, phantom->label[i]);
    if (!status)
        status = write_volume(&record, path);
    record_free(&record);
    return status;
}
