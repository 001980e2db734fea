#include "lib/volume/case_folder.h"
#include "lib/base/error.h"
#include "lib/base/temporary.h"
#include "lib/volume/phantom_files.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A case that is written. */
struct case_files {
    const char *name;
    enum layout layout;
};

static int file_path(char path[PATH_MAX], const char *folder, const struct case_files *files, int file)
{
    static const char *const plain[CASE_FILES] = {"t1", "t1c", "t2", "fla", "seg"};
    const bool bare = files->layout == LAYOUT_PLAIN;
    const char *suffix = bare ? plain[file] : modalities[file].suffix[files->layout == LAYOUT_BRATS_2023];
    int length = snprintf(path, PATH_MAX, "%s/%s%s.nii.gz", folder, bare ? "" : files->name, suffix);
    return length < PATH_MAX ? STATUS_OK : fail(STATUS_FAILURE, "%s: the path is too long", folder);
}

static int write_files(const struct phantom *phantom, const char *folder, const struct case_files *files)
{
    const struct label_scheme *scheme =
        files->layout == LAYOUT_BRATS_2023 ? label_scheme_named("2023") : record_scheme;
    for (int file = 0; file < CASE_FILES; file++) {
        char path[PATH_MAX];
        int status = file_path(path, folder, files, file);
        if (!status)
            status = file == LABEL_FILE ? phantom_write_label(phantom, files->name, scheme, path)
                                        : phantom_write_image(phantom, files->name, file, path);
        if (status)
            return status;
    }
    return STATUS_OK;
}

/* Removes a case's files and its folder; what else is in it stays, and is a failure. */
static int remove_folder(const char *folder, const struct case_files *files)
{
    for (int file = 0; file < CASE_FILES; file++) {
        char path[PATH_MAX];
        if (!file_path(path, folder, files, file))
            unlink(path);
    }
    return rmdir(folder) ? fail_errno(STATUS_FAILURE, "%s: cannot remove the old folder", folder) : STATUS_OK;
}

/* Puts the temporary folder into its place; one that is there changes places with it and is removed. */
static int move_into_place(const char *temporary, const char *target, const struct case_files *files)
{
    if (!temporary_rename(temporary, target, 0))
        return STATUS_OK;
    if (errno != EEXIST && errno != ENOTEMPTY)
        return fail_errno(STATUS_FAILURE, "%s: cannot rename onto it", target);
    if (temporary_rename(temporary, target, RENAME_EXCHANGE))
        return fail_errno(STATUS_FAILURE, "%s: cannot replace it", target);
    return remove_folder(temporary, files);
}

/* The folder and its files go with the process, the files first. */
static int note_folder(const char *folder, const struct case_files *files)
{
    int status = temporary_note(folder, true);
    for (int file = 0; !status && file < CASE_FILES; file++) {
        char path[PATH_MAX];
        if (!(status = file_path(path, folder, files, file)))
            status = temporary_note(path, false);
    }
    return status;
}

static void forget_folder(const char *folder, const struct case_files *files)
{
    for (int file = 0; file < CASE_FILES; file++) {
        char path[PATH_MAX];
        if (!file_path(path, folder, files, file))
            temporary_forget(path);
    }
    temporary_forget(folder);
}

/* Makes the folder, with the permissions of the one that it replaces, else those of any new folder. */
static int make_folder(const char *temporary, const char *target)
{
    struct stat old;
    mode_t mask = umask(0);
    umask(mask);
    if (mkdir(temporary, 0700))
        return fail_errno(STATUS_FAILURE, "%s: cannot create a folder there", target);
    chmod(temporary, stat(target, &old) ? 0777 & ~mask : old.st_mode & 0777);
    return STATUS_OK;
}

static int write_folder(const struct phantom *phantom, const char *temporary, const char *target,
                        const struct case_files *files)
{
    int status = note_folder(temporary, files);
    if (status || (status = make_folder(temporary, target)))
        return status;
    status = write_files(phantom, temporary, files);
    if (!status)
        status = move_into_place(temporary, target, files);
    if (status) {
        char cause[1024]; /* removing may fail too, but the first cause counts */
        snprintf(cause, sizeof cause, "%s", error_message());
        remove_folder(temporary, files);
        return fail(status, "%s", cause);
    }
    return STATUS_OK;
}

int case_folder_write(const struct phantom *phantom, const char *folder, const char *name, enum layout layout)
{
    const struct case_files files = {name, layout};
    char target[PATH_MAX];
    if (snprintf(target, sizeof target, "%s/%s", folder, name) >= PATH_MAX)
        return fail(STATUS_FAILURE, "%s: the path is too long", folder);
    temporary_sweep(target);
    char *temporary = temporary_name(target);
    if (!temporary)
        return fail(STATUS_FAILURE, "%s: out of memory", target);
    int status = write_folder(phantom, temporary, target, &files);
    forget_folder(temporary, &files);
    free(temporary);
    return status;
}
