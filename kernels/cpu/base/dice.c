/* The losses over plain arrays, LANES voxels at a time: see kernels/head.h. */

/* 1 where bit k of the target is set, 0 elsewhere and past `count`. */
INLINE lanes inside_region(const uint8_t *target, size_t count, int k)
{
    typedef uint8_t bytes __attribute__((vector_size(LANES)));
    bytes bits = {0};
    if (count >= LANES) /* of a size known beforehand, one load */
        memcpy(&bits, target, LANES);
    else
        memcpy(&bits, target, count);
    return __builtin_convertvector(__builtin_convertvector(bits, lanes_int) >> k & 1, lanes);
}

/* struct dice_sums, a voxel a lane. */
struct lane_dice {
    lanes intersection, probability, target, hard_intersection, hard_probability;
};

INLINE void dice_add(struct lane_dice *sums, lanes p, lanes inside)
{
    lanes hard = lanes_where_positive(p - 0.5f, 1 - (lanes){0}, (lanes){0});
    sums->intersection = lanes_fma(p, inside, sums->intersection);
    sums->probability += p;
    sums->target += inside;
    sums->hard_intersection = lanes_fma(hard, inside, sums->hard_intersection);
    sums->hard_probability += hard;
}

/* The gradient of the logit, dz = p (1 - p) (everywhere - inside t) + bce (p - t); t is 1 inside the region,
 * 0 outside. */
struct logit_slope {
    float everywhere, inside, bce;
};

INLINE struct logit_slope logit_slope(const struct dice_sums *sums, struct loss_weights loss, size_t voxels)
{
    double s = sums->probability + sums->target + loss.smooth;
    return (struct logit_slope){(float)(loss.dice * (2 * sums->intersection + loss.smooth) / (s * s)),
                                (float)(loss.dice * 2 / s), (float)(loss.bce / (double)voxels)};
}

INLINE lanes logit_gradient(const struct logit_slope *slope, lanes p, lanes inside)
{
    lanes dice = p * (1 - p) * lanes_subtract_scaled(lanes_splat(slope->everywhere), slope->inside, inside);
    return lanes_add_scaled(dice, slope->bce, p - inside);
}

/* log(1 + exp(-|y|)) + max(y, 0). With e = exp(-|y|) and s = e / (2 + e), at most 1/3, the logarithm is
 * 2 atanh(s) = 2 (s + s^3/3 + s^5/5 + ...), of which the terms from s^15 on are below 2e-8 of the sum. */
INLINE lanes softplus(lanes y)
{
    static const float series[] = {1.f / 11, 1.f / 9, 1.f / 7, 1.f / 5, 1.f / 3, 1};
    lanes e = lanes_exp(-lanes_max(-y, y)), s = e / (2 + e), square = s * s;
    lanes sum = lanes_splat(1.f / 13);
    for (int i = 0; i < 6; i++)
        sum = lanes_fma(sum, square, lanes_splat(series[i]));
    return lanes_max((lanes){0}, y) + 2 * s * sum;
}

/* The cross-entropy of logits at the first `count` voxels, 0 past them. */
INLINE lanes bce(lanes z, const uint8_t *target, size_t count, int k)
{
    static const float ones[LANES] = {[0 ... LANES - 1] = 1};
    lanes y = z * (1 - 2 * inside_region(target, count, k));
    return softplus(y) * lanes_load_first(ones, count);
}

/* --- the sums --- */

enum {
    DICE_RUN = 512, /* voxels that are summed in single before they go on in double */
    DICE_SUMS = sizeof(struct dice_sums) / sizeof(double),
};

static size_t dice_runs(size_t voxels)
{
    return (voxels + DICE_RUN - 1) / DICE_RUN;
}

/* Sums of each slice, [regions][DICE_SUMS]. */
static struct partials dice_take(struct arena *arena, size_t voxels, int regions)
{
    return partials_take(arena, slices_of(dice_runs(voxels)), (size_t)regions * DICE_SUMS);
}

static size_t dice_scratch(size_t voxels, int regions)
{
    struct arena arena = {0};
    dice_take(&arena, voxels, regions);
    return arena.used;
}

/* sums[DICE_SUMS] += those of a run, in the order of struct dice_sums */
static void add_dice(size_t count, int k, const float *p, const uint8_t *target, double sums[DICE_SUMS])
{
    struct lane_dice run = {.probability = {0}};
    for (size_t v = 0; v < count; v += LANES)
        dice_add(&run, lanes_load_first(p + v, count - v), inside_region(target + v, count - v, k));
    sums[0] += lanes_sum_pairs(run.intersection);
    sums[1] += lanes_sum_pairs(run.probability);
    sums[2] += lanes_sum_pairs(run.target);
    sums[3] += lanes_sum_pairs(run.hard_intersection);
    sums[4] += lanes_sum_pairs(run.hard_probability);
}

static void dice_sums(size_t voxels, int regions, const float *p, const uint8_t *target,
                      struct dice_sums *sums, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct partials partials = dice_take(&arena, voxels, regions);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slice = 0; slice < partials.slices; slice++) {
        double *own = partials_start(&partials, slice);
        size_t end = slice_begin(dice_runs(voxels), partials.slices, slice + 1);
        for (size_t run = slice_begin(dice_runs(voxels), partials.slices, slice); run < end; run++) {
            size_t at = run * DICE_RUN, count = size_min(DICE_RUN, voxels - at);
            for (int k = 0; k < regions; k++)
                add_dice(count, k, p + (size_t)k * voxels + at, target + at, own + k * DICE_SUMS);
        }
    }
    for (int k = 0; k < regions; k++) {
        size_t first = (size_t)k * DICE_SUMS;
        sums[k] =
            (struct dice_sums){partials_total(&partials, first), partials_total(&partials, first + 1),
                               partials_total(&partials, first + 2), partials_total(&partials, first + 3),
                               partials_total(&partials, first + 4)};
    }
}
