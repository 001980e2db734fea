#include "lib/volume/survey_voxels.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/stream/axes.h"
#include "lib/volume/nifti_case_read.h"
#include "lib/volume/scheme.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_NUMBERS = 256 };

/* Litres. A brain with its CSF has 1.1 to 2; a head with its skull and neck from 2.8 on. */
static const double HEAD_MAX = 2.4;
/* Dice of the heads of two modalities. Of BraTS' it is above 0.97; half a centimetre of shift makes it
 * 0.93. */
static const double COVER_MIN = 0.9;

/* One image of a case. */
struct head {
    const float *data;
    bool varies;      /* the corners have not all one value, which is the background */
    float background; /* that of the corners */
    size_t voxels;    /* of other values */
};

static size_t corner(const int size[3], int i)
{
    const size_t x = i & 1 ? (size_t)size[0] - 1 : 0, y = i & 2 ? (size_t)size[1] - 1 : 0,
                 z = i & 4 ? (size_t)size[2] - 1 : 0;
    return (z * (size_t)size[1] + y) * (size_t)size[0] + x;
}

static struct head look_at(const float *data, const int size[3])
{
    struct head head = {.data = data, .background = data[0]};
    for (int i = 1; i < 8; i++)
        head.varies |= data[corner(size, i)] != head.background;
    for (size_t i = 0; i < grid_voxels(size); i++)
        head.voxels += data[i] != head.background;
    return head;
}

static double cover(const struct head *a, const struct head *b, size_t voxels)
{
    size_t both = 0;
    for (size_t i = 0; i < voxels; i++)
        both += a->data[i] != a->background && b->data[i] != b->background;
    return 2 * (double)both / (double)(a->voxels + b->voxels);
}

static int add_digest(struct survey *survey, const char *kind, const float *data, size_t voxels)
{
    int status = array_grow(&survey->digest, &survey->digest_capacity, survey->digest_count + 1,
                            sizeof *survey->digest);
    if (status)
        return status;
    struct survey_digest *digest = &survey->digest[survey->digest_count++];
    struct sha256 sha;
    *digest = (struct survey_digest){.name = survey->now, .kind = kind};
    sha256_begin(&sha);
    sha256_add(&sha, data, voxels * sizeof *data);
    sha256_end(&sha, digest->text);
    return STATUS_OK;
}

static int add_head(struct survey *survey, const struct head *head, const char *kind, double voxel)
{
    const double litres = (double)head->voxels * voxel / 1e6;
    if (head->varies)
        return survey_add(survey, SURVEY_BACKGROUND, 0, "varies");
    int status = survey_add(survey, SURVEY_BACKGROUND, 0, "%g", (double)head->background);
    if (!status && !head->voxels)
        status =
            survey_add(survey, SURVEY_WARNING, 0, "%s: all voxels are %g", kind, (double)head->background);
    if (!status && litres > HEAD_MAX)
        status = survey_add(survey, SURVEY_WARNING, 0,
                            "%s: a head of %.1f litres, more than a brain has: with its skull? " PREPARING
                            "#skull",
                            kind, litres);
    return status;
}

/* An image whose background is no single value has its skull, noise or a frame. */
static int add_images(struct survey *survey, const struct nifti_case_volumes *volumes, double voxel)
{
    struct head head[MODALITIES_MAX];
    const struct head *first = NULL;
    int size[3], status = STATUS_OK, varying = 0;
    axes_size(volumes->axes, volumes->volume[0].size, size);
    const size_t voxels = grid_voxels(size);
    for (int m = 0; m < data_scheme->modality_count && !status; m++) {
        const float *data = nifti_case_modality(volumes, m);
        const char *kind = modalities[m].name;
        if (!data)
            continue;
        head[m] = look_at(data, size);
        status = add_head(survey, &head[m], kind, voxel);
        if (!status && head[m].voxels)
            status = add_digest(survey, kind, data, voxels);
        varying += head[m].varies;
        if (status || head[m].varies || !head[m].voxels)
            continue;
        const double covered = first ? cover(first, &head[m], voxels) : 1;
        if (covered < COVER_MIN)
            status = survey_add(survey, SURVEY_WARNING, 0,
                                "%s: its head and that of another modality cover each other by %.2f (Dice): "
                                "registered to one "
                                "another? " PREPARING "#registration",
                                kind, covered);
        first = first ? first : &head[m];
    }
    if (!status && varying)
        status = survey_add(
            survey, SURVEY_WARNING, 0,
            "%d images without a background of one value: is the skull still there? " PREPARING "#skull",
            varying);
    return status;
}

/* Numbers of a label map as they are, and regions by the scheme. */
static int add_numbers(struct survey *survey, const float *values, size_t voxels)
{
    size_t count[LABEL_NUMBERS] = {0};
    int status = STATUS_OK;
    for (size_t i = 0; i < voxels; i++) {
        const float value = label_round(values[i]);
        if (value >= 0 && value < LABEL_NUMBERS && value == floorf(value))
            count[(int)value]++;
    }
    for (int number = 0; number < LABEL_NUMBERS && !status; number++)
        if (count[number])
            status = survey_add(survey, SURVEY_LABEL, count[number], "%d", number);
    return status;
}

static int add_regions(struct survey *survey, const struct record *label)
{
    const uint8_t *labels = label->data;
    const struct label_scheme *scheme;
    size_t count[256] = {0};
    int status = scheme_of_record(label, &scheme);
    if (status)
        return status;
    for (size_t i = 0; i < record_voxels(label); i++)
        count[labels[i]]++;
    for (int r = 0; r < scheme->region_count && !status; r++) {
        size_t voxels = 0;
        for (int value = 1; value < 256; value++)
            voxels += label_region_bits(scheme, (uint8_t)value) >> r & 1 ? count[value] : 0;
        status =
            survey_add(survey, voxels ? SURVEY_REGION : SURVEY_EMPTY, voxels, "%s", scheme->regions[r].name);
    }
    return status;
}

/* By which schemes the numbers could be read; which they are read by is said of the whole data set. */
static int add_readings(struct survey *survey, const struct nifti_case_volumes *volumes,
                        const struct nifti_case *files, const struct survey_settings *settings)
{
    const struct label_readings readings = nifti_case_readings(volumes, files);
    const struct label_scheme *own = nifti_case_scheme(files, settings->scheme), *scheme;
    int status = STATUS_OK;
    for (size_t i = 0; (scheme = scheme_builtin(i)) && !status; i++)
        if (label_readings_fit(&readings, scheme))
            status = survey_add(survey, SURVEY_FITS, 0, "%s", scheme->name);
    survey->scheme = !survey->readings.maps || survey->scheme == own ? own : NULL;
    label_readings_join(&survey->readings, &readings);
    return status;
}

static int add_label(struct survey *survey, const struct nifti_case_volumes *volumes,
                     const struct nifti_case *files, const struct survey_settings *settings)
{
    struct record label = {0};
    const struct nifti *volume = &volumes->volume[volumes->images];
    int status = add_numbers(survey, volume->data, grid_voxels(volume->size));
    if (!status)
        status = add_readings(survey, volumes, files, settings);
    if (!status)
        status = nifti_case_label(volumes, files, settings->scheme, &label);
    if (!status)
        status = add_regions(survey, &label);
    record_free(&label);
    return status;
}

int survey_voxels(struct survey *survey, const struct nifti_case *files,
                  const struct survey_settings *settings)
{
    const struct nifti_options options = {.max_bytes = settings->max_bytes};
    struct nifti_case whole = *files; /* borrows the names */
    struct nifti_case_volumes volumes;
    struct record image;
    whole.grid_of_images = settings->grid_of_images;
    int status = nifti_case_load(&volumes, &whole, &options);
    if (status)
        return status;
    nifti_case_describe(&volumes, &whole, &image);
    status = volumes.images ? add_images(survey, &volumes, record_voxel_volume(&image)) : STATUS_OK;
    if (!status && files->label)
        status = add_label(survey, &volumes, &whole, settings);
    nifti_case_unload(&volumes);
    return status;
}

/* By the digest, then by case and modality. */
static int compare_digests(const void *a, const void *b)
{
    const struct survey_digest *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    if (!order)
        order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->kind, y->kind);
}

int survey_duplicates(struct survey *survey)
{
    struct survey_digest *all = survey->digest;
    int status = STATUS_OK;
    if (survey->digest_count)
        qsort(all, survey->digest_count, sizeof *all, compare_digests);
    for (size_t i = 0, first = 0; i < survey->digest_count && !status; i++) {
        if (strcmp(all[first].text, all[i].text))
            first = i;
        survey->now = all[i].name;
        if (first < i)
            status = survey_add(survey, SURVEY_WARNING, 0, "%s has the voxels of %s of %s", all[i].kind,
                                all[first].kind, all[first].name);
    }
    return status;
}
