/* Phantoms on disk, as a data set in one of the layouts. */
#ifndef PRUNET_VOLUME_DATA_FOLDER_H
#define PRUNET_VOLUME_DATA_FOLDER_H

#include "lib/volume/layout.h"
#include "lib/volume/phantom.h"

enum { DATA_FOLDER_NAME_SIZE = 32 };

/* The name of case `number` in a layout: phantom_00001, BraTS-PHA-00001-000 or sub-00001. */
void data_folder_name(enum layout layout, int number, char name[DATA_FOLDER_NAME_SIZE]);

/* Writes a case into FOLDER, which exists, with the label numbers of the layout's year: those of 2018, of
 * 2023 with LAYOUT_BRATS_2023, of the Decathlon with LAYOUT_DECATHLON and LAYOUT_NNUNET. Where cases have
 * folders of their own, a case appears whole or not at all, else its files do, the label map first. */
int data_folder_write(const struct phantom *phantom, const char *folder, enum layout layout, int number);

/* Writes what describes the data set, dataset.json or dataset_description.json, for cases 1 to `last`. */
int data_folder_describe(const char *folder, enum layout layout, int last);

#endif
