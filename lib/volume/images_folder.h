/* nnU-Net's and the Decathlon's layouts: DATASET/imagesTr with the files of all cases, labelsTr,
 * dataset.json. */
#ifndef PRUNET_VOLUME_IMAGES_FOLDER_H
#define PRUNET_VOLUME_IMAGES_FOLDER_H

#include "lib/volume/case_search.h"

/* Whether a folder's name says that it holds images, imagesTr or imagesTs. */
bool images_folder_is(const char *name);

/* Whether it holds label maps: labelsTr or labelsTs beside a folder of images. STATUS_FAILURE when that
 * cannot be told. */
int labels_folder_is(const char *path, const char *name, bool *is);

/* Adds the cases of a folder of images. Where a label map must be there, those of imagesTs that have none
 * are left out: they are for testing. STATUS_DATA for a dataset.json that does not say which channel is
 * which. */
int images_folder_search(struct case_search *search, const char *path, const char *name);

#endif
