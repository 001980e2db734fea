/* The transforms of a chunk: see chunks.h, operands.h and results.h. */
#include "kernels/cpu/blocked/chunks.h"
#include "kernels/cpu/blocked/operands.h"
#include "kernels/cpu/blocked/results.h"

void blocked_windows(struct shape shape, size_t i, const float *x, const struct norm_backward *norms,
                     float *v)
{
    struct grid grid = grid_of(shape);
    transform_windows(&grid, chunk_of(&grid, i), x, norms, v);
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
