#include "lib/volume/nifti_case.h"
#include "lib/base/error.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static char **slot(struct nifti_case *files, int kind)
{
    return kind == LABEL_FILE ? &files->label : &files->image[kind];
}

static int take_file(struct nifti_case *files, const char *folder, const char *name)
{
    size_t length = stem_length(name);
    int kind = *name == '.' ? -1 : kind_of(name, &length);
    if (kind < 0)
        return STATUS_OK;
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

int nifti_case_find(struct nifti_case *files, const char *folder)
{
    struct dirent **entries;
    *files = (struct nifti_case){.images = MODALITIES};
    int count = scandir(folder, &entries, NULL, alphasort), status = STATUS_OK;
    if (count < 0)
        return fail_errno(STATUS_FAILURE, "%s: cannot read the folder", folder);
    for (int i = 0; i < count; i++) {
        if (!status)
            status = take_file(files, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    for (int kind = 0; !status && kind < MODALITIES; kind++)
        if (!files->image[kind])
            status = fail(STATUS_DATA, "%s: no %s: no file ends with %s or %s, then .nii or .nii.gz", folder,
                          modalities[kind].name, modalities[kind].suffix[0], modalities[kind].suffix[1]);
    if (status) {
        nifti_case_free(files);
        return status;
    }
    char name[CASE_NAME_SIZE + 1];
    folder_name(folder, name, sizeof name);
    if (case_name_valid(name))
        memcpy(files->name, name, sizeof files->name);
    return STATUS_OK;
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
        status = name_of_image(files->image[0], found, sizeof found);
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
    *files = (struct nifti_case){0};
}
