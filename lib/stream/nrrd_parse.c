#include "lib/stream/nrrd_parse.h"
#include "lib/base/error.h"
#include "lib/stream/affine.h"
#include "lib/stream/axes.h"
#include "lib/stream/nrrd_lines.h"
#include "lib/stream/nrrd_text.h"
#include <float.h>
#include <math.h>
#include <string.h>
#include <strings.h>

static int malformed(const char *name, const char *text)
{
    return text ? fail(STATUS_DATA, "'%s' cannot be understood: %.100s", name, text)
                : fail(STATUS_DATA, "'%s' is missing", name);
}

/* What is stored smaller has another version, and nothing else has it: older programs must not misread it. */
static bool is_second_version(const struct nrrd_lines *lines)
{
    return lines->key[KEY_VERSION] && !strcmp(lines->key[KEY_VERSION], "2") &&
           (lines->key[KEY_SCALE] || lines->key[KEY_PAYLOAD]);
}

static int read_identity(struct nrrd_lines *lines)
{
    struct record *record = lines->record;
    const char *role = lines->key[KEY_ROLE], *name = lines->key[KEY_CASE], *last = lines->key[KEY_LAST];
    if (!name || !case_name_valid(name))
        return malformed("prunet.case", name);
    memcpy(record->case_name, name, strlen(name) + 1);
    if (strcmp(lines->key[KEY_VERSION], "1") && !is_second_version(lines))
        return fail(STATUS_DATA, "prunet.version %.20s is not understood", lines->key[KEY_VERSION]);
    if (!last || (strcmp(last, "0") && strcmp(last, "1")))
        return malformed("prunet.last", last);
    record->last = *last == '1';
    for (int i = ROLE_IMAGE; role && i <= ROLE_MASK; i++)
        if (!strcmp(role, role_name(i))) {
            record->role = i;
            return STATUS_OK;
        }
    return malformed("prunet.role", role);
}

static bool one_of(const char *text, const char *const *names)
{
    while (*names && strcasecmp(text, *names))
        names++;
    return *names;
}

/* Integers with scales are floats in this program. */
static int read_scaled(struct nrrd_lines *lines)
{
    struct record *record = lines->record;
    if (!lines->key[KEY_SCALE])
        return STATUS_OK;
    if (record->sample != SAMPLE_INT16 || record->role != ROLE_IMAGE || !is_second_version(lines))
        return fail(STATUS_DATA, "prunet.scale: only of an image of int16, of version 2");
    record->stored.scaled = true;
    record->sample = SAMPLE_FLOAT;
    return STATUS_OK;
}

static int read_type(struct nrrd_lines *lines)
{
    static const char *const uint8[] = {"uint8", "uchar", "unsigned char", "uint8_t", NULL};
    static const char *const int16[] = {"int16",   "short", "short int", "signed short", "signed short int",
                                        "int16_t", NULL};
    const char *type = lines->field[FIELD_TYPE], *block = lines->field[FIELD_BLOCK_SIZE];
    const char *dtype = lines->key[KEY_DTYPE];
    bool bfloat16 = dtype && !strcmp(dtype, "bfloat16");
    if (!type)
        return malformed("type", type);
    if (dtype && !bfloat16)
        return malformed("prunet.dtype", dtype);
    if (!strcasecmp(type, "block") && block && !strcmp(block, "2") && bfloat16)
        lines->record->sample = SAMPLE_BFLOAT16;
    else if (bfloat16)
        return fail(STATUS_DATA, "bfloat16 samples need 'type: block' and 'block size: 2'");
    else if (!strcasecmp(type, "float"))
        lines->record->sample = SAMPLE_FLOAT;
    else if (one_of(type, uint8))
        lines->record->sample = SAMPLE_UINT8;
    else if (one_of(type, int16))
        lines->record->sample = SAMPLE_INT16;
    else
        return fail(STATUS_DATA, "type %.40s: only float, uint8, int16 (or bfloat16 as block)", type);
    return read_scaled(lines);
}

static int read_storage(struct nrrd_lines *lines)
{
    const char *encoding = lines->field[FIELD_ENCODING], *endian = lines->field[FIELD_ENDIAN];
    if (!encoding)
        return malformed("encoding", encoding);
    lines->record->stored.zstd =
        !strcasecmp(encoding, "zstd") && lines->key[KEY_PAYLOAD] && is_second_version(lines);
    if (strcasecmp(encoding, "raw") && !lines->record->stored.zstd)
        return fail(STATUS_DATA, "encoding %.40s: only raw, or zstd with prunet.payload", encoding);
    if (!endian && sample_bytes(lines->record->sample) > 1)
        return malformed("endian", endian);
    if (endian && strcasecmp(endian, "little"))
        return fail(STATUS_DATA, "endian %.40s: only little", endian);
    return STATUS_OK;
}

static int read_sizes(struct nrrd_lines *lines)
{
    const char *text = lines->field[FIELD_DIMENSION], *at = text;
    long dimension, size[4] = {1, 1, 1, 1};
    if (!text || !nrrd_integer(&at, &dimension) || !nrrd_at_end(&at))
        return malformed("dimension", text);
    if (dimension != 3 && dimension != 4)
        return fail(STATUS_DATA, "dimension %ld: only 3, or 4 with the channels last", dimension);
    text = at = lines->field[FIELD_SIZES];
    for (int i = 0; i < dimension; i++)
        if (!text || !nrrd_integer(&at, &size[i]))
            return malformed("sizes", text);
    if (!nrrd_at_end(&at))
        return malformed("sizes", text);
    for (int i = 0; i < 3; i++) {
        if (size[i] < 1 || size[i] > RECORD_SIZE_MAX)
            return fail(STATUS_DATA, "size %ld is not within 1..%d", size[i], RECORD_SIZE_MAX);
        lines->record->size[i] = (int)size[i];
    }
    if (size[3] < 1 || size[3] > RECORD_CHANNELS_MAX)
        return fail(STATUS_DATA, "%ld channels are not within 1..%d", size[3], RECORD_CHANNELS_MAX);
    lines->record->channels = (int)size[3];
    lines->dimension = (int)dimension;
    /* at most 2^12 * 2^12 * 2^12 * 2^6 * 4: below 2^44 */
    lines->record->bytes =
        record_voxels(lines->record) * (size_t)size[3] * sample_bytes(lines->record->sample);
    return STATUS_OK;
}

/* The volume's axes come first and the list of channels last; "???" is NRRD's word for "not known". */
static int read_kinds(struct nrrd_lines *lines)
{
    const char *text = lines->field[FIELD_KINDS];
    if (!text)
        return STATUS_OK;
    for (int i = 0; i < lines->dimension; i++) {
        size_t length = strcspn(text, " \t");
        if (!length)
            return malformed("kinds", lines->field[FIELD_KINDS]);
        bool spatial = (length == 6 && !strncasecmp(text, "domain", 6)) ||
                       (length == 5 && !strncasecmp(text, "space", 5));
        bool unknown = length == 3 && !strncmp(text, "???", 3);
        if (i < 3 && !spatial && !unknown)
            return fail(STATUS_DATA, "kinds: axis %d is a %.*s; x, y, z come first and channels last", i,
                        (int)length, text);
        text += length;
        nrrd_at_end(&text);
    }
    return *text ? malformed("kinds", lines->field[FIELD_KINDS]) : STATUS_OK;
}

static int read_units(struct nrrd_lines *lines)
{
    const char *text = lines->field[FIELD_UNITS];
    for (const char *at = text; at && !nrrd_at_end(&at);) {
        if (!strncmp(at, "\"mm\"", 4))
            at += 4;
        else if (!strncmp(at, "\"\"", 2))
            at += 2;
        else
            return fail(STATUS_DATA, "space units: only \"mm\", not %.40s", text);
    }
    return STATUS_OK;
}

/* Signs that bring x and y of a space to right-anterior-superior; every name here ends in superior. */
static bool space_signs(const char *space, double sign[3])
{
    static const char *const ras[] = {"right-anterior-superior", "RAS", NULL};
    static const char *const las[] = {"left-anterior-superior", "LAS", NULL};
    static const char *const lps[] = {"left-posterior-superior", "LPS", NULL};
    bool right = one_of(space, ras), posterior = one_of(space, lps);
    sign[0] = right ? 1 : -1;
    sign[1] = posterior ? -1 : 1;
    sign[2] = 1;
    return right || posterior || one_of(space, las);
}

/* Axes of no length, of an infinite one or in one plane place nothing. */
static int refuse_singular(const char *name, const char *text, const double affine[3][4])
{
    double inverse[3][3];
    return affine_invert(affine, inverse) ? STATUS_OK
                                          : fail(STATUS_DATA, "'%s' is singular: %.100s", name, text);
}

static int read_directions(struct nrrd_lines *lines, const double sign[3])
{
    const char *text = lines->field[FIELD_DIRECTIONS], *at = text;
    double vector[3], affine[3][4];
    for (int axis = 0; axis < lines->dimension; axis++) {
        bool none;
        if (!text || !nrrd_vector(&at, vector, &none) || none != (axis == 3))
            return malformed("space directions", text);
        for (int i = 0; i < 3 && axis < 3; i++)
            lines->record->directions[axis][i] = sign[i] * vector[i];
    }
    affine_join(lines->record->directions, lines->record->origin, affine);
    return nrrd_at_end(&at) ? refuse_singular("space directions", text, affine)
                            : malformed("space directions", text);
}

static int read_geometry(struct nrrd_lines *lines)
{
    struct record *record = lines->record;
    const char *space = lines->field[FIELD_SPACE], *origin = lines->field[FIELD_ORIGIN], *at = origin;
    double sign[3];
    bool none;
    if (!space)
        return STATUS_OK;
    if (!space_signs(space, sign))
        return fail(STATUS_DATA, "space %.40s: only right-anterior-superior, or LAS or LPS", space);
    int status = read_directions(lines, sign);
    if (!status)
        status = read_units(lines);
    if (status)
        return status;
    if (!origin || !nrrd_vector(&at, record->origin, &none) || none || !nrrd_at_end(&at))
        return malformed("space origin", origin);
    for (int i = 0; i < 3; i++)
        record->origin[i] *= sign[i];
    record->has_geometry = true;
    return STATUS_OK;
}

static int read_axes(struct nrrd_lines *lines)
{
    const char *text = lines->key[KEY_AXES];
    double axes[3];
    if (!text)
        return STATUS_OK;
    if (!nrrd_numbers(text, 3, axes))
        return malformed("prunet.axes", text);
    for (int i = 0; i < 3; i++)
        lines->record->axes[i] = fabs(axes[i]) <= 3 ? (int)axes[i] : 0;
    return axes_are_valid(lines->record->axes) && axes[0] == floor(axes[0]) && axes[1] == floor(axes[1]) &&
                   axes[2] == floor(axes[2])
               ? STATUS_OK
               : malformed("prunet.axes", text);
}

static int read_grid(struct nrrd_lines *lines)
{
    struct record *record = lines->record;
    const char *grid = lines->key[KEY_GRID], *affine = lines->key[KEY_AFFINE];
    double size[3], numbers[12];
    if (!grid && !affine)
        return STATUS_OK;
    if (!grid || !nrrd_numbers(grid, 3, size))
        return malformed("prunet.grid", grid);
    for (int i = 0; i < 3; i++) {
        if (!(size[i] >= 1 && size[i] <= RECORD_SIZE_MAX && size[i] == floor(size[i])))
            return malformed("prunet.grid", grid);
        record->grid[i] = (int)size[i];
    }
    if (!affine || !nrrd_numbers(affine, 12, numbers))
        return malformed("prunet.affine", affine);
    memcpy(record->affine, numbers, sizeof numbers);
    record->has_grid = true;
    int status = refuse_singular("prunet.affine", affine, record->affine);
    return status ? status : read_axes(lines);
}

/* "CODE n n n ...": a code as NIfTI's header has it and `count` floats. */
static int read_form(const char *name, const char *text, int count, bool *has, int *code, float *numbers)
{
    double values[13];
    if (!text)
        return STATUS_OK;
    if (!nrrd_numbers(text, count + 1, values) || values[0] != floor(values[0]) || fabs(values[0]) > 32767)
        return malformed(name, text);
    for (int i = 0; i < count; i++) {
        numbers[i] = (float)values[i + 1];
        if (!isfinite(numbers[i]))
            return malformed(name, text);
    }
    *code = (int)values[0];
    *has = true;
    return STATUS_OK;
}

static int read_forms(struct nrrd_lines *lines)
{
    struct source_forms *forms = &lines->record->forms;
    const char *const *key = lines->key;
    int status =
        read_form("prunet.qform", key[KEY_QFORM], 10, &forms->has_qform, &forms->qform_code, forms->qform);
    if (!status)
        status = read_form("prunet.sform", key[KEY_SFORM], 12, &forms->has_sform, &forms->sform_code,
                           forms->sform);
    if (!status)
        status = read_form("prunet.units", key[KEY_UNITS], 0, &forms->has_units, &forms->units, NULL);
    if (!status && (forms->units < 0 || forms->units > 255))
        return malformed("prunet.units", key[KEY_UNITS]);
    return status;
}

static int read_scales(struct nrrd_lines *lines)
{
    struct record *record = lines->record;
    const char *text = lines->key[KEY_SCALE];
    double scales[RECORD_CHANNELS_MAX];
    if (!record->stored.scaled)
        return STATUS_OK;
    if (!nrrd_numbers(text, record->channels, scales))
        return malformed("prunet.scale", text);
    for (int c = 0; c < record->channels; c++) {
        record->stored.scale[c] = (float)scales[c];
        if (!(record->stored.scale[c] > 0 && record->stored.scale[c] <= FLT_MAX / INT16_MAX))
            return malformed("prunet.scale", text);
    }
    return STATUS_OK;
}

/* A payload is never much larger than what it holds. */
static int read_payload_bytes(struct nrrd_lines *lines)
{
    struct record *record = lines->record;
    const char *text = lines->key[KEY_PAYLOAD], *at = text;
    long bytes;
    if (!text)
        return STATUS_OK;
    if (!record->stored.zstd || !nrrd_integer(&at, &bytes) || !nrrd_at_end(&at) || bytes < 1 ||
        (size_t)bytes > record->bytes + record->bytes / 128 + NRRD_PAGE)
        return malformed("prunet.payload", text);
    record->stored.bytes = (size_t)bytes;
    return STATUS_OK;
}

static int read_channels(struct nrrd_lines *lines)
{
    struct record *record = lines->record;
    const char *names = lines->key[KEY_CHANNELS];
    int count = 0;
    if (!names)
        return STATUS_OK;
    if (strlen(names) >= sizeof record->channel_names)
        return fail(STATUS_DATA, "'prunet.channels' is longer than %d", CHANNEL_NAMES_SIZE - 1);
    memcpy(record->channel_names, names, strlen(names) + 1);
    for (const char *at = names; !nrrd_at_end(&at); at += strcspn(at, " \t"))
        count++;
    if (count && count != record->channels)
        return fail(STATUS_DATA, "'prunet.channels' names %d channels, the record has %d", count,
                    record->channels);
    return STATUS_OK;
}

/* Another program's volume is its own source grid and a case of its own. Its samples tell the role: a single
 * volume of bytes is a label map. */
static int adopt_foreign(struct nrrd_lines *lines, const char *fallback)
{
    struct record *record = lines->record;
    record->foreign = record->last = true;
    record->role = record->sample == SAMPLE_UINT8 && record->channels == 1 ? ROLE_LABEL : ROLE_IMAGE;
    memcpy(record->case_name, fallback, strlen(fallback) + 1);
    record->has_grid = record->has_geometry;
    if (record->has_geometry) {
        memcpy(record->grid, record->size, sizeof record->grid);
        affine_join(record->directions, record->origin, record->affine);
    }
    return STATUS_OK;
}

int nrrd_parse(char *text, size_t length, const char *fallback, struct record *record)
{
    static int (*const steps[])(struct nrrd_lines *) = {read_type,  read_storage,  read_sizes,
                                                        read_kinds, read_geometry, NULL};
    static int (*const own_steps[])(struct nrrd_lines *) = {read_grid,   read_forms,         read_channels,
                                                            read_scales, read_payload_bytes, NULL};
    *record = (struct record){0};
    struct nrrd_lines lines = {.record = record};
    int status = nrrd_sort_lines(&lines, text, length);
    bool foreign = !lines.key[KEY_VERSION];
    if (!status && !foreign)
        status = read_identity(&lines);
    for (int i = 0; !status && steps[i]; i++)
        status = steps[i](&lines);
    if (!status && foreign)
        return adopt_foreign(&lines, fallback);
    for (int i = 0; !status && own_steps[i]; i++)
        status = own_steps[i](&lines);
    return status;
}
