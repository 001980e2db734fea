#include "lib/metrics/segmentation.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include "lib/stream/affine.h"
#include "lib/stream/nifti.h"
#include "lib/stream/reader.h"
#include "lib/volume/scheme.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double AFFINE_TOLERANCE = 1e-3;

/* Samples of one volume, whatever their type; channel by channel. */
struct samples {
    const void *data;
    enum sample type;
    int channels;
};

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

/* The numbers of a scheme's label maps. */
static int bits_of_scheme(const struct samples *samples, size_t voxels, struct segmentation *s,
                          const struct label_scheme *scheme)
{
    uint8_t bits[256];
    size_t bad = 0, rounded = 0;
    float block[BLOCK], bad_value = 0;
    for (int label = 0; label < 256; label++)
        bits[label] = label_scored_bits(data_scheme, (uint8_t)label);
    for (size_t first = 0; first < voxels; first += BLOCK) {
        const size_t n = size_min(voxels - first, BLOCK);
        const float *values = samples_block(samples, first, n, block);
        rounded += labels_rounded(values, n);
        for (size_t i = 0; i < n; i++) {
            const uint8_t label = label_of_value(scheme, values[i]);
            s->voxels[first + i] = label == LABEL_NONE ? 0 : bits[label];
            if (label == LABEL_NONE && !bad)
                bad_value = values[i];
            bad += label == LABEL_NONE && (values[i] == bad_value || isnan(values[i]));
        }
    }
    if (bad)
        return fail(STATUS_DATA, "%s: %zu voxels are %g; labels of scheme %s are %s", s->name, bad, bad_value,
                    scheme->name, scheme->values);
    labels_warn_rounded(s->name, rounded);
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

/* Sets bits and spacing; name, size, has_geometry and affine are set. `scheme`: of LABELS_SCHEME. */
static int fill(struct segmentation *s, const struct samples *samples, bool label_map, enum label_set set,
                const struct label_scheme *scheme)
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

/* A segmentation of that name that holds nothing yet. */
static int start(struct segmentation *s, const char *name)
{
    *s = (struct segmentation){.name = strdup(name), .spacing = {1, 1, 1}};
    return s->name ? STATUS_OK : fail(STATUS_FAILURE, "%s: out of memory", name);
}

/* A record says what its labels or regions are. */
static int check_scheme(const struct record *record, const char *name, enum label_set set)
{
    const struct label_scheme *own, *wanted = label_set_records(set);
    int status = scheme_of_record(record, &own);
    if (status)
        return fail_in(status, "%s", name);
    return scheme_same_regions(own, wanted)
               ? STATUS_OK
               : fail(STATUS_DATA, "%s: its labels are of scheme %s, not %s: --scheme", name, own->name,
                      wanted->name);
}

int segmentation_from_record(const struct record *record, const char *name, enum label_set set,
                             struct segmentation *s)
{
    int status = start(s, name);
    if (status)
        return status;
    if (!record->foreign)
        memcpy(s->case_name, record->case_name, sizeof s->case_name);
    s->has_geometry = record->has_geometry;
    memcpy(s->size, record->size, sizeof s->size);
    affine_join(record->directions, record->origin, s->affine);
    const struct samples samples = {record->data, record->sample, record->channels};
    const bool one_mask = record->role == ROLE_MASK && record->channels == 1;
    const bool label_map = record->role == ROLE_LABEL || (record->foreign && record->channels == 1) ||
                           (one_mask && set == LABELS_MASK);
    if (!record->foreign && set != LABELS_MASK && label_set_reads_records(set) &&
        (status = check_scheme(record, name, set))) {
        segmentation_free(s);
        return status;
    }
    if (one_mask && set != LABELS_MASK && scored_regions(set).count != 1)
        status = fail(STATUS_DATA, "%s: a mask of one region is not a label map; score it with --mask", name);
    else if (!record->foreign && !label_set_reads_records(set))
        status = fail(STATUS_DATA,
                      "%s: the labels of records are 0, 1, 2 and 4 of 2018; scheme %s takes NIfTI files",
                      name, label_set_challenge(set));
    else
        status = fill(s, &samples, label_map, set, record->foreign ? data_scheme : data_scheme->records);
    if (!record->foreign) /* a record says what its numbers mean */
        s->readings = (struct label_readings){.maps = 0};
    if (status)
        segmentation_free(s);
    return status;
}

static int read_nifti(const char *path, enum label_set set, uint64_t max_bytes, struct segmentation *s)
{
    const struct nifti_options options = {.max_bytes = max_bytes};
    struct nifti nifti;
    int status = nifti_read(path, &options, &nifti);
    if (status)
        return status;
    if (!(status = start(s, path))) {
        s->has_geometry = true;
        memcpy(s->size, nifti.size, sizeof s->size);
        memcpy(s->affine, nifti.affine, sizeof s->affine);
        const struct samples samples = {nifti.data, SAMPLE_FLOAT, nifti.channels};
        status = fill(s, &samples, nifti.channels == 1, set, data_scheme);
        if (status)
            segmentation_free(s);
    }
    nifti_free(&nifti);
    return status;
}

/* How well a record suits the side: the best one is used, two equally good ones are refused. 0: it cannot be
 * used. */
static int suitability(const struct record *record, enum side side)
{
    if (record->foreign)
        return 1;
    switch (record->role) {
    case ROLE_PROB:
        return side == SIDE_PREDICTION ? 2 : 0;
    case ROLE_LABEL:
    case ROLE_MASK:
        return 1;
    case ROLE_IMAGE:
        break;
    }
    return 0;
}

static int read_record(const char *path, enum side side, uint64_t max_bytes, struct record *best)
{
    const struct reader_options options = {.max_bytes = max_bytes};
    struct reader *reader;
    char *const paths[] = {(char *)path};
    int status = reader_open(&reader, 1, paths, &options), best_suitability = 0, equals = 0;
    if (status)
        return status;
    for (bool got = true; got && !status;) {
        struct record record = {0};
        status = reader_next(reader, &record, &got);
        const int here = got && !status ? suitability(&record, side) : 0;
        equals = here > best_suitability ? 1 : equals + (here && here == best_suitability);
        if (here <= best_suitability) {
            record_free(&record);
            continue;
        }
        record_free(best);
        *best = record;
        best_suitability = here;
    }
    reader_close(reader);
    if (!status && equals != 1) {
        const char *what = side == SIDE_PREDICTION ? "prediction" : "reference";
        status = equals ? fail(STATUS_DATA, "%s: %d records could be the %s", path, equals, what)
                        : fail(STATUS_DATA, "%s: no record could be the %s", path, what);
    }
    if (status)
        record_free(best);
    return status;
}

/* The next byte of a pipe, which stays there: a copy of it goes to another pipe. Waits for the writer; does
 * nothing where this is not a pipe. */
static int peek_pipe(int file, char *first)
{
    int copy[2];
    ssize_t length;
    if (pipe2(copy, O_CLOEXEC))
        return fail_errno(STATUS_FAILURE, "cannot make a pipe");
    do
        length = tee(file, copy[1], 1, 0);
    while (length < 0 && errno == EINTR);
    while (length > 0 && read(copy[0], first, 1) < 0 && errno == EINTR)
        ;
    close(copy[0]);
    close(copy[1]);
    return STATUS_OK;
}

/* The first byte of a file or a pipe, which stays there to be read; 0 where there is none. */
static int first_byte(int file, char *first)
{
    ssize_t length;
    *first = 0;
    do
        length = pread(file, first, 1, 0);
    while (length < 0 && errno == EINTR);
    if (length < 0 && errno == ESPIPE)
        return peek_pipe(file, first);
    return length < 0 ? fail_errno(STATUS_FAILURE, "cannot read") : STATUS_OK;
}

/* Records begin with NRRD's magic; neither NIfTI nor gzip begins with an N. */
static const char RECORD_FIRST = 'N';

static int read_file(const char *path, bool from_record, enum side side, enum label_set set,
                     uint64_t max_bytes, struct segmentation *s)
{
    struct record record = {0};
    int status = from_record ? read_record(path, side, max_bytes, &record) : STATUS_OK;
    if (status || !from_record)
        return status ? status : read_nifti(path, set, max_bytes, s);
    status = segmentation_from_record(&record, path, set, s);
    record_free(&record);
    return status;
}

int segmentation_read(const char *path, enum side side, enum label_set set, uint64_t max_bytes,
                      struct segmentation *s)
{
    *s = (struct segmentation){0};
    if (!strcmp(path, "-"))
        return read_file(path, true, side, set, max_bytes, s);
    char first;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return fail_errno(STATUS_FAILURE, "%s: cannot open", path);
    int status = first_byte(file, &first);
    if (status)
        fail_in(status, "%s", path);
    else
        status = read_file(path, first == RECORD_FIRST, side, set, max_bytes, s);
    close(file); /* not before: the writer of a pipe would be told that nobody reads */
    return status;
}

void segmentation_drop_voxels(struct segmentation *s)
{
    free(s->voxels);
    s->voxels = NULL;
}

void segmentation_free(struct segmentation *s)
{
    free(s->name);
    free(s->voxels);
    *s = (struct segmentation){0};
}

struct mask segmentation_region(const struct segmentation *s, uint8_t bit)
{
    return (struct mask){s->voxels, bit, {s->size[0], s->size[1], s->size[2]}, axes_of(s->size)};
}

const double *segmentation_spacing(const struct segmentation *p, const struct segmentation *r)
{
    return r->has_geometry ? r->spacing : p->spacing;
}

int segmentation_compare(const struct segmentation *p, const struct segmentation *r)
{
    if (memcmp(p->size, r->size, sizeof p->size))
        return fail(STATUS_DATA, "%s is of %dx%dx%d voxels, %s of %dx%dx%d", p->name, p->size[0], p->size[1],
                    p->size[2], r->name, r->size[0], r->size[1], r->size[2]);
    if (p->has_geometry && r->has_geometry && !(affine_difference(p->affine, r->affine) <= AFFINE_TOLERANCE))
        return fail(STATUS_DATA, "%s and %s: their affines differ by %g", p->name, r->name,
                    affine_difference(p->affine, r->affine));
    if (p->case_name[0] && r->case_name[0] && strcmp(p->case_name, r->case_name))
        return fail(STATUS_DATA, "%s is of case %s, %s of case %s", p->name, p->case_name, r->name,
                    r->case_name);
    return STATUS_OK;
}

void segmentation_warn(const char *case_name, const struct segmentation *p, const struct segmentation *r)
{
    const struct segmentation *both[2] = {p, r};
    for (int i = 0; i < 2; i++)
        if (both[i]->looks_2023)
            warn("case %s: %s: it holds label 3 and no 4: 2023's numbers, which need --scheme 2023, or the "
                 "Decathlon's, whose 1 is oedema and 2 the core: nii2raw --scheme msd translates them",
                 case_name, both[i]->name);
}
