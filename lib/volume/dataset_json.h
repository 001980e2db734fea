/* The dataset.json of nnU-Net and of the Medical Segmentation Decathlon: which channel is which modality. */
#ifndef PRUNET_VOLUME_DATASET_JSON_H
#define PRUNET_VOLUME_DATASET_JSON_H

#include "lib/volume/labels.h"
#include <stdbool.h>

struct dataset {
    bool found;                     /* the file is there */
    bool four_dimensions;           /* its images are files of four dimensions: the Decathlon's */
    int channels;                   /* that it names */
    int channel_of[MODALITIES_MAX]; /* of each modality; -1: it has no such channel */
};

/* Reads FOLDER/dataset.json: `channel_names` (nnU-Net) or `modality` (the Decathlon), "0": "T1" and so on or
 * the other way around, `tensorImageSize`, and `file_ending`. Without the file, *dataset is zero but for
 * channel_of, which is -1. STATUS_DATA for a file that cannot be understood, a channel that is no modality
 * of ours, a modality twice, and images that are not .nii or .nii.gz. */
int dataset_json_read(const char *folder, struct dataset *dataset);

#endif
