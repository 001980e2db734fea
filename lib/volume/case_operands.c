#include "lib/volume/case_operands.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
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

/* Whether the folder itself is a case: *found. */
static int look_for_case(struct case_list *list, const char *folder, const char *name, bool *found)
{
    struct nifti_case files;
    int status = nifti_case_look(&files, folder, name);
    if (status)
        return status;
    *found = files.found != 0;
    if (*found) {
        status = check_images(&files, folder);
        if (!status)
            status = nifti_case_name(&files, name);
        if (!status)
            status = add_row(list, &files);
    }
    if (status || !*found)
        nifti_case_free(&files);
    return status;
}

int cases_of_folder(struct case_list *list, const char *folder)
{
    bool is_case = false;
    char *whole = realpath(folder, NULL);
    int status = whole ? look_for_case(list, folder, path_file(whole), &is_case)
                       : fail_errno(STATUS_FAILURE, "%s", folder);
    free(whole);
    if (!status && !is_case)
        status = case_list_read(list, folder, false);
    for (size_t i = 0; !status && i < list->count; i++)
        status = check_images(&list->row[i].files, list->row[i].files.name);
    return status;
}
