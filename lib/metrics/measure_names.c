#include "lib/metrics/measure.h"
#include <string.h>

const char *measure_name(enum measure measure)
{
    static const char *const names[MEASURE_COUNT] = {[MEASURE_DICE] = "dice",
                                                     [MEASURE_SENSITIVITY] = "sensitivity",
                                                     [MEASURE_SPECIFICITY] = "specificity",
                                                     [MEASURE_HD95] = "hd95",
                                                     [MEASURE_HD] = "hd",
                                                     [MEASURE_ASD] = "asd",
                                                     [MEASURE_ASSD] = "assd",
                                                     [MEASURE_VOLUME_PREDICTION] = "volume_prediction",
                                                     [MEASURE_VOLUME_REFERENCE] = "volume_reference",
                                                     [MEASURE_TP] = "tp",
                                                     [MEASURE_FP] = "fp",
                                                     [MEASURE_FN] = "fn",
                                                     [MEASURE_TN] = "tn",
                                                     [MEASURE_PRECISION] = "precision",
                                                     [MEASURE_RECALL] = "recall",
                                                     [MEASURE_F1] = "f1",
                                                     [MEASURE_F1_AUC] = "f1_auc",
                                                     [MEASURE_NSD] = "nsd",
                                                     [MEASURE_NSD_VOXELS] = "nsd_voxels",
                                                     [MEASURE_NSD_HALF] = "nsd_0.5",
                                                     [MEASURE_NSD_ONE] = "nsd_1.0",
                                                     [MEASURE_LESION_DICE] = "lesion_dice",
                                                     [MEASURE_LESION_DICE_STD] = "lesion_dice_std",
                                                     [MEASURE_LESION_NSD] = "lesion_nsd",
                                                     [MEASURE_LESION_NSD_STD] = "lesion_nsd_std",
                                                     [MEASURE_LESION_HD95] = "lesion_hd95",
                                                     [MEASURE_LESION_HD95_STD] = "lesion_hd95_std",
                                                     [MEASURE_LARGE_TP] = "large_tp",
                                                     [MEASURE_LARGE_FP] = "large_fp",
                                                     [MEASURE_LARGE_FN] = "large_fn",
                                                     [MEASURE_LARGE_PRECISION] = "large_precision",
                                                     [MEASURE_LARGE_RECALL] = "large_recall",
                                                     [MEASURE_LARGE_F1] = "large_f1",
                                                     [MEASURE_SMALL_TP] = "small_tp",
                                                     [MEASURE_SMALL_FP] = "small_fp",
                                                     [MEASURE_SMALL_FN] = "small_fn",
                                                     [MEASURE_SMALL_PRECISION] = "small_precision",
                                                     [MEASURE_SMALL_RECALL] = "small_recall",
                                                     [MEASURE_SMALL_F1] = "small_f1",
                                                     [MEASURE_VOLUME_DIFFERENCE] = "volume_difference",
                                                     [MEASURE_VOLUME_SIMILARITY] = "volume_similarity"};
    return names[measure];
}

enum measure measure_find(const char *name)
{
    enum measure measure = 0;
    while (measure < MEASURE_COUNT && strcmp(name, measure_name(measure)))
        measure++;
    return measure;
}

int measure_direction(enum measure measure)
{
    switch (measure) {
    case MEASURE_HD95:
    case MEASURE_HD:
    case MEASURE_ASD:
    case MEASURE_ASSD:
    case MEASURE_FP:
    case MEASURE_FN:
    case MEASURE_LESION_HD95:
    case MEASURE_LARGE_FP:
    case MEASURE_LARGE_FN:
    case MEASURE_SMALL_FP:
    case MEASURE_SMALL_FN:
        return -1;
    case MEASURE_VOLUME_PREDICTION:
    case MEASURE_VOLUME_REFERENCE:
    case MEASURE_VOLUME_DIFFERENCE:
    case MEASURE_LESION_DICE_STD:
    case MEASURE_LESION_NSD_STD:
    case MEASURE_LESION_HD95_STD:
    case MEASURE_COUNT:
        return 0;
    default:
        return 1;
    }
}
