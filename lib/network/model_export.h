/* A model to give away: the weights of a checkpoint without what only training needs, and what people should
 * know of it. */
#ifndef PRUNET_NETWORK_MODEL_EXPORT_H
#define PRUNET_NETWORK_MODEL_EXPORT_H

#include "lib/network/checkpoint.h"

struct model_options {
    bool half; /* values rounded to bfloat16, to the nearest, ties to even */
    const struct safetensors_entry
        *notes; /* further metadata; each replaces one of its key, or without a value removes it */
    size_t note_count;
};

/* Writes the weights of an open checkpoint to PATH (NULL: standard output), whole or not at all; the
 * average of the weights where there is one. The metadata are the checkpoint's (of a refitted one those of
 * the network that it is now), without what says where in an epoch it stopped, then prunet.weights = "average" or "last", and the notes. STATUS_DATA when a weight
 * is not finite. */
int model_export(const struct checkpoint *checkpoint, const struct model_options *options, const char *path);

#endif
