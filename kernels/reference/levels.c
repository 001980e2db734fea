/* Down and up between two levels, composed of the plain steps: see resample.h.
 *
 * Scratch: `down` two coarse tensors of the fine level's channels (pooled values and their gradient), `up`
 * one (the mixed values, or their gradient). */
#include "kernels/reference/reference.h"

static void second_part_moments(struct shape shape, const float *y, double *moments)
{
    if (moments)
        reference_moments(shape_half(shape),
                          y + (size_t)(shape.parts - 1) * (size_t)shape.channels * shape_voxels(shape),
                          moments, NULL);
}

void reference_down_forward(struct shape fine, struct shape coarse, const float *x, const float *w,
                            const float *b, float *y, double *moments, void *scratch)
{
    reference_pool_forward(fine, x, scratch);
    reference_mix_forward(shape_channels(fine), shape_channels(coarse), shape_voxels(coarse), scratch, w, b,
                          y);
    second_part_moments(coarse, y, moments);
}

void reference_down_backward(struct shape fine, struct shape coarse, const float *x, const float *w,
                             const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    float *pooled = scratch, *gradient = pooled + (size_t)shape_channels(fine) * shape_voxels(coarse);
    reference_pool_forward(fine, x, pooled);
    reference_mix_backward(shape_channels(fine), shape_channels(coarse), shape_voxels(coarse), pooled, w, dy,
                           gradient, dw, db);
    reference_pool_backward(fine, x, gradient, dx);
}

void reference_up_forward(struct shape coarse, struct shape fine, const float *x, const float *w,
                          const float *b, float sign, float *y, double *moments, void *scratch)
{
    float *mixed = scratch;
    size_t n = (size_t)shape_channels(fine) * shape_voxels(coarse);
    reference_mix_forward(shape_channels(coarse), shape_channels(fine), shape_voxels(coarse), x, w, b, mixed);
    for (size_t i = 0; i < n; i++)
        mixed[i] *= sign; /* exact, so that -1 takes off what +1 added */
    struct shape mixed_shape = coarse;
    mixed_shape.parts = fine.parts;
    mixed_shape.channels = fine.channels;
    reference_upsample_forward(mixed_shape, mixed, y);
    second_part_moments(fine, y, moments);
}

void reference_up_backward(struct shape coarse, struct shape fine, const float *x, const float *w,
                           const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    struct shape mixed_shape = coarse;
    mixed_shape.parts = fine.parts;
    mixed_shape.channels = fine.channels;
    reference_upsample_backward(mixed_shape, dy, scratch);
    reference_mix_backward(shape_channels(coarse), shape_channels(fine), shape_voxels(coarse), x, w, scratch,
                           dx, dw, db);
}
