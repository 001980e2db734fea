/* The cases that a command line names: files, a case's folder or a data set. */
#ifndef PRUNET_VOLUME_CASE_OPERANDS_H
#define PRUNET_VOLUME_CASE_OPERANDS_H

#include "lib/volume/case_list.h"

/* Adds the case of these files: one for each modality, NULL where it is missing, or, with count 1, one of
 * four dimensions. `name` is the case's, or NULL: by the first file. Errors as nifti_case_check and _name. */
int case_of_files(struct case_list *list, int count, const char *const *files, const char *name);

/* The case in a folder with all its images: the folder is the case's, whatever `name` says, or one of
 * several cases (a data set, nnU-Net's imagesTr), of which it is the one of that name; NULL: the only one.
 * STATUS_DATA where there is none, or an image is missing. */
int case_of_folder(struct nifti_case *files, const char *folder, const char *name);

/* Adds the case in a folder that holds images, or all cases of a data set (case_list.h). Modalities may be
 * missing, but not all of a case: STATUS_DATA. */
int cases_of_folder(struct case_list *list, const char *folder);

#endif
