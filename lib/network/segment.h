/* Segmentation of volumes of any size, by networks that take multiples of 2^(levels - 1) only. */
#ifndef PRUNET_NETWORK_SEGMENT_H
#define PRUNET_NETWORK_SEGMENT_H

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

/* Makes *result of an image record of any size by one pass: what ensemble_segment (ensemble.h) does with one network. */
int segment_record(struct network *network, struct record *image, bool fill_missing, struct record *result);

/* The same without a name: the image's channels are the network's inputs, and floats; its data are released before the
 * network works, its header stays. *result needs no record_free after a failure. */
int segment_pass(struct network *network, struct record *image, struct record *result);

/* Makes it a prob record that names the scheme's regions; a network of another number of outputs has regions that
 * nobody knows. Releases it after a failure. */
int segment_name_regions(struct record *result, const struct label_scheme *scheme);

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
