#include "lib/volume/nifti_case_write.h"
#include "lib/base/error.h"
#include "lib/stream/record_write.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_SIZE = 1024 };

/* All volumes of a case: its images, and its label behind them. */
struct volumes {
    int count;
    const char *path[CASE_FILES];
    struct nifti_file *file[CASE_FILES];
    struct nifti volume[CASE_FILES];
};

static int open_all(struct volumes *all, const struct nifti_case *files, const struct nifti_options *options)
{
    int status = STATUS_OK;
    for (int i = 0; i < files->images; i++)
        all->path[all->count++] = files->image[i];
    if (files->label)
        all->path[all->count++] = files->label;
    for (int i = 0; !status && i < all->count; i++)
        status = nifti_open(all->path[i], options, &all->file[i], &all->volume[i]);
    return status;
}

static int check_all(const struct volumes *all, int images)
{
    for (int i = 0; i < all->count; i++) {
        int wanted = i < images ? MODALITIES / images : 1, status;
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
static int load_all(struct volumes *all)
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

static void free_all(struct volumes *all)
{
    for (int i = 0; i < all->count; i++) {
        nifti_close(all->file[i]);
        nifti_free(&all->volume[i]);
    }
}

static int write_image(const struct volumes *all, const struct nifti_case *files, struct output *output)
{
    struct record record = {
        .role = ROLE_IMAGE, .sample = SAMPLE_FLOAT, .channels = MODALITIES, .last = !files->label};
    memcpy(record.case_name, files->name, sizeof record.case_name);
    modality_names(record.channel_names);
    nifti_describe(&all->volume[0], &record);
    size_t voxels = record_voxels(&record);
    int status = record_write_header(output, &record);
    for (size_t c = 0; !status && c < MODALITIES; c++) {
        const float *data = files->images == 1
                                ? all->volume[0].data + (size_t)modalities[c].decathlon * voxels
                                : all->volume[c].data;
        status = output_write(output, data, voxels * sizeof *data);
    }
    return status;
}

static int write_label(const struct volumes *all, const struct nifti_case *files, struct record *record,
                       struct output *output)
{
    memcpy(record->case_name, files->name, sizeof record->case_name);
    nifti_describe(&all->volume[files->images], record);
    return record_write(output, record);
}

/* The label map's numbers, before anything is written. */
static int read_label(const struct volumes *all, const struct nifti_case *files,
                      const struct label_scheme *scheme, struct record *record)
{
    *record = (struct record){.role = ROLE_LABEL, .sample = SAMPLE_UINT8, .channels = 1, .last = true};
    if (!files->label)
        return STATUS_OK;
    const struct nifti *volume = &all->volume[files->images];
    memcpy(record->size, volume->size, sizeof record->size);
    int status = record_allocate(record);
    if (status)
        return status;
    status = labels_of_values(scheme, volume->data, record_voxels(record), record->data);
    if (!status)
        labels_warn_rounded(files->label, labels_rounded(volume->data, record_voxels(record)));
    if (status && scheme == record_scheme)
        fail(status, "%s; 3 is the enhancing tumour with --scheme 2023", error_message());
    else if (status && scheme == label_scheme_named("2023"))
        fail(status,
             "%s; 4 is the enhancing tumour up to 2021, with --scheme 2018, and the resection cavity from "
             "2024 on",
             error_message());
    return status ? fail_in(status, "%s", files->label) : STATUS_OK;
}

int nifti_case_write(const struct nifti_case *files, const struct nifti_options *options,
                     const struct label_scheme *scheme, struct output *output)
{
    if (!scheme)
        scheme = files->images == 1 ? label_scheme_named("msd") : record_scheme;
    struct volumes all = {0};
    struct record label = {0};
    int status = open_all(&all, files, options);
    if (!status)
        status = check_all(&all, files->images);
    if (!status)
        status = load_all(&all);
    if (!status)
        status = read_label(&all, files, scheme, &label);
    if (!status)
        status = write_image(&all, files, output);
    if (!status && files->label)
        status = write_label(&all, files, &label, output);
    record_free(&label);
    free_all(&all);
    return status;
}
