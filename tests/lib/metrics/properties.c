/* Properties that measures must have, on random blobs in volumes of odd sizes. */
#include "lib/base/random.h"
#include "lib/metrics/measure.h"
#include "tests/check.h"

static const double UNIT[3] = {1, 1, 1}, ODD[3] = {0.7, 1.3, 2.9};
static const int SIZE[3] = {37, 29, 23};
enum { VOXELS = 37 * 29 * 23, BIT_P = 1, BIT_R = 2 };

/* Balls around random centres, at least `margin` voxels from the edge. */
static void add_blob(uint8_t *voxels, uint64_t key, int margin, uint8_t bit)
{
    for (int ball = 0; ball < 3; ball++) {
        double centre[3];
        for (int axis = 0; axis < 3; axis++)
            centre[axis] =
                margin + 3 + random_uniform(key, (uint64_t)(ball * 4 + axis)) * (SIZE[axis] - 2 * margin - 7);
        const double radius = 1.5 + 3 * random_uniform(key, (uint64_t)(ball * 4 + 3));
        for (int z = margin; z < SIZE[2] - margin; z++)
            for (int y = margin; y < SIZE[1] - margin; y++)
                for (int x = margin; x < SIZE[0] - margin; x++)
                    if (hypot(hypot(x - centre[0], y - centre[1]), z - centre[2]) <= radius)
                        voxels[(z * SIZE[1] + y) * SIZE[0] + x] |= bit;
    }
}

static uint8_t *random_pair(uint64_t seed, int margin)
{
    uint8_t *voxels = calloc(VOXELS, 1);
    add_blob(voxels, random_key_number(seed, 1), margin, BIT_P);
    add_blob(voxels, random_key_number(seed, 2), margin, BIT_R);
    return voxels;
}

static struct region_scores measure(const struct convention *convention, const uint8_t *voxels, uint8_t p_bit,
                                    uint8_t r_bit, const double spacing[3])
{
    struct mask p = {voxels, p_bit, {SIZE[0], SIZE[1], SIZE[2]}, 3}, r = p;
    struct measure_request everything = {.tolerance = 2 * fmin(spacing[0], fmin(spacing[1], spacing[2]))};
    struct region_scores scores;
    r.bit = r_bit;
    poison(&scores, sizeof scores);
    memset(everything.wanted, true, sizeof everything.wanted);
    if (measure_region(convention, &everything, &p, &r, spacing, &scores))
        abort();
    return scores;
}

static bool same(double a, double b, double factor)
{
    return (isnan(a) && isnan(b)) || a == factor * b || fabs(a - factor * b) <= 1e-11 * (1 + fabs(a));
}

/* What a measure is multiplied by when mm are by `factor`. */
static double growth(const struct convention *c, enum measure m, double factor)
{
    if (m == MEASURE_VOLUME_PREDICTION || m == MEASURE_VOLUME_REFERENCE || m == MEASURE_VOLUME_DIFFERENCE)
        return factor * factor * factor;
    if (m >= MEASURE_HD95 && m <= MEASURE_ASSD)
        return c->millimetres ? factor : 1;
    return m == MEASURE_LESION_HD95 || m == MEASURE_LESION_HD95_STD ? factor : 1;
}

static bool same_scores(const struct convention *c, const struct region_scores *a,
                        const struct region_scores *b, double factor)
{
    bool equal = a->prediction_empty == b->prediction_empty && a->reference_empty == b->reference_empty;
    for (enum measure m = 0; m < MEASURE_COUNT; m++) {
        const bool in_mm = factor != 1 && (m == MEASURE_NSD_HALF || m == MEASURE_NSD_ONE);
        equal &= in_mm || same(a->value[m], b->value[m], growth(c, m, factor));
    }
    return equal;
}

static bool lesion_wise(const struct convention *convention)
{
    return convention->lesions.dilations > 0;
}

static void test_symmetry(const struct convention *c)
{
    if (lesion_wise(c) || c->join == JOIN_FORWARD) /* a lesion of R is not a component of P */
        return;
    bool holds = true;
    for (uint64_t seed = 0; seed < 5; seed++) {
        uint8_t *pair = random_pair(seed, 0);
        const struct region_scores there = measure(c, pair, BIT_P, BIT_R, ODD),
                                   back = measure(c, pair, BIT_R, BIT_P, ODD);
        static const enum measure symmetric[] = {MEASURE_DICE,
                                                 MEASURE_HD95,
                                                 MEASURE_HD,
                                                 MEASURE_ASSD,
                                                 MEASURE_TP,
                                                 MEASURE_F1,
                                                 MEASURE_NSD,
                                                 MEASURE_NSD_VOXELS,
                                                 MEASURE_NSD_HALF,
                                                 MEASURE_F1_AUC,
                                                 MEASURE_VOLUME_SIMILARITY};
        for (size_t i = 0; i < sizeof symmetric / sizeof symmetric[0]; i++)
            holds &= same(there.value[symmetric[i]], back.value[symmetric[i]], 1);
        for (enum measure m = MEASURE_LESION_DICE; m <= MEASURE_LESION_HD95_STD; m++)
            holds &= c->instances.large_volume || same(there.value[m], back.value[m], 1);
        holds &= there.value[MEASURE_FP] == back.value[MEASURE_FN];
        holds &= same(there.value[MEASURE_PRECISION], back.value[MEASURE_RECALL], 1);
        holds &= there.value[MEASURE_VOLUME_DIFFERENCE] == -back.value[MEASURE_VOLUME_DIFFERENCE];
        holds &= there.value[MEASURE_VOLUME_PREDICTION] == back.value[MEASURE_VOLUME_REFERENCE];
        free(pair);
    }
    check(holds, "%s: Dice, HD95, HD, ASSD do not depend on which is the prediction", c->name);
}

static void test_translation(const struct convention *c)
{
    bool holds = true;
    for (uint64_t seed = 10; seed < 14; seed++) {
        uint8_t *pair = random_pair(seed, 4), *moved = calloc(VOXELS, 1);
        const int step = (2 * SIZE[1] - 3) * SIZE[0] + 4; /* by (4, -3, 2) */
        for (int i = 0; i < VOXELS; i++)
            if (pair[i])
                moved[i + step] = pair[i];
        const struct region_scores here = measure(c, pair, BIT_P, BIT_R, ODD),
                                   there = measure(c, moved, BIT_P, BIT_R, ODD);
        holds &= same_scores(c, &here, &there, 1);
        free(pair);
        free(moved);
    }
    check(holds, "%s: a translation changes nothing", c->name);
}

static void test_scaling(const struct convention *c)
{
    if (lesion_wise(c) || c->instances.large_volume) /* the penalty and the least volume are in mm */
        return;
    bool holds = true;
    const double scaled[3] = {4 * ODD[0], 4 * ODD[1], 4 * ODD[2]};
    for (uint64_t seed = 20; seed < 24; seed++) {
        uint8_t *pair = random_pair(seed, 0);
        const struct region_scores large = measure(c, pair, BIT_P, BIT_R, scaled),
                                   small = measure(c, pair, BIT_P, BIT_R, ODD);
        holds &= same_scores(c, &large, &small, 4);
        free(pair);
    }
    check(holds, "%s: distances %s", c->name, c->millimetres ? "grow with the spacing" : "are in voxels");
}

static void test_identity(const struct convention *c)
{
    bool holds = true;
    for (uint64_t seed = 30; seed < 33; seed++) {
        uint8_t *pair = random_pair(seed, 0);
        const struct region_scores s = measure(c, pair, BIT_R, BIT_R, UNIT);
        holds &= s.value[MEASURE_DICE] == 1 && s.value[MEASURE_HD95] == 0 && s.value[MEASURE_HD] == 0 &&
                 s.value[MEASURE_ASSD] == 0 && s.value[MEASURE_SENSITIVITY] == 1 &&
                 s.value[MEASURE_SPECIFICITY] == 1 && s.value[MEASURE_FP] == 0 && s.value[MEASURE_FN] == 0 &&
                 s.value[MEASURE_F1] == 1 && same(s.value[MEASURE_F1_AUC], 1, 1) &&
                 s.value[MEASURE_NSD] == 1 && s.value[MEASURE_NSD_VOXELS] == 1 &&
                 s.value[MEASURE_NSD_HALF] == 1 && s.value[MEASURE_VOLUME_SIMILARITY] == 1;
        free(pair);
    }
    check(holds, "%s: a mask against itself is perfect", c->name);
}

/* One voxel in a far corner: the largest distance jumps to it, a percentile stays. */
static void test_far_false_positive(const struct convention *c)
{
    uint8_t *pair = calloc(VOXELS, 1);
    for (int z = 2; z < 14; z++)
        for (int y = 2; y < 14; y++)
            for (int x = 2; x < 14; x++)
                pair[(z * SIZE[1] + y) * SIZE[0] + x] = BIT_P | BIT_R;
    pair[VOXELS - 1] = BIT_P;
    const struct region_scores s = measure(c, pair, BIT_P, BIT_R, UNIT);
    const double far = sqrt(23 * 23 + 15 * 15 + 9 * 9);
    if (lesion_wise(c))
        check(s.value[MEASURE_FP] == 1 && s.value[MEASURE_DICE] == 0.5 && s.value[MEASURE_HD95] == 187,
              "%s: a far false positive counts as much as the lesion", c->name);
    else
        check(s.value[MEASURE_HD95] == 0 && fabs(s.value[MEASURE_HD] - far) < 1e-12 &&
                  s.value[MEASURE_FP] == 1,
              "%s: a far false positive moves HD, not HD95", c->name);
    free(pair);
}

static void test_full_volume(const struct convention *c)
{
    uint8_t *pair = malloc(VOXELS);
    memset(pair, BIT_P, VOXELS);
    pair[0] |= BIT_R;
    const struct region_scores s = measure(c, pair, BIT_P, BIT_R, UNIT);
    const double far = sqrt(36 * 36 + 28 * 28 + 22 * 22);
    /* The lattice has a corner more on each axis, the far ones of both sets apart by the same vector. */
    check(fabs(s.value[MEASURE_HD] - far) < 1e-12 && s.value[MEASURE_SENSITIVITY] == 1 &&
              s.value[MEASURE_SPECIFICITY] == 0,
          "%s: a full volume against one voxel", c->name);
    free(pair);
}

int main(void)
{
    for (size_t i = 0; i < convention_count; i++) {
        test_symmetry(&conventions[i]);
        test_translation(&conventions[i]);
        test_scaling(&conventions[i]);
        test_identity(&conventions[i]);
        test_far_false_positive(&conventions[i]);
        test_full_volume(&conventions[i]);
    }
    check(convention_find("brats2023") == convention_find("brats2023-gli") && !convention_find("brat"),
          "conventions are found by their names");
    return check_exit();
}
