/* The NIfTI files of a phantom. */
#ifndef PRUNET_VOLUME_PHANTOM_FILES_H
#define PRUNET_VOLUME_PHANTOM_FILES_H

#include "lib/volume/phantom.h"

/* Write one file each, compressed, int16 or uint8: the image of a modality; those of all in one of four
 * dimensions, in the Decathlon's order; the label map in the numbers of a scheme, which must have all labels
 * of records. A file appears whole or not at all; `name` is the case's, for messages. */
int phantom_write_image(const struct phantom *phantom, const char *name, int modality, const char *path);
int phantom_write_images(const struct phantom *phantom, const char *name, const char *path);
int phantom_write_label(const struct phantom *phantom, const char *name, const struct label_scheme *scheme,
                        const char *path);

#endif
