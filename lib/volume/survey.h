/* What a data set holds, as facts about its cases, and what is wrong with them. */
#ifndef PRUNET_VOLUME_SURVEY_H
#define PRUNET_VOLUME_SURVEY_H

#include "lib/base/output.h"
#include "lib/base/sha256.h"
#include "lib/volume/case_list.h"
#include "lib/volume/label_readings.h"

enum survey_item {
    SURVEY_LAYOUT,
    SURVEY_MODALITIES,  /* that are there */
    SURVEY_GRID,        /* voxels along x, y, z, once turned to LPS */
    SURVEY_SPACING,     /* mm, likewise */
    SURVEY_ORIENTATION, /* of the file */
    SURVEY_TYPE,        /* of images */
    SURVEY_LABEL_TYPE,
    SURVEY_BACKGROUND, /* the value of all corners of an image, or "varies" */
    SURVEY_LABEL,      /* numbers in label maps, with their voxels */
    SURVEY_REGION,     /* with their voxels */
    SURVEY_FITS,       /* schemes that are built in and have all numbers of a label map */
    SURVEY_EMPTY,      /* a region without any */
    SURVEY_ERROR,      /* what forbids training */
    SURVEY_WARNING,
    SURVEY_ITEMS
};

struct survey_fact {
    enum survey_item item;
    char *value;
    const char *name; /* the case's, borrowed; "-": of the data set */
    size_t voxels;
};

/* The digest of a volume's voxels, whatever its compression, type and header. */
struct survey_digest {
    char text[SHA256_TEXT_SIZE];
    const char *name, *kind; /* case and modality */
};

struct survey {
    size_t cases, patients, errors; /* `errors` counts facts */
    size_t count, capacity;
    struct survey_fact *fact;
    size_t digest_count, digest_capacity;
    struct survey_digest *digest;
    struct label_readings readings;    /* of the label maps */
    const struct label_scheme *scheme; /* that they are read by; NULL: by several, or none was */
    int status;                        /* of adding a warning of the readers, which cannot fail themselves */
    const char *now;                   /* the case that is looked at */
};

struct survey_settings {
    bool voxels;     /* read all voxels, not headers alone */
    bool unlabelled; /* for segmenting: modalities may be missing */
    bool grid_of_images;
    bool resampled;                    /* cases will be brought to one spacing: they may have several */
    const struct label_scheme *scheme; /* of the label maps; NULL: as nifti_case_label */
    uint64_t max_bytes;
};

/* Gathers the facts of the cases of a list, and as errors what case_list_survey has refused. A case that
 * cannot be read is an error among the facts; STATUS_FAILURE is for failures of the machine. */
int survey_cases(struct survey *survey, const struct case_list *list, const struct names *refused,
                 const struct survey_settings *settings);
void survey_free(struct survey *survey);

/* Adds a fact about the present case; the value is a printf format. */
int survey_add(struct survey *survey, enum survey_item item, size_t voxels, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The facts as a table, and as a JSON text: each value of each item, how many cases have it, and which where
 * they are not the most. Nothing depends on the order of the facts. */
int survey_print_table(struct survey *survey, struct output *output, bool header);
int survey_print_json(struct survey *survey, struct output *output);

/* The page that shows how cases are prepared. */
#define PREPARING "docs/preparing.md"

#endif
