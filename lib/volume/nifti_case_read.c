#include "lib/volume/nifti_case_read.h"
#include "lib/base/error.h"
#include <stdio.h>
#include <string.h>

enum { MESSAGE_SIZE = 1024 };

static void list_files(struct nifti_case_volumes *all, const struct nifti_case *files)
{
    *all = (struct nifti_case_volumes){0};
    for (int i = 0; i < files->images; i++)
        if (files->image[i]) {
            all->modality[all->count] = i;
            all->path[all->count++] = files->image[i];
        }
    all->images = all->count;
    if (files->label) {
        all->modality[all->count] = LABEL_FILE;
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

static int check_all(const struct nifti_case_volumes *all, bool four_dimensions)
{
    for (int i = 0; i < all->count; i++) {
        int wanted = i < all->images && four_dimensions ? MODALITIES : 1, status;
        if (all->volume[i].channels != wanted)
            return fail(STATUS_DATA, "%s: %d volumes where %d %s expected", all->path[i],
                        all->volume[i].channels, wanted, wanted > 1 ? "(flair, t1, t1ce, t2) are" : "is");
        if (i && (status = nifti_same_grid(all->path[0], &all->volume[0], all->path[i], &all->volume[i])))
            return status;
    }
    return STATUS_OK;
}

/* zlib is what takes the time: the files are inflated side by side. The message of the first file that fails
 * is kept, whichever thread met it: messages are a thread's own. */
static int load_all(struct nifti_case_volumes *all)
{
    int status[CASE_FILES];
    char message[CASE_FILES][MESSAGE_SIZE];
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < all->count; i++) {
        status[i] = nifti_load(all->file[i], &all->volume[i]);
        all->file[i] = NULL;
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
        status = check_all(volumes, files->images == 1);
    if (!status)
        status = load_all(volumes);
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
    if (volumes->volume[0].channels == MODALITIES)
        return volumes->volume[0].data + (size_t)modalities[modality].decathlon * voxels_of(volumes);
    for (int i = 0; i < volumes->images; i++)
        if (volumes->modality[i] == modality)
            return volumes->volume[i].data;
    return NULL;
}

void nifti_case_describe(const struct nifti_case_volumes *volumes, const struct nifti_case *files,
                         struct record *image)
{
    *image = (struct record){
        .role = ROLE_IMAGE, .sample = SAMPLE_FLOAT, .channels = MODALITIES, .last = !files->label};
    memcpy(image->case_name, files->name, sizeof image->case_name);
    modality_names(image->channel_names);
    nifti_describe(&volumes->volume[0], image);
}

int nifti_case_image(const struct nifti_case_volumes *volumes, const struct nifti_case *files,
                     struct record *image)
{
    nifti_case_describe(volumes, files, image);
    int status = record_allocate(image);
    const size_t voxels = voxels_of(volumes);
    for (int c = 0; !status && c < MODALITIES; c++) {
        const float *data = nifti_case_modality(volumes, c);
        if (data)
            memcpy((float *)image->data + (size_t)c * voxels, data, voxels * sizeof *data);
    }
    return status;
}

static int explain_labels(int status, const struct label_scheme *scheme)
{
    if (scheme == record_scheme)
        return fail(status, "%s; 3 is the enhancing tumour with --scheme 2023", error_message());
    if (scheme == label_scheme_named("2023"))
        return fail(status,
                    "%s; 4 is the enhancing tumour up to 2021, with --scheme 2018, and the resection cavity "
                    "from 2024 on",
                    error_message());
    return status;
}

int nifti_case_label(const struct nifti_case_volumes *volumes, const struct nifti_case *files,
                     const struct label_scheme *scheme, struct record *label)
{
    const struct nifti *volume = &volumes->volume[volumes->images];
    if (!scheme)
        scheme = files->images == 1 ? label_scheme_named("msd") : record_scheme;
    *label = (struct record){.role = ROLE_LABEL, .sample = SAMPLE_UINT8, .channels = 1, .last = true};
    memcpy(label->case_name, files->name, sizeof label->case_name);
    nifti_describe(volume, label);
    int status = record_allocate(label);
    if (status)
        return status;
    const size_t voxels = record_voxels(label);
    status = labels_of_values(scheme, volume->data, voxels, label->data);
    if (!status) {
        labels_warn_rounded(files->label, labels_rounded(volume->data, voxels));
        return STATUS_OK;
    }
    explain_labels(status, scheme);
    record_free(label);
    return fail_in(status, "%s", files->label);
}
