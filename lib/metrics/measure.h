/* All measures of one region of one case under one convention. */
#ifndef PRUNET_METRICS_MEASURE_H
#define PRUNET_METRICS_MEASURE_H

#include "lib/metrics/convention.h"
#include "lib/metrics/mask.h"
#include <stdbool.h>

enum measure {
    MEASURE_DICE,
    MEASURE_SENSITIVITY,
    MEASURE_SPECIFICITY,
    MEASURE_HD95,
    MEASURE_HD,                /* the largest surface distance, HD100 */
    MEASURE_ASD,               /* average distance from the prediction's surface to the reference's */
    MEASURE_ASSD,              /* average of both directions */
    MEASURE_VOLUME_PREDICTION, /* mm^3 */
    MEASURE_VOLUME_REFERENCE,
    MEASURE_TP, /* voxels; lesions where the convention is lesion-wise */
    MEASURE_FP,
    MEASURE_FN,
    MEASURE_TN, /* voxels; undefined for lesions */
    /* Lesions paired one to one, under every convention (instance.h). */
    MEASURE_PRECISION,
    MEASURE_RECALL,
    MEASURE_F1,
    MEASURE_F1_AUC, /* over the Dice from which on a pair counts */
    MEASURE_NSD, /* DeepMind's, by area, at a tolerance in mm; the challenge's where the convention is its */
    MEASURE_NSD_VOXELS, /* the challenge's, by voxels, within the smallest spacing */
    MEASURE_NSD_HALF,   /* DeepMind's at 0.5 and 1 mm, of lesions where the convention is lesion-wise */
    MEASURE_NSD_ONE,
    MEASURE_LESION_DICE,
    MEASURE_LESION_DICE_STD,
    MEASURE_LESION_NSD,
    MEASURE_LESION_NSD_STD,
    MEASURE_LESION_HD95,
    MEASURE_LESION_HD95_STD,
    MEASURE_LARGE_TP, /* to MEASURE_SMALL_F1: where the convention tells sizes apart */
    MEASURE_LARGE_FP,
    MEASURE_LARGE_FN,
    MEASURE_LARGE_PRECISION,
    MEASURE_LARGE_RECALL,
    MEASURE_LARGE_F1,
    MEASURE_SMALL_TP,
    MEASURE_SMALL_FP,
    MEASURE_SMALL_FN,
    MEASURE_SMALL_PRECISION,
    MEASURE_SMALL_RECALL,
    MEASURE_SMALL_F1,
    MEASURE_VOLUME_DIFFERENCE, /* prediction less reference, mm^3 */
    MEASURE_VOLUME_SIMILARITY, /* 1 - |difference| / sum of the volumes (Taha and Hanbury, 2015) */
    MEASURE_COUNT
};

/* The column's name: "dice", "hd95", "volume_prediction". */
const char *measure_name(enum measure measure);

/* MEASURE_COUNT for a name that is none. */
enum measure measure_find(const char *name);

/* 1 where more is better, -1 where less is, 0 where neither. */
int measure_direction(enum measure measure);

struct region_scores {
    double value[MEASURE_COUNT]; /* NaN: undefined */
    bool prediction_empty, reference_empty;
};

/* Which measures a region is wanted for: those that cost time are computed only where they are. */
struct measure_request {
    bool wanted[MEASURE_COUNT];
    bool enhancing;   /* the region is the enhancing tumour */
    double tolerance; /* mm, of MEASURE_NSD; at least 0 */
};

/* Fills `scores`. Masks have the same size; spacing in mm (x, y, z). What is not wanted is NaN, but for the
 * counts, shares and volumes that cost nothing; a lesion-wise convention always finds its lesions. */
int measure_region(const struct convention *convention, const struct measure_request *request,
                   const struct mask *prediction, const struct mask *reference, const double spacing[3],
                   struct region_scores *scores);

#endif
