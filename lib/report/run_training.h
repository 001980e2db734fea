/* What a run says of the states in its folder: how the images were prepared that they were trained on, and the training. */
#ifndef PRUNET_REPORT_RUN_TRAINING_H
#define PRUNET_REPORT_RUN_TRAINING_H

#include "lib/volume/labels.h"
#include "lib/volume/resample.h"

/* Each "" where it is not known, or is not the case. */
struct run_training {
    char crop[64], patch[64]; /* voxels, "160x192x160" */
    char spacing
        [SPACING_TEXT_SIZE];     /* mm: that of SPACING, or the one that all cases have by CASES' check.tsv */
    char record[NAME_LIST_SIZE]; /* "4 cases; validation Dice of 1: ET 0.1200 WT 0.8000 TC 0.5500" */
    char program[64];            /* which began the run */
};

/* Of the run in whose folder `state` lies, as RUN/best/state.safetensors and RUN/epochs/0007/state.safetensors do; all "" where
 * it lies in none. STATUS_DATA, naming file and line, for a table of the run that is none; STATUS_FAILURE where one cannot be
 * read. */
int run_training_read(const char *state, struct run_training *training);

#endif
