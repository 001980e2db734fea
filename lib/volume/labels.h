/* What the voxels of a case mean: labels, the regions that are made of them, and modalities.
 *
 * Whatever asks which labels there are, what a region consists of, how its column is called or which file
 * holds a modality asks a scheme. A scheme is a small text (docs/FORMAT.md): data/schemes has those of
 * BraTS and of the Decathlon, scheme.h finds and reads them, so that another collection or another organ is a
 * file and no line of C. A record holds labels of a scheme of records: its own, or that of BraTS 2018 for
 * collections whose labels mean the same under other numbers, which are translated when they are read. */
#ifndef PRUNET_VOLUME_LABELS_H
#define PRUNET_VOLUME_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Labels of records of BraTS 2018, which phantoms have. */
enum label { LABEL_BACKGROUND = 0, LABEL_CORE = 1, LABEL_OEDEMA = 2, LABEL_ENHANCING = 4, LABEL_NONE = 255 };

/* Regions of BraTS 2018. A region's index is the network's output, the channel of probabilities and masks,
 * and the bit of region bits and targets. Tables of scores may have another order, ET WT TC, which is the
 * `row` of struct region. */
enum region_index { REGION_WT, REGION_TC, REGION_ET };
enum region_bit { BIT_WT = 1 << REGION_WT, BIT_TC = 1 << REGION_TC, BIT_ET = 1 << REGION_ET };

enum {
    SCHEME_REGIONS_MAX = 8,  /* the bits of a byte */
    MODALITIES_MAX = 64,     /* channels of a record */
    SCHEME_LABELS_MAX = 254, /* numbers 1 to 254; 255 is LABEL_NONE */
    LABEL_VALUES = 5,        /* the numbers of BraTS' label maps are 0 .. LABEL_VALUES - 1 */
    MODALITIES = 4,          /* of BraTS, and of phantoms */
    SUFFIXES_MAX = 4,        /* ends of the names of a modality's files */
    SCHEME_NAME_SIZE = 32,   /* of any name in a scheme, and the end of the string */
    NAME_LIST_SIZE = 512     /* names with blanks between them, and the end of the string */
};

struct region {
    char name[SCHEME_NAME_SIZE];           /* "WT" */
    char column[SCHEME_NAME_SIZE];         /* "wt": in the names of columns and of a mask's channels */
    uint8_t labels[SCHEME_LABELS_MAX + 1]; /* of records, that it consists of; 0 ends the list */
    uint8_t label;     /* what a voxel becomes where this region wins; 0: what it is without this region */
    int row;           /* which of a case's rows in tables of scores, from 0 */
    uint8_t colour[3]; /* red, green, blue, where regions are drawn: that of `label` */
};

struct modality {
    char name[SCHEME_NAME_SIZE]; /* "t1" */
    /* What ends its file's name before .nii or .nii.gz, in BraTS up to 2021, in 2023, and elsewhere: "_t1",
     * "-t1n"; the first two are always there, the others may be "". */
    char suffix[SUFFIXES_MAX][SCHEME_NAME_SIZE];
    int decathlon; /* which volume of files of four dimensions it is */
};

struct scheme_label {
    char name[SCHEME_NAME_SIZE]; /* "ET" */
    uint8_t number, label;       /* in label maps, in records */
    uint8_t colour[3];           /* red, green, blue */
};

struct label_scheme {
    char name[SCHEME_NAME_SIZE]; /* "brats-2018" */
    char *text;                  /* the whole scheme in one line, as records and states have it */
    uint8_t label_of[256];       /* number in a file -> label of a record, or LABEL_NONE */
    char *values;                /* the numbers that are allowed, for messages: "0, 1, 2, 4" */
    int label_count, modality_count, region_count;
    struct scheme_label labels[SCHEME_LABELS_MAX];
    struct modality modalities[MODALITIES_MAX + 1]; /* in the order of the channels; then the label map */
    struct region regions[SCHEME_REGIONS_MAX];
    int scored_count;                         /* region_count + scored_count is at most SCHEME_REGIONS_MAX */
    struct region scored[SCHEME_REGIONS_MAX]; /* are scored, though no output is theirs; in their order */
    int lesions;                              /* the region that lesions are counted in */
    bool highest; /* the rule by which probabilities become labels: see labels_of_regions */
    const struct label_scheme *records; /* the scheme of its records: itself, or another one's */
};

/* The scheme of records that name none: BraTS 2018. */
extern const struct label_scheme *const record_scheme;

/* The scheme of a name that is built in or installed (scheme.h); NULL for another name. */
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

/* The same, and behind the regions' bits one for each that is only scored. */
uint8_t label_scored_bits(const struct label_scheme *scheme, uint8_t label);

/* bits[i] = label_region_bits of labels[i]: the target of the network's loss. STATUS_DATA as labels_check. */
int region_bits_of_labels(const struct label_scheme *scheme, const uint8_t *labels, size_t voxels,
                          uint8_t *bits);

/* masks[r * voxels + i] = 1 where voxel i lies in region r, else 0. */
void regions_of_labels(const struct label_scheme *scheme, const uint8_t *labels, size_t voxels,
                       uint8_t *masks);

/* The label map of probabilities or masks (regions, voxels). By the rule `last`: background, painted over
 * with each region's label where the region's value is above 0.5, in the order of the regions, which need not
 * nest. By the rule `highest`, for regions that share no label: of the regions above 0.5 the one with the
 * highest value, the later of equals, gives its label. */
void labels_of_regions(const struct label_scheme *scheme, const float *probabilities, size_t voxels,
                       uint8_t *labels);

/* The regions' names in the order of the channels: "WT TC ET". */
void region_names(const struct label_scheme *scheme, char names[NAME_LIST_SIZE]);

/* The same as columns have them: "wt tc et". */
void region_columns(const struct label_scheme *scheme, char names[NAME_LIST_SIZE]);

/* The index of the region that has a row in tables of scores. */
int region_of_row(const struct label_scheme *scheme, int row);

/* The index of the region of a name; -1: there is none. */
int region_named(const struct label_scheme *scheme, const char *name);

/* Whether two schemes' records mean the same: labels, and regions in their order. */
bool scheme_same_regions(const struct label_scheme *a, const struct label_scheme *b);

/* Whether networks of two schemes mean the same: modalities in their order, and regions. */
bool scheme_same_network(const struct label_scheme *a, const struct label_scheme *b);

/* The scheme of the files that this process reads: record_scheme until a tool's main chooses another one,
 * before anything is read (data_scheme_choose of scheme.h). */
extern const struct label_scheme *data_scheme;

/* Its modalities in the order of the channels: t1, t1ce, t2, flair. Behind them, at label_file, the file
 * of the label map, "seg"; case_files counts all. */
extern const struct modality *modalities;
int label_file(void);
int case_files(void);

/* The same for phantoms, which have the files of BraTS. */
enum { LABEL_FILE = MODALITIES, CASE_FILES };

/* The modalities' names in the order of the channels: "t1 t1ce t2 flair". */
void modality_names(const struct label_scheme *scheme, char names[NAME_LIST_SIZE]);

#endif
