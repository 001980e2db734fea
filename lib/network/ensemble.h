/* The mean of several passes: of several networks, of the eight flips of the image, or both. The paper leaves both to future work;
 * they are not part of its figures. One network is in memory at a time: members of the same architecture
 * take turns in the same buffers. The mean is a sum in a fixed order, times 1 / passes. */
#ifndef PRUNET_NETWORK_ENSEMBLE_H
#define PRUNET_NETWORK_ENSEMBLE_H

#include "lib/network/backend_choice.h"
#include "lib/stream/record.h"
#include "lib/volume/tiling.h"

struct ensemble; /* opaque */

/* Opens the checkpoints of `count` members, at least one. `flips`: every member sees the image flipped along
 * each subset of its axes, and its probabilities flipped back. Members that differ in their inputs or
 * outputs are STATUS_DATA naming both. *ensemble is set only on success; `backend` and `paths` must
 * outlive it. */
int ensemble_open(struct ensemble **ensemble, const struct backend_choice *backend, int count,
                  const char *const *paths, bool flips);
void ensemble_close(struct ensemble *ensemble); /* NULL is none */

/* From now on a volume that is larger than the windows is segmented by them: each window goes through all passes,
 * flipped by itself, and the sums of the weighted probabilities are divided by those of the weights (tiling.h). A
 * volume that one window covers is segmented as a whole, to the bit. The image stays in memory; beside it and the
 * result there are the network and the buffers of one window. STATUS_USAGE for a window that a member cannot halve
 * often enough. */
int ensemble_set_windows(struct ensemble *ensemble, const struct tiling_choice *windows);

/* The number of outputs, which all members share. */
int ensemble_outputs(const struct ensemble *ensemble);

/* The scheme of their modalities and regions. */
const struct label_scheme *ensemble_scheme(const struct ensemble *ensemble);

/* What the first member's metadata say under a key; NULL: nothing. */
const char *ensemble_note(const struct ensemble *ensemble, const char *key);

/* From now on a modality that an image lacks is 0, with a warning, instead of refused. */
void ensemble_fill_missing(struct ensemble *ensemble);

/* The mm between the voxels that the first member was trained on; 1 along each axis where it does not say.
 * STATUS_DATA where that is no spacing. */
int ensemble_spacing(const struct ensemble *ensemble, double spacing[3]);

/* Whether it says it, or 1 mm is assumed. */
bool ensemble_says_spacing(const struct ensemble *ensemble);

/* Makes *result, a float record of the image's geometry with a probability for each output, from an image
 * of any size, whose channels are first put into the order of the modalities. It is a prob record that
 * names regions and scheme. Voxels that are far from those that the first member says it was trained on are
 * warned of. The image's data are released as soon as they are not needed. STATUS_DATA when
 * its channels are not the networks' inputs (channels.h), or as segment_run. *result needs no record_free
 * after a failure. */
int ensemble_segment(struct ensemble *ensemble, struct record *image, struct record *result);

#endif
