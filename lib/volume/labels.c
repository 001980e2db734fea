#include "lib/volume/labels.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* What interpolation and 16-bit scaling leave of a whole number. */
static const float ROUNDING = 1e-3f;

float label_round(float value)
{
    const float whole = rintf(value);
    return fabsf(value - whole) <= ROUNDING ? whole : value;
}

size_t labels_rounded(const float *values, size_t voxels)
{
    size_t count = 0;
    for (size_t i = 0; i < voxels; i++)
        count += label_round(values[i]) != values[i] && values[i] == values[i];
    return count;
}

void labels_warn_rounded(const char *name, size_t count)
{
    if (count)
        warn("%s: %zu labels are not whole numbers but within %g of one, and are taken for it", name, count,
             (double)ROUNDING);
}

uint8_t label_of_value(const struct label_scheme *scheme, float value)
{
    value = label_round(value);
    int whole = value >= 0 && value < LABEL_NONE ? (int)value : LABEL_NONE;
    return (float)whole == value ? scheme->label_of[whole] : LABEL_NONE;
}

static int refuse(const struct label_scheme *scheme, double value, size_t count)
{
    return fail(STATUS_DATA, "label %.9g in %zu voxels is not one of %s", value, count, scheme->values);
}

int labels_of_values(const struct label_scheme *scheme, const float *values, size_t voxels, uint8_t *labels)
{
    size_t first = voxels, count = 0; /* the first wrong number, and how many are like it */
    for (size_t i = 0; i < voxels; i++) {
        labels[i] = label_of_value(scheme, values[i]);
        if (labels[i] == LABEL_NONE && first == voxels)
            first = i;
    }
    if (first == voxels)
        return STATUS_OK;
    float wrong = values[first];
    for (size_t i = first; i < voxels; i++)
        count +=
            values[i] == wrong || (wrong != wrong && values[i] != values[i]); /* NaN is not equal to itself */
    return refuse(scheme, (double)wrong, count);
}

/* unknown[label] = 1 for what is not a label of the scheme, else 0. */
static void find_unknown(const struct label_scheme *scheme, uint8_t unknown[256])
{
    memset(unknown, 1, 256);
    unknown[LABEL_BACKGROUND] = 0;
    for (int i = 0; i < scheme->label_count; i++)
        unknown[scheme->labels[i].label] = 0;
}

/* Label maps are long runs of one label: a group of voxels like the one before it is not looked up again. */
enum { GROUP = sizeof(uint64_t) };

/* Whether voxels i .. i + GROUP - 1 are there, and like the GROUP before them. */
static bool repeats(const uint8_t *labels, size_t voxels, size_t i)
{
    uint64_t before, group;
    if (!i || voxels - i < GROUP)
        return false;
    memcpy(&before, labels + i - GROUP, GROUP);
    memcpy(&group, labels + i, GROUP);
    return group == before;
}

/* All table[label], joined by or. */
static uint8_t join_table(const uint8_t table[256], const uint8_t *labels, size_t voxels)
{
    uint8_t joined = 0;
    for (size_t i = 0; i < voxels; i += GROUP)
        if (!repeats(labels, voxels, i))
            for (size_t k = i; k < size_min(i + GROUP, voxels); k++)
                joined |= table[labels[k]];
    return joined;
}

/* to[i] = table[labels[i]] */
static void apply_table(const uint8_t table[256], const uint8_t *labels, size_t voxels, uint8_t *to)
{
    for (size_t i = 0; i < voxels; i += GROUP)
        if (repeats(labels, voxels, i))
            memcpy(to + i, to + i - GROUP, GROUP);
        else
            for (size_t k = i; k < size_min(i + GROUP, voxels); k++)
                to[k] = table[labels[k]];
}

int labels_check(const struct label_scheme *scheme, const uint8_t *labels, size_t voxels)
{
    uint8_t unknown[256];
    size_t counts[256] = {0};
    find_unknown(scheme, unknown);
    if (!join_table(unknown, labels, voxels))
        return STATUS_OK;
    for (size_t i = 0; i < voxels; i++)
        counts[labels[i]]++;
    int wrong = 0;
    while (!unknown[wrong] || !counts[wrong])
        wrong++;
    return refuse(scheme, wrong, counts[wrong]);
}

static uint8_t bits_of(const struct region *regions, int count, uint8_t label)
{
    uint8_t bits = 0;
    for (int r = 0; r < count; r++)
        for (const uint8_t *own = regions[r].labels; *own; own++)
            bits |= (uint8_t)((*own == label) << r);
    return bits;
}

uint8_t label_region_bits(const struct label_scheme *scheme, uint8_t label)
{
    return bits_of(scheme->regions, scheme->region_count, label);
}

uint8_t label_scored_bits(const struct label_scheme *scheme, uint8_t label)
{
    return (uint8_t)(label_region_bits(scheme, label) | bits_of(scheme->scored, scheme->scored_count, label)
                                                            << scheme->region_count);
}

static void tabulate_bits(const struct label_scheme *scheme, uint8_t bits[256])
{
    for (int label = 0; label < 256; label++)
        bits[label] = label_region_bits(scheme, (uint8_t)label);
}

int region_bits_of_labels(const struct label_scheme *scheme, const uint8_t *labels, size_t voxels,
                          uint8_t *bits)
{
    uint8_t of_label[256];
    int status = labels_check(scheme, labels, voxels);
    if (status)
        return status;
    tabulate_bits(scheme, of_label);
    apply_table(of_label, labels, voxels, bits);
    return STATUS_OK;
}

void regions_of_labels(const struct label_scheme *scheme, const uint8_t *labels, size_t voxels,
                       uint8_t *masks)
{
    uint8_t of_label[256];
    tabulate_bits(scheme, of_label);
    for (int r = 0; r < scheme->region_count; r++, masks += voxels)
        for (size_t i = 0; i < voxels; i++)
            masks[i] = of_label[labels[i]] >> r & 1;
}

/* The last region above one half wins. */
static void paint_last(const struct label_scheme *scheme, const float *probabilities, size_t voxels,
                       uint8_t *labels)
{
    for (int r = 0; r < scheme->region_count; r++, probabilities += voxels) {
        const uint8_t own = scheme->regions[r].label;
        for (size_t i = 0; own && i < voxels; i++)
            labels[i] = probabilities[i] > 0.5f ? own : labels[i];
    }
}

/* The region with the highest value above one half wins. */
static void paint_highest(const struct label_scheme *scheme, const float *probabilities, size_t voxels,
                          uint8_t *labels)
{
    for (size_t i = 0; i < voxels; i++) {
        float highest = 0.5f;
        for (int r = 0; r < scheme->region_count; r++) {
            const float value = probabilities[(size_t)r * voxels + i];
            if (value > 0.5f && value >= highest) {
                highest = value;
                labels[i] = scheme->regions[r].label;
            }
        }
    }
}

void labels_of_regions(const struct label_scheme *scheme, const float *probabilities, size_t voxels,
                       uint8_t *labels)
{
    memset(labels, LABEL_BACKGROUND, voxels);
    if (scheme->highest)
        paint_highest(scheme, probabilities, voxels, labels);
    else
        paint_last(scheme, probabilities, voxels, labels);
}

/* Appends a name, behind a blank where it is not the first. */
static void append_name(char names[NAME_LIST_SIZE], const char *name)
{
    size_t length = strlen(names);
    snprintf(names + length, NAME_LIST_SIZE - length, length ? " %s" : "%s", name);
}

void region_names(const struct label_scheme *scheme, char names[NAME_LIST_SIZE])
{
    *names = 0;
    for (int r = 0; r < scheme->region_count; r++)
        append_name(names, scheme->regions[r].name);
}

void region_columns(const struct label_scheme *scheme, char names[NAME_LIST_SIZE])
{
    *names = 0;
    for (int r = 0; r < scheme->region_count; r++)
        append_name(names, scheme->regions[r].column);
}

int region_of_row(const struct label_scheme *scheme, int row)
{
    int r = 0;
    while (scheme->regions[r].row != row)
        r++;
    return r;
}

int region_named(const struct label_scheme *scheme, const char *name)
{
    for (int r = 0; r < scheme->region_count; r++)
        if (!strcmp(scheme->regions[r].name, name))
            return r;
    return -1;
}

bool scheme_same_regions(const struct label_scheme *a, const struct label_scheme *b)
{
    bool same = a->region_count == b->region_count && a->highest == b->highest;
    for (int r = 0; same && r < a->region_count; r++)
        same = !strcmp(a->regions[r].name, b->regions[r].name) && a->regions[r].label == b->regions[r].label;
    for (int label = 1; same && label < LABEL_NONE; label++)
        same = label_region_bits(a, (uint8_t)label) == label_region_bits(b, (uint8_t)label);
    return same;
}

bool scheme_same_network(const struct label_scheme *a, const struct label_scheme *b)
{
    bool same = a->modality_count == b->modality_count && scheme_same_regions(a, b);
    for (int m = 0; same && m < a->modality_count; m++)
        same = !strcmp(a->modalities[m].name, b->modalities[m].name);
    return same;
}

int label_file(void)
{
    return data_scheme->modality_count;
}

int case_files(void)
{
    return data_scheme->modality_count + 1;
}

void modality_names(const struct label_scheme *scheme, char names[NAME_LIST_SIZE])
{
    *names = 0;
    for (int m = 0; m < scheme->modality_count; m++)
        append_name(names, scheme->modalities[m].name);
}
