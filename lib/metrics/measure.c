#include "lib/metrics/measure.h"
#include "lib/base/error.h"
#include "lib/metrics/instance.h"
#include "lib/metrics/lesion.h"
#include "lib/metrics/overlap.h"
#include "lib/metrics/surface_distance.h"
#include <math.h>
#include <string.h>

static bool wanted(const struct measure_request *request, enum measure first, enum measure last)
{
    bool any = false;
    for (enum measure measure = first; measure <= last; measure++)
        any |= request->wanted[measure];
    return any;
}

static double empty_value(const struct empty_rule *rule, const struct region_scores *scores,
                          const int size[3])
{
    double value = !scores->reference_empty    ? rule->prediction
                   : !scores->prediction_empty ? rule->reference
                                               : rule->both;
    if (value != EMPTY_DIAGONAL)
        return value;
    const double x = size[0], y = size[1], z = size[2];
    return sqrt(x * x + y * y + z * z);
}

static void measure_overlap(const struct convention *convention, const struct overlap *overlap,
                            const double spacing[3], const int size[3], struct region_scores *scores)
{
    const double voxel = spacing[0] * spacing[1] * spacing[2];
    double *value = scores->value;
    scores->prediction_empty = overlap->tp + overlap->fp == 0;
    scores->reference_empty = overlap->tp + overlap->fn == 0;
    const bool empty = scores->prediction_empty || scores->reference_empty;
    const double p = (double)(overlap->tp + overlap->fp), r = (double)(overlap->tp + overlap->fn);
    value[MEASURE_DICE] = empty ? empty_value(&convention->dice, scores, size) : overlap_dice(overlap);
    value[MEASURE_SENSITIVITY] =
        empty ? empty_value(&convention->sensitivity, scores, size) : overlap_sensitivity(overlap);
    value[MEASURE_SPECIFICITY] = overlap_specificity(overlap);
    value[MEASURE_VOLUME_PREDICTION] = p * voxel;
    value[MEASURE_VOLUME_REFERENCE] = r * voxel;
    value[MEASURE_VOLUME_DIFFERENCE] = (p - r) * voxel;
    value[MEASURE_VOLUME_SIMILARITY] = p + r > 0 ? 1 - fabs(p - r) / (p + r) : convention->dice.both;
    value[MEASURE_TP] = (double)overlap->tp;
    value[MEASURE_FP] = (double)overlap->fp;
    value[MEASURE_FN] = (double)overlap->fn;
    value[MEASURE_TN] = (double)overlap->tn;
}

/* Fills the distances, and MEASURE_NSD where it is the challenge's. */
static int measure_distances(const struct convention *convention, const struct mask *prediction,
                             const struct mask *reference, const double spacing[3],
                             struct region_scores *scores)
{
    static const double voxels[3] = {1, 1, 1};
    static const struct tolerances same_voxel = {1, {0.5}};
    const bool challenge = convention->instances.counted;
    double *value = scores->value;
    const bool empty = scores->prediction_empty || scores->reference_empty;
    if (empty || (convention->apart_is_missed && value[MEASURE_TP] == 0)) {
        value[MEASURE_HD95] = empty_value(&convention->hd95, scores, prediction->size);
        value[MEASURE_HD] = empty_value(&convention->hd, scores, prediction->size);
        value[MEASURE_ASD] = value[MEASURE_ASSD] = value[MEASURE_HD95];
        if (challenge)
            value[MEASURE_NSD] = value[MEASURE_DICE];
        return STATUS_OK;
    }
    struct surface_distances distances;
    int status =
        surface_distances(convention, prediction, reference, convention->millimetres ? spacing : voxels,
                          challenge ? &same_voxel : NULL, &distances);
    if (status)
        return status;
    value[MEASURE_HD95] = distances.hd95;
    value[MEASURE_HD] = distances.hd;
    value[MEASURE_ASD] = distances.average;
    value[MEASURE_ASSD] = distances.symmetric;
    if (challenge)
        value[MEASURE_NSD] = distances.nsd[0];
    return STATUS_OK;
}

/* NSD in mm over surfaces of one kind: value[i] at tolerance i; empty masks as the convention's Dice. */
static int measure_surface_dice(const struct convention *convention, enum surface_kind kind,
                                const struct mask *prediction, const struct mask *reference,
                                const double spacing[3], const struct tolerances *tolerances,
                                const struct region_scores *scores, double value[TOLERANCES_MAX])
{
    const struct convention surface = {.surface = kind};
    struct surface_distances distances;
    for (int i = 0; i < tolerances->count; i++)
        value[i] = empty_value(&convention->dice, scores, prediction->size);
    if (scores->prediction_empty || scores->reference_empty)
        return STATUS_OK;
    int status = surface_distances(&surface, prediction, reference, spacing, tolerances, &distances);
    for (int i = 0; i < tolerances->count && !status; i++)
        value[i] = distances.nsd[i];
    return status;
}

/* The kinds of NSD that are of whole regions and in mm. */
static int measure_nsd(const struct convention *convention, const struct measure_request *request,
                       const struct mask *prediction, const struct mask *reference, const double spacing[3],
                       struct region_scores *scores)
{
    const struct tolerances own = {1, {request->tolerance}}, both = {2, {0.5, 1}},
                            smallest = {1, {fmin(spacing[0], fmin(spacing[1], spacing[2]))}};
    const struct {
        bool wanted;
        enum surface_kind kind;
        const struct tolerances *tolerances;
        enum measure first;
    } kinds[] = {
        {request->wanted[MEASURE_NSD] && !convention->instances.counted, SURFACE_LATTICE, &own, MEASURE_NSD},
        {request->wanted[MEASURE_NSD_VOXELS], SURFACE_FACES, &smallest, MEASURE_NSD_VOXELS},
        {wanted(request, MEASURE_NSD_HALF, MEASURE_NSD_ONE) && !convention->lesions.surface_dice,
         SURFACE_LATTICE, &both, MEASURE_NSD_HALF},
    };
    int status = STATUS_OK;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && !status; i++)
        if (kinds[i].wanted)
            status = measure_surface_dice(convention, kinds[i].kind, prediction, reference, spacing,
                                          kinds[i].tolerances, scores, &scores->value[kinds[i].first]);
    return status;
}

static int measure_lesions(const struct convention *convention, const struct measure_request *request,
                           const struct mask *prediction, const struct mask *reference,
                           const double spacing[3], struct region_scores *scores)
{
    struct lesion_scores lesions;
    double *value = scores->value;
    int status = lesion_scores(convention, request->enhancing, prediction, reference, spacing, &lesions);
    if (status)
        return status;
    value[MEASURE_DICE] = lesions.dice;
    if (wanted(request, MEASURE_HD95, MEASURE_ASSD))
        value[MEASURE_HD95] = lesions.hd95;
    value[MEASURE_TP] = lesions.found;
    value[MEASURE_FP] = lesions.false_positives;
    value[MEASURE_FN] = lesions.missed;
    value[MEASURE_TN] = NAN;
    if (convention->lesions.surface_dice) {
        value[MEASURE_NSD_HALF] = lesions.nsd[0];
        value[MEASURE_NSD_ONE] = lesions.nsd[1];
    }
    return STATUS_OK;
}

static void set_detection(const struct detection *detection, double value[6])
{
    const double six[6] = {detection->tp,        detection->fp,     detection->fn,
                           detection->precision, detection->recall, detection->f1};
    memcpy(value, six, sizeof six);
}

static int measure_instances(const struct convention *convention, const struct measure_request *request,
                             const struct mask *prediction, const struct mask *reference,
                             const double spacing[3], struct region_scores *scores)
{
    const struct instance_request parts = {wanted(request, MEASURE_LESION_NSD, MEASURE_LESION_HD95_STD),
                                           request->wanted[MEASURE_F1_AUC]};
    struct instance_scores instances;
    double *value = scores->value;
    int status = instance_scores(&convention->instances, &parts, prediction, reference, spacing, &instances);
    if (status)
        return status;
    value[MEASURE_PRECISION] = instances.all.precision;
    value[MEASURE_RECALL] = instances.all.recall;
    value[MEASURE_F1] = instances.all.f1;
    value[MEASURE_F1_AUC] = instances.f1_auc;
    value[MEASURE_LESION_DICE] = instances.dice.mean;
    value[MEASURE_LESION_DICE_STD] = instances.dice.deviation;
    value[MEASURE_LESION_NSD] = instances.nsd.mean;
    value[MEASURE_LESION_NSD_STD] = instances.nsd.deviation;
    value[MEASURE_LESION_HD95] = instances.hd95.mean;
    value[MEASURE_LESION_HD95_STD] = instances.hd95.deviation;
    set_detection(&instances.large, &value[MEASURE_LARGE_TP]);
    set_detection(&instances.small, &value[MEASURE_SMALL_TP]);
    if (convention->instances.counted) {
        value[MEASURE_TP] = instances.all.tp;
        value[MEASURE_FP] = instances.all.fp;
        value[MEASURE_FN] = instances.all.fn;
        value[MEASURE_TN] = NAN;
    }
    return STATUS_OK;
}

static bool wants_instances(const struct convention *convention, const struct measure_request *request)
{
    return wanted(request, MEASURE_PRECISION, MEASURE_F1_AUC) ||
           wanted(request, MEASURE_LESION_DICE, MEASURE_SMALL_F1) ||
           (convention->instances.counted && wanted(request, MEASURE_TP, MEASURE_TN));
}

int measure_region(const struct convention *convention, const struct measure_request *request,
                   const struct mask *prediction, const struct mask *reference, const double spacing[3],
                   struct region_scores *scores)
{
    struct overlap overlap = overlap_count(prediction, reference);
    const bool challenge_nsd = convention->instances.counted && request->wanted[MEASURE_NSD];
    int status = STATUS_OK;
    for (int i = 0; i < MEASURE_COUNT; i++)
        scores->value[i] = NAN;
    measure_overlap(convention, &overlap, spacing, prediction->size, scores);
    if (wanted(request, MEASURE_HD95, MEASURE_ASSD) || challenge_nsd)
        status = measure_distances(convention, prediction, reference, spacing, scores);
    if (!status)
        status = measure_nsd(convention, request, prediction, reference, spacing, scores);
    if (!status && convention->lesions.dilations)
        status = measure_lesions(convention, request, prediction, reference, spacing, scores);
    if (!status && wants_instances(convention, request)) /* after the distances, which ask for tp */
        status = measure_instances(convention, request, prediction, reference, spacing, scores);
    return status;
}
