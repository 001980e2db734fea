#include "lib/stream/record.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/stream/affine.h"
#include "lib/stream/axes.h"
#include "lib/stream/mapping.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE_PAGE = 2 << 20, LARGE_FROM = 8 * LARGE_PAGE };
static const double OFFSET_TOLERANCE = 1e-3; /* voxels */
static const double OFFSET_MAX = 1e6;        /* voxels; far above any grid, far below INT_MAX */

size_t sample_bytes(enum sample sample)
{
    static const size_t bytes[] = {
        [SAMPLE_FLOAT] = 4, [SAMPLE_UINT8] = 1, [SAMPLE_INT16] = 2, [SAMPLE_BFLOAT16] = 2};
    return bytes[sample];
}

void samples_to_float(enum sample sample, const void *samples, size_t count, float *to)
{
    const uint8_t *bytes = samples;
    const int16_t *words = samples;
    switch (sample) {
    case SAMPLE_FLOAT:
        memcpy(to, samples, count * sizeof *to);
        return;
    case SAMPLE_UINT8:
        for (size_t i = 0; i < count; i++)
            to[i] = bytes[i];
        return;
    case SAMPLE_INT16:
        for (size_t i = 0; i < count; i++)
            to[i] = words[i];
        return;
    case SAMPLE_BFLOAT16: /* the upper half of a float */
        for (size_t i = 0; i < count; i++) {
            uint32_t bits = (uint32_t)(uint16_t)words[i] << 16;
            memcpy(&to[i], &bits, sizeof bits);
        }
        return;
    }
}

const char *role_name(enum role role)
{
    static const char *const names[] = {
        [ROLE_IMAGE] = "image", [ROLE_LABEL] = "label", [ROLE_PROB] = "prob", [ROLE_MASK] = "mask"};
    return names[role];
}

size_t record_voxels(const struct record *record)
{
    return grid_voxels(record->size);
}

/* Pages of 4 KiB would take longer to come than samples to be read into them. */
void *samples_allocate(size_t bytes)
{
    const bool large = bytes >= LARGE_FROM;
    const size_t alignment = large ? LARGE_PAGE : 64;
    void *memory = aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (memory && large)
        madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

int record_allocate(struct record *record)
{
    size_t bytes = record_voxels(record) * (size_t)record->channels * sample_bytes(record->sample);
    record->data = samples_allocate(bytes);
    if (!record->data)
        return fail(STATUS_FAILURE, "case %s: no memory for %zu bytes", record->case_name, bytes);
    memset(record->data, 0, (bytes + 63) / 64 * 64);
    record->bytes = bytes;
    record->mapping = NULL;
    record->mapping_bytes = 0;
    record->borrowed = false;
    return STATUS_OK;
}

int record_copy_header(struct record *to, const struct record *from)
{
    char *keys = from->keys ? strdup(from->keys) : NULL;
    if (from->keys && !keys)
        return fail(STATUS_FAILURE, "case %s: out of memory", from->case_name);
    *to = *from;
    to->keys = keys;
    to->data = NULL;
    to->bytes = 0;
    to->mapping = NULL;
    to->mapping_bytes = 0;
    to->borrowed = false;
    return STATUS_OK;
}

void record_free(struct record *record)
{
    if (record->mapping)
        mapping_close(record->mapping, record->mapping_bytes);
    else if (!record->borrowed)
        free(record->data);
    free(record->keys);
    *record = (struct record){0};
}

void record_turn(struct record *record, const int axes[3])
{
    double affine[3][4];
    if (axes_are_own(axes))
        return;
    memcpy(record->axes, axes, sizeof record->axes);
    axes_size(axes, record->grid, record->size);
    axes_affine(axes, record->grid, record->affine, affine);
    affine_split(affine, record->directions, record->origin);
}

void record_turned_grid(const struct record *record, int grid[3])
{
    axes_size(record->axes, record->grid, grid);
}

int record_offset(const struct record *record, int offset[3])
{
    static const char *const misfit = "case %s: flipped, permuted or resampled against its source grid: "
                                      "%s %d differs";
    double affine[3][4], inverse[3][3], directions[3][3], origin[3];
    if (!record->has_grid || !record->has_geometry)
        return fail(STATUS_DATA, "case %s: no source grid in the record", record->case_name);
    axes_affine(record->axes, record->grid, record->affine, affine);
    if (!affine_invert(affine, inverse))
        return fail(STATUS_DATA, "case %s: the source's affine is singular", record->case_name);
    affine_split(affine, directions, origin);
    for (int axis = 0; axis < 3; axis++)
        for (int r = 0; r < 3; r++)
            if (!(fabs(record->directions[axis][r] - directions[axis][r]) <= RECORD_DIRECTION_TOLERANCE))
                return fail(STATUS_DATA, misfit, record->case_name, "direction of axis", axis);
    for (int axis = 0; axis < 3; axis++) {
        double voxels = 0;
        for (int r = 0; r < 3; r++)
            voxels += inverse[axis][r] * (record->origin[r] - origin[r]);
        if (!(fabs(voxels) < OFFSET_MAX && fabs(voxels - round(voxels)) <= OFFSET_TOLERANCE))
            return fail(STATUS_DATA, misfit, record->case_name, "offset of axis", axis);
        offset[axis] = (int)round(voxels);
    }
    return STATUS_OK;
}

/* A whole head of 1 mm in 64 floats fits the first, a small crop of a large one the second. */
static uint64_t placed_bytes_max(const struct record *record, uint64_t max_bytes)
{
    const uint64_t least = UINT64_C(256) << 20, times = 64;
    if (max_bytes)
        return max_bytes;
    uint64_t most = record->bytes * times > least ? record->bytes * times : least;
    return most < RECORD_BYTES_MAX ? most : RECORD_BYTES_MAX;
}

/* Gives a whole array the axes of its source. */
static int turn_back(struct record *whole)
{
    const int axes[3] = {whole->axes[0], whole->axes[1], whole->axes[2]};
    void *turned = whole->data;
    memset(whole->axes, 0, sizeof whole->axes);
    memcpy(whole->size, whole->grid, sizeof whole->size);
    affine_split(whole->affine, whole->directions, whole->origin);
    if (axes_are_own(axes))
        return STATUS_OK;
    int status = record_allocate(whole);
    if (status) {
        whole->data = turned;
        return status;
    }
    const size_t bytes = whole->bytes / (size_t)whole->channels;
    for (size_t c = 0; c < (size_t)whole->channels; c++)
        axes_turn_back(axes, whole->size, sample_bytes(whole->sample), (char *)turned + c * bytes,
                       (char *)whole->data + c * bytes);
    free(turned);
    return STATUS_OK;
}

int record_check_grid(const struct record *record, uint64_t max_bytes)
{
    const uint64_t bytes =
        grid_voxels(record->grid) * (size_t)record->channels * (uint64_t)sample_bytes(record->sample);
    const uint64_t most = placed_bytes_max(record, max_bytes);
    if (bytes <= most)
        return STATUS_OK;
    return fail(
        STATUS_DATA,
        "case %s: its source grid of %dx%dx%d takes %llu bytes, the limit for a record of %zu bytes is "
        "%llu: --max-bytes",
        record->case_name, record->grid[0], record->grid[1], record->grid[2], (unsigned long long)bytes,
        record->bytes, (unsigned long long)most);
}

int record_place(const struct record *record, uint64_t max_bytes, struct record *whole)
{
    int offset[3], status = record_offset(record, offset);
    if (!status)
        status = record_copy_header(whole, record);
    if (status)
        return status;
    record_turned_grid(record, whole->size);
    size_t channels = (size_t)record->channels, sample = sample_bytes(record->sample);
    if (!(status = record_check_grid(record, max_bytes)))
        status = record_allocate(whole);
    for (size_t c = 0; !status && c < channels; c++)
        grid_copy((const char *)record->data + c * (record->bytes / channels), record->size, offset,
                  (char *)whole->data + c * (whole->bytes / channels), whole->size, sample);
    if (!status)
        status = turn_back(whole);
    if (status)
        record_free(whole);
    return status;
}

void record_spacing(const struct record *record, double spacing[3])
{
    double affine[3][4];
    affine_join(record->directions, record->origin, affine);
    affine_spacing(affine, spacing);
}

double record_voxel_volume(const struct record *record)
{
    double spacing[3];
    if (!record->has_geometry)
        return 1;
    record_spacing(record, spacing);
    return spacing[0] * spacing[1] * spacing[2];
}

void record_forget_geometry(struct record *record)
{
    record->has_geometry = record->has_grid = false;
    memset(record->directions, 0, sizeof record->directions);
    memset(record->origin, 0, sizeof record->origin);
    memset(record->grid, 0, sizeof record->grid);
    memset(record->affine, 0, sizeof record->affine);
    memset(record->axes, 0, sizeof record->axes);
    record->forms = (struct source_forms){0};
}

/* The line of `key` in a list of "key:=value\n" lines, or NULL. */
static char *key_line(char *keys, const char *key)
{
    size_t length = strlen(key);
    for (char *line = keys; line && *line; line = strchr(line, '\n') + 1)
        if (!strncmp(line, key, length) && !strncmp(line + length, ":=", 2))
            return line;
    return NULL;
}

const char *record_key(const struct record *record, const char *key, char *value, size_t size)
{
    const char *line = key_line(record->keys, key);
    if (!line)
        return NULL;
    line += strlen(key) + 2;
    snprintf(value, size, "%.*s", (int)strcspn(line, "\n"), line);
    return value;
}

static bool printable(const char *text)
{
    while ((*text >= ' ' && *text <= '~') || *text == '\t')
        text++;
    return !*text;
}

int record_set_key(struct record *record, const char *key, const char *value)
{
    if (!*key || strchr(key, ':') || *key == '#' || !printable(key) || !printable(value))
        return fail(STATUS_DATA, "case %s: a key or value that a header cannot hold", record->case_name);
    char *old = key_line(record->keys, key), *keys;
    if (old) {
        char *next = strchr(old, '\n') + 1;
        memmove(old, next, strlen(next) + 1);
    }
    if (asprintf(&keys, "%s%s:=%s\n", record->keys ? record->keys : "", key, value) < 0)
        return fail(STATUS_FAILURE, "case %s: out of memory", record->case_name);
    free(record->keys);
    record->keys = keys;
    return STATUS_OK;
}
