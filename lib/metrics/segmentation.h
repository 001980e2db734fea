/* A segmentation to be scored: a NIfTI or record file, or a record of a stream, as region bits. */
#ifndef PRUNET_METRICS_SEGMENTATION_H
#define PRUNET_METRICS_SEGMENTATION_H

#include "lib/metrics/mask.h"
#include "lib/metrics/scored_regions.h"
#include "lib/stream/record.h"
#include "lib/volume/label_readings.h"
#include <stdbool.h>
#include <stdint.h>

/* Which of a file's records is meant where it holds several. */
enum side { SIDE_PREDICTION, SIDE_REFERENCE };

struct segmentation {
    char *name;                     /* for messages: the path, or which of a stream's two it is */
    char case_name[CASE_NAME_SIZE]; /* of the record; of a NIfTI "" */
    uint8_t *voxels;                /* bits of the scored regions, (D, H, W) */
    int size[3];                    /* x, y, z */
    bool has_geometry;              /* affine and spacing are known; else spacing is 1, 1, 1 */
    double affine[3][4];            /* voxel of this array to RAS mm */
    double spacing[3];              /* mm */
    bool looks_2023;                /* label 3 and no 4 under LABELS_2018 */
    struct label_readings readings; /* of a label map of LABELS_2018 or LABELS_2023 from a file; else none */
};

/* Reads a NIfTI or a record file; "-" is a record on stdin. From a file with several records it takes, for
 * the prediction, the prob record if there is one, else the label or mask, and for the reference the label or
 * mask; more than one of these is STATUS_DATA. Label values outside the set, or not whole, are STATUS_DATA
 * with value and count; probabilities and masks of three channels count as WT, TC, ET where > 0.5. A
 * challenge's set takes these, and records, only where it consists of the same regions.
 * `max_bytes`: the largest record or volume, 0 for 4 GiB. */
int segmentation_read(const char *path, enum side side, enum label_set labels, uint64_t max_bytes,
                      struct segmentation *segmentation);

/* The same from a record; `name` is copied. */
int segmentation_from_record(const struct record *record, const char *name, enum label_set labels,
                             struct segmentation *segmentation);

void segmentation_free(struct segmentation *segmentation);

/* Releases the voxels, and keeps what is said about them. */
void segmentation_drop_voxels(struct segmentation *segmentation);

/* One region of it; the voxels stay the segmentation's. */
struct mask segmentation_region(const struct segmentation *segmentation, uint8_t bit);

/* The spacing to score a pair with, in mm (x, y, z): the reference's where it is known, else the
 * prediction's, else 1. */
const double *segmentation_spacing(const struct segmentation *prediction,
                                   const struct segmentation *reference);

/* STATUS_DATA naming both unless they have the same size, affine within 1e-3 where both are known, and do
 * not belong to different cases. */
int segmentation_compare(const struct segmentation *prediction, const struct segmentation *reference);

/* Warns where a map holds label 3 and no 4 under LABELS_2018. */
void segmentation_warn(const char *case_name, const struct segmentation *prediction,
                       const struct segmentation *reference);

#endif
