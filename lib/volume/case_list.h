/* The cases of a data set: which folders are cases, and which files they have. The one finder of all stages.
 *
 * A case is a folder with NIfTI files, in DATA itself or one level below it (BraTS 2018 keeps its cases in HGG and
 * LGG); it is named after its folder. What lies below a case is no case. Hidden folders and those that other systems
 * leave (__MACOSX) are passed over, and links that lead back to DATA or to a folder above it. No file is
 * opened. */
#ifndef PRUNET_VOLUME_CASE_LIST_H
#define PRUNET_VOLUME_CASE_LIST_H

#include "lib/volume/nifti_case.h"

struct listed_case {
    char *folder;
    uint64_t device, inode;  /* of the folder */
    struct nifti_case files; /* named; a modality that is missing is NULL */
};

struct case_list {
    size_t count, capacity;
    struct listed_case *row;
};

/* Lists the cases of DATA, sorted by their names. STATUS_FAILURE when a folder cannot be read. STATUS_DATA without
 * any case, and for cases that cannot be used, after a line on stderr for each: a name that is no case name, two
 * folders of one name, a folder by two names, files as nifti_case_look refuses them, and, where `labelled`, no label
 * map. */
int case_list_read(struct case_list *list, const char *data, bool labelled);

void case_list_free(struct case_list *list);

#endif
