/* The scheme of a data set that says it itself: the dataset.json of nnU-Net and of the Decathlon. */
#ifndef PRUNET_VOLUME_DATASET_SCHEME_H
#define PRUNET_VOLUME_DATASET_SCHEME_H

/* Sets *path to DATA/dataset.json, which the caller frees, where DATA has the folders of nnU-Net or of the
 * Decathlon and the tools' default scheme cannot read it: its modalities are not those of BraTS, or its
 * labels have other numbers than the default takes in that layout. Else to NULL: what is read without a scheme
 * goes on being read so. STATUS_DATA for a file that would be needed and is no scheme; the message says what
 * to do. data_scheme is the default meanwhile. */
int dataset_scheme_find(const char *data, char **path);

#endif
