#include "lib/volume/nifti_case.h"
#include "lib/base/error.h"
#include "lib/base/folder.h"
#include "lib/base/numbers.h"
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Whether two names differ, and in nothing but digits: "BraTS20_Training_001" and "_002", two patients of one
 * collection. */
static bool other_patient(const char *a, size_t a_length, const char *b, size_t b_length)
{
    const char *const digits = "0123456789";
    const char *a_end = a + a_length, *b_end = b + b_length;
    if (a_length == b_length && !memcmp(a, b, a_length))
        return false;
    while (a < a_end && b < b_end) {
        const bool number = strchr(digits, *a) && strchr(digits, *b);
        if (!number && *a++ != *b++)
            return false;
        while (number && a < a_end && strchr(digits, *a))
            a++;
        while (number && b < b_end && strchr(digits, *b))
            b++;
    }
    return a == a_end && b == b_end;
}

/* Whether a name is one that BraTS gives its cases: Brats18_CBICA_ALU_1, BraTS2021_00006,
 * BraTS-GLI-00001-000. */
static bool is_published(const char *name, size_t length)
{
    return length > 6 && !strncasecmp(name, "brats", 5) &&
           (name[5] == '-' || isdigit((unsigned char)name[5]));
}

/* Whether a file and its folder are called after two cases of BraTS. A name that goes on where the other ends
 * ("BraTS2021_00006_resampled") is no other case. */
static bool other_published(const char *file, size_t length, const char *folder)
{
    const size_t shorter = size_min(length, strlen(folder));
    return is_published(file, length) && is_published(folder, strlen(folder)) &&
           memcmp(file, folder, shorter);
}

static char **slot(struct nifti_case *files, int kind)
{
    return kind == label_file() ? &files->label : &files->image[kind];
}

/* BraTS 2020 has a label map so: W39_1998.09.19_Segm.nii, of case 355. */
static int note_odd(struct nifti_case *files, const char *name)
{
    char **odd = strcasestr(name, "seg") ? &files->odd_label : &files->odd_image;
    return *odd || (*odd = strdup(name)) ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
}

/* Whether an entry is a folder, or a link to one. A link to nothing is a file that is missed when it is
 * opened. */
static bool is_folder(const char *folder, const struct dirent *entry)
{
    struct stat about;
    char *path;
    if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0)
        return false;
    const bool is = !stat(path, &about) && S_ISDIR(about.st_mode);
    free(path);
    return is;
}

struct look {
    struct nifti_case *files;
    const char *folder;
    int known; /* files whose names say what they are */
};

static int take_file(void *self, const struct dirent *entry)
{
    struct look *look = self;
    struct nifti_case *files = look->files;
    const char *folder = look->folder;
    const char *name = entry->d_name;
    if (*name == '.' || !nifti_stem_length(name) || is_folder(folder, entry))
        return STATUS_OK;
    files->found++;
    const struct file_kind is = file_kind(name);
    if (is.kind < 0)
        return note_odd(files, name);
    char **path = slot(files, is.kind);
    if (*path)
        return fail(STATUS_DATA, "%s: two files for %s: %s and %s", folder, modalities[is.kind].name,
                    path_file(*path), name);
    files->naming = look->known++ && files->naming != is.naming ? NAMING_PLAIN : is.naming;
    if (asprintf(path, "%s/%s", folder, name) < 0) {
        *path = NULL;
        return fail(STATUS_FAILURE, "%s: out of memory", folder);
    }
    return STATUS_OK;
}

/* The last part of a folder's resolved name, so that "." and "case/" have one, too. */
static void folder_name(const char *folder, char *name, size_t size)
{
    char *whole = realpath(folder, NULL);
    snprintf(name, size, "%s", whole ? path_file(whole) : "");
    free(whole);
}

/* All files of a folder have one name before their suffix; that of the folder may be another, but not that of
 * another patient. */
static int check_one_case(const struct nifti_case *files, const char *folder, const char *name)
{
    const char *first = NULL;
    size_t first_length = 0;
    for (int kind = 0; kind < case_files(); kind++) {
        const char *file = kind == label_file() ? files->label : files->image[kind];
        const size_t length = file ? file_kind(file = path_file(file)).length : 0;
        if (!length) /* "t1.nii.gz": nothing that could contradict */
            continue;
        if (!first) {
            first = file;
            first_length = length;
        }
        if (length != first_length || memcmp(first, file, length))
            return fail(STATUS_DATA, "%s: files of two cases: %s and %s", folder, first, file);
    }
    if (first && (other_patient(first, first_length, name, strlen(name)) ||
                  other_published(first, first_length, name)))
        return fail(STATUS_DATA, "%s: a file of another case: %s", folder, first);
    return STATUS_OK;
}

/* The file of the first modality that is there. */
static const char *first_image(const struct nifti_case *files)
{
    int i = 0;
    while (i < files->images - 1 && !files->image[i])
        i++;
    return files->image[i];
}

/* What a file is that was given in a place. nnU-Net's X_0001 in the second one is X's. */
static struct file_kind kind_in_place(const char *path, int place, int images)
{
    struct file_kind is = file_kind(path_file(path));
    size_t length = is.length;
    if (is.kind < 0 && images > 1 && file_channel(path_file(path), &length) == place)
        is.length = length;
    return is;
}

uint64_t nifti_case_absent(const struct nifti_case *files)
{
    uint64_t absent = 0;
    for (int i = 0; i < files->images; i++)
        absent |= (uint64_t)!files->image[i] << i;
    return absent;
}

int nifti_case_check(const struct nifti_case *files)
{
    struct file_kind first = {-1, 0, NAMING_PLAIN};
    for (int place = 0; place < case_files(); place++) {
        const char *file = place == label_file()   ? files->label
                           : place < files->images ? files->image[place]
                                                   : NULL;
        if (!file)
            continue;
        const struct file_kind is = kind_in_place(file, place, files->images);
        if (file == first_image(files))
            first = is;
        if (is.kind >= 0 && is.kind != place && (place == label_file() || files->images > 1))
            return fail(STATUS_DATA, "%s: given as %s, by its name it is %s", file, modalities[place].name,
                        modalities[is.kind].name);
        if (other_patient(path_file(first_image(files)), first.length, path_file(file), is.length))
            return fail(STATUS_DATA, "files of two cases: %s and %s", first_image(files), file);
    }
    return STATUS_OK;
}

/* BraTS' files up to 2021 are called alike: cases of HGG and LGG, or of the years before by their own names,
 * are older. */
static enum layout layout_of(const struct nifti_case *files, const char *folder, const char *name)
{
    if (files->naming != NAMING_UNDERSCORE)
        return files->naming == NAMING_HYPHEN ? LAYOUT_BRATS_2023 : LAYOUT_PLAIN;
    const size_t length = strlen(folder), own = strlen(path_file(folder));
    const bool grouped = length > own + 4 && (!memcmp(folder + length - own - 5, "/HGG/", 5) ||
                                              !memcmp(folder + length - own - 5, "/LGG/", 5));
    const bool named = !strncasecmp(name, "brats1", 6) || !strncasecmp(name, "brats20_", 8);
    return grouped || named ? LAYOUT_BRATS_2018 : LAYOUT_BRATS_2021;
}

int nifti_case_look(struct nifti_case *files, const char *folder, const char *name)
{
    *files = (struct nifti_case){.images = data_scheme->modality_count, .naming = NAMING_PLAIN};
    struct look look = {files, folder, 0};
    int status = folder_visit(folder, take_file, &look);
    if (!status)
        status = check_one_case(files, folder, name);
    if (!status)
        files->layout = layout_of(files, folder, name);
    if (status)
        nifti_case_free(files);
    else if (case_name_valid(name))
        snprintf(files->name, sizeof files->name, "%s", name);
    return status;
}

int nifti_case_complete(const struct nifti_case *files, const char *folder)
{
    for (int kind = 0; kind < files->images; kind++) {
        const struct modality *modality = &modalities[kind];
        if (files->image[kind])
            continue;
        if (!layout_has_folders(files->layout))
            return fail(STATUS_DATA, "%s: no %s of case %s", folder, modalities[kind].name, files->name);
        if (files->odd_image)
            return fail(
                STATUS_DATA,
                "%s: no %s: no file ends with %s or %s, then .nii or .nii.gz; %s is not one by its name",
                folder, modality->name, modality->suffix[0], modality->suffix[1], files->odd_image);
        return fail(STATUS_DATA, "%s: no %s: no file ends with %s or %s, then .nii or .nii.gz", folder,
                    modality->name, modality->suffix[0], modality->suffix[1]);
    }
    return STATUS_OK;
}

int nifti_case_find(struct nifti_case *files, const char *folder)
{
    char name[CASE_NAME_SIZE + 1]; /* more than a name, to see that one is too long */
    folder_name(folder, name, sizeof name);
    return nifti_case_look(files, folder, name);
}

/* "x/BraTS2021_00006_t1.nii.gz" is BraTS2021_00006; "x/BraTS2021_00006/t1.nii.gz" is the folder's. */
static int name_of_image(const struct nifti_case *files, char *name, size_t size)
{
    const char *path = first_image(files), *file = path_file(path);
    struct file_kind is =
        nifti_stem_length(file) ? kind_in_place(path, 0, files->images) : stem_kind(file, strlen(file));
    if (is.length) {
        snprintf(name, size, "%.*s", (int)is.length, file);
        return STATUS_OK;
    }
    char *folder = file > path ? strndup(path, (size_t)(file - path)) : strdup(".");
    if (!folder)
        return fail(STATUS_FAILURE, "%s: out of memory", path);
    folder_name(folder, name, size);
    free(folder);
    return STATUS_OK;
}

int nifti_case_name(struct nifti_case *files, const char *name)
{
    char found[CASE_NAME_SIZE + 16]; /* more than a name, to see that one is too long */
    int status = STATUS_OK;
    if (name)
        snprintf(found, sizeof found, "%s", name);
    else
        status = name_of_image(files, found, sizeof found);
    if (status)
        return status;
    if (!case_name_valid(found))
        return fail(STATUS_USAGE,
                    "'%s' cannot name a case (letters, digits, '.', '_', '-', at most %d): --case NAME",
                    found, CASE_NAME_SIZE - 1);
    memcpy(files->name, found, sizeof files->name);
    return STATUS_OK;
}

void nifti_case_free(struct nifti_case *files)
{
    for (int i = 0; i < MODALITIES_MAX; i++)
        free(files->image[i]);
    free(files->label);
    free(files->odd_label);
    free(files->odd_image);
    *files = (struct nifti_case){0};
}
