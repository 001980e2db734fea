#include "lib/metrics/convention.h"
#include <math.h>
#include <string.h>

/* Rules in the order both, prediction, reference. */
#define ONE_ZERO_ZERO                                                                                        \
    {                                                                                                        \
        1, 0, 0                                                                                              \
    }
#define UNDEFINED                                                                                            \
    {                                                                                                        \
        NAN, NAN, NAN                                                                                        \
    }
#define DIAGONAL                                                                                             \
    {                                                                                                        \
        0, EMPTY_DIAGONAL, EMPTY_DIAGONAL                                                                    \
    }
#define PENALTY(value)                                                                                       \
    {                                                                                                        \
        0, value, value                                                                                      \
    }
#define BRATS_LESIONS(lesion_name, lesion_about, lesion_scheme, lesion_nsd, lesion_dilations, lesion_volume, \
                      lesion_volume_et)                                                                      \
    {                                                                                                        \
        .name = lesion_name, .about = lesion_about, .surface = SURFACE_LATTICE, .join = JOIN_LARGER,         \
        .millimetres = true, .dice = ONE_ZERO_ZERO, .sensitivity = ONE_ZERO_ZERO, .hd95 = PENALTY(374),      \
        .hd = PENALTY(374), .scheme = lesion_scheme, .lesions = {                                            \
            lesion_dilations,                                                                                \
            lesion_volume,                                                                                   \
            lesion_volume_et,                                                                                \
            374,                                                                                             \
            lesion_nsd                                                                                       \
        }                                                                                                    \
    }
#define BRATS_2023(name, about, dilations, volume)                                                           \
    BRATS_LESIONS(name, about, NULL, false, dilations, volume, volume)
#define BRATS_2024(name, about, scheme, dilations, volume, volume_et)                                        \
    BRATS_LESIONS(name, about, scheme, true, dilations, volume, volume_et)
/* brats-evaluation 0.0.10: whole regions are compared in voxels, lesions in mm. */
#define BRATS_2025(instance_name, instance_about, instance_scheme, large_volume, detected_dice)              \
    {                                                                                                        \
        .name = instance_name, .about = instance_about, .dice = {NAN, 0, 0}, .sensitivity = {NAN, 0, NAN},   \
        .hd95 = {NAN, 373, 373}, .hd = {NAN, 373, 373}, .apart_is_missed = true, .scheme = instance_scheme,  \
        .instances = {                                                                                       \
            true,                                                                                            \
            true,                                                                                            \
            large_volume,                                                                                    \
            detected_dice,                                                                                   \
            373                                                                                              \
        }                                                                                                    \
    }

const struct convention conventions[] = {
    {.name = "brats",
     .about = "the BraTS 2020-22 evaluation (CaPTk); voxels, the grid's diagonal for a missed region",
     .dice = ONE_ZERO_ZERO,
     .sensitivity = ONE_ZERO_ZERO,
     .hd95 = DIAGONAL,
     .hd = DIAGONAL},
    {.name = "prunet-2019",
     .about = "the paper's published code; voxels, HD95 of a case with an empty mask is left out",
     .dice = ONE_ZERO_ZERO,
     .sensitivity = {1, 0, 1},
     .hd95 = UNDEFINED,
     .hd = UNDEFINED},
    {.name = "medpy",
     .about = "MedPy's hd95, hd, asd, assd; mm, undefined with an empty mask",
     .millimetres = true,
     .dice = ONE_ZERO_ZERO,
     .sensitivity = {0, 0, 0},
     .hd95 = UNDEFINED,
     .hd = UNDEFINED},
    {.name = "monai",
     .about = "MONAI; mm, the larger of the two directed percentiles",
     .join = JOIN_LARGER,
     .millimetres = true,
     .dice = {NAN, 0, NAN},
     .sensitivity = {NAN, 0, NAN},
     .hd95 = UNDEFINED,
     .hd = {NAN, INFINITY, INFINITY}},
    {.name = "deepmind",
     .about = "DeepMind's surface-distance; mm, corner lattice weighted by area",
     .surface = SURFACE_LATTICE,
     .join = JOIN_LARGER,
     .millimetres = true,
     .dice = {NAN, 0, 0},
     .sensitivity = {NAN, 0, NAN},
     .hd95 = {INFINITY, INFINITY, INFINITY},
     .hd = {INFINITY, INFINITY, INFINITY}},
    BRATS_2023("brats2023-gli", "BraTS 2023 glioma, lesion-wise (brats2023 is this one)", 3, 50),
    BRATS_2023("brats2023-men", "BraTS 2023 meningioma, lesion-wise", 1, 50),
    BRATS_2023("brats2023-met", "BraTS 2023 metastases, lesion-wise", 1, 2),
    BRATS_2023("brats2023-legacy", "BraTS 2023 over whole regions: deepmind, 374 for a missed region", 0, 0),
    {.name = "metrics-reloaded",
     .about = "MetricsReloaded: monai, but 0 when both masks are empty",
     .join = JOIN_LARGER,
     .millimetres = true,
     .dice = ONE_ZERO_ZERO,
     .sensitivity = {NAN, 0, NAN},
     .hd95 = {0, NAN, NAN},
     .hd = {0, NAN, NAN}},
    {.name = "brats-nnunet",
     .about = "nnU-Net's BraTS scripts: brats with a fixed 373.12866",
     .dice = ONE_ZERO_ZERO,
     .sensitivity = ONE_ZERO_ZERO,
     .hd95 = PENALTY(373.12866),
     .hd = PENALTY(373.12866)},
    {.name = "nnunet",
     .about = "nnU-Net 2's summary: Dice is undefined when both masks are empty",
     .millimetres = true,
     .dice = {NAN, 0, 0},
     .sensitivity = {NAN, 0, NAN},
     .hd95 = UNDEFINED,
     .hd = UNDEFINED},
    {.name = "medpy-0.4",
     .about = "MedPy before 0.5: Dice 0 when both masks are empty, assd the mean of two averages",
     .millimetres = true,
     .average_twice = true,
     .dice = {0, 0, 0},
     .sensitivity = {0, 0, 0},
     .hd95 = UNDEFINED,
     .hd = UNDEFINED},
    {.name = "medpy-26",
     .about = "MedPy with connectivity=3: 26 neighbours make a border",
     .surface = SURFACE_CORNERS,
     .millimetres = true,
     .dice = ONE_ZERO_ZERO,
     .sensitivity = {0, 0, 0},
     .hd95 = UNDEFINED,
     .hd = UNDEFINED},
    {.name = "monai-all",
     .about = "MONAI with ignore_empty=False",
     .join = JOIN_LARGER,
     .millimetres = true,
     .dice = ONE_ZERO_ZERO,
     .sensitivity = {NAN, 0, NAN},
     .hd95 = UNDEFINED,
     .hd = {NAN, INFINITY, INFINITY}},
    {.name = "monai-directed",
     .about = "MONAI with directed=True: prediction to reference only",
     .join = JOIN_FORWARD,
     .millimetres = true,
     .dice = {NAN, 0, NAN},
     .sensitivity = {NAN, 0, NAN},
     .hd95 = UNDEFINED,
     .hd = {NAN, INFINITY, INFINITY}},
    BRATS_2024("brats2024-gli", "BraTS 2024 glioma, lesion-wise with NSD (brats2024 is this one)", "gli", 3,
               20, 10),
    BRATS_2024("brats2024-ssa", "BraTS 2024 Sub-Saharan Africa", "goat", 3, 50, 50),
    BRATS_2024("brats2024-ped", "BraTS 2024 pediatric", "ped", 5, 10, 10),
    BRATS_2024("brats2024-met", "BraTS 2024 metastases", "goat", 1, 2, 2),
    BRATS_2024("brats2024-men", "BraTS 2024 meningioma", "goat", 1, 50, 50),
    BRATS_2024("brats2024-men-rt", "BraTS 2024 meningioma before radiotherapy", "men-rt", 1, 50, 50),
    BRATS_2025("brats2025", "BraTS 2025: lesions paired one to one (brats-evaluation 0.0.10)", "goat", 0, 0),
    BRATS_2025("brats2025-mets", "BraTS 2025 metastases: large and small lesions apart", "mets", 27, 0.2),
    BRATS_2025("brats2026", "BraTS 2026: as brats2025", "goat", 0, 0),
    BRATS_2025("brats2026-mets", "BraTS 2026 metastases: as brats2025-mets", "mets", 27, 0.2),
};

const size_t convention_count = sizeof conventions / sizeof conventions[0];

const struct convention *convention_find(const char *name)
{
    if (!strcmp(name, "brats2023"))
        name = "brats2023-gli";
    if (!strcmp(name, "brats2024"))
        name = "brats2024-gli";
    for (size_t i = 0; i < convention_count; i++)
        if (!strcmp(name, conventions[i].name))
            return &conventions[i];
    return NULL;
}
