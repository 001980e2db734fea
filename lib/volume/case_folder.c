#include "lib/volume/case_folder.h"
#include "lib/base/error.h"
#include "lib/stream/nifti_write.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MILLIMETRES_AND_SECONDS = 2, SCANNER = 1 }; /* xyzt_units; NIFTI_XFORM_SCANNER_ANAT */

static int file_path(char path[PATH_MAX], const char *folder, const char *name, int file)
{
    int length = snprintf(path, PATH_MAX, "%s/%s%s.nii.gz", folder, name, modalities[file].suffix[0]);
    return length < PATH_MAX ? STATUS_OK : fail(STATUS_FAILURE, "%s: the path is too long", folder);
}

/* The header of a BraTS volume: 1 mm, x to the left, y to the front, z to the top, the first voxel at y =
 * n-1; sform and qform say the same (a half turn about z is the quaternion 0 0 0 1). */
static struct record brats_record(const struct phantom *phantom, const char *name)
{
    const int *size = phantom->size;
    float far = (float)(size[1] - 1);
    struct record record = {
        .channels = 1,
        .size = {size[0], size[1], size[2]},
        .grid = {size[0], size[1], size[2]},
        .directions = {{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}},
        .origin = {0, far, 0},
        .affine = {{-1, 0, 0, 0}, {0, -1, 0, far}, {0, 0, 1, 0}},
        .has_geometry = true,
        .has_grid = true,
        .forms = {.has_qform = true,
                  .has_sform = true,
                  .has_units = true,
                  .qform_code = SCANNER,
                  .sform_code = SCANNER,
                  .units = MILLIMETRES_AND_SECONDS,
                  .qform = {0, 0, 1, 0, far, 0, 1, 1, 1, 1},
                  .sform = {-1, 0, 0, 0, 0, -1, 0, far, 0, 0, 1, 0}},
    };
    snprintf(record.case_name, sizeof record.case_name, "%s", name);
    return record;
}

static int write_volume(struct record *record, const char *path)
{
    struct output output;
    int status = output_open(&output, path, true);
    if (status)
        return status;
    status = nifti_write(&output, record, true);
    if (!status)
        return output_commit(&output);
    output_discard(&output);
    return status;
}

static int write_files(const struct phantom *phantom, const char *folder, const char *name)
{
    struct record record = brats_record(phantom, name);
    for (int file = 0; file < CASE_FILES; file++) {
        bool label = file == LABEL_FILE;
        char path[PATH_MAX];
        record.role = label ? ROLE_LABEL : ROLE_IMAGE;
        record.sample = label ? SAMPLE_UINT8 : SAMPLE_INT16;
        record.data = label ? (void *)phantom->label : (void *)phantom->image[file];
        record.bytes = record_voxels(&record) * sample_bytes(record.sample);
        int status = file_path(path, folder, name, file);
        if (!status)
            status = write_volume(&record, path);
        if (status)
            return status;
    }
    return STATUS_OK;
}

/* Removes a case's files and its folder; what else is in it stays, and is a failure. */
static int remove_folder(const char *folder, const char *name)
{
    for (int file = 0; file < CASE_FILES; file++) {
        char path[PATH_MAX];
        if (!file_path(path, folder, name, file))
            unlink(path);
    }
    return rmdir(folder) ? fail_errno(STATUS_FAILURE, "%s: cannot remove the old folder", folder) : STATUS_OK;
}

/* Puts the temporary folder into its place; one that is there changes places with it and is removed. */
static int move_into_place(const char *temporary, const char *target, const char *name)
{
    if (!rename(temporary, target))
        return STATUS_OK;
    if (errno != EEXIST && errno != ENOTEMPTY)
        return fail_errno(STATUS_FAILURE, "%s: cannot rename onto it", target);
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, target, RENAME_EXCHANGE))
        return fail_errno(STATUS_FAILURE, "%s: cannot replace it", target);
    return remove_folder(temporary, name);
}

int case_folder_write(const struct phantom *phantom, const char *folder, const char *name)
{
    char temporary[PATH_MAX], target[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s/.%s.XXXXXX", folder, name) >= PATH_MAX ||
        snprintf(target, sizeof target, "%s/%s", folder, name) >= PATH_MAX)
        return fail(STATUS_FAILURE, "%s: the path is too long", folder);
    if (!mkdtemp(temporary))
        return fail_errno(STATUS_FAILURE, "%s: cannot create a folder there", folder);
    struct stat old; /* a folder that is replaced; its permissions stay */
    mode_t mask = umask(0);
    umask(mask);
    chmod(temporary, stat(target, &old) ? 0777 & ~mask : old.st_mode & 0777);
    int status = write_files(phantom, temporary, name);
    if (!status)
        status = move_into_place(temporary, target, name);
    if (status) {
        char cause[1024]; /* removing may fail too, but the first cause counts */
        snprintf(cause, sizeof cause, "%s", error_message());
        remove_folder(temporary, name);
        return fail(status, "%s", cause);
    }
    return STATUS_OK;
}
