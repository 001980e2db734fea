/* Activations of reversible sequences in 16-bit fixed point, their gradients in bfloat16: kernels/int16.h. */
#include "kernels/int16.h"

typedef int16_t stream;
typedef uint16_t stream_gradient;

/* Whether rows of activations and gradients are floats where they lie, so that nothing is converted. */
enum { STREAM_IN_PLACE = 0 };

/* Activations as the operations' arguments have them. */
INLINE stream *streams(float *a)
{
    return (stream *)(void *)a;
}

INLINE const stream *streams_read(const float *a)
{
    return (const stream *)(const void *)a;
}

/* Scratch for rows of values, and a slice's own of as many for each; none where rows stay in place. */
INLINE float *stream_row_take(struct arena *arena, size_t floats)
{
    return arena_lines(arena, floats * sizeof(float));
}

INLINE float *stream_row_of(float *rows, size_t floats, int slice)
{
    return rows + (size_t)slice * floats;
}

/* The values of n voxels: where they lie, or in `row`. */
INLINE const float *stream_values(size_t n, const stream *restrict a, float *restrict row)
{
#pragma omp simd
    for (size_t v = 0; v < n; v++)
        row[v] = int16_value(a[v]);
    return row;
}

/* The values of a row of 2x2x2 cells whose first row is x: where they lie, or in cells[4][width], and *fine then
 * becomes the shape of those. */
INLINE const float *stream_cells(const stream *x, struct shape *fine, float *cells)
{
    const size_t width = (size_t)fine->width;
    for (int k = 0; k < 4; k++)
        stream_values(width, x + shape_row(*fine, 0, k >> 1, k & 1), cells + (size_t)k * width);
    *fine = (struct shape){1, 1, 2, 2, fine->width};
    return cells;
}

/* Where values that are going to be stored are computed: in place or in `row`. */
INLINE float *stream_written(stream *a, float *row)
{
    (void)a;
    return row;
}

/* Sums that wrapped around, going forward, since they were last asked for. */
static int64_t stream_wraps;

static int64_t wraps(void)
{
    return __atomic_exchange_n(&stream_wraps, 0, __ATOMIC_RELAXED);
}

/* a = x */
INLINE void stream_store(size_t n, const float *restrict x, stream *restrict a)
{
    int wrapped = 0;
#pragma omp simd reduction(+ : wrapped)
    for (size_t v = 0; v < n; v++)
        a[v] = int16_add(0, x[v], &wrapped);
    if (wrapped)
        __atomic_fetch_add(&stream_wraps, wrapped, __ATOMIC_RELAXED);
}

/* Where something is added to n values: in place, or to zeros in `row`, which stream_close then adds. */
INLINE float *stream_open(size_t n, stream *a, float *row)
{
    (void)a;
    memset(row, 0, n * sizeof *row);
    return row;
}

/* `counts`: what wraps; undoing wraps back what was counted going forward. */
INLINE void stream_close(size_t n, const float *restrict row, stream *restrict a, int counts)
{
    int wrapped = 0;
#pragma omp simd reduction(+ : wrapped)
    for (size_t v = 0; v < n; v++)
        a[v] = int16_add(a[v], row[v], &wrapped);
    if (wrapped && counts)
        __atomic_fetch_add(&stream_wraps, wrapped, __ATOMIC_RELAXED);
}

/* --- gradients --- */

INLINE stream_gradient *stream_gradients(float *g)
{
    return (stream_gradient *)(void *)g;
}

INLINE const stream_gradient *stream_gradients_read(const float *g)
{
    return (const stream_gradient *)(const void *)g;
}

/* The values of n voxels: where they lie, or in `row`. */
INLINE const float *gradient_values(size_t n, const stream_gradient *restrict g, float *restrict row)
{
#pragma omp simd
    for (size_t v = 0; v < n; v++)
        row[v] = bf16_value(g[v]);
    return row;
}

/* Where n values are computed, or added to what is there; gradient_close then stores them. */
INLINE float *gradient_written(stream_gradient *g, float *row)
{
    (void)g;
    return row;
}

INLINE float *gradient_open(size_t n, stream_gradient *g, float *row)
{
    gradient_values(n, g, row);
    return row;
}

INLINE void gradient_close(size_t n, const float *restrict row, stream_gradient *restrict g)
{
#pragma omp simd
    for (size_t v = 0; v < n; v++)
        g[v] = bf16_of(row[v]);
}

/* The same of a row of 2x2x2 cells whose first row is g: its values lie in place or in cells[4][width], as *fine then
 * says. */
INLINE float *gradient_cells_open(stream_gradient *g, struct shape *fine, float *cells)
{
    const size_t width = (size_t)fine->width;
    for (int k = 0; k < 4; k++)
        gradient_values(width, g + shape_row(*fine, 0, k >> 1, k & 1), cells + (size_t)k * width);
    *fine = (struct shape){1, 1, 2, 2, fine->width};
    return cells;
}

INLINE void gradient_cells_close(struct shape fine, const float *cells, stream_gradient *g)
{
    const size_t width = (size_t)fine.width;
    for (int k = 0; k < 4; k++)
        gradient_close(width, cells + (size_t)k * width, g + shape_row(fine, 0, k >> 1, k & 1));
}
