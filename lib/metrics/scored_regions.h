/* Which regions a case is scored in, and how the label maps number what they consist of. */
#ifndef PRUNET_METRICS_SCORED_REGIONS_H
#define PRUNET_METRICS_SCORED_REGIONS_H

#include "lib/volume/labels.h"
#include <stdbool.h>
#include <stdint.h>

enum label_set {
    LABELS_2018,     /* 1 necrosis, 2 oedema, 4 enhancing tumour */
    LABELS_2023,     /* 3 or 4 is the enhancing tumour, not both in one map */
    LABELS_SCHEME,   /* the labels and regions of data_scheme (labels.h); records are of its records */
    LABELS_MASK,     /* one region: every voxel that is not 0 */
    LABELS_CHALLENGE /* this and the numbers after it: the regions of a challenge since 2024, by their row */
};

/* The bit of a voxel of LABELS_MASK. Of 2018, 2023 and a scheme bits are region bits (labels.h), else
 * those of scored_regions. */
enum { BIT_MASK = 1 };

/* In the order of the rows of a table. */
struct scored_regions {
    int count;
    const char *name[SCHEME_REGIONS_MAX];
    uint8_t bit[SCHEME_REGIONS_MAX];
};

/* The one look-up of regions. */
struct scored_regions scored_regions(enum label_set set);

/* The set that --scheme calls so: a challenge, "goat", or a scheme, which becomes data_scheme.
 * STATUS_USAGE for another name, STATUS_DATA for a file that is no scheme. */
int label_set_choose(const char *name, enum label_set *set);

/* From now on a scheme is scored in its regions alone, without those that it only scores. Before anything is
 * read. */
void label_set_outputs_alone(void);

/* The set that data_scheme is scored in. */
enum label_set label_set_of_data(void);

/* The scheme that records and probabilities under a set are of. */
const struct label_scheme *label_set_records(enum label_set set);

/* The names of schemes and challenges, with commas between them; static memory. */
const char *label_set_names(void);

/* The name of a challenge's set; NULL for the others. */
const char *label_set_challenge(enum label_set set);

/* Of a challenge: the bits of a number of a label map; LABEL_NONE for a number that the set does not have. As
 * under 2023 a 4 is the enhancing tumour where the set knows no other 4, since this project's records have
 * it; label_set_reads_records says whether they can be read as this set. */
uint8_t label_set_bits(enum label_set set, int value);
bool label_set_reads_records(enum label_set set);

/* Of a challenge: the numbers of its label maps, for messages: "0, 1, 2 and 3". */
const char *label_set_values(enum label_set set);

#endif
