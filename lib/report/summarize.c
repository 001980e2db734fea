#include "lib/report/summarize.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/metrics/component.h"
#include "lib/picture/panel.h"
#include "lib/picture/placed.h"
#include "lib/picture/png.h"
#include "lib/report/base64.h"
#include "lib/stream/affine.h"
#include "lib/stream/reader.h"
#include "lib/volume/record_summary.h"
#include "lib/volume/samples.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PICTURE_SIDE = 240, PATH_SIZE = 4096 };

struct work {
    const struct summarize_options *options;
    struct case_summaries *summaries;
    struct label_scheme scheme; /* region r is bit r of what is scored */
};

/* A case on the grid that its pictures show. */
struct scene {
    struct record grid;
    float *values; /* of the image; NULL: none */
    struct window window;
    struct segmentation prediction, reference;
};

static void scene_free(struct scene *scene)
{
    record_free(&scene->grid);
    free(scene->values);
    segmentation_free(&scene->prediction);
    segmentation_free(&scene->reference);
}

static int copy_segmentation(const struct segmentation *from, struct segmentation *to)
{
    const size_t voxels = grid_voxels(from->size);
    *to = *from;
    to->name = strdup(from->name);
    to->voxels = malloc(voxels);
    if (!to->name || !to->voxels)
        return fail(STATUS_FAILURE, "%s: out of memory", from->name);
    memcpy(to->voxels, from->voxels, voxels);
    return STATUS_OK;
}

/* --- the image --------------------------------------------------------------------------------------- */

static void check_record(const struct record *record, char checks[128])
{
    struct record_summary summary;
    record_summarize(record, &summary);
    record_checks(record, &summary, checks);
}

/* The channel that shows most of the tumour: flair, or else the first. */
static int take_channel(struct scene *scene)
{
    const struct record *image = &scene->grid;
    const size_t voxels = record_voxels(image), width = sample_bytes(image->sample);
    char name[CHANNEL_NAMES_SIZE];
    int channel = 0;
    for (int c = 0; c < image->channels; c++)
        if (!strcmp(channel_name(image, c, name, sizeof name), "flair"))
            channel = c;
    scene->values = malloc(voxels * sizeof *scene->values);
    if (!scene->values)
        return fail(STATUS_FAILURE, "out of memory for %zu voxels", voxels);
    samples_to_float(image->sample, (const char *)image->data + (size_t)channel * voxels * width, voxels,
                     scene->values);
    return window_of(scene->values, voxels, 1, 99, &scene->window);
}

static int read_image(const char *path, uint64_t max_bytes, struct scene *scene, struct case_summary *summary)
{
    struct reader *reader;
    const struct reader_options options = {.max_bytes = max_bytes};
    char *const paths[] = {(char *)path};
    int status = reader_open(&reader, 1, paths, &options);
    if (status)
        return status;
    for (bool got = true; got && !status;) {
        struct record record = {0};
        status = reader_next(reader, &record, &got);
        if (!status && got && record.role == ROLE_IMAGE && !scene->values) {
            check_record(&record, summary->image_check);
            scene->grid = record;
            record = (struct record){0};
            status = take_channel(scene);
        } else if (!status && got && record.role == ROLE_LABEL)
            check_record(&record, summary->label_check);
        record_free(&record);
    }
    reader_close(reader);
    return status;
}

/* A grid without an image: that of the segmentations. */
static void grid_of(const struct segmentation *s, struct record *grid)
{
    memcpy(grid->size, s->size, sizeof grid->size);
    grid->has_geometry = s->has_geometry;
    affine_split(s->affine, grid->directions, grid->origin);
}

/* Voxels that lie in any region. */
static size_t count_labelled(const struct segmentation *s)
{
    size_t count = 0;
    for (size_t i = 0; i < grid_voxels(s->size); i++)
        count += s->voxels[i] != 0;
    return count;
}

static int make_scene(const struct work *work, struct case_summary *summary,
                      const struct segmentation *prediction, const struct segmentation *reference,
                      struct scene *scene)
{
    char path[PATH_SIZE] = "";
    int status = STATUS_OK;
    if (work->options->images && snprintf(path, sizeof path, "%s/%s.nrrd", work->options->images,
                                          summary->scores.case_name) >= (int)sizeof path)
        return fail(STATUS_FAILURE, "%s: the name is too long", path);
    if (*path && !access(path, F_OK))
        status = read_image(path, work->options->max_bytes, scene, summary);
    else if (*path && errno != ENOENT)
        status = fail_errno(STATUS_FAILURE, "%s", path);
    if (!status && !scene->values)
        grid_of(reference->has_geometry ? reference : prediction, &scene->grid);
    if (!status)
        status = copy_segmentation(prediction, &scene->prediction);
    if (!status)
        status = copy_segmentation(reference, &scene->reference);
    if (!status)
        status = segmentation_place(&scene->prediction, &scene->grid);
    if (!status)
        status = segmentation_place(&scene->reference, &scene->grid);
    if (!status)
        summary->cut_off = (double)(count_labelled(reference) - count_labelled(&scene->reference));
    return status;
}

/* --- the slice of the largest error ------------------------------------------------------------------- */

/* The slice of an axis with most wrong voxels of a region, and how many they are; without any, that with most of its
 * voxels. -1 where there are none at all. counts: scratch, as many as slices. */
static int worst_slice(const struct scene *scene, int axis, uint8_t bit, double *counts, double *wrong)
{
    const int *size = scene->grid.size;
    const uint8_t *p = scene->prediction.voxels, *r = scene->reference.voxels;
    for (int pass = 0; pass < 2; pass++) {
        size_t i = 0;
        int best = 0;
        memset(counts, 0, (size_t)size[axis] * sizeof *counts);
        for (int z = 0; z < size[2]; z++)
            for (int y = 0; y < size[1]; y++)
                for (int x = 0; x < size[0]; x++, i++)
                    counts[axis == 0   ? x
                           : axis == 1 ? y
                                       : z] += ((pass ? p[i] | r[i] : p[i] ^ r[i]) & bit) != 0;
        for (int s = 1; s < size[axis]; s++)
            best = counts[s] > counts[best] ? s : best;
        *wrong = pass ? 0 : counts[best];
        if (counts[best] > 0)
            return best;
    }
    return -1;
}

static int encode(const struct raster *raster, double pixel_mm, struct region_summary *summary)
{
    uint8_t *bytes;
    size_t size;
    const struct png_notes notes = {.pixel_mm = pixel_mm};
    int status = png_encode(raster, &notes, &bytes, &size);
    if (status)
        return status;
    summary->picture = base64_encode(bytes, size);
    free(bytes);
    return summary->picture ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
}

static double pixel_of(const struct scene *scene, const struct view *view)
{
    const double across = scene->grid.size[view->across] * view->spacing[0];
    const double down = scene->grid.size[view->down] * view->spacing[1];
    return fmax(across, down) / PICTURE_SIDE;
}

static int draw_worst(const struct work *work, const struct scene *scene, int region,
                      struct region_summary *summary)
{
    struct view view;
    struct raster raster;
    view_of(&scene->grid, PLANE_AXIAL, &view);
    double *counts = malloc((size_t)scene->grid.size[view.through] * sizeof *counts);
    if (!counts)
        return fail(STATUS_FAILURE, "out of memory");
    const int slice = worst_slice(scene, view.through, (uint8_t)(1 << region), counts, &summary->wrong);
    free(counts);
    if (slice < 0)
        return STATUS_OK;
    snprintf(summary->slice, sizeof summary->slice, "axial:%d", slice);
    const double pixel_mm = pixel_of(scene, &view);
    const struct panel panel = {
        &scene->grid,
        scene->values,
        scene->window,
        {OVERLAY_ERRORS, &work->scheme, scene->prediction.voxels, scene->reference.voxels, region}};
    int status = panel_draw(&panel, &view, slice, pixel_mm, &raster);
    if (status)
        return status;
    panel_marks(&raster, &view, 1);
    status = encode(&raster, pixel_mm, summary);
    raster_free(&raster);
    return status;
}

/* --- lesions ------------------------------------------------------------------------------------------ */

/* The connected parts of a mask, each found where the other has any of its voxels. */
static int list_lesions(const struct mask *mask, const struct mask *other, double voxel,
                        struct lesions *lesions)
{
    struct components components;
    const size_t voxels = grid_voxels(mask->size);
    int status = components_label(mask, &components);
    if (status)
        return status;
    const size_t count = (size_t)components.count;
    if (count)
        status = array_grow(&lesions->items, &lesions->capacity, count, sizeof *lesions->items);
    for (size_t k = 0; k < count && !status; k++)
        lesions->items[k] = (struct lesion){(double)components.volumes[k + 1] * voxel, false};
    for (size_t i = 0; i < voxels && count && !status; i++)
        if (components.labels[i] && (other->voxels[i] & other->bit))
            lesions->items[components.labels[i] - 1].found = true;
    lesions->count = status ? 0 : count;
    components_free(&components);
    return status;
}

static int summarize_region(const struct work *work, const struct scene *scene, int region, double voxel,
                            const struct segmentation *prediction, const struct segmentation *reference,
                            struct region_summary *summary)
{
    const uint8_t bit = (uint8_t)(1 << region);
    const struct mask p = segmentation_region(prediction, bit), r = segmentation_region(reference, bit);
    const int around = region_around(&work->scheme, region);
    const size_t voxels = grid_voxels(prediction->size);
    summary->outside = NAN;
    if (around >= 0) {
        snprintf(summary->around, sizeof summary->around, "%s", work->scheme.regions[around].name);
        summary->outside = 0;
        for (size_t i = 0; i < voxels; i++)
            summary->outside +=
                (prediction->voxels[i] >> region & 1) && !(prediction->voxels[i] >> around & 1);
    }
    int status = list_lesions(&r, &p, voxel, &summary->reference);
    if (!status)
        status = list_lesions(&p, &r, voxel, &summary->prediction);
    return status ? status : draw_worst(work, scene, region, summary);
}

/* --- cases -------------------------------------------------------------------------------------------- */

int summarize_scoring(const char *convention, const char *scheme, bool mask, struct scoring *scoring)
{
    static const enum measure dear[] = {MEASURE_HD95, MEASURE_HD, MEASURE_ASD, MEASURE_ASSD};
    *scoring = (struct scoring){.convention = convention ? convention_find(convention) : &conventions[0]};
    if (!scoring->convention)
        return fail(STATUS_USAGE, "--convention: '%s' is not known; dice-eval --help lists the conventions",
                    convention);
    for (size_t i = 0; i < sizeof dear / sizeof dear[0]; i++)
        scoring->wanted[dear[i]] = true;
    return scoring_choose_labels(scoring, scheme, mask);
}

/* The regions of a set by their bits. Those of a mask and of a challenge are no scheme's: they have names and labels, so
 * that it is known which lies in which. */
static void scheme_of_set(enum label_set set, struct label_scheme *scheme)
{
    const struct scored_regions regions = scored_regions(set);
    *scheme = *label_set_records(set);
    for (int i = 0; set == LABELS_SCHEME && i < data_scheme->scored_count; i++)
        scheme->regions[scheme->region_count++] = data_scheme->scored[i];
    if (set != LABELS_MASK && !label_set_challenge(set))
        return;
    scheme->region_count = regions.count;
    for (int i = 0; i < regions.count; i++) {
        struct region *region = &scheme->regions[i];
        int labels = 0;
        *region = (struct region){.row = i};
        snprintf(region->name, sizeof region->name, "%s", regions.name[i]);
        for (int value = 1; value < LABEL_VALUES && set != LABELS_MASK; value++) {
            const uint8_t bits = label_set_bits(set, value);
            if (bits != LABEL_NONE && (bits & regions.bit[i]))
                region->labels[labels++] = (uint8_t)value;
        }
    }
}

static int reserve(void *self, size_t count)
{
    struct work *work = self;
    int status = array_grow(&work->summaries->items, &work->summaries->capacity, count,
                            sizeof *work->summaries->items);
    if (!status) {
        memset(work->summaries->items, 0, count * sizeof *work->summaries->items);
        work->summaries->count = count;
    }
    return status;
}

static int summarize_case(void *self, size_t index, const char *case_name,
                          const struct segmentation *prediction, const struct segmentation *reference)
{
    const struct work *work = self;
    struct case_summary *summary = &work->summaries->items[index];
    struct scene scene = {.values = NULL};
    const double *spacing = segmentation_spacing(prediction, reference);
    const struct scored_regions regions = scored_regions(work->options->scoring->labels);
    char path[PATH_SIZE];
    int status = score_case(work->options->scoring, case_name, prediction, reference, &summary->scores);
    if (!status)
        status = make_scene(work, summary, prediction, reference, &scene);
    for (int i = 0; i < summary->scores.regions && !status; i++)
        status = summarize_region(work, &scene, __builtin_ctz(regions.bit[i]),
                                  spacing[0] * spacing[1] * spacing[2], prediction, reference,
                                  &summary->region[i]);
    scene_free(&scene);
    if (!status && work->options->assessments &&
        snprintf(path, sizeof path, "%s/%s.tsv", work->options->assessments, case_name) < (int)sizeof path)
        status = case_summary_assess(path, summary);
    return status;
}

/* What the references' numbers could mean besides what they are read as is a remark on the first of them. */
static void remark_readings(const struct scoring *scoring, struct case_summaries *summaries)
{
    struct label_readings all = {.maps = 0};
    char text[LABEL_READINGS_SIZE];
    for (size_t i = 0; i < summaries->count; i++)
        label_readings_join(&all, &summaries->items[i].scores.readings);
    if (!summaries->count || !scores_doubt(scoring, &all, text))
        return;
    snprintf(summaries->items[0].label_check, sizeof summaries->items[0].label_check,
             "this and all others: %s", text);
}

int summarize_pairs(const struct summarize_options *options, const struct pairs *pairs,
                    struct case_summaries *summaries)
{
    struct work work = {
        .options = options,
        .summaries = summaries,
    };
    const struct visit_options visit = {
        .labels = options->scoring->labels, .max_bytes = options->max_bytes, .threads = options->threads};
    const struct pair_visitor visitor = {reserve, summarize_case, NULL, &work};
    *summaries = (struct case_summaries){0};
    scheme_of_set(options->scoring->labels, &work.scheme);
    snprintf(summaries->convention, sizeof summaries->convention, "%s", options->scoring->convention->name);
    int status = visit_files(pairs, &visit, &visitor);
    if (!status)
        remark_readings(options->scoring, summaries);
    for (int r = 0; !status && summaries->count && r < summaries->items[0].scores.regions; r++) {
        summaries->names[r] = strdup(summaries->items[0].scores.region_names[r]);
        status = summaries->names[r] ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
    }
    if (status)
        case_summaries_free(summaries);
    return status;
}
