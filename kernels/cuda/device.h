/* The kernels of the CUDA backend as the host calls them. They work on one part, a sheet
 * [voxels][padded(channels)] of floats (see layout.h), unless they say otherwise; every pointer is the
 * device's. `=` and `+=` as in kernels/.
 *
 * `partials` is room for sums on their way: partials_bytes(voxels, channels) says how much. Operands of
 * convolutions are sheets of floats or, at PRECISION_BF16, of bf16; such pointers are void, `bf16` tells
 * which. */
#ifndef PRUNET_KERNELS_CUDA_DEVICE_H
#define PRUNET_KERNELS_CUDA_DEVICE_H

#include "kernels/adam.h"
#include "kernels/head.h"
#include "kernels/shape.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

size_t partials_bytes(size_t voxels, int channels);

/* --- sums.cu --- */

/* totals[n] = sum over the blocks of partials[block][n], for n < count; `stride` doubles a block. */
void gpu_sum_partials(unsigned blocks, int stride, int count, const double *partials, double *totals);

/* The same with `count` floats a block. */
void gpu_sum_float_partials(unsigned blocks, int count, const float *partials, double *totals);

/* As many such sums over neighbouring blocks: totals[group][stride]. */
void gpu_group_partials(unsigned blocks, unsigned groups, int stride, const double *partials, double *totals);

/* sums += totals */
void gpu_add_totals(int count, const double *totals, float *sums);

/* --- norm.cu: see kernels/norm.h --- */

/* What normalising needs of a channel; zeros for padding channels, which so stay zero. */
struct norm_channel {
    float mean, scale; /* of its group: scale = 1 / sqrt(variance + epsilon) */
    float gamma, beta;
};

/* What the backward pass subtracts: the group's mean of gamma dz and of gamma dz xhat. */
struct norm_correction {
    float constant, slope;
};

void gpu_channel_sums(size_t voxels, int channels, const float *x, double *channel_sums, double *partials);
void gpu_norm_channels(size_t voxels, int channels, int groups, const double *channel_sums,
                       const float *gamma, const float *beta, struct norm_channel *norm);

/* a = LeakyReLU(norm(x)) */
void gpu_normalize(size_t voxels, int channels, const struct norm_channel *norm, const float *x, void *a,
                   bool bf16);

/* dgamma, dbeta += and the correction =, from x and the gradient da behind the activation. */
void gpu_norm_sums(size_t voxels, int channels, int groups, const struct norm_channel *norm, const float *x,
                   const void *da, bool bf16, float *dgamma, float *dbeta, struct norm_correction *correction,
                   double *partials);

/* dx = or += scale (gamma dz - constant - slope xhat); dx may be da when it is a sheet of floats. */
void gpu_norm_gradient(size_t voxels, int channels, const struct norm_channel *norm,
                       const struct norm_correction *correction, const float *x, const void *da, bool bf16,
                       float *dx, bool add);

/* The two halves of it, for a producer of da that has added scale gamma dz to dx at once and stored the block
 * sums of dz and dz xhat at partials[blocks][channels padded][2]. */
void gpu_norm_sums_from_partials(size_t voxels, int channels, int groups, const struct norm_channel *norm,
                                 unsigned blocks, double *partials, float *dgamma, float *dbeta,
                                 struct norm_correction *correction);
void gpu_norm_correct(size_t voxels, int channels, const struct norm_channel *norm,
                      const struct norm_correction *correction, const float *x, float *dx);

/* --- pack.cu --- */

/* out = bf16(x) */
void gpu_to_bf16(size_t voxels, int channels, const float *x, uint16_t *out);

/* y += f, a sheet of bf16; the channel_sums of the new y unless NULL. */
void gpu_add_bf16(size_t voxels, int channels, const uint16_t *f, float *y, double *channel_sums,
                  double *partials);

/* y = f, a sheet of bf16 */
void gpu_from_bf16(size_t voxels, int channels, const uint16_t *f, float *y);

/* packed = sign w: [padded(out)][27][padded(in)] from plain [out][in][27] */
void gpu_pack_conv(int out, int in, const float *w, float sign, void *packed, bool bf16);

/* dw, plain, += packed */
void gpu_add_conv_gradient(int out, int in, const void *packed, bool bf16, float *dw);

/* packed [out streams * padded(out channels)][in streams * padded(in channels)] = w, plain [out][in] over all
 * streams; and dw += packed. Only streams and channels of the shapes count. */
void gpu_pack_conv1(struct shape out, struct shape in, const float *w, float *packed);
void gpu_add_conv1_gradient(struct shape out, struct shape in, const float *packed, float *dw);

/* y of every voxel = the bias b */
void gpu_fill_bias(size_t voxels, int channels, const float *b, float *y);

/* db += sum of dy over the voxels */
void gpu_bias_gradient(size_t voxels, int channels, const float *dy, float *db, double *partials);

/* --- level0.cu, level0_weights.cu: the branch of 32 padded channels by hand, bf16 operands; see
 * kernels/branch.h and by_hand.h --- */

/* Whether a part has the channels that it was written for. */
bool level0_fits(struct shape shape);

/* Partials that the two below want, where it fits. */
size_t level0_partials_bytes(struct shape shape);

/* y += sign F(u), y_sums unless NULL; `packed` is room for 27 x 32 x 32 bf16. */
void gpu_level0_forward(struct shape shape, const struct norm_channel *norm, const float *u, const float *w,
                        float sign, float *y, double *y_sums, void *packed, double *partials);

/* du, dgamma, dbeta += ; all of the branch's backward pass but the weights of the convolution. */
void gpu_level0_backward(struct shape shape, int norm_groups, const struct norm_channel *norm, const float *u,
                         const float *w, const float *dy, float *du, float *dgamma, float *dbeta,
                         struct norm_correction *correction, void *packed, double *partials);

/* dw, plain [channels][channels][27], += ; partials as level0_weights_partials_bytes says */
size_t level0_weights_partials_bytes(struct shape shape);
void gpu_level0_weights(struct shape shape, const struct norm_channel *norm, const float *u, const float *dy,
                        float *dw, double *partials);

/* --- image.cu: see kernels/conv3.h; `image` and w plain, y and dy tensors of all streams --- */

/* y = */
void gpu_image_forward(struct shape out, int image_channels, const float *image, const float *w, float *y);

/* dw += ; partials as image_partials_bytes says */
size_t image_partials_bytes(struct shape out, int image_channels);
void gpu_image_backward(struct shape out, int image_channels, const float *image, const float *dy, float *dw,
                        double *partials);

/* --- resample.cu: see kernels/resample.h; all streams of a tensor at once --- */

void gpu_pool(struct shape fine, const float *x, float *y);
void gpu_unpool(struct shape fine, const float *x, const float *dy, float *dx);

/* y += sign upsample(x) */
void gpu_upsample(struct shape coarse, const float *x, float sign, float *y);
void gpu_upsample_transpose(struct shape coarse, const float *dy, float *dx);

/* --- head.cu: see kernels/head.h; tensors of all streams --- */

void gpu_head(struct shape in, int regions, const float *x, const float *w, const float *b, float *p);
/* Partials that the two below want. */
size_t head_partials_bytes(struct shape in);
void gpu_dice_sums(size_t voxels, int regions, const float *p, const uint8_t *target, struct dice_sums *sums,
                   double *partials);
void gpu_head_backward(struct shape in, int regions, const float *x, const float *w, const float *p,
                       const uint8_t *target, const struct dice_sums *sums, float scale, float *dx, float *dw,
                       float *db, double *partials);

/* --- adam.cu --- */

void gpu_adam(size_t n, const struct adam *adam, const float *g, float *w, float *m, float *v);

#ifdef __cplusplus
}
#endif

#endif
