#include "lib/volume/case_list.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/folder.h"
#include "lib/base/output.h"
#include "lib/volume/bids.h"
#include "lib/volume/case_search.h"
#include "lib/volume/images_folder.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Passes a case over that cannot be used, saying why; other failures end the search. */
int search_refuse(struct case_search *search, int status)
{
    if (status != STATUS_DATA)
        return status;
    search->refused++;
    if (search->said)
        return names_add(search->said, error_message());
    report(status);
    return STATUS_OK;
}

/* Folders ---------------------------------------------------------------------------------------------- */

/* What other systems leave: macOS, Synology, file systems' checks, Windows, QNAP. */
static bool is_passed_over(const char *name)
{
    static const char *const leftovers[] = {
        "__MACOSX", "@eaDir",  "lost+found", "$RECYCLE.BIN", "System Volume Information",
        "#recycle", "@Recycle"};
    for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0]; i++)
        if (!strcmp(name, leftovers[i]))
            return true;
    return *name == '.';
}

static bool same_folder(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Finds the folders above DATA by its resolved path, which is changed. */
static int find_above(struct case_search *search, char *path)
{
    for (;;) {
        int status = array_grow(&search->above, &search->above_capacity, search->above_count + 1,
                                sizeof *search->above);
        if (status)
            return status;
        if (stat(path, &search->above[search->above_count++]))
            return fail_errno(STATUS_FAILURE, "%s: cannot read the folder", path);
        char *slash = strrchr(path, '/');
        if (!slash[1])
            return STATUS_OK;
        slash[slash == path] = 0;
    }
}

/* Whether a folder is DATA or one above it, as by a link that leads round in circles. */
static bool leads_back(const struct case_search *search, const struct stat *folder)
{
    for (size_t i = 0; i < search->above_count; i++)
        if (same_folder(folder, &search->above[i]))
            return true;
    return false;
}

char *folder_above(const char *path, const char *name)
{
    const size_t length = strlen(path), own = strlen(name);
    char *above;
    if (length > own + 1 && path[length - own - 1] == '/' && !strcmp(path + length - own, name))
        return strndup(path, length - own - 1);
    if (!strcmp(path, name))
        return strdup(".");
    return asprintf(&above, "%s/..", path) < 0 ? NULL : above;
}

struct visit {
    struct case_search *search;
    const char *folder;
    search_found_folder *found;
};

static int visit_entry(void *self, const struct dirent *entry)
{
    const struct visit *visit = self;
    const char *folder = visit->folder;
    struct stat about;
    char *path;
    const bool may_be = entry->d_type == DT_DIR || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
    if (!may_be || is_passed_over(entry->d_name))
        return STATUS_OK;
    if (asprintf(&path, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", entry->d_name) < 0)
        return fail(STATUS_FAILURE, "%s: out of memory", folder);
    int status = STATUS_OK;
    if (!stat(path, &about)) {
        if (S_ISDIR(about.st_mode) && !leads_back(visit->search, &about))
            status = visit->found(visit->search, path, entry->d_name, &about);
    } else if (errno != ENOENT && errno != ELOOP &&
               errno != ENOTDIR) /* no folder: a link to nothing or to itself */
        status = fail_errno(STATUS_FAILURE, "%s: cannot read the folder", path);
    free(path);
    return status;
}

int search_folders(struct case_search *search, const char *folder, search_found_folder *found)
{
    struct visit visit = {search, folder, found};
    return folder_visit(folder, visit_entry, &visit);
}

/* Cases ------------------------------------------------------------------------------------------------ */

/* A case's name, and the paths that a table must hold. */
static int check_names(const struct listed_case *found, const char *name)
{
    int status = output_check_cell(found->folder);
    if (!status && !case_name_valid(name))
        status = fail(
            STATUS_DATA,
            "%s: '%s' cannot name a case (letters, digits, '.', '_', '-', not first a hyphen, at most %d): "
            "a list that PRUNET_CASE_NAMES names can give it another name",
            found->folder, name, CASE_NAME_SIZE - 1);
    for (int kind = 0; !status && kind < case_files(); kind++) {
        const char *file = kind == label_file() ? found->files.label : found->files.image[kind];
        if (file)
            status = output_check_cell(file);
    }
    return status;
}

static int check_label(const struct nifti_case *files, const char *folder)
{
    const struct modality *label = &modalities[label_file()];
    if (files->label)
        return STATUS_OK;
    if (!layout_has_folders(files->layout))
        return fail(STATUS_DATA, "%s: no label map of case %s", folder, files->name);
    if (files->odd_label)
        return fail(STATUS_DATA, "%s: no label map; %s is not one by its name: call it %s%s.nii", folder,
                    files->odd_label, *files->name ? files->name : "CASE", label->suffix[0]);
    return fail(STATUS_DATA, "%s: no label map: no file ends with %s or %s, then .nii or .nii.gz", folder,
                label->suffix[0], label->suffix[1]);
}

static void free_case(struct listed_case *listed)
{
    free(listed->folder);
    nifti_case_free(&listed->files);
}

int search_add(struct case_search *search, struct listed_case *found, const char *name)
{
    struct case_list *list = search->list;
    name = case_alias(&search->aliases, layout_has_folders(found->files.layout) ? found->folder : NULL, name);
    int status = check_names(found, name);
    if (!status)
        snprintf(found->files.name, sizeof found->files.name, "%s", name);
    if (!status && search->labelled)
        status = check_label(&found->files, found->folder);
    if (!status)
        status = array_grow(&list->row, &list->capacity, list->count + 1, sizeof *list->row);
    if (status) {
        free_case(found);
        return search_refuse(search, status);
    }
    list->row[list->count++] = *found;
    return STATUS_OK;
}

/* A folder that may be a case; *is tells whether it is one. */
static int take_folder(struct case_search *search, const char *path, const char *name,
                       const struct stat *about, bool *is)
{
    struct listed_case found = {.folder = strdup(path), .device = about->st_dev, .inode = about->st_ino};
    int status = found.folder ? nifti_case_look(&found.files, path, name)
                              : fail(STATUS_FAILURE, "%s: out of memory", path);
    *is = status || found.files.found;
    if (!status && *is)
        return search_add(search, &found, name);
    free_case(&found);
    return search_refuse(search, status);
}

int case_list_is_shared(const char *folder, const char *name, bool *is)
{
    *is = images_folder_is(name);
    return *is ? STATUS_OK : bids_is_subject(folder, name, is);
}

/* Files that do not lie in a folder a case: *is tells whether the folder is of such a layout. */
static int take_other_layout(struct case_search *search, const char *path, const char *name, bool *is)
{
    *is = images_folder_is(name);
    if (*is)
        return images_folder_search(search, path, name);
    int status = bids_is_subject(path, name, is);
    if (!status && *is)
        return bids_search_subject(search, path, name);
    if (!status)
        status = bids_is_derivatives(path, name, is);
    return status || *is ? status : labels_folder_is(path, name, is);
}

static int inner_folder(struct case_search *search, const char *path, const char *name,
                        const struct stat *about)
{
    bool is;
    return take_folder(search, path, name, about, &is);
}

static int outer_folder(struct case_search *search, const char *path, const char *name,
                        const struct stat *about)
{
    bool is;
    int status = take_other_layout(search, path, name, &is);
    if (status || is)
        return status;
    status = take_folder(search, path, name, about, &is);
    return status || is ? status : search_folders(search, path, inner_folder);
}

/* The list --------------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    const struct listed_case *x = a, *y = b;
    const int order = strcmp(x->files.name, y->files.name);
    return order ? order : strcmp(x->folder, y->folder);
}

static int compare_folders(const void *a, const void *b)
{
    const struct listed_case *x = a, *y = b;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    if (x->inode != y->inode)
        return x->inode < y->inode ? -1 : 1;
    return compare_names(a, b);
}

/* A folder that links lead to twice is one case if it has one name, else refused; one of many cases is
 * none. */
static void join_folders(struct case_search *search)
{
    struct case_list *list = search->list;
    size_t kept = 0;
    qsort(list->row, list->count, sizeof *list->row, compare_folders);
    for (size_t i = 0; i < list->count; i++) {
        const struct listed_case *before = kept ? &list->row[kept - 1] : NULL;
        struct listed_case *now = &list->row[i];
        const bool same_name = before && !strcmp(before->files.name, now->files.name);
        if (!before || before->device != now->device || before->inode != now->inode ||
            (!same_name && !layout_has_folders(now->files.layout))) {
            list->row[kept++] = *now;
            continue;
        }
        if (!same_name)
            search_refuse(search,
                          fail(STATUS_DATA, "%s: is the same folder as %s", now->folder, before->folder));
        free_case(now);
    }
    list->count = kept;
}

static void refuse_doubles(struct case_search *search)
{
    struct case_list *list = search->list;
    qsort(list->row, list->count, sizeof *list->row, compare_names);
    for (size_t i = 1; i < list->count; i++)
        if (!strcmp(list->row[i - 1].files.name, list->row[i].files.name))
            search_refuse(search,
                          fail(STATUS_DATA, "two %s are called %s: %s and %s",
                               layout_has_folders(list->row[i].files.layout) ? "folders" : "cases",
                               list->row[i].files.name, list->row[i - 1].folder, list->row[i].folder));
}

static int no_case(const char *data)
{
    struct nifti_case files;
    const bool flat = nifti_case_look(&files, data, "") || files.found;
    nifti_case_free(&files);
    return fail(STATUS_DATA, "%s: no folder in it has .nii or .nii.gz files%s", data,
                flat ? "; it has some itself, but each case needs a folder of its own there" : "");
}

/* `name` is that of DATA, whose last part may be "." or "..". */
static int search_all(struct case_search *search, const char *name)
{
    bool other;
    int status = take_other_layout(search, search->data, name, &other);
    if (!status && !other)
        status = search_folders(search, search->data, outer_folder);
    if (status)
        return status;
    if (search->list->count) {
        join_folders(search);
        refuse_doubles(search);
    }
    if (search->refused && !search->said)
        return fail(STATUS_DATA, "%s: %zu of its cases cannot be used, see above", search->data,
                    search->refused);
    return search->list->count || search->refused ? STATUS_OK : no_case(search->data);
}

int case_list_read(struct case_list *list, const char *data, bool labelled)
{
    return case_list_survey(list, NULL, data, labelled);
}

int case_list_survey(struct case_list *list, struct names *refused, const char *data, bool labelled)
{
    *list = (struct case_list){0};
    int status = output_check_cell(data);
    if (status)
        return status;
    size_t length = strlen(data);
    while (length > 1 && data[length - 1] == '/')
        length--;
    char *trimmed = strndup(data, length), *whole = realpath(data, NULL), *name = NULL;
    struct case_search search = {.list = list, .data = trimmed, .labelled = labelled, .said = refused};
    if (!whole)
        status = fail_errno(STATUS_FAILURE, "%s: cannot read the folder", data);
    else if (!trimmed)
        status = fail(STATUS_FAILURE, "%s: out of memory", data);
    else if (!(name = strdup(path_file(whole))))
        status = fail(STATUS_FAILURE, "%s: out of memory", data);
    else if (!(status = case_aliases_read(&search.aliases)) && !(status = find_above(&search, whole)))
        status = search_all(&search, name);
    case_aliases_free(&search.aliases);
    free(trimmed);
    free(whole);
    free(name);
    free(search.above);
    if (status)
        case_list_free(list);
    return status;
}

void case_list_free(struct case_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free_case(&list->row[i]);
    free(list->row);
    *list = (struct case_list){0};
}
