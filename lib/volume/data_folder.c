#include "lib/volume/data_folder.h"
#include "lib/base/error.h"
#include "lib/base/memory_stream.h"
#include "lib/base/output.h"
#include "lib/volume/case_folder.h"
#include "lib/volume/phantom_files.h"
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void data_folder_name(enum layout layout, int number, char name[DATA_FOLDER_NAME_SIZE])
{
    const char *format = layout == LAYOUT_BRATS_2023 ? "BraTS-PHA-%05d-000"
                         : layout == LAYOUT_BIDS     ? "sub-%05d"
                                                     : "phantom_%05d";
    snprintf(name, DATA_FOLDER_NAME_SIZE, format, number);
}

/* Joins folders with a slash and makes each that is not there. */
static int make_folders(char path[PATH_MAX], const char *root, const char *const *parts)
{
    size_t length = (size_t)snprintf(path, PATH_MAX, "%s", root);
    for (; *parts && length < PATH_MAX; parts++) {
        length += (size_t)snprintf(path + length, PATH_MAX - length, "/%s", *parts);
        if (length < PATH_MAX && mkdir(path, 0777) && errno != EEXIST)
            return fail_errno(STATUS_FAILURE, "%s: cannot be made", path);
    }
    return length < PATH_MAX ? STATUS_OK : fail(STATUS_FAILURE, "%s: the path is too long", root);
}

#define FOLDERS(path, root, ...) make_folders(path, root, (const char *const[]){__VA_ARGS__, NULL})

__attribute__((format(printf, 3, 4))) static int join(char path[PATH_MAX], const char *folder,
                                                      const char *format, ...)
{
    va_list arguments;
    char name[256];
    va_start(arguments, format);
    int length = vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    if (length < (int)sizeof name && snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX)
        return STATUS_OK;
    return fail(STATUS_FAILURE, "%s: the path is too long", folder);
}

/* One layout's way to write a case -------------------------------------------------------------------- */

static int write_images_and_labels(const struct phantom *phantom, const char *folder, bool channels,
                                   const char *name)
{
    const struct label_scheme *scheme = label_scheme_named("msd");
    char images[PATH_MAX], labels[PATH_MAX], path[PATH_MAX];
    int status = FOLDERS(images, folder, "imagesTr");
    if (!status && !(status = FOLDERS(labels, folder, "labelsTr")) &&
        !(status = join(path, labels, "%s.nii.gz", name)))
        status = phantom_write_label(phantom, name, scheme, path);
    if (!channels)
        return status || (status = join(path, images, "%s.nii.gz", name))
                   ? status
                   : phantom_write_images(phantom, name, path);
    for (int m = 0; m < MODALITIES && !status; m++)
        if (!(status = join(path, images, "%s_%04d.nii.gz", name, m)))
            status = phantom_write_image(phantom, name, m, path);
    return status;
}

static int write_bids(const struct phantom *phantom, const char *folder, const char *name)
{
    static const char *const suffixes[MODALITIES] = {"T1w", "ce-gadolinium_T1w", "T2w", "FLAIR"};
    char images[PATH_MAX], labels[PATH_MAX], path[PATH_MAX];
    int status = FOLDERS(labels, folder, "derivatives", "labels", name, "anat");
    if (!status && !(status = join(path, labels, "%s_dseg.nii.gz", name)))
        status = phantom_write_label(phantom, name, record_scheme, path);
    if (!status)
        status = FOLDERS(images, folder, name, "anat");
    for (int m = 0; m < MODALITIES && !status; m++)
        if (!(status = join(path, images, "%s_%s.nii.gz", name, suffixes[m])))
            status = phantom_write_image(phantom, name, m, path);
    return status;
}

int data_folder_write(const struct phantom *phantom, const char *folder, enum layout layout, int number)
{
    char name[DATA_FOLDER_NAME_SIZE], group[PATH_MAX];
    int status;
    data_folder_name(layout, number, name);
    switch (layout) {
    case LAYOUT_DECATHLON:
    case LAYOUT_NNUNET:
        return write_images_and_labels(phantom, folder, layout == LAYOUT_NNUNET, name);
    case LAYOUT_BIDS:
        return write_bids(phantom, folder, name);
    case LAYOUT_BRATS_2018:
        if ((status = FOLDERS(group, folder, number % 2 ? "HGG" : "LGG")))
            return status;
        return case_folder_write(phantom, group, name, layout);
    default:
        return case_folder_write(phantom, folder, name, layout);
    }
}

/* Descriptions ----------------------------------------------------------------------------------------- */

static int write_text(const char *folder, const char *file, const char *text)
{
    struct output output;
    char path[PATH_MAX];
    int status = join(path, folder, "%s", file);
    if (status || (status = output_open(&output, path, false)))
        return status;
    status = output_write(&output, text, strlen(text));
    if (!status)
        return output_commit(&output);
    output_discard(&output);
    return status;
}

static const char nnunet[] =
    "{\n"
    "  \"channel_names\": {\"0\": \"T1\", \"1\": \"T1ce\", \"2\": \"T2\", \"3\": \"FLAIR\"},\n"
    "  \"labels\": {\"background\": 0, \"whole tumor\": [1, 2, 3], \"tumor core\": [2, 3], "
    "\"enhancing tumor\": [3]},\n"
    "  \"regions_class_order\": [1, 2, 3],\n"
    "  \"numTraining\": %d,\n"
    "  \"file_ending\": \".nii.gz\"\n"
    "}\n";
static const char decathlon[] =
    "{\n"
    "  \"name\": \"phantoms\",\n"
    "  \"tensorImageSize\": \"4D\",\n"
    "  \"modality\": {\"0\": \"FLAIR\", \"1\": \"T1w\", \"2\": \"t1gd\", \"3\": \"T2w\"},\n"
    "  \"labels\": {\"0\": \"background\", \"1\": \"edema\", \"2\": \"non-enhancing tumor\", "
    "\"3\": \"enhancing tumour\"},\n"
    "  \"numTraining\": %d,\n"
    "  \"numTest\": 0,\n"
    "  \"training\": [";
static const char bids[] =
    "{\n  \"Name\": \"%s\",\n  \"BIDSVersion\": \"1.9.0\",\n  \"DatasetType\": \"%s\",\n"
    "  \"GeneratedBy\": [{\"Name\": \"phantom\", \"Version\": \"" PRUNET_VERSION "\"}]\n}\n";

/* The Decathlon's file lists its cases. */
static int describe_decathlon(const char *folder, int last)
{
    struct memory_stream text;
    FILE *memory = memory_stream_open(&text);
    if (!memory)
        return fail(STATUS_FAILURE, "%s: out of memory", folder);
    fprintf(memory, decathlon, last);
    for (int number = 1; number <= last; number++) {
        char name[DATA_FOLDER_NAME_SIZE];
        data_folder_name(LAYOUT_DECATHLON, number, name);
        fprintf(memory, "%s\n    {\"image\": \"./imagesTr/%s.nii.gz\", \"label\": \"./labelsTr/%s.nii.gz\"}",
                number > 1 ? "," : "", name, name);
    }
    fprintf(memory, "\n  ],\n  \"test\": []\n}\n");
    int status = memory_stream_close(memory, &text);
    if (status)
        return fail_in(status, "%s", folder);
    status = write_text(folder, "dataset.json", text.text);
    free(text.text);
    return status;
}

int data_folder_describe(const char *folder, enum layout layout, int last)
{
    char text[1024], labels[PATH_MAX];
    int status;
    switch (layout) {
    case LAYOUT_DECATHLON:
        return describe_decathlon(folder, last);
    case LAYOUT_NNUNET:
        snprintf(text, sizeof text, nnunet, last);
        return write_text(folder, "dataset.json", text);
    case LAYOUT_BIDS:
        snprintf(text, sizeof text, bids, "phantoms", "raw");
        if ((status = write_text(folder, "dataset_description.json", text)) ||
            (status = FOLDERS(labels, folder, "derivatives", "labels")))
            return status;
        snprintf(text, sizeof text, bids, "label maps of phantoms", "derivative");
        return write_text(labels, "dataset_description.json", text);
    default:
        return STATUS_OK;
    }
}
