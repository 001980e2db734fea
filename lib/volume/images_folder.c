#include "lib/volume/images_folder.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/folder.h"
#include "lib/volume/dataset_json.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file of images: its case, and of nnU-Net its channel. */
struct image_file {
    char *file;
    size_t stem; /* length of the case's name */
    int channel; /* -1: the file is not called X_0000 */
};

struct image_files {
    size_t count, capacity;
    struct image_file *row;
};

static const struct {
    const char *images, *labels;
    bool test;
} folders[] = {{"imagesTr", "labelsTr", false}, {"imagesTs", "labelsTs", true}};

enum { FOLDERS = sizeof folders / sizeof folders[0] };

static int folder_index(const char *name)
{
    int i = 0;
    while (i < FOLDERS && strcmp(name, folders[i].images))
        i++;
    return i;
}

bool images_folder_is(const char *name)
{
    return folder_index(name) < FOLDERS;
}

int labels_folder_is(const char *path, const char *name, bool *is)
{
    int index = 0;
    *is = false;
    while (index < FOLDERS && strcmp(name, folders[index].labels))
        index++;
    if (index == FOLDERS)
        return STATUS_OK;
    char *root = folder_above(path, name);
    int status =
        root ? folder_has(root, folders[index].images, is) : fail(STATUS_FAILURE, "%s: out of memory", path);
    free(root);
    return status;
}

/* Files ------------------------------------------------------------------------------------------------ */

static int take_file(void *self, const struct dirent *entry)
{
    struct image_files *files = self;
    const char *name = entry->d_name;
    struct image_file file = {.stem = nifti_stem_length(name)};
    if (*name == '.' || !file.stem || entry->d_type == DT_DIR)
        return STATUS_OK;
    file.channel = file_channel(name, &file.stem);
    int status = array_grow(&files->row, &files->capacity, files->count + 1, sizeof *files->row);
    if (status)
        return status;
    if (!(file.file = strdup(name)))
        return fail(STATUS_FAILURE, "out of memory");
    files->row[files->count++] = file;
    return STATUS_OK;
}

/* By their cases, then by their channels. */
static int compare_files(const void *a, const void *b)
{
    const struct image_file *x = a, *y = b;
    const size_t shorter = x->stem < y->stem ? x->stem : y->stem;
    int order = memcmp(x->file, y->file, shorter);
    if (!order && x->stem != y->stem)
        order = x->stem < y->stem ? -1 : 1;
    if (!order && x->channel != y->channel)
        order = x->channel < y->channel ? -1 : 1;
    return order ? order : strcmp(x->file, y->file);
}

static bool same_case(const struct image_file *a, const struct image_file *b)
{
    return a->stem == b->stem && !memcmp(a->file, b->file, a->stem);
}

static void free_files(struct image_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->row[i].file);
    free(files->row);
}

/* nnU-Net's files have channels from 0000 on; the Decathlon may number its cases with four digits, too. */
static bool are_channels(const struct image_files *files, const struct dataset *dataset)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->row[i].channel == 0)
            return !dataset->four_dimensions;
    return false;
}

/* Cases ------------------------------------------------------------------------------------------------ */

/* What the cases of one folder share. */
struct images_folder {
    struct case_search *search;
    const char *path;
    char *labels; /* the folder of label maps */
    bool test;
    struct dataset dataset;
    struct stat about;
};

static int set_path(char **path, const char *folder, const char *file)
{
    if (asprintf(path, "%s/%s", folder, file) >= 0)
        return STATUS_OK;
    *path = NULL;
    return fail(STATUS_FAILURE, "%s: out of memory", folder);
}

static int find_label(const struct images_folder *folder, const char *name, char **label)
{
    static const char *const endings[] = {".nii.gz", ".nii"};
    int status = STATUS_OK;
    for (int i = 0; i < 2 && !status; i++) {
        char *file;
        bool has = false;
        if (asprintf(&file, "%s%s", name, endings[i]) < 0)
            return fail(STATUS_FAILURE, "%s: out of memory", folder->labels);
        status = folder_has(folder->labels, file, &has);
        if (!status && has && *label)
            status = fail(STATUS_DATA, "two files for seg: %s and %s/%s", *label, folder->labels, file);
        else if (!status && has)
            status = set_path(label, folder->labels, file);
        free(file);
    }
    return status;
}

/* The files of one case of nnU-Net. */
static int take_channels(const struct images_folder *folder, const struct image_file *file, size_t count,
                         struct nifti_case *files)
{
    const struct dataset *dataset = &folder->dataset;
    int status = STATUS_OK;
    for (size_t i = 0; i < count && !status; i++) {
        int modality = 0;
        while (modality < data_scheme->modality_count && dataset->channel_of[modality] != file[i].channel)
            modality++;
        if (file[i].channel < 0)
            return fail(STATUS_DATA, "%s/%s: is not called CASE_0000 as the others", folder->path,
                        file[i].file);
        if (modality == data_scheme->modality_count)
            return fail(STATUS_DATA, "%s/%s: dataset.json knows no channel %d", folder->path, file[i].file,
                        file[i].channel);
        if (files->image[modality])
            return fail(STATUS_DATA, "two files for %s: %s and %s/%s", modalities[modality].name,
                        files->image[modality], folder->path, file[i].file);
        status = set_path(&files->image[modality], folder->path, file[i].file);
    }
    files->images = data_scheme->modality_count;
    files->layout = LAYOUT_NNUNET;
    return status;
}

/* The file of one case of the Decathlon. */
static int take_volumes(const struct images_folder *folder, const struct image_file *file, size_t count,
                        struct nifti_case *files)
{
    if (count > 1)
        return fail(STATUS_DATA, "two files of one case: %s/%s and %s", folder->path, file[0].file,
                    file[1].file);
    files->images = 1;
    files->layout = LAYOUT_DECATHLON;
    files->has_volumes = folder->dataset.found;
    memcpy(files->volume, folder->dataset.channel_of, sizeof files->volume);
    return set_path(&files->image[0], folder->path, file->file);
}

static int add_case(const struct images_folder *folder, bool channels, const struct image_file *file,
                    size_t count)
{
    struct listed_case found = {
        .folder = strdup(folder->path), .device = folder->about.st_dev, .inode = folder->about.st_ino};
    char *name = strndup(file->file, file->stem);
    struct nifti_case *files = &found.files;
    int status = name && found.folder ? STATUS_OK : fail(STATUS_FAILURE, "%s: out of memory", folder->path);
    if (!status)
        status = (channels ? take_channels : take_volumes)(folder, file, count, files);
    if (!status)
        status = find_label(folder, name, &files->label);
    if (!status)
        snprintf(files->name, sizeof files->name, "%s", name);
    files->found = (int)count;
    const bool wanted = !folder->search->labelled || files->label || !folder->test;
    if (!status && wanted) {
        status = search_add(folder->search, &found, name);
    } else {
        free(found.folder);
        nifti_case_free(files);
        status = search_refuse(folder->search, status);
    }
    free(name);
    return status;
}

/* Of nnU-Net's files only dataset.json says what they are; the Decathlon's brain tumours have an order of
 * their own. */
static int check_dataset(const struct images_folder *folder, bool channels)
{
    const struct dataset *dataset = &folder->dataset;
    if (channels && !dataset->found)
        return fail(STATUS_DATA,
                    "%s: no dataset.json beside it says which modality is channel 0000: write one with "
                    "channel_names, "
                    "labels and file_ending",
                    folder->path);
    for (int m = 0; m < data_scheme->modality_count && !channels && dataset->found; m++)
        if (dataset->channel_of[m] < 0 || dataset->channels != data_scheme->modality_count)
            return fail(STATUS_DATA, "%s: dataset.json beside it must name %d volumes", folder->path,
                        data_scheme->modality_count);
    return STATUS_OK;
}

static int add_all(struct images_folder *folder, struct image_files *files)
{
    const bool channels = are_channels(files, &folder->dataset);
    for (size_t i = 0; i < files->count && !channels; i++) {
        files->row[i].stem = nifti_stem_length(files->row[i].file);
        files->row[i].channel = -1;
    }
    int status = files->count ? check_dataset(folder, channels) : STATUS_OK;
    if (files->count)
        qsort(files->row, files->count, sizeof *files->row, compare_files);
    for (size_t i = 0, next; i < files->count && !status; i = next) {
        next = i + 1;
        while (next < files->count && same_case(&files->row[i], &files->row[next]))
            next++;
        status = add_case(folder, channels, &files->row[i], next - i);
    }
    return status;
}

int images_folder_search(struct case_search *search, const char *path, const char *name)
{
    const int index = folder_index(name);
    struct images_folder folder = {.search = search, .path = path, .test = folders[index].test};
    struct image_files files = {0};
    char *root = folder_above(path, name);
    int status = root ? set_path(&folder.labels, root, folders[index].labels)
                      : fail(STATUS_FAILURE, "%s: out of memory", path);
    if (!status && stat(path, &folder.about))
        status = fail_errno(STATUS_FAILURE, "%s: cannot read the folder", path);
    if (!status)
        status = dataset_json_read(root, &folder.dataset);
    if (!status)
        status = folder_visit(path, take_file, &files);
    if (!status)
        status = add_all(&folder, &files);
    free_files(&files);
    free(folder.labels);
    free(root);
    return status;
}
