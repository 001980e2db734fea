#include "lib/volume/nifti_case.h"
#include "lib/base/error.h"
#include "lib/base/folder.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool ends_with(const char *name, size_t length, const char *end)
{
    size_t size = strlen(end);
    return length >= size && !memcmp(name + length - size, end, size);
}

/* Length of a file's name without .nii or .nii.gz; 0 when it has neither. */
static size_t stem_length(const char *name)
{
    size_t length = strlen(name);
    if (ends_with(name, length, ".nii.gz"))
        return length - 7;
    return ends_with(name, length, ".nii") ? length - 4 : 0;
}

/* Which of a case's files a stem's suffix makes it, or -1; *length is then shortened by the suffix. */
static int kind_of(const char *name, size_t *length)
{
    for (int kind = 0; kind < CASE_FILES; kind++)
        for (int naming = 0; naming < NAMING_SCHEMES; naming++)
            if (ends_with(name, *length, modalities[kind].suffix[naming])) {
                *length -= strlen(modalities[kind].suffix[naming]);
                return kind;
            }
    return -1;
}

/* The same for a whole file name, which may also be no more than the suffix: "t1.nii.gz". *length becomes
 * that of what names the case. */
static int kind_of_file(const char *file, size_t *length)
{
    *length = stem_length(file);
    for (int kind = 0; kind < CASE_FILES; kind++)
        for (int naming = 0; naming < NAMING_SCHEMES; naming++) {
            const char *letters = modalities[kind].suffix[naming] + 1;
            if (*length == strlen(letters) && ends_with(file, *length, letters)) {
                *length = 0;
                return kind;
            }
        }
    return kind_of(file, length);
}

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

static char **slot(struct nifti_case *files, int kind)
{
    return kind == LABEL_FILE ? &files->label : &files->image[kind];
}

/* BraTS 2020 has one: W39_1998.09.19_Segm.nii, of case 355. */
static int note_odd_label(struct nifti_case *files, const char *name)
{
    if (files->odd_label || !strcasestr(name, "seg"))
        return STATUS_OK;
    files->odd_label = strdup(name);
    return files->odd_label ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
}

/* Whether an entry is a folder, or a link to one. A link to nothing is a file that is missed when it is opened. */
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
};

static int take_file(void *self, const struct dirent *entry)
{
    const struct look *look = self;
    struct nifti_case *files = look->files;
    const char *folder = look->folder;
    const char *name = entry->d_name;
    size_t length = stem_length(name);
    if (*name == '.' || !length || is_folder(folder, entry))
        return STATUS_OK;
    files->found++;
    int kind = kind_of(name, &length);
    if (kind < 0)
        return note_odd_label(files, name);
    char **path = slot(files, kind);
    if (*path)
        return fail(STATUS_DATA, "%s: two files for %s: %s and %s", folder, modalities[kind].name,
                    path_file(*path), name);
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
    size_t first_length = 0, length;
    for (int kind = 0; kind < CASE_FILES; kind++) {
        const char *file = kind == LABEL_FILE ? files->label : files->image[kind];
        if (!file)
            continue;
        file = path_file(file);
        kind_of_file(file, &length);
        if (!first) {
            first = file;
            first_length = length;
        }
        if (length != first_length || memcmp(first, file, length))
            return fail(STATUS_DATA, "%s: files of two cases: %s and %s", folder, first, file);
    }
    if (first && other_patient(first, first_length, name, strlen(name)))
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

int nifti_case_check(const struct nifti_case *files)
{
    const char *first = path_file(first_image(files));
    size_t first_length, length;
    kind_of_file(first, &first_length);
    for (int kind = 0; kind < CASE_FILES; kind++) {
        const char *file = kind == LABEL_FILE     ? files->label
                           : kind < files->images ? files->image[kind]
                                                  : NULL;
        if (!file)
            continue;
        int named = kind_of_file(path_file(file), &length);
        if (named >= 0 && named != kind && (kind == LABEL_FILE || files->images > 1))
            return fail(STATUS_DATA, "%s: given as %s, by its name it is %s", file, modalities[kind].name,
                        modalities[named].name);
        if (other_patient(first, first_length, path_file(file), length))
            return fail(STATUS_DATA, "files of two cases: %s and %s", first_image(files), file);
    }
    return STATUS_OK;
}

int nifti_case_look(struct nifti_case *files, const char *folder, const char *name)
{
    *files = (struct nifti_case){.images = MODALITIES};
    struct look look = {files, folder};
    int status = folder_visit(folder, take_file, &look);
    if (!status)
        status = check_one_case(files, folder, name);
    if (status)
        nifti_case_free(files);
    else if (case_name_valid(name))
        snprintf(files->name, sizeof files->name, "%s", name);
    return status;
}

int nifti_case_find(struct nifti_case *files, const char *folder)
{
    char name[CASE_NAME_SIZE + 1]; /* more than a name, to see that one is too long */
    folder_name(folder, name, sizeof name);
    int status = nifti_case_look(files, folder, name);
    for (int kind = 0; !status && kind < MODALITIES; kind++)
        if (!files->image[kind])
            status = fail(STATUS_DATA, "%s: no %s: no file ends with %s or %s, then .nii or .nii.gz", folder,
                          modalities[kind].name, modalities[kind].suffix[0], modalities[kind].suffix[1]);
    if (status)
        nifti_case_free(files);
    return status;
}

/* "x/BraTS2021_00006_t1.nii.gz" is BraTS2021_00006; "x/BraTS2021_00006/t1.nii.gz" is the folder's. */
static int name_of_image(const char *path, char *name, size_t size)
{
    const char *file = path_file(path);
    size_t length = stem_length(file);
    if (!length)
        length = strlen(file);
    bool bare = false;
    for (int naming = 0; naming < NAMING_SCHEMES; naming++) {
        const char *letters = modalities[0].suffix[naming] + 1; /* "_t1" without what joins it to a name */
        bare = bare || (length == strlen(letters) && ends_with(file, length, letters));
    }
    if (!bare) {
        kind_of(file, &length);
        snprintf(name, size, "%.*s", (int)length, file);
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
        status = name_of_image(first_image(files), found, sizeof found);
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
    for (int i = 0; i < MODALITIES; i++)
        free(files->image[i]);
    free(files->label);
    free(files->odd_label);
    *files = (struct nifti_case){0};
}
