#include "lib/volume/bids.h"
#include "lib/base/error.h"
#include "lib/base/folder.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool begins_with(const char *text, const char *begin)
{
    return !strncmp(text, begin, strlen(begin));
}

/* For folder_visit: remembers whether an entry is a session with images. */
struct sessions {
    const char *subject;
    bool found;
};

static int see_session(void *self, const struct dirent *entry)
{
    struct sessions *sessions = self;
    char *path;
    bool has = false;
    if (!begins_with(entry->d_name, "ses-"))
        return STATUS_OK;
    if (asprintf(&path, "%s/%s", sessions->subject, entry->d_name) < 0)
        return fail(STATUS_FAILURE, "%s: out of memory", sessions->subject);
    int status = folder_has(path, "anat", &has);
    sessions->found |= has;
    free(path);
    return status;
}

int bids_is_subject(const char *path, const char *name, bool *is)
{
    struct sessions sessions = {path, false};
    *is = false;
    if (!begins_with(name, "sub-"))
        return STATUS_OK;
    int status = folder_has(path, "anat", is);
    if (!status && !*is) {
        status = folder_visit(path, see_session, &sessions);
        *is = sessions.found;
    }
    return status;
}

int bids_is_derivatives(const char *path, const char *name, bool *is)
{
    *is = false;
    if (strcmp(name, "derivatives"))
        return STATUS_OK;
    char *root = folder_above(path, name);
    int status = root ? folder_has(root, "dataset_description.json", is)
                      : fail(STATUS_FAILURE, "%s: out of memory", path);
    free(root);
    return status;
}

/* Files ------------------------------------------------------------------------------------------------ */

/* The images or the label map in one folder. */
struct anat {
    struct nifti_case *files;
    const char *folder, *name; /* the case's */
    bool labels;               /* only label maps are looked for, else only images */
};

static bool has_suffix(const char *file, size_t stem, const char *suffix)
{
    const size_t length = strlen(suffix);
    return stem > length && !memcmp(file + stem - length, suffix, length);
}

/* Which modality a file is, label_file(), or -1: by its suffix, and by the entity ce- (a contrast agent). */
static int kind_of(const char *file, size_t stem)
{
    const char *agent = strstr(file, "_ce-");
    if (has_suffix(file, stem, "_dseg"))
        return label_file();
    if (has_suffix(file, stem, "_T1w"))
        return agent ? modality_of_word("t1ce") : modality_of_word("t1");
    if (agent)
        return -1;
    if (has_suffix(file, stem, "_T2w"))
        return modality_of_word("t2");
    return has_suffix(file, stem, "_FLAIR") ? modality_of_word("flair") : -1;
}

static int take_file(void *self, const struct dirent *entry)
{
    const struct anat *anat = self;
    const char *file = entry->d_name;
    const size_t stem = nifti_stem_length(file), length = strlen(anat->name);
    const int kind = *file == '.' || !stem ? -1 : kind_of(file, stem);
    if (kind < 0 || (kind == label_file()) != anat->labels)
        return STATUS_OK;
    if (!begins_with(file, anat->name) || file[length] != '_')
        return fail(STATUS_DATA, "%s/%s: a file of another case than %s", anat->folder, file, anat->name);
    char **path = kind == label_file() ? &anat->files->label : &anat->files->image[kind];
    if (*path)
        return fail(STATUS_DATA, "two files for %s: %s and %s/%s", modalities[kind].name, *path, anat->folder,
                    file);
    if (asprintf(path, "%s/%s", anat->folder, file) < 0) {
        *path = NULL;
        return fail(STATUS_FAILURE, "%s: out of memory", anat->folder);
    }
    anat->files->found++;
    return STATUS_OK;
}

/* In a folder that need not be there. */
static int look_in(const char *folder, const char *name, bool labels, struct nifti_case *files)
{
    struct anat anat = {files, folder, name, labels};
    bool has = false;
    int status = folder_has(folder, ".", &has);
    return status || !has ? status : folder_visit(folder, take_file, &anat);
}

/* Label maps ------------------------------------------------------------------------------------------- */

struct derivatives {
    const char *folder, *place; /* DATA/derivatives; sub-X/[ses-Y/]anat */
    const char *name;
    struct nifti_case *files;
};

/* A pipeline's folder, except what this program has made itself: predictions are no ground truth. */
static int take_pipeline(void *self, const struct dirent *entry)
{
    const struct derivatives *all = self;
    char *path;
    if (entry->d_name[0] == '.' || begins_with(entry->d_name, "prunet") || begins_with(entry->d_name, "sub-"))
        return STATUS_OK;
    if (asprintf(&path, "%s/%s/%s", all->folder, entry->d_name, all->place) < 0)
        return fail(STATUS_FAILURE, "%s: out of memory", all->folder);
    int status = look_in(path, all->name, true, all->files);
    free(path);
    return status;
}

/* In derivatives itself, or in a pipeline's folder there. */
static int find_label(const char *root, const char *place, const char *name, struct nifti_case *files)
{
    char *folder = NULL, *path = NULL;
    bool has = false;
    int status = folder_has(root, "derivatives", &has);
    if (status || !has)
        return status;
    if (asprintf(&folder, "%s/derivatives", root) < 0 || asprintf(&path, "%s/%s", folder, place) < 0)
        status = fail(STATUS_FAILURE, "%s: out of memory", root);
    if (!status)
        status = look_in(path, name, true, files);
    if (!status) {
        struct derivatives all = {folder, place, name, files};
        status = folder_visit(folder, take_pipeline, &all);
    }
    free(path);
    free(folder);
    return status;
}

/* Cases ------------------------------------------------------------------------------------------------ */

struct subject {
    struct case_search *search;
    const char *path, *name; /* sub-X */
    char *root;
    struct stat about;
};

/* `session` is "ses-Y", or NULL. */
static int find_files(const struct subject *subject, const char *session, const char *name,
                      struct nifti_case *files)
{
    char *folder = NULL, *place = NULL;
    const char *between = session ? "/" : "";
    int status = STATUS_OK;
    *files = (struct nifti_case){.images = data_scheme->modality_count, .layout = LAYOUT_BIDS};
    snprintf(files->name, sizeof files->name, "%s", name);
    session = session ? session : "";
    if (asprintf(&folder, "%s%s%s/anat", subject->path, between, session) < 0 ||
        asprintf(&place, "%s%s%s/anat", subject->name, between, session) < 0)
        status = fail(STATUS_FAILURE, "%s: out of memory", subject->path);
    if (!status)
        status = look_in(folder, name, false, files);
    if (!status && files->found)
        status = find_label(subject->root, place, name, files);
    free(place);
    free(folder);
    return status;
}

static int add_case(const struct subject *subject, const char *session)
{
    struct listed_case found = {
        .folder = strdup(subject->path), .device = subject->about.st_dev, .inode = subject->about.st_ino};
    char *name;
    if (asprintf(&name, "%s%s%s", subject->name, session ? "_" : "", session ? session : "") < 0)
        name = NULL;
    int status = name && found.folder ? find_files(subject, session, name, &found.files)
                                      : fail(STATUS_FAILURE, "%s: out of memory", subject->path);
    if (!status && found.files.found) {
        status = search_add(subject->search, &found, name);
    } else {
        free(found.folder);
        nifti_case_free(&found.files);
        status = search_refuse(subject->search, status);
    }
    free(name);
    return status;
}

static int take_session(void *self, const struct dirent *entry)
{
    return begins_with(entry->d_name, "ses-") ? add_case(self, entry->d_name) : STATUS_OK;
}

int bids_search_subject(struct case_search *search, const char *path, const char *name)
{
    struct subject subject = {.search = search, .path = path, .name = name, .root = folder_above(path, name)};
    int status = subject.root ? STATUS_OK : fail(STATUS_FAILURE, "%s: out of memory", path);
    if (!status && stat(path, &subject.about))
        status = fail_errno(STATUS_FAILURE, "%s: cannot read the folder", path);
    if (!status)
        status = add_case(&subject, NULL);
    if (!status)
        status = folder_visit(path, take_session, &subject);
    free(subject.root);
    return status;
}
