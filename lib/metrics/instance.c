#include "lib/metrics/instance.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/metrics/assignment.h"
#include "lib/metrics/component.h"
#include "lib/metrics/surface_distance.h"
#include <math.h>
#include <stdlib.h>

static const double MATCH_DICE_MIN = 1e-6;
enum { AUC_STEPS = 10 };
enum { BIT_PREDICTION = 1, BIT_REFERENCE = 2 };

/* The lesions of a case within the box around both masks. */
struct instances {
    int size[3], axes;
    struct components reference, prediction;
    struct candidate *candidates; /* row: lesion of the reference less 1, column: of the prediction less 1 */
    size_t candidate_count, capacity;
    int32_t *match; /* [reference.count]: the prediction's lesion less 1, or -1 */
    double *dice;   /* [reference.count]: of that pair, or 0 */
};

static int add_overlap(struct instances *n, int32_t reference, int32_t prediction, int32_t voxels)
{
    int status = array_grow(&n->candidates, &n->capacity, n->candidate_count + 1, sizeof *n->candidates);
    if (!status)
        n->candidates[n->candidate_count++] = (struct candidate){reference - 1, prediction - 1, voxels};
    return status;
}

static int compare(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return x->row != y->row ? (x->row > y->row) - (x->row < y->row)
                            : (x->column > y->column) - (x->column < y->column);
}

/* Lists the pairs that overlap with the voxels they have in common, run by run along x. */
static int list_overlaps(struct instances *n)
{
    const size_t voxels = grid_voxels(n->size), width = (size_t)n->size[0];
    const int32_t *r = n->reference.labels, *p = n->prediction.labels;
    int status = STATUS_OK;
    for (size_t row = 0; row < voxels; row += width)
        for (size_t i = row, next; i < row + width && !status; i = next) {
            for (next = i + 1; next < row + width && r[next] == r[i] && p[next] == p[i];)
                next++;
            if (r[i] && p[i])
                status = add_overlap(n, r[i], p[i], (int32_t)(next - i));
        }
    if (n->candidate_count)
        qsort(n->candidates, n->candidate_count, sizeof *n->candidates, compare);
    return status;
}

/* Joins the runs of each pair, whose gain becomes its Dice; what is below MATCH_DICE_MIN goes. */
static void join_overlaps(struct instances *n)
{
    size_t kept = 0;
    for (size_t i = 0, next; i < n->candidate_count; i = next) {
        struct candidate pair = n->candidates[i];
        for (next = i + 1; next < n->candidate_count && !compare(&pair, &n->candidates[next]); next++)
            pair.gain += n->candidates[next].gain;
        pair.gain = 2 * pair.gain /
                    (double)(n->reference.volumes[pair.row + 1] + n->prediction.volumes[pair.column + 1]);
        if (pair.gain >= MATCH_DICE_MIN)
            n->candidates[kept++] = pair;
    }
    n->candidate_count = kept;
}

static int find_instances(struct instances *n, const struct mask *prediction, const struct mask *reference)
{
    struct box p_box, r_box;
    const bool any_p = mask_box(prediction, &p_box), any_r = mask_box(reference, &r_box);
    const struct box box = !any_p ? r_box : !any_r ? p_box : box_union(&p_box, &r_box);
    n->axes = reference->axes;
    box_size(&box, n->size);
    int status = components_label_box(reference, &box, &n->reference);
    if (!status)
        status = components_label_box(prediction, &box, &n->prediction);
    if (!status)
        status = list_overlaps(n);
    if (status)
        return status;
    join_overlaps(n);
    n->match = malloc(((size_t)n->reference.count + 1) * sizeof *n->match);
    n->dice = calloc((size_t)n->reference.count + 1, sizeof *n->dice);
    if (!n->match || !n->dice)
        return fail(STATUS_FAILURE, "out of memory for %d lesions", n->reference.count);
    status = assignment_solve(n->reference.count, n->prediction.count, n->candidates, n->candidate_count,
                              n->match);
    for (size_t i = 0; i < n->candidate_count && !status; i++)
        if (n->match[n->candidates[i].row] == n->candidates[i].column)
            n->dice[n->candidates[i].row] = n->candidates[i].gain;
    return status;
}

static void free_instances(struct instances *n)
{
    components_free(&n->reference);
    components_free(&n->prediction);
    free(n->candidates);
    free(n->match);
    free(n->dice);
}

static double share(double part, double whole, double without)
{
    return whole > 0 ? part / whole : without;
}

/* `without` stands for 0/0 in precision and recall. */
static struct detection detection(double tp, double fp, double fn, double without)
{
    return (struct detection){tp,
                              fp,
                              fn,
                              share(tp, tp + fp, without),
                              share(tp, tp + fn, without),
                              share(tp, tp + fp / 2 + fn / 2, without)};
}

static struct detection count_pairs(const struct instances *n, const int32_t *match)
{
    int pairs = 0;
    for (int k = 0; k < n->reference.count; k++)
        pairs += match[k] >= 0;
    return detection(pairs, n->prediction.count - pairs, n->reference.count - pairs, NAN);
}

/* F1 with the pairs of at least a Dice of `least` only, matched anew. */
static int f1_from(const struct instances *n, double least, double *f1)
{
    struct candidate *left = malloc((n->candidate_count + 1) * sizeof *left);
    int32_t *match = malloc(((size_t)n->reference.count + 1) * sizeof *match);
    size_t count = 0;
    int status =
        left && match ? STATUS_OK : fail(STATUS_FAILURE, "out of memory for %d lesions", n->reference.count);
    for (size_t i = 0; i < n->candidate_count && !status; i++)
        if (n->candidates[i].gain >= least)
            left[count++] = n->candidates[i];
    if (!status)
        status = assignment_solve(n->reference.count, n->prediction.count, left, count, match);
    if (!status)
        *f1 = count_pairs(n, match).f1;
    free(left);
    free(match);
    return status;
}

static int f1_area(const struct instances *n, double *area)
{
    double before = 0, f1;
    int status = STATUS_OK;
    *area = 0;
    for (int step = 1; step <= AUC_STEPS && !status; step++) {
        status = f1_from(n, (double)step / AUC_STEPS, &f1);
        *area += status ? 0 : (step == 1 ? f1 : (before + f1) / 2) / AUC_STEPS;
        before = f1;
    }
    return status;
}

/* Distances between lesion `reference` and lesion `prediction`, in the box around them. */
static int pair_distances(const struct instances *n, int reference, int prediction, const double spacing[3],
                          struct surface_distances *distances)
{
    static const struct convention pooled = {.surface = SURFACE_FACES, .join = JOIN_POOLED};
    const struct tolerances tolerances = {1, {fmin(spacing[0], fmin(spacing[1], spacing[2]))}};
    const struct box box = box_union(&n->reference.boxes[reference], &n->prediction.boxes[prediction]);
    struct mask p = {.bit = BIT_PREDICTION, .axes = n->axes};
    box_size(&box, p.size);
    uint8_t *sets = malloc(grid_voxels(p.size)), *to = sets;
    if (!sets)
        return fail(STATUS_FAILURE, "out of memory for a lesion");
    for (int z = box.low[2]; z < box.high[2]; z++)
        for (int y = box.low[1]; y < box.high[1]; y++) {
            const size_t row = ((size_t)z * n->size[1] + y) * n->size[0];
            for (size_t i = row + box.low[0]; i < row + box.high[0]; i++)
                *to++ = (uint8_t)((n->prediction.labels[i] == prediction ? BIT_PREDICTION : 0) |
                                  (n->reference.labels[i] == reference ? BIT_REFERENCE : 0));
        }
    p.voxels = sets;
    struct mask r = p;
    r.bit = BIT_REFERENCE;
    const int status = surface_distances(&pooled, &p, &r, spacing, &tolerances, distances);
    free(sets);
    return status;
}

/* Mean of a measure over lesions, and the sum of squares around it (Welford, 1962). */
struct sums {
    double count, mean, squares;
};

static void add(struct sums *s, double value, double times)
{
    const double before = value - s->mean;
    s->count += times;
    s->mean += before * times / s->count;
    s->squares += times * before * (value - s->mean);
}

static struct mean_deviation mean_deviation(const struct sums *s, double without)
{
    if (!s->count)
        return (struct mean_deviation){without, NAN};
    return (struct mean_deviation){s->mean, sqrt(s->squares / s->count)};
}

/* What is summed over the lesions of the reference. */
struct lesion_sums {
    struct sums dice, nsd, hd95;
    double found[2], missed[2]; /* of small and of large lesions */
};

/* Adds lesion k of the reference. */
static int add_lesion(const struct instances *n, const struct instance_rule *rule, bool distances, int k,
                      const double spacing[3], struct lesion_sums *sums)
{
    const double voxel = spacing[0] * spacing[1] * spacing[2];
    const bool large = (double)n->reference.volumes[k] * voxel >= rule->large_volume;
    const bool apart = n->match[k - 1] < 0;
    const double dice = n->dice[k - 1];
    struct surface_distances d = {.hd95 = rule->penalty};
    *(!apart && dice >= rule->detected_dice ? &sums->found[large] : &sums->missed[large]) += 1;
    if (!large || (apart && !rule->large_volume))
        return STATUS_OK;
    int status = !apart && distances ? pair_distances(n, k, n->match[k - 1] + 1, spacing, &d) : STATUS_OK;
    add(&sums->dice, dice, 1);
    add(&sums->nsd, distances ? d.nsd[0] : NAN, 1);
    add(&sums->hd95, distances ? d.hd95 : NAN, 1);
    return status;
}

static int score_instances(const struct instances *n, const struct instance_rule *rule,
                           const struct instance_request *request, const double spacing[3],
                           struct instance_scores *scores)
{
    struct lesion_sums sums = {.found = {0}};
    int status = STATUS_OK;
    scores->all = count_pairs(n, n->match);
    for (int k = 1; k <= n->reference.count && !status; k++)
        status = add_lesion(n, rule, request->distances, k, spacing, &sums);
    const bool any_small = sums.found[0] + sums.missed[0] > 0, any_large = sums.found[1] + sums.missed[1] > 0;
    if (rule->large_volume) {
        if (any_large && scores->all.fp > 0) {
            add(&sums.dice, 0, scores->all.fp);
            add(&sums.nsd, request->distances ? 0 : NAN, scores->all.fp);
            add(&sums.hd95, request->distances ? rule->penalty : NAN, scores->all.fp);
        }
        if (any_small)
            scores->small = detection(sums.found[0], scores->all.fp, sums.missed[0], 0);
        if (any_large)
            scores->large = detection(sums.found[1], scores->all.fp, sums.missed[1], 0);
    }
    scores->dice = mean_deviation(&sums.dice, rule->large_volume ? NAN : 0);
    scores->nsd = mean_deviation(&sums.nsd, rule->large_volume || !request->distances ? NAN : 0);
    scores->hd95 = mean_deviation(&sums.hd95, rule->large_volume || !request->distances ? NAN : INFINITY);
    if (!status && request->f1_auc)
        status = f1_area(n, &scores->f1_auc);
    return status;
}

int instance_scores(const struct instance_rule *rule, const struct instance_request *request,
                    const struct mask *prediction, const struct mask *reference, const double spacing[3],
                    struct instance_scores *scores)
{
    static const struct detection none = {NAN, NAN, NAN, NAN, NAN, NAN};
    static const struct mean_deviation undefined = {NAN, NAN};
    struct instances instances = {.axes = 0};
    struct box box;
    *scores =
        (struct instance_scores){detection(0, 0, 0, NAN), none, none, NAN, undefined, undefined, undefined};
    if (!mask_box(prediction, &box) && !mask_box(reference, &box))
        return STATUS_OK;
    const double own[3] = {spacing[rule->turned ? 2 : 0], spacing[1], spacing[rule->turned ? 0 : 2]};
    int status = find_instances(&instances, prediction, reference);
    if (!status)
        status = score_instances(&instances, rule, request, own, scores);
    free_instances(&instances);
    return status;
}
