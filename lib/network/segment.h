/* Segmentation of volumes of any size, by networks that take multiples of 2^(levels - 1) only. */
#ifndef PRUNET_NETWORK_SEGMENT_H
#define PRUNET_NETWORK_SEGMENT_H

#include "lib/network/backend_choice.h"
#include "lib/network/network.h"
#include "lib/stream/record.h"
#include "lib/volume/tiling.h"

/* Resizes the network for an image (inputs, z, y, x) of x, y, z voxels and copies it there, padded with
 * zeros at the high end of each axis. The image may be freed afterwards. STATUS_FAILURE when memory is
 * short. */
int segment_put(struct network *network, const int size[3], const float *image);

/* Writes the probabilities (outputs, z, y, x) of the image that segment_put copied, cut to its size.
 * STATUS_DATA when they are not finite, which only an image that is not finite or weights that have
 * diverged can cause. */
int segment_run(struct network *network, const int size[3], float *probabilities);

/* Makes *result of an image record of any size by one pass: what ensemble_segment (below) does with one network. */
int segment_record(struct network *network, struct record *image, bool fill_missing, struct record *result);

/* The mean of several passes --------------------------------------------------------------------------
 *
 * Of several networks, of the eight flips of the image, or both. The paper leaves both to future work;
 * they are not part of its figures. One network is in memory at a time: members of the same architecture
 * take turns in the same buffers. The mean is a sum in a fixed order, times 1 / passes. */

struct ensemble; /* opaque */

/* Opens the checkpoints of `count` members, at least one. `flips`: every member sees the image flipped along
 * each subset of its axes, and its probabilities flipped back. Members that differ in their inputs or
 * outputs are STATUS_DATA naming both. *ensemble is set only on success; `backend` and `paths` must
 * outlive it. */
int ensemble_open(struct ensemble **ensemble, const struct backend_choice *backend, int count,
                  const char *const *paths, bool flips);
void ensemble_close(struct ensemble *ensemble);

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

/* The size that a network takes a volume of `size` in: each side rounded up to its multiple. */
void segment_padded_size(const struct architecture *architecture, const int size[3], int padded[3]);

/* STATUS_USAGE for windows that the network, called `of`, cannot halve often enough. */
int segment_check_windows(const struct architecture *architecture, const struct tiling_choice *windows,
                          const char *of);

/* Bytes of host memory, beside the network's, that one pass over a volume of `size` needs at most: its image,
 * probabilities, and where they are padded copies of them; by windows, `windows` not NULL, those of one window,
 * too. */
size_t segment_host_bytes(const struct architecture *architecture, const int size[3],
                          const struct tiling *windows);

#endif
