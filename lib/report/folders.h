/* Reports of other people's predictions: two folders of segmentations, matched by the cases' names. */
#ifndef PRUNET_REPORT_FOLDERS_H
#define PRUNET_REPORT_FOLDERS_H

#include "lib/metrics/pairs.h"
#include "lib/report/report.h"

struct report_folders {
    const char *predictions, *references;
    const char *images; /* records CASE.nrrd for the pictures; NULL: none */
    uint64_t max_bytes; /* largest record or volume; 0: 4 GiB */
    int threads;        /* cases at a time */
};

/* Reads and scores all predictions. A folder holds a file a case (CASE.nii.gz, CASE_seg.nii.gz, CASE.nrrd), or folders of
 * cases with a label map, CASE/..._seg.nii.gz, one level down or two. STATUS_DATA for a prediction without a reference, for
 * two files of one case and for none at all; references without a prediction are warned of. */
int report_set_of_folders(const struct report_folders *folders, const struct scoring *scoring,
                          struct report_set *set);

#endif
