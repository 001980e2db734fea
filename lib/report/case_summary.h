/* What a report knows of a case: so that it need not read the volumes again.
 *
 * cases.tsv has these of all cases of an evaluation, five cells a row: case, item, region, key, value (docs/FORMAT.md). */
#ifndef PRUNET_REPORT_CASE_SUMMARY_H
#define PRUNET_REPORT_CASE_SUMMARY_H

#include "lib/base/output.h"
#include "lib/metrics/score.h"
#include "lib/report/table.h"
#include "lib/volume/assessment.h"

/* A connected part of a region: of the reference, found where any of its voxels is predicted too; of the prediction, found
 * where any is of the reference. */
struct lesion {
    double volume; /* mm^3 */
    bool found;
};

struct lesions {
    struct lesion *items;
    size_t count, capacity;
};

struct region_summary {
    struct lesions reference, prediction;
    bool calibrated;
    struct calibration_bin bins[CALIBRATION_BINS];
    double outside; /* voxels outside of the region around it; NaN: not known, or none is around it */
    char around[SCHEME_NAME_SIZE]; /* that region's name */
    char slice[32];                /* where most voxels are wrong: "axial:77"; "" for none */
    double wrong;                  /* how many they are */
    char *picture;                 /* of that slice, a PNG in base64; NULL for none */
};

struct case_summary {
    struct case_scores scores; /* in the order of its regions: */
    struct region_summary region[SCHEME_REGIONS_MAX];
    char image_check[128], label_check[640]; /* as rawinfo's; "": not looked at */
    double cut_off; /* voxels of the reference's regions that are not in the record: crop cuts them off */
};

struct case_summaries {
    struct case_summary *items;
    size_t count, capacity;
    char convention[32];
    char *names[SCHEME_REGIONS_MAX]; /* of the regions, where they were read from a table */
};

void case_summaries_free(struct case_summaries *summaries);

/* The header line, the rows of a case. */
int case_summary_begin(struct output *output);
int case_summary_write(struct output *output, const char *convention, const struct case_summary *summary);

/* Reads such a table; one that is not there has no cases. STATUS_DATA, naming file and line, for what is none. Pictures are
 * base64 and nothing else afterwards. */
int case_summaries_read(const char *path, struct case_summaries *summaries);

/* Adds the rows of a case that prunet-infer --assess wrote. A file that is not there adds nothing. */
int case_summary_assess(const char *path, struct case_summary *summary);

/* Sets one measure, by its column's name, of a case and a region, which are added where they are new; a name that is no
 * measure is passed over. STATUS_DATA as case_summaries_read. */
int case_summaries_set(struct case_summaries *summaries, const char *case_name, const char *region,
                       const char *measure, double value);

#endif
