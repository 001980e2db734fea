#include "lib/metrics/lesion.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/metrics/component.h"
#include "lib/metrics/overlap.h"
#include "lib/metrics/surface_distance.h"
#include <stdlib.h>
#include <string.h>

enum { BIT_PREDICTION = 1, BIT_LESION = 2 };

static const struct tolerances tolerances_2024 = {2, {0.5, 1}};

/* The lesions of a case and what was predicted of them, within the box around both masks. The box needs no
 * margin for the dilation: where two dilated voxels meet outside, they also meet at the nearest voxel
 * inside. */
struct matching {
    int size[3], axes;           /* of the box */
    uint8_t *reference;          /* R */
    struct components lesions;   /* of R dilated */
    struct components predicted; /* of P */
    size_t *volumes;             /* voxels of R in lesion k */
    uint64_t *matches;           /* lesion << 32 | predicted component, ascending, without repetition */
    size_t match_count;
};

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

struct match_list {
    uint64_t *pairs;
    size_t count, capacity;
};

static int add_match(struct match_list *list, uint64_t pair)
{
    int status = array_grow(&list->pairs, &list->capacity, list->count + 1, sizeof *list->pairs);
    if (!status)
        list->pairs[list->count++] = pair;
    return status;
}

/* Counts R's voxels in lesion k and lists, with repetitions, the predicted components that touch it
 * dilated. */
static int match_lesion(struct matching *m, int k, struct match_list *list)
{
    const struct box *box = &m->lesions.boxes[k];
    int32_t last = 0;
    int status = STATUS_OK;
    for (int z = box->low[2]; z < box->high[2]; z++)
        for (int y = box->low[1]; y < box->high[1]; y++) {
            const size_t row = ((size_t)z * m->size[1] + y) * m->size[0];
            for (size_t i = row + box->low[0]; i < row + box->high[0] && !status; i++) {
                if (m->lesions.labels[i] != k)
                    continue;
                m->volumes[k] += m->reference[i];
                const int32_t component = m->predicted.labels[i];
                if (component && component != last) /* neighbours along x mostly belong to one component */
                    status = add_match(list, (uint64_t)k << 32 | (uint32_t)component);
                last = component ? component : last;
            }
        }
    return status;
}

/* Fills volumes and matches. */
static int match(struct matching *m)
{
    struct match_list list = {0};
    m->volumes = calloc((size_t)m->lesions.count + 1, sizeof *m->volumes);
    int status =
        m->volumes ? STATUS_OK : fail(STATUS_FAILURE, "out of memory for %d lesions", m->lesions.count);
    for (int k = 1; k <= m->lesions.count && !status; k++)
        status = match_lesion(m, k, &list);
    m->matches = list.pairs;
    if (status)
        return status;
    if (list.count)
        qsort(list.pairs, list.count, sizeof *list.pairs, compare);
    for (size_t i = 0; i < list.count; i++)
        if (!i || list.pairs[i] != m->matches[m->match_count - 1])
            m->matches[m->match_count++] = list.pairs[i];
    return STATUS_OK;
}

static int find_matching(struct matching *m, const struct convention *convention,
                         const struct mask *prediction, const struct mask *reference)
{
    struct box p_box, r_box;
    mask_box(prediction, &p_box);
    mask_box(reference, &r_box);
    const struct box box = box_union(&p_box, &r_box);
    m->axes = reference->axes;
    box_size(&box, m->size);
    m->reference = mask_cut(reference, &box);
    uint8_t *dilated = mask_cut(reference, &box);
    if (!m->reference || !dilated) {
        free(dilated);
        return fail(STATUS_FAILURE, "out of memory for %zu voxels", grid_voxels(m->size));
    }
    const struct mask mask = {dilated, 1, {m->size[0], m->size[1], m->size[2]}, m->axes};
    int status = mask_dilate(dilated, m->size, m->axes, convention->lesions.dilations);
    if (!status)
        status = components_label(&mask, &m->lesions);
    free(dilated);
    if (!status)
        status = components_label_box(prediction, &box, &m->predicted);
    return status ? status : match(m);
}

static void free_matching(struct matching *m)
{
    free(m->reference);
    free(m->volumes);
    free(m->matches);
    components_free(&m->lesions);
    components_free(&m->predicted);
}

/* Scores lesion k against the union of the predicted components of matches first .. end - 1, in the box
 * around all of them. */
static int score_lesion(const struct matching *m, const struct convention *convention, int k, size_t first,
                        size_t end, const double spacing[3], double *dice,
                        struct surface_distances *distances)
{
    struct box box = m->lesions.boxes[k];
    bool *chosen = calloc((size_t)m->predicted.count + 1, sizeof *chosen);
    for (size_t i = first; chosen && i < end; i++) {
        uint32_t component = (uint32_t)m->matches[i];
        chosen[component] = true;
        box = box_union(&box, &m->predicted.boxes[component]);
    }
    int size[3];
    box_size(&box, size);
    uint8_t *sets = malloc(grid_voxels(size)), *to = sets;
    int status = chosen && sets ? STATUS_OK : fail(STATUS_FAILURE, "out of memory for a lesion");
    for (int z = box.low[2]; !status && z < box.high[2]; z++)
        for (int y = box.low[1]; y < box.high[1]; y++)
            for (int x = box.low[0]; x < box.high[0]; x++) {
                size_t i = ((size_t)z * m->size[1] + y) * m->size[0] + x;
                *to++ = (uint8_t)((chosen[m->predicted.labels[i]] ? BIT_PREDICTION : 0) |
                                  (m->reference[i] && m->lesions.labels[i] == k ? BIT_LESION : 0));
            }
    if (!status) {
        struct mask p = {sets, BIT_PREDICTION, {size[0], size[1], size[2]}, m->axes}, r = p;
        r.bit = BIT_LESION;
        struct overlap overlap = overlap_count(&p, &r);
        *dice = overlap_dice(&overlap);
        status = surface_distances(convention, &p, &r, spacing,
                                   convention->lesions.surface_dice ? &tolerances_2024 : NULL, distances);
    }
    free(sets);
    free(chosen);
    return status;
}

static int count_false_positives(const struct matching *m, int *count)
{
    bool *matched = calloc((size_t)m->predicted.count + 1, sizeof *matched);
    if (!matched)
        return fail(STATUS_FAILURE, "out of memory for %d components", m->predicted.count);
    for (size_t i = 0; i < m->match_count; i++)
        matched[(uint32_t)m->matches[i]] = true;
    *count = 0;
    for (int component = 1; component <= m->predicted.count; component++)
        *count += !matched[component];
    free(matched);
    return STATUS_OK;
}

static int score_matching(const struct matching *m, const struct convention *convention, double volume_max,
                          const double spacing[3], struct lesion_scores *scores)
{
    const double voxel = spacing[0] * spacing[1] * spacing[2], penalty = convention->lesions.penalty;
    double dice_sum = 0, hd95_sum = 0, nsd_sum[2] = {0};
    int status = count_false_positives(m, &scores->false_positives);
    size_t first = 0, end;
    for (int k = 1; k <= m->lesions.count && !status; k++, first = end) {
        for (end = first; end < m->match_count && m->matches[end] >> 32 == (uint64_t)k;)
            end++;
        if ((double)m->volumes[k] * voxel <= volume_max)
            continue;
        struct surface_distances distances = {.hd95 = penalty};
        double dice = 0;
        if (first < end)
            status = score_lesion(m, convention, k, first, end, spacing, &dice, &distances);
        dice_sum += dice;
        hd95_sum += distances.hd95;
        for (int i = 0; i < 2; i++)
            nsd_sum[i] += distances.nsd[i];
        scores->found += first < end;
        scores->missed += first == end;
    }
    const int scored = scores->found + scores->missed + scores->false_positives;
    hd95_sum += penalty * scores->false_positives;
    scores->dice = scored ? dice_sum / scored : 1;
    scores->hd95 = scored ? hd95_sum / scored : 0;
    for (int i = 0; i < 2; i++)
        scores->nsd[i] = scored ? nsd_sum[i] / scored : 1;
    return status;
}

int lesion_scores(const struct convention *convention, bool enhancing, const struct mask *prediction,
                  const struct mask *reference, const double spacing[3], struct lesion_scores *scores)
{
    const struct lesion_rule *rule = &convention->lesions;
    struct matching matching = {0};
    struct box box;
    *scores = (struct lesion_scores){.dice = 1, .nsd = {1, 1}};
    if (!mask_box(prediction, &box) && !mask_box(reference, &box))
        return STATUS_OK;
    int status = find_matching(&matching, convention, prediction, reference);
    if (!status)
        status = score_matching(&matching, convention, enhancing ? rule->volume_max_et : rule->volume_max,
                                spacing, scores);
    free_matching(&matching);
    return status;
}
