/* raw2png: slices of a record, with a label map or a prediction over them, as a PNG picture. */
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include "lib/metrics/mask.h"
#include "lib/picture/placed.h"
#include "lib/picture/png.h"
#include "lib/picture/scene.h"
#include "lib/picture/sheet.h"
#include "lib/volume/samples.h"
#include "lib/volume/scheme.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
    const char *output, *style, *region, *window, *plane;
    struct option_texts slices;
    int mosaic, zoom;
    struct scene_options scene;
};

/* --- what is drawn ---------------------------------------------------------------------------------- */

static int plane_of(const char *name, size_t length, enum plane *plane)
{
    for (*plane = 0; *plane < PLANES; ++*plane)
        if (strlen(plane_name(*plane)) == length && !strncmp(name, plane_name(*plane), length))
            return STATUS_OK;
    return fail(STATUS_USAGE, "'%s' is not axial, coronal or sagittal", name);
}

/* "axial:77" */
static int parse_slice(const char *text, struct tile *tile)
{
    const char *colon = strchr(text, ':');
    char *end = NULL;
    const long slice = colon ? strtol(colon + 1, &end, 10) : -1;
    if (!colon || end == colon + 1 || *end || slice < 0 || slice >= RECORD_SIZE_MAX)
        return fail(STATUS_USAGE, "--slice: '%s' is not PLANE:N, such as axial:77", text);
    tile->slice = (int)slice;
    int status = plane_of(text, (size_t)(colon - text), &tile->plane);
    return status ? fail_in(status, "--slice") : STATUS_OK;
}

/* Slices evenly through the tumour or, without one, the whole volume. */
static void fill_mosaic(const struct request *request, enum plane plane, const struct scene *scene,
                        struct sheet *sheet)
{
    struct view view;
    struct box box = {{0, 0, 0}, {scene->image.size[0], scene->image.size[1], scene->image.size[2]}}, tumour;
    view_of(&scene->image, plane, &view);
    if (scene->over.voxels) {
        const struct mask mask = segmentation_region(&scene->over, 0xff);
        if (mask_box(&mask, &tumour))
            box = tumour;
    }
    const int low = box.low[view.through], extent = box.high[view.through] - low;
    sheet->count = int_min(request->mosaic, extent);
    for (int i = 0; i < sheet->count; i++)
        sheet->tiles[i] = (struct tile){plane, low + (int)((i + 0.5) * extent / sheet->count)};
    while (sheet->columns * sheet->columns < sheet->count)
        sheet->columns++;
}

static int three_planes(const struct scene *scene, struct sheet *sheet)
{
    int at[3] = {scene->image.size[0] / 2, scene->image.size[1] / 2, scene->image.size[2] / 2};
    bool found;
    int status =
        scene->over.voxels ? largest_tumour(scene->over.voxels, scene->image.size, at, &found) : STATUS_OK;
    for (sheet->count = 0; sheet->count < PLANES; sheet->count++) {
        struct view view;
        view_of(&scene->image, sheet->count, &view);
        sheet->tiles[sheet->count] = (struct tile){sheet->count, at[view.through]};
    }
    sheet->columns = sheet->count;
    return status;
}

static int choose_tiles(const struct request *request, const struct scene *scene, struct sheet *sheet)
{
    enum plane plane;
    sheet->columns = 1;
    sheet->zoom = request->zoom;
    int status = plane_of(request->plane, strlen(request->plane), &plane);
    if (status)
        return fail_in(status, "--plane");
    if (request->mosaic)
        fill_mosaic(request, plane, scene, sheet);
    else if (!request->slices.count)
        return three_planes(scene, sheet);
    for (int i = 0; i < request->slices.count && !status; i++)
        status = parse_slice(request->slices.values[i], &sheet->tiles[i]);
    if (request->slices.count)
        sheet->columns = sheet->count = request->slices.count;
    return status;
}

static int choose_overlay(const struct request *request, const struct scene *scene, struct overlay *overlay)
{
    static const char *const names[] = {"none", "contour", "tint", "errors"};
    const char *style = request->style ? request->style : scene->reference.voxels ? "errors" : "contour";
    *overlay = (struct overlay){0, scene->scheme, scene->over.voxels, scene->reference.voxels, 0};
    while (overlay->kind <= OVERLAY_ERRORS && strcmp(style, names[overlay->kind]))
        overlay->kind++;
    if (overlay->kind > OVERLAY_ERRORS)
        return fail(STATUS_USAGE, "--style: '%s' is not contour, tint, errors or none", style);
    if (overlay->kind == OVERLAY_ERRORS && (!overlay->bits || !overlay->reference))
        return fail(STATUS_USAGE,
                    "--style errors needs a prediction and a reference: two records, --over or --reference");
    overlay->region = request->region ? region_named(scene->scheme, request->region) : 0;
    char regions[NAME_LIST_SIZE];
    region_names(scene->scheme, regions);
    return overlay->region >= 0
               ? STATUS_OK
               : fail(STATUS_USAGE, "--region: '%s' is not one of %s", request->region, regions);
}

static int parse_window(const char *text, double percent[2])
{
    char rest;
    if (sscanf(text, "%lf,%lf%c", &percent[0], &percent[1], &rest) != 2 ||
        !(percent[0] >= 0 && percent[0] < percent[1] && percent[1] <= 100))
        return fail(STATUS_USAGE, "--window: '%s' is not two percentiles, such as 1,99", text);
    return STATUS_OK;
}

static int write_picture(struct output *output, const struct raster *raster, const struct png_notes *notes)
{
    uint8_t *bytes;
    size_t size;
    int status = png_encode(raster, notes, &bytes, &size);
    if (!status)
        status = output_write(output, bytes, size);
    free(bytes);
    return status;
}

static int draw(const struct request *request, const struct scene *scene, struct output *output)
{
    struct panel panel = {.grid = &scene->image, .values = scene->values};
    struct sheet sheet = {.count = 0};
    struct raster raster;
    struct png_notes notes = {0};
    char title[256], channel[CHANNEL_NAMES_SIZE] = "", description[DESCRIPTION_SIZE];
    double percent[2];
    int status = parse_window(request->window, percent);
    if (!status)
        status = choose_overlay(request, scene, &panel.overlay);
    if (!status)
        status = choose_tiles(request, scene, &sheet);
    if (!status && scene->values)
        status =
            window_of(scene->values, record_voxels(&scene->image), percent[0], percent[1], &panel.window);
    if (status)
        return status;
    snprintf(title, sizeof title, "%s %s%s%s", scene->image.case_name,
             scene->has_image ? channel_name(&scene->image, scene->channel, channel, sizeof channel) : "",
             panel.overlay.kind == OVERLAY_ERRORS ? " " : "",
             panel.overlay.kind == OVERLAY_ERRORS ? scene->scheme->regions[panel.overlay.region].name : "");
    sheet.title = title;
    if ((status = sheet_draw(&sheet, &panel, &raster, &notes.pixel_mm, description)))
        return fail_in(status, "case %s", scene->image.case_name);
    notes.title = title;
    notes.description = description;
    status = write_picture(output, &raster, &notes);
    raster_free(&raster);
    return status;
}

static int run(const struct request *request, int count, char *const *paths)
{
    struct scene scene = {.channel = 0};
    struct output output;
    int status = output_open(&output, request->output, true);
    if (status)
        return status;
    status = scene_read(&request->scene, count, paths, &scene);
    if (!status)
        status = draw(request, &scene, &output);
    if (!status)
        status = output_commit(&output);
    output_discard(&output);
    scene_free(&scene);
    return status;
}

int main(int argc, char **argv)
{
    struct request request = {.window = "1,99", .plane = "axial", .zoom = 2};
    const struct option_spec options[] = {
        {"over", 0, OPTION_TEXT, &request.scene.over, "FILE",
         "label map or probabilities to draw: a record or NIfTI"},
        {"reference", 0, OPTION_TEXT, &request.scene.reference, "FILE",
         "label map that the prediction is compared with"},
        {"style", 0, OPTION_TEXT, &request.style, "NAME",
         "contour, tint, errors or none (contour; errors with a reference)"},
        {"region", 0, OPTION_TEXT, &request.region, "NAME",
         "the region whose errors are shown (the scheme's first)"},
        SCHEME_OPTION(&request.scene.scheme),
        {"channel", 0, OPTION_TEXT, &request.scene.channel, "NAME",
         "modality to show (flair, else the first)"},
        {"slice", 0, OPTION_TEXTS, &request.slices, "PLANE:N",
         "a slice, from 0, such as axial:77; may be given again"},
        {"mosaic", 0, OPTION_NATURAL, &request.mosaic, "N",
         "N slices, 64 at most, evenly through the tumour"},
        {"plane", 0, OPTION_TEXT, &request.plane, "PLANE", "of --mosaic: axial, coronal or sagittal (axial)"},
        {"window", 0, OPTION_TEXT, &request.window, "LOW,HIGH",
         "percentiles that are black and white (1,99)"},
        {"zoom", 0, OPTION_NATURAL, &request.zoom, "N", "pixels of the smallest voxel side, 1 to 16 (2)"},
    };
    const struct tool tool = {
        .name = "raw2png",
        .usage = "[OPTION...] [-o OUT.png] [FILE...]",
        .summary =
            "Draws a case: one channel of the image record, and over it the label map or the prediction "
            "that\n"
            "follows in the stream, or --over. By default three planes through the largest connected "
            "tumour,\n"
            "else through the middle. A second record, or --reference, is what a prediction is compared "
            "with:\n"
            "green is found, vermilion wrongly found, blue missed. Without an image the ground is black.\n\n"
            "Radiological convention: the patient's right is on the left, in sagittal slices the front; up "
            "is\n"
            "the front or the head. R L A P S I at the sides are the patient's directions by the affine, "
            "two\n"
            "letters where a plane is oblique; a record without geometry has none. A pixel is a square in "
            "mm.",
        .options = options,
        .count = OPTION_COUNT(options),
        .common = {.output = &request.output, .max_bytes = &request.scene.reader.max_bytes},
        .notes = "Voxels that are 0 are background, black, and not counted in percentiles. The file says in "
                 "tEXt which\n"
                 "slices it shows, where, and between which marks, and in pHYs how large a pixel is.",
        .example = "nii2raw --dir BraTS2021_00006 | raw2png --over prediction.nii.gz -o BraTS2021_00006.png",
    };
    int first = options_parse(&tool, argc, argv);
    if (request.mosaic > SHEET_TILES_MAX)
        usage_error("--mosaic: %d is more than %d", request.mosaic, SHEET_TILES_MAX);
    if (request.zoom > ZOOM_MAX)
        usage_error("--zoom: %d is more than %d", request.zoom, ZOOM_MAX);
    if (request.mosaic && request.slices.count)
        usage_error("--mosaic and --slice exclude each other");
    int status = run(&request, argc - first, argv + first);
    return status ? report(status) : STATUS_OK;
}
