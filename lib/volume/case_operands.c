#include "lib/volume/case_operands.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/volume/case_aliases.h"
#include <stdlib.h>
#include <string.h>

/* The list then owns the names of the files. */
static int add_row(struct case_list *list, const struct nifti_case *files)
{
    int status = array_grow(&list->row, &list->capacity, list->count + 1, sizeof *list->row);
    if (!status)
        list->row[list->count++] = (struct listed_case){.files = *files};
    return status;
}

/* A case without any image is not one that lacks some. */
static int check_images(const struct nifti_case *files, const char *name)
{
    for (int i = 0; i < files->images; i++)
        if (files->image[i])
            return STATUS_OK;
    return fail(STATUS_DATA, "%s: no image of a modality is there", name);
}

int case_of_files(struct case_list *list, int count, const char *const *paths, const char *name)
{
    struct nifti_case files = {.images = count};
    int status = STATUS_OK;
    for (int i = 0; i < count && !status; i++)
        if (paths[i] && !(files.image[i] = strdup(paths[i])))
            status = fail(STATUS_FAILURE, "out of memory");
    if (!status)
        status = nifti_case_check(&files);
    if (!status)
        status = nifti_case_name(&files, name);
    if (!status)
        status = add_row(list, &files);
    if (status)
        nifti_case_free(&files);
    return status;
}

static int name_alone(struct nifti_case *files, const char *path)
{
    struct case_aliases aliases;
    int status = case_aliases_read(&aliases);
    if (status)
        return status;
    status = nifti_case_name(files, case_alias(&aliases, path, path_file(path)));
    case_aliases_free(&aliases);
    return status;
}

/* The case that the folder is, named after it or as the list of other names has it. */
static int add_alone(struct case_list *list, const char *folder, struct nifti_case *files)
{
    char *whole = realpath(folder, NULL);
    int status = whole ? check_images(files, folder) : fail_errno(STATUS_FAILURE, "%s", folder);
    if (!status)
        status = name_alone(files, whole);
    free(whole);
    if (!status)
        status = add_row(list, files);
    if (status)
        nifti_case_free(files);
    return status;
}

/* Whether the folder is a case, and its files. */
static int look_alone(const char *folder, struct nifti_case *files)
{
    char *whole = realpath(folder, NULL);
    bool shared = false;
    int status = whole ? case_list_is_shared(folder, path_file(whole), &shared)
                       : fail_errno(STATUS_FAILURE, "%s", folder);
    *files = (struct nifti_case){0};
    if (!status && !shared)
        status = nifti_case_find(files, folder);
    free(whole);
    return status;
}

/* Takes one case out of a list. */
static int choose(struct case_list *list, const char *folder, const char *name, struct nifti_case *files)
{
    size_t i = 0;
    if (!name && list->count > 1)
        return fail(STATUS_DATA, "%s: %zu cases: choose one with --case", folder, list->count);
    while (name && i < list->count && strcmp(list->row[i].files.name, name))
        i++;
    if (i == list->count)
        return fail(STATUS_DATA, "%s: no case is called %s", folder, name);
    *files = list->row[i].files;
    list->row[i].files = (struct nifti_case){0};
    return STATUS_OK;
}

int case_of_folder(struct nifti_case *files, const char *folder, const char *name)
{
    struct case_list list = {0};
    int status = look_alone(folder, files);
    if (!status && !files->found && !(status = case_list_read(&list, folder, false))) {
        status = choose(&list, folder, name, files);
        case_list_free(&list);
    }
    if (!status)
        status = nifti_case_complete(files, folder);
    if (status)
        nifti_case_free(files);
    return status;
}

int cases_of_folder(struct case_list *list, const char *folder)
{
    struct nifti_case files;
    int status = look_alone(folder, &files);
    if (!status && files.found) {
        status = add_alone(list, folder, &files);
    } else {
        nifti_case_free(&files);
        status = status ? status : case_list_read(list, folder, false);
    }
    for (size_t i = 0; !status && i < list->count; i++)
        status = check_images(&list->row[i].files, list->row[i].files.name);
    return status;
}
