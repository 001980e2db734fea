/* What the voxels of a case mean: labels, the regions that are made of them, and modalities.
 *
 * Whatever asks which labels there are, what a region consists of, how its column is called or which file
 * holds a modality asks here, so that another region or another collection is a row of a table in
 * labels.c. A label scheme is such a table. Every record inside the project holds labels of one scheme,
 * record_scheme (BraTS 2018); label maps of other schemes are translated when they are read. */
#ifndef PRUNET_VOLUME_LABELS_H
#define PRUNET_VOLUME_LABELS_H

#include <stddef.h>
#include <stdint.h>

/* Labels of records. */
enum label { LABEL_BACKGROUND = 0, LABEL_CORE = 1, LABEL_OEDEMA = 2, LABEL_ENHANCING = 4, LABEL_NONE = 255 };

/* Regions of the record scheme. A region's index is the network's output, the channel of probabilities and
 * masks, and the bit of region bits and targets. Tables of scores have another order, ET WT TC,
 * which is the `row` of struct region. */
enum region_index { REGION_WT, REGION_TC, REGION_ET };
enum region_bit { BIT_WT = 1 << REGION_WT, BIT_TC = 1 << REGION_TC, BIT_ET = 1 << REGION_ET };

enum {
    SCHEME_REGIONS_MAX = 8, /* the bits of a byte */
    LABEL_VALUES = 5,       /* the numbers of a label map are 0 .. LABEL_VALUES - 1 */
    MODALITIES = 4,         /* channels of an image */
    NAMING_SCHEMES = 2,     /* how data sets name their files */
    NAME_LIST_SIZE = 64     /* names with blanks between them, and the end of the string */
};

struct region {
    const char *name;   /* "WT" */
    const char *column; /* "wt": in the names of columns and of a mask's channels */
    uint8_t labels[4];  /* that it consists of; 0 ends the list */
    uint8_t label;      /* what a voxel becomes where this is the last region that it belongs to */
    int row;            /* which of a case's rows in tables of scores, from 0 */
    uint8_t colour[3];  /* red, green, blue, where regions are drawn */
};

struct label_scheme {
    const char *name;               /* "2018": as --scheme calls it */
    uint8_t label_of[LABEL_VALUES]; /* number in a file -> label of a record, or LABEL_NONE */
    const char *values;             /* the numbers that are allowed, for messages: "0, 1, 2, 4" */
    const struct region *regions;
    int region_count;
};

/* The scheme of every record. */
extern const struct label_scheme *const record_scheme;

/* The scheme of a name: "2018"; "2023", where 3 is the enhancing tumour, and no 4; "msd", the Medical
 * Segmentation Decathlon's 1 oedema, 2 non-enhancing, 3 enhancing. NULL for another name. */
const struct label_scheme *label_scheme_named(const char *name);

/* The whole number that a label map's number is within 0.001 of, else the number itself. */
float label_round(float value);

/* How many numbers label_round changes, and a warning of it unless it is 0; `name` is the file's. */
size_t labels_rounded(const float *values, size_t voxels);
void labels_warn_rounded(const char *name, size_t count);

/* A number of a label map of a scheme, rounded, as a label of records; LABEL_NONE for one that the scheme
 * does not have. */
uint8_t label_of_value(const struct label_scheme *scheme, float value);

/* The numbers of a label map of a scheme as labels of records. STATUS_DATA, with the number and its count,
 * for one that the scheme does not have. */
int labels_of_values(const struct label_scheme *scheme, const float *values, size_t voxels, uint8_t *labels);

/* STATUS_DATA, with the lowest wrong label and its count, unless all labels are the scheme's. */
int labels_check(const struct label_scheme *scheme, const uint8_t *labels, size_t voxels);

/* The regions that a label lies in, region r as bit r; 0 for the background and for what is not a label. */
uint8_t label_region_bits(const struct label_scheme *scheme, uint8_t label);

/* bits[i] = label_region_bits of labels[i]: the target of the network's loss. STATUS_DATA as labels_check. */
int region_bits_of_labels(const struct label_scheme *scheme, const uint8_t *labels, size_t voxels,
                          uint8_t *bits);

/* masks[r * voxels + i] = 1 where voxel i lies in region r, else 0. */
void regions_of_labels(const struct label_scheme *scheme, const uint8_t *labels, size_t voxels,
                       uint8_t *masks);

/* The label map of probabilities or masks (regions, voxels): background, painted over with each region's
 * label where the region's value is above 0.5, in the order of the regions, which need not nest. */
void labels_of_regions(const struct label_scheme *scheme, const float *probabilities, size_t voxels,
                       uint8_t *labels);

/* The regions' names in the order of the channels: "WT TC ET". */
void region_names(const struct label_scheme *scheme, char names[NAME_LIST_SIZE]);

/* The same as columns have them: "wt tc et". */
void region_columns(const struct label_scheme *scheme, char names[NAME_LIST_SIZE]);

/* The index of the region that has a row in tables of scores. */
int region_of_row(const struct label_scheme *scheme, int row);

struct modality {
    const char *name; /* "t1" */
    /* What ends its file's name before .nii or .nii.gz, in BraTS up to 2021 and in 2023: "_t1", "-t1n". */
    const char *suffix[NAMING_SCHEMES];
    int decathlon; /* which volume of the Decathlon's files of four dimensions it is */
};

/* The modalities in the order of the channels: t1, t1ce, t2, flair. Behind them the file of the label map,
 * "seg". */
enum { LABEL_FILE = MODALITIES, CASE_FILES };
extern const struct modality modalities[CASE_FILES];

/* The modalities' names in the order of the channels: "t1 t1ce t2 flair". */
void modality_names(char names[NAME_LIST_SIZE]);

#endif
