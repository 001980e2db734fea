#include "lib/stream/nrrd_format.h"
#include "lib/base/error.h"
#include "lib/stream/axes.h"
#include "lib/stream/storage.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Text that stops growing when it is full; `length` then says so by being larger than NRRD_HEADER_MAX. */
struct text {
    char *at;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...)
{
    size_t left = text->length < NRRD_HEADER_MAX ? NRRD_HEADER_MAX - text->length : 0;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(left ? text->at + text->length : NULL, left, format, arguments);
    va_end(arguments);
    text->length += length > 0 ? (size_t)length : 0;
}

/* Adding 0 turns -0 into 0. */
static void put_vector(struct text *text, const double vector[3])
{
    put(text, "(%.9g,%.9g,%.9g)", vector[0] + 0.0, vector[1] + 0.0, vector[2] + 0.0);
}

static void put_form(struct text *text, const char *name, int code, const float *numbers, int count)
{
    put(text, "%s:=%d", name, code);
    for (int i = 0; i < count; i++)
        put(text, " %.9g", (double)numbers[i]);
    put(text, "\n");
}

/* What 0.1.0 would misread has another number, so that it is refused there. */
static int version_of(const struct record *record)
{
    return storage_is_plain(record) ? 1 : 2;
}

static void put_storage(struct text *text, const struct record *record)
{
    const struct storage *stored = &record->stored;
    for (int c = 0; stored->scaled && c < record->channels; c++)
        put(text, "%s%.9g%s", c ? " " : "prunet.scale:=", (double)stored->scale[c],
            c + 1 == record->channels ? "\n" : "");
    if (stored->zstd)
        put(text, "prunet.payload:=%zu\n", stored->bytes);
}

static void put_fields(struct text *text, const struct record *record)
{
    static const char *const types[] = {[SAMPLE_FLOAT] = "float",
                                        [SAMPLE_UINT8] = "uint8",
                                        [SAMPLE_INT16] = "int16",
                                        [SAMPLE_BFLOAT16] = "block\nblock size: 2"};
    bool list = record->channels > 1;
    put(text, "NRRD0005\n# prunet-nrrd %d\ntype: %s\ndimension: %d\n", version_of(record),
        types[record->stored.scaled ? SAMPLE_INT16 : record->sample], list ? 4 : 3);
    if (record->has_geometry)
        put(text, "space: right-anterior-superior\n");
    put(text, "sizes: %d %d %d", record->size[0], record->size[1], record->size[2]);
    if (list)
        put(text, " %d", record->channels);
    if (record->has_geometry) {
        put(text, "\nspace directions:");
        for (int axis = 0; axis < 3; axis++) {
            put(text, " ");
            put_vector(text, record->directions[axis]);
        }
        put(text, list ? " none" : "");
    }
    put(text, "\nkinds: domain domain domain%s\nendian: little\nencoding: %s\n", list ? " list" : "",
        record->stored.zstd ? "zstd" : "raw");
    if (record->has_geometry) {
        put(text, "space units: \"mm\" \"mm\" \"mm\"\nspace origin: ");
        put_vector(text, record->origin);
        put(text, "\n");
    }
}

static void put_keys(struct text *text, const struct record *record)
{
    const struct source_forms *forms = &record->forms;
    put(text, "prunet.version:=%d\nprunet.role:=%s\nprunet.case:=%s\n", version_of(record),
        role_name(record->role), record->case_name);
    if (*record->channel_names)
        put(text, "prunet.channels:=%s\n", record->channel_names);
    if (record->has_grid) {
        put(text, "prunet.grid:=%d %d %d\nprunet.affine:=", record->grid[0], record->grid[1],
            record->grid[2]);
        for (int i = 0; i < 12; i++)
            put(text, "%s%.9g", i ? " " : "", record->affine[i / 4][i % 4] + 0.0);
        put(text, "\n");
        if (!axes_are_own(record->axes))
            put(text, "prunet.axes:=%d %d %d\n", record->axes[0], record->axes[1], record->axes[2]);
    }
    if (forms->has_qform)
        put_form(text, "prunet.qform", forms->qform_code, forms->qform, 10);
    if (forms->has_sform)
        put_form(text, "prunet.sform", forms->sform_code, forms->sform, 12);
    if (forms->has_units)
        put(text, "prunet.units:=%d\n", forms->units);
    if (record->sample == SAMPLE_BFLOAT16)
        put(text, "prunet.dtype:=bfloat16\n");
    put_storage(text, record);
    put(text, "prunet.last:=%d\n%s", record->last, record->keys ? record->keys : "");
}

static bool all_finite(const struct record *record)
{
    bool finite = true;
    for (int i = 0; i < 9; i++)
        finite = finite && isfinite(record->directions[i / 3][i % 3]) && isfinite(record->origin[i % 3]);
    for (int i = 0; i < 12; i++)
        finite = finite && isfinite(record->affine[i / 4][i % 4]) && isfinite(record->forms.sform[i]);
    for (int i = 0; i < 10; i++)
        finite = finite && isfinite(record->forms.qform[i]);
    return finite;
}

static int check(const struct record *record)
{
    if (!case_name_valid(record->case_name))
        return fail(STATUS_DATA, "'%s' cannot name a case: letters, digits, '.', '_', '-', at most %d",
                    record->case_name, CASE_NAME_SIZE - 1);
    for (int i = 0; i < 3; i++)
        if (record->size[i] < 1 || record->size[i] > RECORD_SIZE_MAX)
            return fail(STATUS_DATA, "case %s: size %d is not within 1..%d", record->case_name,
                        record->size[i], RECORD_SIZE_MAX);
    if (record->channels < 1 || record->channels > RECORD_CHANNELS_MAX)
        return fail(STATUS_DATA, "case %s: %d channels are not within 1..%d", record->case_name,
                    record->channels, RECORD_CHANNELS_MAX);
    if (!all_finite(record))
        return fail(STATUS_DATA, "case %s: a number in the geometry is not finite", record->case_name);
    return STATUS_OK;
}

/* The last comment line fills the page: '#', spaces, line feed, and the empty line's line feed. */
static void pad(struct text *text)
{
    size_t whole = (text->length + 3 + NRRD_PAGE - 1) / NRRD_PAGE * NRRD_PAGE;
    memset(text->at + text->length, ' ', whole - text->length);
    text->at[text->length] = '#';
    text->at[whole - 2] = text->at[whole - 1] = '\n';
    text->length = whole;
}

int nrrd_format(const struct record *record, char *text, size_t *length)
{
    struct text header = {.at = text};
    int status = check(record);
    if (status)
        return status;
    put_fields(&header, record);
    put_keys(&header, record);
    if (header.length + 3 > NRRD_HEADER_MAX)
        return fail(STATUS_DATA, "case %s: a header of more than %d bytes", record->case_name,
                    NRRD_HEADER_MAX);
    pad(&header);
    int lines = 0;
    for (size_t i = 0; i < header.length; i++)
        lines += text[i] == '\n';
    if (lines > NRRD_LINES_MAX)
        return fail(STATUS_DATA, "case %s: a header of more than %d lines", record->case_name,
                    NRRD_LINES_MAX);
    *length = header.length;
    return STATUS_OK;
}
