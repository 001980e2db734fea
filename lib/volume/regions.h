/* Records of label maps to records of regions, and back. */
#ifndef PRUNET_VOLUME_REGIONS_H
#define PRUNET_VOLUME_REGIONS_H

#include "lib/stream/record.h"
#include "lib/volume/labels.h"

/* Turns a label record into a mask record with a channel for each region; other records stay as they are.
 * STATUS_DATA as record_make_labels. */
int regions_from_label(struct record *record);

/* Turns a prob or mask record with a channel for each region into a label record; others stay as they are.
 * STATUS_DATA for another number of channels. */
int regions_to_label(struct record *record);

/* Gives a label record the numbers that a scheme's label maps have, for a file that leaves the project;
 * the record is none of it any more. STATUS_DATA where the labels mean something else there. */
int labels_renumber(struct record *record, const struct label_scheme *scheme);

#endif
