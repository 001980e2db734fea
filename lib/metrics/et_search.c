#include "lib/metrics/et_search.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/output.h"
#include "lib/metrics/measure.h"
#include "lib/metrics/postprocess.h"
#include "lib/metrics/visit.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

int et_case_score(const struct convention *convention, double component_minimum,
                  const struct segmentation *prediction, const struct segmentation *reference,
                  struct et_case *scores)
{
    const double *spacing = segmentation_spacing(prediction, reference);
    const double voxel = spacing[0] * spacing[1] * spacing[2];
    const size_t voxels = grid_voxels(prediction->size);
    size_t dropped;
    int status = segmentation_compare(prediction, reference);
    if (status)
        return status;
    uint8_t *remaining = malloc(voxels);
    if (!remaining)
        return fail(STATUS_FAILURE, "out of memory for %zu voxels", voxels);
    memcpy(remaining, prediction->voxels, voxels);
    status = drop_components(remaining, prediction->size, voxel, component_minimum, &dropped);
    for (int without = 0; without < 2 && !status; without++) {
        const struct mask r = segmentation_region(reference, BIT_ET);
        struct mask p = segmentation_region(prediction, without ? 0 : BIT_ET);
        const struct measure_request request = {.wanted = {[MEASURE_HD95] = true}, .enhancing = true};
        struct region_scores region;
        p.voxels = remaining;
        status = measure_region(convention, &request, &p, &r, spacing, &region);
        scores->dice[without] = region.value[MEASURE_DICE];
        scores->hd95[without] = region.value[MEASURE_HD95];
        if (!without)
            scores->volume = region.value[MEASURE_VOLUME_PREDICTION];
    }
    free(remaining);
    return status;
}

static int compare_volumes(const void *a, const void *b)
{
    const double x = ((const struct et_case *)a)->volume, y = ((const struct et_case *)b)->volume;
    return (x > y) - (x < y);
}

/* The means when the first `removed` cases, in the order of their volumes, lose their enhancing tumour. */
static struct et_choice choice_of(const struct et_case *cases, size_t count, size_t removed)
{
    struct et_choice choice = {0};
    size_t dice_count = 0, hd95_count = 0;
    for (size_t i = 0; i < count; i++) {
        const double dice = cases[i].dice[i < removed], hd95 = cases[i].hd95[i < removed];
        choice.changed += i < removed && cases[i].volume > 0;
        dice_count += !isnan(dice);
        choice.dice += isnan(dice) ? 0 : dice;
        hd95_count += !isnan(hd95);
        choice.hd95 += isnan(hd95) ? 0 : hd95;
    }
    choice.dice = dice_count ? choice.dice / (double)dice_count : NAN;
    choice.hd95 = hd95_count ? choice.hd95 / (double)hd95_count : NAN;
    return choice;
}

void et_search(struct et_case *cases, size_t count, struct et_choice *choices, size_t *choice_count,
               size_t *best)
{
    qsort(cases, count, sizeof *cases, compare_volumes);
    choices[0] = choice_of(cases, count, 0);
    *choice_count = 1;
    *best = 0;
    for (size_t removed = 1; removed <= count; removed++) {
        const double volume = cases[removed - 1].volume;
        const double next = removed < count ? cases[removed].volume : volume + 2;
        if (volume == 0 || next == volume)
            continue;
        struct et_choice choice = choice_of(cases, count, removed);
        choice.minimum = (volume + next) / 2;
        if (choice.dice > choices[*best].dice)
            *best = *choice_count;
        choices[(*choice_count)++] = choice;
    }
}

/* The cases of a search, as they come. */
struct search {
    const struct et_search_options *options;
    struct et_case *cases;
    size_t capacity;
};

static int reserve(void *self, size_t count)
{
    struct search *search = self;
    return array_grow(&search->cases, &search->capacity, count, sizeof *search->cases);
}

static int score(void *self, size_t index, const char *case_name, const struct segmentation *prediction,
                 const struct segmentation *reference)
{
    struct search *search = self;
    (void)case_name;
    return et_case_score(search->options->convention, search->options->component_minimum, prediction,
                         reference, &search->cases[index]);
}

static int print_choices(struct search *search, size_t count)
{
    struct output output;
    size_t choices, best;
    struct et_choice *choice = malloc((count + 1) * sizeof *choice);
    int status =
        choice ? output_open(&output, search->options->output, false) : fail(STATUS_FAILURE, "out of memory");
    if (status) {
        free(choice);
        return status;
    }
    et_search(search->cases, count, choice, &choices, &best);
    if (!search->options->no_header)
        status = output_print(&output, "et_minimum\tdice_et\thd95_et\tchanged\tcases\tbest\tconvention\n");
    for (size_t i = 0; i < choices && !status; i++)
        status = output_print(&output, "%.9g\t%.9g\t%.9g\t%zu\t%zu\t%d\t%s\n", choice[i].minimum,
                              choice[i].dice, choice[i].hd95, choice[i].changed, count, i == best,
                              search->options->convention->name);
    if (!status)
        status = output_commit(&output);
    output_discard(&output);
    free(choice);
    return status;
}

int et_search_run(const struct et_search_options *options, int count, char *const *paths)
{
    struct search search = {.options = options};
    const struct pair_visitor visitor = {reserve, score, NULL, &search};
    const struct visit_options visit = {.labels = LABELS_2018, .max_bytes = options->max_bytes, .threads = 1};
    struct pairs pairs = {0};
    size_t cases = 0;
    int status;
    if (!options->pairs)
        status = visit_stream(&visit, count, paths, &visitor, &cases);
    else if (!(status = pairs_read(options->pairs, NULL, &pairs))) {
        cases = pairs.count;
        status = visit_files(&pairs, &visit, &visitor);
    }
    if (!status)
        status = print_choices(&search, cases);
    pairs_free(&pairs);
    free(search.cases);
    return status;
}
