/* The first convolution as a matrix product on tensor cores: 3x3x3 from a plain image of four maps, the
 * modalities, to slabs of 32 channels. See kernels/conv3.h; image_conv.cu chooses between this and plain fp32.
 *
 * The image is never rounded: it is the sum of two bf16, high + low, which leaves 16 bits of mantissa. The
 * other operand, weights or dy, is rounded to bf16, as everywhere at that precision, or, where TF32 is asked
 * for, is such a sum, too. Sums are fp32. */
#ifndef PRUNET_KERNELS_CUDA_IMAGE_PRODUCT_H
#define PRUNET_KERNELS_CUDA_IMAGE_PRODUCT_H

#include "kernels/cuda/operand.h"

enum { IMAGE_PRODUCT_CHANNELS = 4, IMAGE_PRODUCT_SUMS = IMAGE_PRODUCT_CHANNELS * 27 * 32 };

/* Whether these kernels serve images of so many maps at that precision. */
bool image_product_fits(enum precision precision, int image_channels);

/* Blocks that share the volume in image_product_backward; depends on the shape alone. */
unsigned image_product_blocks(struct shape out);

/* partials[block][slab of all streams][image channel][tap][32 channels] = sums over the block's voxels of
 * image[v + tap] dy[v]. image [4][D][H][W]; dy: a tensor of shape `out`. */
void image_product_backward(struct shape out, const float *image, const float *dy, float *partials);

#endif
