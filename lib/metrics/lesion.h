/* Lesion-wise scores of the BraTS 2023 challenges: every lesion of the reference counts alike, whatever its
 * size, and so does every false positive. */
#ifndef PRUNET_METRICS_LESION_H
#define PRUNET_METRICS_LESION_H

#include "lib/metrics/convention.h"
#include "lib/metrics/mask.h"

struct lesion_scores {
    /* Sum over lesions / (lesions scored + false positives); 1 and 0 where there are none. */
    double dice, hd95;
    double nsd[2]; /* at 0.5 and 1 mm; 1 where there are none; with convention->lesions.surface_dice only */
    int found;     /* scored lesions that some component of the prediction touches */
    int missed;    /* scored lesions that none touches */
    int false_positives;
};

/* Lesions of R are the 26-components of R dilated (18-neighbourhood, convention->lesions.dilations times),
 * cut back to R. A lesion is matched by the 26-components of P that touch it dilated, and compared with
 * their union. Components matched to no lesion are false positives, whatever their size; lesions of at
 * most volume_max mm^3 (`enhancing`: volume_max_et) are not scored, though they still match. Spacing in mm
 * (x, y, z). */
int lesion_scores(const struct convention *convention, bool enhancing, const struct mask *prediction,
                  const struct mask *reference, const double spacing[3], struct lesion_scores *scores);

#endif
