/* The cases of a data set: which they are, and which files they have. The one finder of all stages.
 *
 * A case is a folder with NIfTI files, in DATA itself or one level below it (BraTS 2018 keeps its cases in
 * HGG and LGG); it is named after its folder. What lies below a case is no case. Files of several cases lie
 * in imagesTr and imagesTs (images_folder.h), and BIDS has folders of its own (bids.h); DATA may also be
 * such a folder of images or a subject's folder. Hidden folders and those that other systems leave
 * (__MACOSX) are passed over, and links that lead back to DATA or to a folder above it. No file is opened. */
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

/* Lists the cases of DATA, sorted by their names. STATUS_FAILURE when a folder cannot be read. STATUS_DATA
 * without any case, and for cases that cannot be used, after a line on stderr for each: a name that is no
 * case name, two folders of one name, a folder by two names, files as nifti_case_look refuses them, and,
 * where `labelled`, no label map; only those of imagesTs are then left out. */
int case_list_read(struct case_list *list, const char *data, bool labelled);

/* The same, for a report: cases that cannot be used are left out, and what would be said of each is added to
 * `refused`, which begins empty. STATUS_DATA without any case, used or not. */
int case_list_survey(struct case_list *list, struct names *refused, const char *data, bool labelled);

/* Whether a folder is one of many cases by itself, of images or a subject's. `name` is the last part of its
 * resolved path. STATUS_FAILURE when that cannot be told. */
int case_list_is_shared(const char *folder, const char *name, bool *is);

void case_list_free(struct case_list *list);

#endif
