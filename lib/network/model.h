/* The model in the box: where its file is. */
#ifndef PRUNET_NETWORK_MODEL_H
#define PRUNET_NETWORK_MODEL_H

#include <limits.h>

/* The path of the starter, models/starter.safetensors (lib/base/install.h). STATUS_FAILURE where no file is there;
 * the message names the places. */
int model_default(char path[PATH_MAX]);

#endif
