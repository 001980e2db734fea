#include "lib/metrics/segmentation_bits.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include "lib/stream/affine.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 4096 };

/* Samples first .. first + n - 1 as floats, in `block` or where they are; n <= BLOCK. */
static const float *samples_block(const struct samples *samples, size_t first, size_t n, float block[BLOCK])
{
    if (samples->type == SAMPLE_FLOAT)
        return (const float *)samples->data + first;
    samples_to_float(samples->type, (const char *)samples->data + first * sample_bytes(samples->type), n,
                     block);
    return block;
}

static bool all_zero(const float *values, size_t n)
{
    int other = 0;
    for (size_t i = 0; i < n; i++)
        other |= values[i] != 0;
    return !other;
}

struct label_counts {
    size_t of[LABEL_VALUES], bad, rounded;
    float bad_value; /* the first value that is not a label */
};

/* Sets the region bits of n voxels by bits[label], and counts the labels. */
static void count_labels(const float *values, size_t n, const uint8_t bits[LABEL_VALUES], uint8_t *voxels,
                         struct label_counts *counts)
{
    for (size_t i = 0; i < n; i++) {
        const float value = label_round(values[i]);
        const int label = value >= 0 && value < LABEL_VALUES ? (int)value : -1;
        counts->rounded += value != values[i];
        if (label < 0 || (float)label != value) {
            if (!counts->bad)
                counts->bad_value = values[i];
            counts->bad += values[i] == counts->bad_value || isnan(values[i]);
            continue;
        }
        counts->of[label]++;
        voxels[i] = bits[label];
    }
}

static void count_all(const struct samples *samples, size_t voxels, const uint8_t bits[LABEL_VALUES],
                      uint8_t *to, struct label_counts *counts)
{
    float block[BLOCK];
    for (size_t first = 0; first < voxels; first += BLOCK) {
        const size_t n = size_min(voxels - first, BLOCK);
        const float *values = samples_block(samples, first, n, block);
        if (!all_zero(values, n)) /* most of a volume is background */
            count_labels(values, n, bits, to + first, counts);
    }
}

static int check_one_enhancing(const struct segmentation *s, const struct label_counts *counts)
{
    return !counts->of[3] || !counts->of[4]
               ? STATUS_OK
               : fail(STATUS_DATA,
                      "%s: %zu voxels are 3 and %zu are 4; only one of the two can be enhancing tumour",
                      s->name, counts->of[3], counts->of[4]);
}

/* The numbers of a challenge; a 4 may be the enhancing tumour under some, but not beside a 3. */
static int bits_of_challenge(const struct samples *samples, size_t voxels, struct segmentation *s,
                             enum label_set set)
{
    struct label_counts counts = {.bad = 0};
    uint8_t bits[LABEL_VALUES];
    for (int value = 0; value < LABEL_VALUES; value++)
        bits[value] = label_set_bits(set, value);
    count_all(samples, voxels, bits, s->voxels, &counts);
    for (int value = 1; value < LABEL_VALUES && !counts.bad; value++)
        if (bits[value] == LABEL_NONE && counts.of[value]) {
            counts.bad = counts.of[value];
            counts.bad_value = (float)value;
        }
    if (counts.bad)
        return fail(STATUS_DATA, "%s: %zu voxels are %g; labels of scheme %s are %s", s->name, counts.bad,
                    counts.bad_value, label_set_challenge(set), label_set_values(set));
    labels_warn_rounded(s->name, counts.rounded);
    return label_set_reads_records(set) ? check_one_enhancing(s, &counts) : STATUS_OK;
}

struct number_counts {
    size_t bad, rounded;
    float bad_value; /* the first number that is no label */
};

/* Sets the bits by a scheme's numbers. */
static void read_numbers(const struct samples *samples, size_t voxels, uint8_t *to,
                         const struct label_scheme *scheme, struct number_counts *counts)
{
    uint8_t bits[256];
    float block[BLOCK];
    *counts = (struct number_counts){.bad = 0};
    for (int label = 0; label < 256; label++)
        bits[label] = label_scored_bits(data_scheme, (uint8_t)label);
    for (size_t first = 0; first < voxels; first += BLOCK) {
        const size_t n = size_min(voxels - first, BLOCK);
        const float *values = samples_block(samples, first, n, block);
        counts->rounded += labels_rounded(values, n);
        for (size_t i = 0; i < n; i++) {
            const uint8_t label = label_of_value(scheme, values[i]);
            to[first + i] = label == LABEL_NONE ? 0 : bits[label];
            if (label == LABEL_NONE && !counts->bad)
                counts->bad_value = values[i];
            counts->bad += label == LABEL_NONE && (values[i] == counts->bad_value || isnan(values[i]));
        }
    }
}

/* The numbers of a scheme's label maps. Where that numbers BraTS' labels anew, a map with a number that only the records have is in
 * theirs: such as this project's own predictions of another year. */
static int bits_of_scheme(const struct samples *samples, size_t voxels, struct segmentation *s,
                          const struct label_scheme *scheme)
{
    struct number_counts counts, by_records = {.bad = 1};
    read_numbers(samples, voxels, s->voxels, scheme, &counts);
    if (counts.bad && scheme != record_scheme && data_scheme->records == record_scheme)
        read_numbers(samples, voxels, s->voxels, record_scheme, &by_records);
    if (!by_records.bad)
        warn("%s: %zu voxels are %g, which scheme %s does not have: it is read by the numbers of %s", s->name,
             counts.bad, counts.bad_value, scheme->name, record_scheme->name);
    else if (counts.bad)
        return fail(STATUS_DATA, "%s: %zu voxels are %g; labels of scheme %s are %s", s->name, counts.bad,
                    counts.bad_value, scheme->name, scheme->values);
    labels_warn_rounded(s->name, counts.rounded);
    return STATUS_OK;
}

/* Under LABELS_2023 a map may still use 4, as this project's own predictions do, but not both numbers. */
static int bits_of_labels(const struct samples *samples, size_t voxels, struct segmentation *s,
                          enum label_set set)
{
    const struct label_scheme *scheme = label_scheme_named(set == LABELS_2023 ? "2023" : "2018");
    struct label_counts counts = {.bad = 0};
    uint8_t bits[LABEL_VALUES];
    for (int value = 0; value < LABEL_VALUES; value++) {
        uint8_t label = scheme->label_of[value];
        if (label == LABEL_NONE) /* a 4 under LABELS_2023 */
            label = record_scheme->label_of[value];
        bits[value] =
            label == LABEL_NONE ? BIT_WT : label_region_bits(scheme, label); /* a 3 is some tumour */
    }
    count_all(samples, voxels, bits, s->voxels, &counts);
    if (counts.bad)
        return fail(STATUS_DATA, "%s: %zu voxels are %g; labels are 0, 1, 2 and %s", s->name, counts.bad,
                    counts.bad_value, set == LABELS_2023 ? "3 or 4" : "4");
    int status = check_one_enhancing(s, &counts);
    if (status)
        return status;
    labels_warn_rounded(s->name, counts.rounded);
    s->looks_2023 = set == LABELS_2018 && counts.of[3];
    s->readings = label_readings_named(s->name);
    for (int value = 1; value < LABEL_VALUES; value++)
        if (counts.of[value])
            label_readings_see(&s->readings, value);
    return STATUS_OK;
}

/* The bit of a channel of probabilities, which are of the records' regions. */
static uint8_t channel_bit(int channel, enum label_set set)
{
    const struct scored_regions regions = scored_regions(set);
    uint8_t bit = 0;
    for (int i = 0; i < regions.count; i++)
        if (set == LABELS_MASK || !strcmp(regions.name[i], label_set_records(set)->regions[channel].name))
            bit = regions.bit[i];
    return bit;
}

/* The bits of what a scheme only scores, by the label map that probabilities or masks make. */
static int add_scored(const struct samples *samples, size_t voxels, struct segmentation *s)
{
    const struct label_scheme *scheme = data_scheme->records;
    const uint8_t outputs = (uint8_t)((1 << scheme->region_count) - 1);
    uint8_t labels[BLOCK];
    float block[BLOCK], *values = malloc((size_t)samples->channels * BLOCK * sizeof *values);
    if (!values)
        return fail(STATUS_FAILURE, "%s: out of memory", s->name);
    for (size_t first = 0; first < voxels; first += BLOCK) {
        const size_t n = size_min(voxels - first, BLOCK);
        for (int c = 0; c < samples->channels; c++)
            memcpy(values + (size_t)c * n, samples_block(samples, (size_t)c * voxels + first, n, block),
                   n * sizeof *values);
        labels_of_regions(scheme, values, n, labels);
        for (size_t i = 0; i < n; i++)
            s->voxels[first + i] |= (uint8_t)(label_scored_bits(data_scheme, labels[i]) & ~outputs);
    }
    free(values);
    return STATUS_OK;
}

/* Probabilities or masks: channel_bit where a channel is above one half; any channel's, as one bit, for a
 * mask. */
static int bits_of_channels(const struct samples *samples, size_t voxels, struct segmentation *s,
                            enum label_set set)
{
    float block[BLOCK];
    char names[NAME_LIST_SIZE];
    const struct label_scheme *scheme = label_set_records(set);
    region_names(scheme, names);
    if (set != LABELS_MASK && samples->channels != scheme->region_count)
        return fail(STATUS_DATA, "%s: %d channels; probabilities are of %s", s->name, samples->channels,
                    names);
    for (int c = 0; c < samples->channels; c++) {
        const uint8_t bit = channel_bit(c, set);
        int undefined = 0;
        for (size_t first = 0; first < voxels; first += BLOCK) {
            const size_t n = size_min(voxels - first, BLOCK);
            const float *values = samples_block(samples, (size_t)c * voxels + first, n, block);
            for (size_t i = 0; i < n; i++) {
                s->voxels[first + i] |= values[i] > 0.5f ? bit : 0;
                undefined |= isnan(values[i]) != 0;
            }
        }
        if (undefined)
            return fail(STATUS_DATA, "%s: channel %d holds values that are not numbers", s->name, c);
    }
    return set == LABELS_SCHEME && data_scheme->scored_count ? add_scored(samples, voxels, s) : STATUS_OK;
}

static void bits_of_mask(const struct samples *samples, size_t voxels, struct segmentation *s)
{
    float block[BLOCK];
    for (size_t first = 0; first < voxels; first += BLOCK) {
        const size_t n = size_min(voxels - first, BLOCK);
        const float *values = samples_block(samples, first, n, block);
        for (size_t i = 0; i < n; i++)
            s->voxels[first + i] = values[i] != 0 ? BIT_MASK : 0;
    }
}

int segmentation_set_bits(struct segmentation *s, const struct samples *samples, bool label_map,
                          enum label_set set, const struct label_scheme *scheme)
{
    const size_t voxels = grid_voxels(s->size);
    s->voxels = calloc(voxels, 1);
    if (!s->voxels)
        return fail(STATUS_FAILURE, "%s: out of memory for %zu voxels", s->name, voxels);
    if (s->has_geometry)
        affine_spacing(s->affine, s->spacing);
    if (!label_map && !label_set_reads_records(set))
        return fail(STATUS_DATA, "%s: %d channels; scheme %s takes label maps", s->name, samples->channels,
                    label_set_challenge(set));
    if (!label_map)
        return bits_of_channels(samples, voxels, s, set);
    if (samples->channels != 1)
        return fail(STATUS_DATA, "%s: %d channels; a label map has one", s->name, samples->channels);
    if (set == LABELS_SCHEME)
        return bits_of_scheme(samples, voxels, s, scheme);
    if (label_set_challenge(set))
        return bits_of_challenge(samples, voxels, s, set);
    if (set != LABELS_MASK)
        return bits_of_labels(samples, voxels, s, set);
    bits_of_mask(samples, voxels, s);
    return STATUS_OK;
}
