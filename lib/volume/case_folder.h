/* A phantom on disk, in a layout with a folder a case: FOLDER/NAME/NAME_t1.nii.gz and so on. */
#ifndef PRUNET_VOLUME_CASE_FOLDER_H
#define PRUNET_VOLUME_CASE_FOLDER_H

#include "lib/volume/layout.h"
#include "lib/volume/phantom.h"

/* Writes the five files into a temporary folder beside the case's and gives it its name when all are
 * complete; a folder that has the name already is replaced, provided that it holds no other files. On
 * failure, or when a signal ends the process, the temporary folder is removed: lib/base/temporary.h. */
int case_folder_write(const struct phantom *phantom, const char *folder, const char *name,
                      enum layout layout);

#endif
