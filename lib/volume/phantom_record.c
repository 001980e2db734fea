#include "lib/volume/phantom_record.h"
#include "lib/base/error.h"
#include "lib/stream/record_write.h"
#include <stdio.h>
#include <stdlib.h>

enum { MILLIMETRES_AND_SECONDS = 2, SCANNER = 1 }; /* xyzt_units; NIFTI_XFORM_SCANNER_ANAT */

/* A half turn about z is the quaternion 0 0 0 1. */
struct record phantom_record(const struct phantom *phantom, const char *name)
{
    const int *size = phantom->size;
    double step = phantom->spacing, far = step * (size[1] - 1);
    float s = (float)step, f = (float)far;
    struct record record = {
        .channels = 1,
        .size = {size[0], size[1], size[2]},
        .grid = {size[0], size[1], size[2]},
        .directions = {{-step, 0, 0}, {0, -step, 0}, {0, 0, step}},
        .origin = {0, far, 0},
        .affine = {{-step, 0, 0, 0}, {0, -step, 0, far}, {0, 0, step, 0}},
        .has_geometry = true,
        .has_grid = true,
        .forms = {.has_qform = true,
                  .has_sform = true,
                  .has_units = true,
                  .qform_code = SCANNER,
                  .sform_code = SCANNER,
                  .units = MILLIMETRES_AND_SECONDS,
                  .qform = {0, 0, 1, 0, f, 0, 1, s, s, s},
                  .sform = {-s, 0, 0, 0, 0, -s, 0, f, 0, 0, s, 0}},
    };
    snprintf(record.case_name, sizeof record.case_name, "%s", name);
    return record;
}

static int write_image(const struct phantom *phantom, struct record record, struct output *output)
{
    size_t voxels = record_voxels(&record);
    float *channel = malloc(voxels * sizeof *channel);
    if (!channel)
        return fail(STATUS_FAILURE, "out of memory");
    record.role = ROLE_IMAGE;
    record.channels = MODALITIES;
    modality_names(record_scheme, record.channel_names);
    int status = record_write_header(output, &record);
    for (int m = 0; m < MODALITIES && !status; m++) {
        samples_to_float(SAMPLE_INT16, phantom->image[m], voxels, channel);
        status = output_write(output, channel, voxels * sizeof *channel);
    }
    free(channel);
    return status;
}

int phantom_write(const struct phantom *phantom, const char *name, struct output *output)
{
    struct record record = phantom_record(phantom, name);
    int status = write_image(phantom, record, output);
    record.role = ROLE_LABEL;
    record.sample = SAMPLE_UINT8;
    record.data = phantom->label;
    record.bytes = record_voxels(&record);
    record.last = true;
    return status ? status : record_write(output, &record);
}
