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
static inline bool image_product_fits(enum precision precision, int image_channels)
{
    return precision != PRECISION_FP32 && image_channels == IMAGE_PRODUCT_CHANNELS;
}

/* y, a tensor of shape `out`, padding included = the convolution of image [4][D][H][W] with w, plain
 * [streams * channels][4][27]. y is a stream, dy below the gradient of one (streams.h). */
void image_product_forward(struct shape out, const float *image, const float *w, float *y);

/* Blocks that share the volume in image_product_backward; depends on the shape alone. */
unsigned image_product_blocks(struct shape out);

/* partials[block][slab of all streams][image channel][tap][32 channels] = sums over the block's voxels of
 * image[v + tap] dy[v]. dy: a tensor of shape `out`. */
void image_product_backward(struct shape out, const float *image, const float *dy, float *partials);

#endif
