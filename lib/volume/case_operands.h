/* The cases that a command line names: files, a case's folder or a data set. */
#ifndef PRUNET_VOLUME_CASE_OPERANDS_H
#define PRUNET_VOLUME_CASE_OPERANDS_H

#include "lib/volume/case_list.h"

/* Adds the case of these files: one for each modality, NULL where it is missing, or, with count 1, one of four
 * dimensions. `name` is the case's, or NULL: by the first file. Errors as nifti_case_check and _name. */
int case_of_files(struct case_list *list, int count, const char *const *files, const char *name);

/* Adds the case in a folder that holds images, or all cases of a data set (case_list.h). Modalities may be
 * missing, but not all of a case: STATUS_DATA. */
int cases_of_folder(struct case_list *list, const char *folder);

#endif
