#include "lib/metrics/lesion.h"
#include "lib/base/error.h"
#include "lib/metrics/component.h"
#include "lib/metrics/overlap.h"
#include "lib/metrics/surface_distance.h"
#include <stdlib.h>
#include <string.h>

enum { BIT_PREDICTION = 1, BIT_LESION = 2 };

/* A case within the box around both masks. It needs no room for the dilation: where two dilated voxels meet
 * outside the box, they also meet at the nearest place inside. */
struct scene {
    int size[3], axes;
    uint8_t *reference;        /* R */
    struct components lesions; /* of R dilated */
    struct components parts;   /* of P */
    size_t *volumes;           /* voxels of R in lesion k */
    uint64_t *matches;         /* lesion << 32 | part, ascending, without repetition */
    size_t match_count;
};

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

struct match_list {
    uint64_t *pairs;
    size_t count, room;
};

static int add_match(struct match_list *list, uint64_t pair)
{
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 1024;
        uint64_t *pairs = realloc(list->pairs, room * sizeof *pairs);
        if (!pairs)
            return fail(STATUS_FAILURE, "out of memory for %zu matches", room);
        list->pairs = pairs;
        list->room = room;
    }
    list->pairs[list->count++] = pair;
    return STATUS_OK;
}

/* Counts R's voxels in lesion k and lists the parts that touch it dilated, with repetitions. */
static int match_lesion(struct scene *s, int k, struct match_list *list)
{
    const struct box *box = &s->lesions.boxes[k];
    int32_t last = 0;
    int status = STATUS_OK;
    for (int z = box->low[2]; z < box->high[2]; z++)
        for (int y = box->low[1]; y < box->high[1]; y++) {
            const size_t row = ((size_t)z * s->size[1] + y) * s->size[0];
            for (size_t i = row + box->low[0]; i < row + box->high[0] && !status; i++) {
                if (s->lesions.labels[i] != k)
                    continue;
                s->volumes[k] += s->reference[i];
                const int32_t part = s->parts.labels[i];
                if (part && part != last) /* neighbours along x mostly belong to one part */
                    status = add_match(list, (uint64_t)k << 32 | (uint32_t)part);
                last = part ? part : last;
            }
        }
    return status;
}

/* Fills volumes and matches. */
static int match(struct scene *s)
{
    struct match_list list = {0};
    s->volumes = calloc((size_t)s->lesions.count + 1, sizeof *s->volumes);
    int status =
        s->volumes ? STATUS_OK : fail(STATUS_FAILURE, "out of memory for %d lesions", s->lesions.count);
    for (int k = 1; k <= s->lesions.count && !status; k++)
        status = match_lesion(s, k, &list);
    s->matches = list.pairs;
    if (status)
        return status;
    if (list.count)
        qsort(list.pairs, list.count, sizeof *list.pairs, compare);
    for (size_t i = 0; i < list.count; i++)
        if (!i || list.pairs[i] != s->matches[s->match_count - 1])
            s->matches[s->match_count++] = list.pairs[i];
    return STATUS_OK;
}

static int build_scene(struct scene *s, const struct convention *convention, const struct mask *prediction,
                       const struct mask *reference)
{
    struct box p_box, r_box;
    mask_box(prediction, &p_box);
    mask_box(reference, &r_box);
    const struct box box = box_union(&p_box, &r_box);
    s->axes = reference->axes;
    box_size(&box, s->size);
    s->reference = mask_cut(reference, &box);
    uint8_t *work = mask_cut(reference, &box);
    if (!s->reference || !work) {
        free(work);
        return fail(STATUS_FAILURE, "out of memory for %zu voxels", voxels_of(s->size));
    }
    struct mask mask = {work, 1, {s->size[0], s->size[1], s->size[2]}, s->axes};
    int status = mask_dilate(work, s->size, s->axes, convention->lesions.dilations);
    if (!status)
        status = components_label(&mask, &s->lesions);
    free(work);
    if (status)
        return status;
    if (!(work = mask_cut(prediction, &box)))
        return fail(STATUS_FAILURE, "out of memory for %zu voxels", voxels_of(s->size));
    mask.voxels = work;
    status = components_label(&mask, &s->parts);
    free(work);
    return status ? status : match(s);
}

static void free_scene(struct scene *s)
{
    free(s->reference);
    free(s->volumes);
    free(s->matches);
    components_free(&s->lesions);
    components_free(&s->parts);
}

/* Scores lesion k against the parts of matches first .. end-1, in the box around them. */
static int score_lesion(const struct scene *s, const struct convention *convention, int k, size_t first,
                        size_t end, const double spacing[3], double *dice, double *hd95)
{
    struct box box = s->lesions.boxes[k];
    bool *chosen = calloc((size_t)s->parts.count + 1, sizeof *chosen);
    for (size_t i = first; chosen && i < end; i++) {
        uint32_t part = (uint32_t)s->matches[i];
        chosen[part] = true;
        box = box_union(&box, &s->parts.boxes[part]);
    }
    int size[3];
    box_size(&box, size);
    uint8_t *sets = malloc(voxels_of(size)), *to = sets;
    int status = chosen && sets ? STATUS_OK : fail(STATUS_FAILURE, "out of memory for a lesion");
    for (int z = box.low[2]; !status && z < box.high[2]; z++)
        for (int y = box.low[1]; y < box.high[1]; y++)
            for (int x = box.low[0]; x < box.high[0]; x++) {
                size_t i = ((size_t)z * s->size[1] + y) * s->size[0] + x;
                *to++ = (uint8_t)((chosen[s->parts.labels[i]] ? BIT_PREDICTION : 0) |
                                  (s->reference[i] && s->lesions.labels[i] == k ? BIT_LESION : 0));
            }
    if (!status) {
        struct mask p = {sets, BIT_PREDICTION, {size[0], size[1], size[2]}, s->axes}, r = p;
        struct surface_distances distances;
        r.bit = BIT_LESION;
        struct overlap overlap = overlap_count(&p, &r);
        *dice = overlap_dice(&overlap);
        if (!(status = surface_distances(convention, &p, &r, spacing, &distances)))
            *hd95 = distances.hd95;
    }
    free(sets);
    free(chosen);
    return status;
}

static int count_false_positives(const struct scene *s, int *count)
{
    bool *matched = calloc((size_t)s->parts.count + 1, sizeof *matched);
    if (!matched)
        return fail(STATUS_FAILURE, "out of memory for %d components", s->parts.count);
    for (size_t i = 0; i < s->match_count; i++)
        matched[(uint32_t)s->matches[i]] = true;
    *count = 0;
    for (int part = 1; part <= s->parts.count; part++)
        *count += !matched[part];
    free(matched);
    return STATUS_OK;
}

static int score_scene(const struct scene *s, const struct convention *convention, const double spacing[3],
                       struct lesion_scores *scores)
{
    const double voxel = spacing[0] * spacing[1] * spacing[2], penalty = convention->lesions.penalty;
    double dice_sum = 0, hd95_sum = 0;
    int status = count_false_positives(s, &scores->false_positives);
    size_t first = 0, end;
    for (int k = 1; k <= s->lesions.count && !status; k++, first = end) {
        for (end = first; end < s->match_count && s->matches[end] >> 32 == (uint64_t)k;)
            end++;
        if ((double)s->volumes[k] * voxel <= convention->lesions.volume_most)
            continue;
        double dice = 0, hd95 = penalty;
        if (first < end)
            status = score_lesion(s, convention, k, first, end, spacing, &dice, &hd95);
        dice_sum += dice;
        hd95_sum += hd95;
        scores->found += first < end;
        scores->missed += first == end;
    }
    const int scored = scores->found + scores->missed + scores->false_positives;
    hd95_sum += penalty * scores->false_positives;
    scores->dice = scored ? dice_sum / scored : 1;
    scores->hd95 = scored ? hd95_sum / scored : 0;
    return status;
}

int lesion_scores(const struct convention *convention, const struct mask *prediction,
                  const struct mask *reference, const double spacing[3], struct lesion_scores *scores)
{
    struct scene scene = {0};
    struct box box;
    *scores = (struct lesion_scores){.dice = 1};
    if (!mask_box(prediction, &box) && !mask_box(reference, &box))
        return STATUS_OK;
    int status = build_scene(&scene, convention, prediction, reference);
    if (!status)
        status = score_scene(&scene, convention, spacing, scores);
    free_scene(&scene);
    return status;
}
