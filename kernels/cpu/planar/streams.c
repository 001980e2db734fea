/* How the activations of reversible sequences are stored: as they are computed, in fp32. The other way is
 * cpu/planar16/streams.c, which says more of each function. */
typedef float stream;

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
