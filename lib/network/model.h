/* What a model says for those who segment with it, and the model in the box. */
#ifndef PRUNET_NETWORK_MODEL_H
#define PRUNET_NETWORK_MODEL_H

#include "lib/network/checkpoint.h"
#include <limits.h>

/* The path of the starter, models/starter.safetensors (lib/base/install.h). STATUS_FAILURE where no file is there;
 * the message names the places. */
int model_default(char path[PATH_MAX]);

/* That of the one for cases that lack a modality, models/starter-any.safetensors. STATUS_FAILURE where no file is there. */
int model_default_lacking(char path[PATH_MAX]);

/* The voxels of the crop that it was trained on, x, y, z; crop stays as it is where the file does not say.
 * STATUS_DATA where that is no size. */
int model_crop(const struct checkpoint *checkpoint, int crop[3]);

#endif
