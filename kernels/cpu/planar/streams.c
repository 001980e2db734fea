/* How the activations of reversible sequences and their gradients are stored: as they are computed, in fp32. The
 * other way is cpu/planar16/streams.c, which says more of each function. */
typedef float stream, stream_gradient;

enum { STREAM_IN_PLACE = 1 };

INLINE stream *streams(float *a)
{
    return a;
}

INLINE const stream *streams_read(const float *a)
{
    return a;
}

INLINE float *stream_row_take(struct arena *arena, size_t floats)
{
    (void)arena, (void)floats;
    return NULL;
}

INLINE float *stream_row_of(float *rows, size_t floats, int slice)
{
    (void)floats, (void)slice;
    return rows;
}

INLINE const float *stream_values(size_t n, const stream *a, float *row)
{
    (void)n, (void)row;
    return a;
}

INLINE const float *stream_cells(const stream *x, struct shape *fine, float *cells)
{
    (void)fine, (void)cells;
    return x;
}

INLINE float *stream_written(stream *a, float *row)
{
    (void)row;
    return a;
}

INLINE void stream_store(size_t n, const float *x, stream *a)
{
    memcpy(a, x, n * sizeof *a);
}

INLINE float *stream_open(size_t n, stream *a, float *row)
{
    (void)n, (void)row;
    return a;
}

INLINE void stream_close(size_t n, const float *row, stream *a, int counts)
{
    (void)n, (void)row, (void)a, (void)counts;
}

/* --- gradients --- */

INLINE stream_gradient *stream_gradients(float *g)
{
    return g;
}

INLINE const stream_gradient *stream_gradients_read(const float *g)
{
    return g;
}

INLINE const float *gradient_values(size_t n, const stream_gradient *g, float *row)
{
    (void)n, (void)row;
    return g;
}

INLINE float *gradient_written(stream_gradient *g, float *row)
{
    (void)row;
    return g;
}

INLINE float *gradient_open(size_t n, stream_gradient *g, float *row)
{
    (void)n, (void)row;
    return g;
}

INLINE void gradient_close(size_t n, const float *row, stream_gradient *g)
{
    (void)n, (void)row, (void)g;
}

INLINE float *gradient_cells_open(stream_gradient *g, struct shape *fine, float *cells)
{
    (void)fine, (void)cells;
    return g;
}

INLINE void gradient_cells_close(struct shape fine, const float *cells, stream_gradient *g)
{
    (void)fine, (void)cells, (void)g;
}
