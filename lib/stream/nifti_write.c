#include "lib/stream/nifti_write.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/numbers.h"
#include "lib/stream/affine.h"
#include "lib/stream/axes.h"
#include "lib/stream/gzip_output.h"
#include "lib/stream/nifti_header.h"
#include <stdlib.h>
#include <string.h>

/* Header, its four bytes of "no extension", data. */
enum { DATA_OFFSET = 352, CODE_SCANNER = 1, UNITS_MM = 2, BLOCK_SAMPLES = 1 << 16 };

static void put_int16(unsigned char *at, int value)
{
    at[0] = (unsigned char)value;
    at[1] = (unsigned char)(value >> 8);
}

static void put_float(unsigned char *at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(bits >> 8 * i);
}

/* A record that does not come from NIfTI has only an affine: it becomes a scanner sform in mm. */
static void complete_forms(const struct record *record, struct source_forms *forms)
{
    double spacing[3];
    *forms = record->forms;
    if (!forms->has_units)
        forms->units = UNITS_MM;
    if (!forms->has_qform) {
        affine_spacing(record->affine, spacing);
        forms->qform[6] = 1;
        for (int axis = 0; axis < 3; axis++)
            forms->qform[7 + axis] = (float)spacing[axis];
    }
    if (!forms->has_qform && !forms->has_sform) {
        forms->sform_code = CODE_SCANNER;
        for (int i = 0; i < 12; i++)
            forms->sform[i] = (float)record->affine[i / 4][i % 4];
    }
}

static void format_header(const struct record *record, unsigned char header[DATA_OFFSET])
{
    static const struct {
        int type, bits;
    } samples[] = {[SAMPLE_FLOAT] = {NIFTI_FLOAT32, 32},
                   [SAMPLE_UINT8] = {NIFTI_UINT8, 8},
                   [SAMPLE_INT16] = {NIFTI_INT16, 16},
                   [SAMPLE_BFLOAT16] = {NIFTI_FLOAT32, 32}};
    struct source_forms forms;
    complete_forms(record, &forms);
    memset(header, 0, DATA_OFFSET);
    put_int16(header, NIFTI1_BYTES);
    put_int16(header + 40, record->channels > 1 ? 4 : 3);
    for (int i = 1; i < 8; i++) {
        put_int16(header + 40 + 2 * i, i < 4 ? record->size[i - 1] : i == 4 ? record->channels : 1);
        put_float(header + 76 + 4 * i, 1); /* overwritten for x, y, z */
    }
    put_int16(header + 70, samples[record->sample].type);
    put_int16(header + 72, samples[record->sample].bits);
    for (int i = 0; i < 4; i++)
        put_float(header + 76 + 4 * i, forms.qform[6 + i]);
    put_float(header + 108, DATA_OFFSET);
    put_float(header + 112, 1);
    header[123] = (unsigned char)forms.units;
    put_int16(header + 252, forms.qform_code);
    put_int16(header + 254, forms.sform_code);
    for (int i = 0; i < 6; i++)
        put_float(header + 256 + 4 * i, forms.qform[i]);
    for (int i = 0; i < 12; i++)
        put_float(header + 280 + 4 * i, forms.sform[i]);
    memcpy(header + 344, "n+1", 4);
}

/* NIfTI does not have bfloat16: its samples become floats. */
static int put_as_float(struct gzip_output *out, const struct record *record)
{
    float *block = malloc(BLOCK_SAMPLES * sizeof *block);
    if (!block)
        return fail(STATUS_FAILURE, "%s: out of memory", gzip_name(out));
    const char *from = record->data;
    const size_t width = sample_bytes(record->sample);
    int status = STATUS_OK;
    for (size_t rest = record->bytes / width; !status && rest;) {
        size_t count = size_min(rest, BLOCK_SAMPLES);
        samples_to_float(record->sample, from, count, block);
        status = gzip_put(out, block, count * sizeof *block);
        from += count * width;
        rest -= count;
    }
    free(block);
    return status;
}

static int put_volume(struct gzip_output *out, const struct record *record)
{
    unsigned char header[DATA_OFFSET];
    format_header(record, header);
    int status = gzip_put(out, header, sizeof header);
    if (status)
        return status;
    return record->sample == SAMPLE_BFLOAT16 ? put_as_float(out, record)
                                             : gzip_put(out, record->data, record->bytes);
}

int nifti_write(struct output *output, const struct record *record, bool compress)
{
    if (!record->has_grid || !grid_equal(record->size, record->grid) || !axes_are_own(record->axes))
        return fail(STATUS_DATA, "case %s: the volume is not on its source grid", record->case_name);
    struct gzip_output *out;
    int status = gzip_begin(&out, output, compress);
    if (!status)
        status = gzip_end(out, put_volume(out, record));
    return status;
}

bool nifti_name_compressed(const char *path)
{
    const size_t length = path ? strlen(path) : 0;
    return length > 3 && !strcmp(path + length - 3, ".gz");
}
