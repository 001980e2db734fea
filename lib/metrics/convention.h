/* What a score means: the conventions of the tools and challenges that print Dice and Hausdorff distances.
 *
 * They agree on the formulas and differ in what a surface is, how its two directions are joined, the unit,
 * and what an empty mask scores. Each is a row of a table, so that one program knows all of them. */
#ifndef PRUNET_METRICS_CONVENTION_H
#define PRUNET_METRICS_CONVENTION_H

#include <stdbool.h>
#include <stddef.h>

enum surface_kind {
    SURFACE_FACES,   /* voxels with one of 6 neighbours outside */
    SURFACE_CORNERS, /* voxels with one of 26 neighbours outside */
    SURFACE_LATTICE  /* DeepMind's corner lattice, weighted by area, percentile without interpolation */
};

enum distance_join {
    JOIN_POOLED, /* one percentile of D_PR and D_RP together */
    JOIN_LARGER, /* the larger of the two directed percentiles */
    JOIN_FORWARD /* D_PR alone */
};

/* What a measure is where its formula has no value. NaN: undefined, the case is left out of the mean. */
struct empty_rule {
    double both;       /* P and R are empty */
    double prediction; /* only P is empty */
    double reference;  /* only R is empty */
};

/* Stands in an empty_rule for the diagonal of the grid in voxels, 373.1287 for 240x240x155. */
#define EMPTY_DIAGONAL (-1.0)

/* Lesion-wise scoring (BraTS 2023 and 2024); with 0 dilations there is no such scoring. */
struct lesion_rule {
    int dilations;        /* of R by the 18-neighbourhood: lesions that then touch are one */
    double volume_max;    /* mm^3: lesions of at most this are not scored */
    double volume_max_et; /* the same of the enhancing tumour */
    double penalty;       /* HD95 of a missed lesion and of a false positive */
    bool surface_dice;    /* NSD of each lesion at 0.5 and 1 mm, too (2024) */
};

/* Lesions that are paired one to one (BraTS 2025 and 2026, lib/metrics/instance.h). */
struct instance_rule {
    bool counted; /* tp, fp and fn are of lesions, and NSD is the challenge's */
    bool turned;  /* a lesion's x has the spacing of z, and its z that of x, as brats-evaluation has it */
    double large_volume;  /* mm^3 from which on a lesion is large; 0: sizes are not told apart */
    double detected_dice; /* from which on a large or small lesion is found */
    double penalty;       /* HD95 of a missed lesion and of a false positive among the large ones */
};

struct convention {
    const char *name;
    const char *about; /* whose it is, a line for --help and the documentation */
    enum surface_kind surface;
    enum distance_join join;
    bool millimetres;   /* distances in mm, else in voxels */
    bool average_twice; /* symmetric average distance: the mean of the two directed averages, else over the
                           points of both surfaces together */
    struct empty_rule dice, sensitivity;
    struct empty_rule hd95; /* the average distances have the same values */
    struct empty_rule hd;
    bool apart_is_missed; /* masks without a common voxel have the distances of a missed region */
    struct lesion_rule lesions;
    struct instance_rule instances;
    const char *scheme; /* whose labels and regions are meant without --scheme; NULL: 2018 */
};

/* NULL for a name that is not in the table. */
const struct convention *convention_find(const char *name);

/* All of them, the default first. */
extern const struct convention conventions[];
extern const size_t convention_count;

#endif
