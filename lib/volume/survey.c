#include "lib/volume/survey.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/stream/affine.h"
#include "lib/stream/axes.h"
#include "lib/stream/nifti.h"
#include "lib/volume/nifti_case_read.h"
#include "lib/volume/survey_voxels.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Voxels with sides between these are about 1 mm, which the network is made for. */
static const double SIDE_MIN = 0.75, SIDE_MAX = 1.34;
/* Sides that differ by less than this part are one spacing. */
static const double SAME_SPACING = 0.05;

int survey_add(struct survey *survey, enum survey_item item, size_t voxels, const char *format, ...)
{
    va_list arguments;
    char *value;
    va_start(arguments, format);
    const int length = vasprintf(&value, format, arguments);
    va_end(arguments);
    int status = length < 0
                     ? fail(STATUS_FAILURE, "out of memory")
                     : array_grow(&survey->fact, &survey->capacity, survey->count + 1, sizeof *survey->fact);
    if (status) {
        if (length >= 0)
            free(value);
        return status;
    }
    survey->fact[survey->count++] = (struct survey_fact){item, value, survey->now, voxels};
    survey->errors += item == SURVEY_ERROR;
    return STATUS_OK;
}

void survey_free(struct survey *survey)
{
    for (size_t i = 0; i < survey->count; i++)
        free(survey->fact[i].value);
    free(survey->fact);
    free(survey->digest);
    *survey = (struct survey){0};
}

/* For warnings_to: those of the readers are facts, too. */
static void take_warning(void *self, const char *text)
{
    struct survey *survey = self;
    int status = survey_add(survey, SURVEY_WARNING, 0, "%s", text);
    survey->status = survey->status ? survey->status : status;
}

/* What is the data's fault is a fact; what is the machine's ends the survey. */
static int note(struct survey *survey, int status)
{
    return status == STATUS_DATA ? survey_add(survey, SURVEY_ERROR, 0, "%s", error_message()) : status;
}

/* Headers ---------------------------------------------------------------------------------------------- */

/* The files of a case, their headers read. */
struct headers {
    int count, images;
    const char *path[NIFTI_CASE_FILES], *type[NIFTI_CASE_FILES], *kind[NIFTI_CASE_FILES];
    struct nifti volume[NIFTI_CASE_FILES];
};

static int read_header(struct survey *survey, struct headers *all, const char *path, const char *kind,
                       const struct survey_settings *settings)
{
    const struct nifti_options options = {.max_bytes = settings->max_bytes};
    struct nifti_file *file;
    const int i = all->count;
    int status = access(path, R_OK) ? fail_errno(STATUS_DATA, "%s: cannot be read", path) : STATUS_OK;
    if (!status)
        status = nifti_open(path, &options, &file, &all->volume[i]);
    if (status)
        return note(survey, status);
    all->path[i] = path;
    all->kind[i] = kind;
    all->type[i] = nifti_type_name(file);
    all->count++;
    nifti_close(file);
    return STATUS_OK;
}

static int add_modalities(struct survey *survey, const struct nifti_case *files, bool missing_is_error)
{
    char there[NAME_LIST_SIZE] = "", missing[NAME_LIST_SIZE] = "";
    for (int m = 0; m < data_scheme->modality_count; m++) {
        char *names = files->images == 1 || files->image[m] ? there : missing;
        snprintf(names + strlen(names), NAME_LIST_SIZE - strlen(names), "%s%s", *names ? "," : "",
                 modalities[m].name);
    }
    int status = survey_add(survey, SURVEY_MODALITIES, 0, "%s", *there ? there : "none");
    if (!status && *missing)
        status = survey_add(survey, missing_is_error || !*there ? SURVEY_ERROR : SURVEY_WARNING, 0,
                            "no file of %s", missing);
    return status;
}

/* Whether a volume lies on the first one's grid. */
static int compare(struct survey *survey, const struct headers *all, int i, bool grid_of_images)
{
    const bool label = i >= all->images;
    int status = nifti_same_grid(all->path[0], &all->volume[0], all->path[i], &all->volume[i]);
    if (!status)
        return STATUS_OK;
    if (!label)
        return survey_add(survey, SURVEY_ERROR, 0,
                          "%s: the two are not registered to one another: " PREPARING "#registration",
                          error_message());
    if (!grid_equal(all->volume[0].size, all->volume[i].size))
        return note(survey, status);
    return grid_of_images
               ? survey_add(survey, SURVEY_WARNING, 0, "%s: the images' place is taken", error_message())
               : survey_add(survey, SURVEY_ERROR, 0,
                            "%s: --grid-of images (GRID_OF=images) takes the images' place", error_message());
}

/* Heads come in 1 mm, and so does what the model in the box is for; other organs come as they come. */
static bool is_of_heads(void)
{
    for (int m = 0; m < record_scheme->modality_count; m++)
        if (!strcmp(record_scheme->modalities[m].name, data_scheme->modalities[0].name))
            return true;
    return false;
}

static int add_geometry(struct survey *survey, const struct nifti *volume, double spacing[3])
{
    int axes[3], size[3];
    double affine[3][4];
    char code[AXES_CODE_SIZE];
    axes_to_lps(volume->affine, axes);
    axes_size(axes, volume->size, size);
    axes_affine(axes, volume->size, volume->affine, affine);
    affine_spacing(affine, spacing);
    axes_code(volume->affine, code);
    int status = survey_add(survey, SURVEY_GRID, 0, "%dx%dx%d", size[0], size[1], size[2]);
    if (!status)
        status = survey_add(survey, SURVEY_SPACING, 0, "%.3gx%.3gx%.3g", spacing[0], spacing[1], spacing[2]);
    if (!status)
        status = survey_add(survey, SURVEY_ORIENTATION, 0, "%s", code);
    bool far = false;
    for (int axis = 0; axis < 3; axis++)
        far |= !(spacing[axis] >= SIDE_MIN && spacing[axis] <= SIDE_MAX);
    if (!status && far && is_of_heads())
        status = survey_add(survey, SURVEY_WARNING, 0,
                            "voxels of %.3gx%.3gx%.3g mm are far from 1 mm: " PREPARING "#voxels", spacing[0],
                            spacing[1], spacing[2]);
    return status;
}

static int add_headers(struct survey *survey, const struct headers *all, const struct nifti_case *files,
                       const struct survey_settings *settings, double spacing[3])
{
    int status = all->count && all->images ? add_geometry(survey, &all->volume[0], spacing) : STATUS_OK;
    for (int i = 0; i < all->count && !status; i++) {
        const bool label = i >= all->images;
        const int wanted = files->images == 1 && !label ? data_scheme->modality_count : 1;
        status = survey_add(survey, label ? SURVEY_LABEL_TYPE : SURVEY_TYPE, 0, "%s", all->type[i]);
        if (!status && all->volume[i].channels != wanted)
            status = survey_add(survey, SURVEY_ERROR, 0, "%s: %d volumes where %d are expected", all->path[i],
                                all->volume[i].channels, wanted);
        if (!status && i && all->images)
            status = compare(survey, all, i, settings->grid_of_images);
    }
    return status;
}

/* Spacing is 0 where no image can be read. */
static int survey_case(struct survey *survey, const struct nifti_case *files,
                       const struct survey_settings *settings, double spacing[3])
{
    struct headers all = {0};
    const size_t errors = survey->errors;
    int status = survey_add(survey, SURVEY_LAYOUT, 0, "%s", layout_name(files->layout));
    if (!status)
        status = add_modalities(survey, files, !settings->unlabelled);
    for (int m = 0; m < files->images && !status; m++)
        if (files->image[m])
            status = read_header(survey, &all, files->image[m], modalities[m].name, settings);
    all.images = all.count;
    if (!status && files->label)
        status = read_header(survey, &all, files->label, modalities[label_file()].name, settings);
    if (!status)
        status = add_headers(survey, &all, files, settings, spacing);
    if (!status && settings->voxels && survey->errors == errors)
        status = note(survey, survey_voxels(survey, files, settings));
    return status;
}

/* All cases -------------------------------------------------------------------------------------------- */

static bool same_spacing(const double a[3], const double b[3])
{
    for (int axis = 0; axis < 3; axis++)
        if (!(fabs(a[axis] - b[axis]) <= SAME_SPACING * fmax(a[axis], b[axis])))
            return false;
    return true;
}

/* Of the cases' spacings the one that most of them have; of several the first case's. */
static const double *usual_spacing(const struct case_list *list, double (*spacing)[3])
{
    const double *usual = NULL;
    size_t most = 0;
    for (size_t i = 0; i < list->count && most < list->count - i; i++) {
        size_t count = 0;
        for (size_t j = i; j < list->count && spacing[i][0] > 0; j++)
            count += same_spacing(spacing[i], spacing[j]);
        if (count > most) {
            most = count;
            usual = spacing[i];
        }
    }
    return usual;
}

static int compare_spacings(struct survey *survey, const struct case_list *list, double (*spacing)[3])
{
    const double *usual = usual_spacing(list, spacing);
    int status = STATUS_OK;
    for (size_t i = 0; i < list->count && !status; i++) {
        const double *own = spacing[i];
        survey->now = list->row[i].files.name;
        if (own[0] > 0 && !same_spacing(own, usual))
            status = survey_add(survey, SURVEY_ERROR, 0,
                                "voxels of %.3gx%.3gx%.3g mm, where others of the data set have "
                                "%.3gx%.3gx%.3g: SPACING=1x1x1 in the "
                                "configuration resamples all cases to one spacing: " PREPARING "#voxels",
                                own[0], own[1], own[2], usual[0], usual[1], usual[2]);
    }
    return status;
}

static int compare_layouts(struct survey *survey, const struct case_list *list)
{
    bool seen[LAYOUTS] = {false};
    int layouts = 0;
    for (size_t i = 0; i < list->count; i++)
        seen[list->row[i].files.layout] = true;
    seen[LAYOUT_BRATS_2018] &= !seen[LAYOUT_BRATS_2021]; /* their numbers are the same */
    for (int i = 0; i < LAYOUTS; i++)
        layouts += seen[i];
    survey->now = "-";
    return layouts > 1 ? survey_add(survey, SURVEY_WARNING, 0,
                                    "cases in %d layouts: are their label numbers the same?", layouts)
                       : STATUS_OK;
}

/* What the numbers of all label maps together could mean besides what they are read as. */
static int doubt_labels(struct survey *survey)
{
    char text[LABEL_READINGS_SIZE];
    survey->now = "-";
    return survey->scheme && label_readings_doubt(&survey->readings, survey->scheme, text)
               ? survey_add(survey, SURVEY_WARNING, 0, "%s (--scheme)", text)
               : STATUS_OK;
}

static int count_all(struct survey *survey, const struct case_list *list)
{
    struct names names = {0};
    int status = STATUS_OK;
    for (size_t i = 0; i < list->count && !status; i++)
        status = names_add(&names, list->row[i].files.name);
    survey->cases = list->count;
    survey->patients = count_patients(&names);
    names_free(&names);
    return status;
}

int survey_cases(struct survey *survey, const struct case_list *list, const struct names *refused,
                 const struct survey_settings *settings)
{
    double(*spacing)[3] = calloc(list->count + 1, sizeof *spacing);
    int status = spacing ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
    *survey = (struct survey){.now = "-"};
    for (size_t i = 0; i < refused->count && !status; i++)
        status = survey_add(survey, SURVEY_ERROR, 0, "%s", refused->name[i]);
    if (!status)
        status = count_all(survey, list);
    warnings_to(take_warning, survey);
    for (size_t i = 0; i < list->count && !status; i++) {
        survey->now = list->row[i].files.name;
        status = survey_case(survey, &list->row[i].files, settings, spacing[i]);
    }
    warnings_to(NULL, NULL);
    if (!status)
        status = survey->status;
    if (!status)
        status = settings->resampled ? STATUS_OK : compare_spacings(survey, list, spacing);
    if (!status)
        status = compare_layouts(survey, list);
    if (!status)
        status = doubt_labels(survey);
    if (!status && settings->voxels)
        status = survey_duplicates(survey);
    free(spacing);
    return status;
}
