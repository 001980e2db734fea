/* The model in the box: where its file is. */
#ifndef PRUNET_NETWORK_MODEL_H
#define PRUNET_NETWORK_MODEL_H

enum { MODEL_PATH_SIZE = 4096 };

/* The path of the starter: starter.safetensors in ../share/prunet/ of the program that runs (installed) or in
 * ../../data/models/ (built). STATUS_FAILURE where no file is there; the message names the places. */
int model_default(char path[MODEL_PATH_SIZE]);

#endif
