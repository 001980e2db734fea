/* Down and up between two levels, composed of the plain steps: see resample.h.
 *
 * Scratch: `down` two coarse tensors of the fine level's channels (pooled values and their gradient), `up`
 * one (the mixed values, or their gradient). */
#include "kernels/reference/reference.h"

static void second_stream_sums(struct shape shape, const float *y, double *channel_sums)
{
    if (channel_sums)
        reference_channel_sums(shape_half(shape),
                               y + (size_t)(shape.streams - 1) * (size_t)shape.channels * shape_voxels(shape),
                               channel_sums, NULL);
}

void reference_down_forward(struct shape fine, struct shape coarse, const float *x, const float *w,
                            const float *b, float *y, double *channel_sums, void *scratch)
{
    reference_pool_forward(fine, x, scratch);
    reference_conv1_forward(shape_channels(fine), shape_channels(coarse), shape_voxels(coarse), scratch, w, b,
                            y);
    second_stream_sums(coarse, y, channel_sums);
}

void reference_down_backward(struct shape fine, struct shape coarse, const float *x, const float *w,
                             const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    float *pooled = scratch, *gradient = pooled + (size_t)shape_channels(fine) * shape_voxels(coarse);
    reference_pool_forward(fine, x, pooled);
    reference_conv1_backward(shape_channels(fine), shape_channels(coarse), shape_voxels(coarse), pooled, w,
                             dy, gradient, dw, db);
    reference_pool_backward(fine, x, gradient, dx);
}

void reference_up_forward(struct shape coarse, struct shape fine, const float *x, const float *w,
                          const float *b, float sign, float *y, double *channel_sums, void *scratch)
{
    float *mixed = scratch;
    size_t n = (size_t)shape_channels(fine) * shape_voxels(coarse);
    reference_conv1_forward(shape_channels(coarse), shape_channels(fine), shape_voxels(coarse), x, w, b,
                            mixed);
    for (size_t i = 0; i < n; i++)
        mixed[i] *= sign; /* exact, so that -1 takes off what +1 added */
    struct shape conv1_shape = coarse;
    conv1_shape.streams = fine.streams;
    conv1_shape.channels = fine.channels;
    reference_upsample_forward(conv1_shape, mixed, y);
    second_stream_sums(fine, y, channel_sums);
}

void reference_up_backward(struct shape coarse, struct shape fine, const float *x, const float *w,
                           const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    struct shape conv1_shape = coarse;
    conv1_shape.streams = fine.streams;
    conv1_shape.channels = fine.channels;
    reference_upsample_backward(conv1_shape, dy, scratch);
    reference_conv1_backward(shape_channels(coarse), shape_channels(fine), shape_voxels(coarse), x, w,
                             scratch, dx, dw, db);
}
