/* A trained network's weights for other modalities or regions: all layers between its ends stay. */
#ifndef PRUNET_NETWORK_REFIT_H
#define PRUNET_NETWORK_REFIT_H

#include "lib/network/checkpoint.h"

/* "first layer: kept t1 t2, drawn ct; last layer: kept none, drawn PANCREAS" */
enum { REFIT_TEXT_SIZE = 4 * NAME_LIST_SIZE + 64 };

/* Makes of an open checkpoint the network of a scheme. An input whose modality the checkpoint has by that
 * name keeps the first convolution's weights, and a region the last one's; the others are drawn as
 * prunet-init draws them, a function of the seed and the tensor's name, `output_bias` added to the drawn
 * regions' biases. Only the vector to segment with has values afterwards. `text` says which were kept and
 * which drawn. Where the checkpoint's modalities and regions are the scheme's in their order nothing
 * changes, and `text` is "". STATUS_DATA for a network that cannot be, STATUS_FAILURE without memory. */
int checkpoint_refit(struct checkpoint *checkpoint, const struct label_scheme *scheme, uint64_t seed,
                     double output_bias, char text[REFIT_TEXT_SIZE]);

#endif
