/* The transforms of a chunk: see chunks.h, operands.h and results.h. */
#include "kernels/cpu/blocked/chunks.h"
#include "kernels/cpu/blocked/operands.h"
#include "kernels/cpu/blocked/results.h"

void blocked_windows(const struct input *in, size_t i, struct range range, float *v)
{
    struct grid grid = grid_of(in->shape);
    size_t stride = point_stride(blocks_of(in->shape));
    for (int b = range.first; b < range.first + range.count; b++) {
        struct source source = source_of(in, b);
        float *to = v + (size_t)b * CHUNK * LANES;
        if (in->image)
            block_windows(FROM_IMAGE, &grid, chunk_of(&grid, i), &source, to, stride);
        else
            block_windows(FROM_TENSOR, &grid, chunk_of(&grid, i), &source, to, stride);
    }
}

void blocked_gradients(struct shape shape, size_t i, struct range range, const float *dy, float *w)
{
    struct grid grid = grid_of(shape);
    transform_gradients(&grid, chunk_of(&grid, i), range, dy, w);
}

void blocked_results(struct shape shape, size_t i, struct range range, const float *m, const struct sink *to)
{
    struct grid grid = grid_of(shape);
    store_results(&grid, chunk_of(&grid, i), range, m, to);
}
