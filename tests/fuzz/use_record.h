/* What is done with a record that was accepted, however strange: resampled, turned, stored, placed, written and scored. */
#ifndef PRUNET_TESTS_FUZZ_USE_RECORD_H
#define PRUNET_TESTS_FUZZ_USE_RECORD_H

#include "lib/base/error.h"
#include "lib/metrics/segmentation.h"
#include "lib/stream/axes.h"
#include "lib/stream/nifti_write.h"
#include "lib/stream/record_write.h"
#include "lib/volume/resample.h"
#include "tests/fuzz/fuzz.h"

enum { GRID_MAX = 1 << 20, SMALL_BYTES = 1 << 16 };

/* With another spacing, and back to its source. */
static inline void resample(const struct record *record, bool to_source)
{
    const double spacing[3] = {1, 1.5, 0.75};
    struct record copy;
    if (record_copy_header(&copy, record) || record_allocate(&copy))
        exit(1);
    memcpy(copy.data, record->data, record->bytes);
    int status =
        to_source ? resample_to_source(&copy, GRID_MAX) : resample_to_spacing(&copy, spacing, GRID_MAX);
    fuzz_promise(status == STATUS_OK || status == STATUS_DATA);
    fuzz_promise(copy.bytes <= GRID_MAX || copy.bytes == record->bytes);
    record_free(&copy);
}

/* The voxels of a record in another order. */
static inline void turn_voxels(const struct record *whole, const struct record *turned)
{
    const size_t bytes = whole->bytes / (size_t)whole->channels;
    for (size_t at = 0; at < whole->bytes; at += bytes)
        axes_turn(turned->axes, whole->size, sample_bytes(whole->sample), (char *)whole->data + at,
                  (char *)turned->data + at);
}

/* A whole source that is turned comes back as it was. */
static inline void turn(const struct record *whole, const int axes[3])
{
    struct record turned, back;
    int found[3];
    if (record_copy_header(&turned, whole))
        exit(1);
    record_turn(&turned, axes);
    if (record_allocate(&turned))
        exit(1);
    turn_voxels(whole, &turned);
    if (axes_between((const double(*)[3])turned.directions, (const double(*)[4])turned.affine, 1e-3, found))
        fuzz_promise(axes_are_valid(found));
    int status = record_place(&turned, GRID_MAX, &back);
    fuzz_promise(status == STATUS_DATA || (!status && !memcmp(back.data, whole->data, whole->bytes)));
    if (!status)
        record_free(&back);
    record_free(&turned);
}

/* By axes of ours, and near LPS, as a case is read. */
static inline void turn_each_way(const struct record *whole)
{
    const int ours[3] = {-3, 1, -2};
    int lps[3];
    char code[AXES_CODE_SIZE];
    axes_to_lps(whole->affine, lps);
    axes_code(whole->affine, code);
    fuzz_promise(axes_are_valid(lps) && strlen(code) == 3);
    turn(whole, lps);
    turn(whole, ours);
}

/* In every form that a file may have it; what has lost nothing comes back to the bit. */
static inline void store(struct output *output, const struct record *record)
{
    for (int form = 0; form < 4; form++) {
        const struct storage_choice choice = {.half = form & 1, .zstd = form & 2};
        struct record packed, back;
        (void)record_write_as(output, record, &choice);
        int status = storage_pack(&packed, record, &choice);
        fuzz_promise(status != STATUS_USAGE);
        if (status)
            continue;
        if (!storage_is_plain(&packed)) {
            if (record_copy_header(&back, &packed))
                exit(1);
            back.bytes = record->bytes;
            fuzz_promise(!storage_unpack(&back, packed.data, NULL));
            fuzz_promise(packed.stored.scaled || !memcmp(back.data, record->data, record->bytes));
            record_free(&back);
        }
        record_free(&packed);
    }
}

/* On its grid, if that is no more than is allowed; as NIfTI only there. */
static inline void place(struct output *output, const struct record *record)
{
    struct record whole;
    int status = record_place(record, GRID_MAX, &whole);
    fuzz_promise(status == STATUS_OK || status == STATUS_DATA);
    (void)nifti_write(output, record, false);
    if (status)
        return;
    (void)nifti_write(output, &whole, false);
    (void)nifti_write(output, &whole, true);
    if (whole.bytes <= SMALL_BYTES)
        turn_each_way(&whole);
    record_free(&whole);
}

/* What a record is used for: it is put back on its grid, written as NIfTI and as a record, and scored. */
static inline void use_record(struct record *record)
{
    double spacing[3];
    resample(record, true);
    resample(record, false);
    struct output output;
    struct segmentation segmentation;
    struct record shorter = *record;
    shorter.bytes--;
    fuzz_promise(!output_open(&output, "/dev/null", true));
    place(&output, record);
    (void)record_write(&output, record);
    if (record->bytes <= SMALL_BYTES)
        store(&output, record);
    fuzz_promise(record_write(&output, &shorter) != STATUS_OK);
    output_discard(&output);
    for (enum label_set set = LABELS_2018; set <= LABELS_CHALLENGE; set++)
        if (!segmentation_from_record(record, "fuzz", set, &segmentation))
            segmentation_free(&segmentation);
    record_spacing(record, spacing);
    for (int i = 0; i < 3; i++)
        fuzz_promise(spacing[i] >= 0);
    fuzz_promise(record_voxel_volume(record) >= 0);
    record_forget_geometry(record);
    fuzz_promise(!record_set_key(record, "prunet.aug", "flip") &&
                 !record_set_key(record, "prunet.aug", "none"));
}

#endif
