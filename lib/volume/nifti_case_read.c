#include "lib/volume/nifti_case_read.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/stream/axes.h"
#include "lib/volume/scheme.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_SIZE = 1024 };

static void list_files(struct nifti_case_volumes *all, const struct nifti_case *files)
{
    *all = (struct nifti_case_volumes){0};
    for (int m = 0; m < data_scheme->modality_count; m++)
        all->order[m] = files->has_volumes ? files->volume[m] : modalities[m].decathlon;
    for (int i = 0; i < files->images; i++)
        if (files->image[i]) {
            all->modality[all->count] = i;
            all->path[all->count++] = files->image[i];
        }
    all->images = all->count;
    if (files->label) {
        all->modality[all->count] = label_file();
        all->path[all->count++] = files->label;
    }
}

static int open_all(struct nifti_case_volumes *all, const struct nifti_options *options)
{
    int status = STATUS_OK;
    for (int i = 0; !status && i < all->count; i++)
        status = nifti_open(all->path[i], options, &all->file[i], &all->volume[i]);
    return status;
}

/* "(flair, t1, t1ce, t2) are" */
static void list_volumes(char text[NAME_LIST_SIZE + 8])
{
    size_t length = 0;
    for (int v = 0; v < data_scheme->modality_count; v++)
        for (int m = 0; m < data_scheme->modality_count; m++)
            if (modalities[m].decathlon == v)
                length += (size_t)snprintf(text + length, NAME_LIST_SIZE - length, v ? ", %s" : "(%s",
                                           modalities[m].name);
    strcat(text, ") are");
}

/* The label map's place is that of the images: by its header, or because that is what the caller wants. */
static int place_label(struct nifti_case_volumes *all, bool grid_of_images)
{
    const struct nifti *image = &all->volume[0];
    struct nifti *label = &all->volume[all->images];
    const char *path = all->path[all->images];
    int status = nifti_same_grid(all->path[0], image, path, label);
    if (!status || !grid_equal(image->size, label->size))
        return status;
    if (!grid_of_images)
        return fail(status,
                    "%s: --grid-of images (GRID_OF=images) takes the images' place for the label map's",
                    error_message());
    memcpy(label->affine, image->affine, sizeof label->affine);
    memcpy(label->spacing, image->spacing, sizeof label->spacing);
    label->forms = image->forms;
    return STATUS_OK;
}

static int check_all(struct nifti_case_volumes *all, bool four_dimensions, bool grid_of_images)
{
    for (int i = 0; i < all->count; i++) {
        char volumes[NAME_LIST_SIZE + 8] = "is";
        int wanted = i < all->images && four_dimensions ? data_scheme->modality_count : 1, status = STATUS_OK;
        if (wanted > 1)
            list_volumes(volumes);
        if (all->volume[i].channels != wanted)
            return fail(STATUS_DATA, "%s: %d volumes where %d %s expected", all->path[i],
                        all->volume[i].channels, wanted, volumes);
        if (i == all->images)
            status = place_label(all, grid_of_images);
        else if (i)
            status = nifti_same_grid(all->path[0], &all->volume[0], all->path[i], &all->volume[i]);
        if (status)
            return status;
    }
    return STATUS_OK;
}

/* Gives a volume's voxels other axes; its size and its affine stay those of the file. */
static int turn(const int axes[3], const char *path, struct nifti *volume)
{
    const size_t voxels = grid_voxels(volume->size);
    if (axes_are_own(axes))
        return STATUS_OK;
    float *turned = malloc(voxels * (size_t)volume->channels * sizeof *turned);
    if (!turned)
        return fail(STATUS_FAILURE, "%s: out of memory", path);
    for (size_t c = 0; c < (size_t)volume->channels; c++)
        axes_turn(axes, volume->size, sizeof *turned, volume->data + c * voxels, turned + c * voxels);
    free(volume->data);
    volume->data = turned;
    return STATUS_OK;
}

/* zlib is what takes the time: the files are inflated side by side. The message of the first file that fails
 * is kept, whichever thread met it: messages are a thread's own. */
static int load_all(struct nifti_case_volumes *all)
{
    int status[NIFTI_CASE_FILES];
    char message[NIFTI_CASE_FILES][MESSAGE_SIZE];
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < all->count; i++) {
        status[i] = nifti_load(all->file[i], &all->volume[i]);
        all->file[i] = NULL;
        if (!status[i])
            status[i] = turn(all->axes, all->path[i], &all->volume[i]);
        snprintf(message[i], MESSAGE_SIZE, "%s", error_message());
    }
    for (int i = 0; i < all->count; i++) {
        if (status[i])
            return fail(status[i], "%s", message[i]);
        nifti_warn(all->path[i], &all->volume[i]);
    }
    return STATUS_OK;
}

int nifti_case_load(struct nifti_case_volumes *volumes, const struct nifti_case *files,
                    const struct nifti_options *options)
{
    list_files(volumes, files);
    int status = open_all(volumes, options);
    if (!status)
        status = check_all(volumes, files->images == 1, files->grid_of_images);
    if (!status) {
        axes_to_lps(volumes->volume[0].affine, volumes->axes);
        status = load_all(volumes);
    }
    if (status)
        nifti_case_unload(volumes);
    return status;
}

void nifti_case_unload(struct nifti_case_volumes *volumes)
{
    for (int i = 0; i < volumes->count; i++) {
        nifti_close(volumes->file[i]);
        nifti_free(&volumes->volume[i]);
    }
    *volumes = (struct nifti_case_volumes){0};
}

static size_t voxels_of(const struct nifti_case_volumes *volumes)
{
    const int *size = volumes->volume[0].size;
    return (size_t)size[0] * (size_t)size[1] * (size_t)size[2];
}

const float *nifti_case_modality(const struct nifti_case_volumes *volumes, int modality)
{
    if (volumes->volume[0].channels == data_scheme->modality_count)
        return volumes->volume[0].data + (size_t)volumes->order[modality] * voxels_of(volumes);
    for (int i = 0; i < volumes->images; i++)
        if (volumes->modality[i] == modality)
            return volumes->volume[i].data;
    return NULL;
}

void nifti_case_describe(const struct nifti_case_volumes *volumes, const struct nifti_case *files,
                         struct record *image)
{
    *image = (struct record){.role = ROLE_IMAGE,
                             .sample = SAMPLE_FLOAT,
                             .channels = data_scheme->modality_count,
                             .last = !files->label};
    memcpy(image->case_name, files->name, sizeof image->case_name);
    modality_names(data_scheme, image->channel_names);
    nifti_describe(&volumes->volume[0], image);
    record_turn(image, volumes->axes);
}

int nifti_case_image(const struct nifti_case_volumes *volumes, const struct nifti_case *files,
                     struct record *image)
{
    nifti_case_describe(volumes, files, image);
    int status = record_allocate(image);
    const size_t voxels = voxels_of(volumes);
    for (int c = 0; !status && c < data_scheme->modality_count; c++) {
        const float *data = nifti_case_modality(volumes, c);
        if (data)
            memcpy((float *)image->data + (size_t)c * voxels, data, voxels * sizeof *data);
    }
    return status;
}

/* What else the numbers could be. */
static int explain_labels(int status, const struct label_scheme *scheme, const struct nifti *volume,
                          size_t voxels)
{
    char fitting[SCHEME_ADVICE_SIZE];
    const char *const message = error_message();
    if (scheme == record_scheme)
        fail(status, "%s; 3 is the enhancing tumour with --scheme 2023", message);
    else if (scheme == label_scheme_named("2023"))
        fail(status,
             "%s; 4 is the enhancing tumour up to 2021, with --scheme 2018, and the resection cavity from "
             "2024 "
             "on, with --scheme brats-2024",
             message);
    schemes_that_fit(volume->data, voxels, fitting);
    return *fitting ? fail(status, "%s (all its numbers fit %s)", error_message(), fitting) : status;
}

const struct label_scheme *nifti_case_scheme(const struct nifti_case *files,
                                             const struct label_scheme *scheme)
{
    if (scheme)
        return scheme;
    return files->images == 1 && data_scheme == record_scheme ? label_scheme_named("msd") : data_scheme;
}

struct label_readings nifti_case_readings(const struct nifti_case_volumes *volumes,
                                          const struct nifti_case *files)
{
    const struct nifti *volume = &volumes->volume[volumes->images];
    struct label_readings readings = label_readings_named(files->label);
    const unsigned case_named = label_readings_named(files->name).named, both = readings.named & case_named;
    readings.named = both ? both : readings.named ? readings.named : case_named;
    label_readings_see_all(&readings, volume->data, grid_voxels(volume->size));
    return readings;
}

int nifti_case_label(const struct nifti_case_volumes *volumes, const struct nifti_case *files,
                     const struct label_scheme *scheme, struct record *label)
{
    const struct nifti *volume = &volumes->volume[volumes->images];
    scheme = nifti_case_scheme(files, scheme);
    *label = (struct record){.role = ROLE_LABEL, .sample = SAMPLE_UINT8, .channels = 1, .last = true};
    memcpy(label->case_name, files->name, sizeof label->case_name);
    nifti_describe(volume, label);
    record_turn(label, volumes->axes);
    int status = scheme_note(label, scheme);
    if (!status)
        status = record_allocate(label);
    if (status) {
        record_free(label);
        return status;
    }
    const size_t voxels = record_voxels(label);
    status = labels_of_values(scheme, volume->data, voxels, label->data);
    if (!status) {
        labels_warn_rounded(files->label, labels_rounded(volume->data, voxels));
        return STATUS_OK;
    }
    explain_labels(status, scheme, volume, voxels);
    record_free(label);
    return fail_in(status, "%s", files->label);
}
