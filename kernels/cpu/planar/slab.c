#include "kernels/cpu/planar/slab.h"
#include "kernels/norm.h"
#include <string.h>

/* Slabs should stay in a core's second cache; a strip's halo should not cost much. */
enum { SLAB_BYTES = 384 << 10, STRIP_ROWS_MAX = 24, PARTIALS_BYTES = 64 << 20 };

static int clamped(long value, int least, int most)
{
    return value < least ? least : value > most ? most : (int)value;
}

struct partition partition_of(struct shape shape, int slab_channels, size_t partial_bytes)
{
    long row_bytes = 3L * slab_channels * (shape.width + 1) * (long)sizeof(float);
    int rows = clamped(SLAB_BYTES / row_bytes - 2, 1, STRIP_ROWS_MAX);
    int strips = (shape.height + rows - 1) / rows;
    rows = (shape.height + strips - 1) / strips; /* even strips */
    strips = (shape.height + rows - 1) / rows;
    int most = clamped(PARTIALS_BYTES / (long)(partial_bytes + 1), 4, SLOTS_MAX);
    return (struct partition){shape.depth, shape.height, rows, strips,
                              clamped((long)strips * shape.depth, 1, most)};
}

/* Floats rounded up to whole cache lines. */
static size_t whole_lines(size_t floats)
{
    return (floats + 15) / 16 * 16;
}

struct slab slab_take(struct arena *arena, int channels, int width, int rows)
{
    struct slab slab = {.channels = channels, .pitch = width + 1};
    /* a row and a zero come before the first voxel; beyond the last whole tile, as much may be read */
    slab.before = whole_lines((size_t)slab.pitch + 1);
    slab.map = slab.before + whole_lines(strip_room(width, rows) + (size_t)slab.pitch + 1);
    slab.capacity = 3 * (size_t)channels * slab.map;
    slab.memory = arena_take(arena, slab.capacity * sizeof(float));
    return slab;
}

static void load_row(int width, const float *restrict x, float mean, float factor, float beta,
                     float *restrict row)
{
    for (int v = 0; v < width; v++) {
        float a = factor * (x[v] - mean) + beta;
        row[v] = a > 0 ? a : LEAKY_SLOPE * a;
    }
}

/* Plane z of the volume, or zeros outside it, into its place in the ring. */
static float *load_plane(struct slab *slab, const struct source *source, struct place place, int z)
{
    struct shape s = source->shape;
    float *plane = slab->memory + (size_t)((z + 3) % 3) * (size_t)slab->channels * slab->map;
    float *first = plane + slab->before;
    if (z < 0 || z >= s.depth) {
        memset(plane, 0, (size_t)slab->channels * slab->map * sizeof(float));
        return first;
    }
    for (int c = 0; c < slab->channels; c++)
        for (int r = -1; r <= place.rows; r++) {
            int y = place.first_row + r;
            if (y < 0 || y >= s.height)
                continue;
            const float *x =
                source->x +
                (((size_t)c * (size_t)s.depth + (size_t)z) * (size_t)s.height + (size_t)y) * (size_t)s.width;
            float *row = first + (ptrdiff_t)((size_t)c * slab->map) + (ptrdiff_t)r * slab->pitch;
            if (source->factor)
                load_row(s.width, x, source->mean[c], source->factor[c], source->beta[c], row);
            else
                memcpy(row, x, (size_t)s.width * sizeof(float));
        }
    return first;
}

void slab_move(struct slab *slab, const struct source *source, struct place place, int fresh)
{
    if (fresh) {
        memset(slab->memory, 0, slab->capacity * sizeof(float));
        slab->planes[1] = load_plane(slab, source, place, place.z - 1);
        slab->planes[2] = load_plane(slab, source, place, place.z);
    }
    slab->planes[0] = slab->planes[1];
    slab->planes[1] = slab->planes[2];
    slab->planes[2] = load_plane(slab, source, place, place.z + 1);
}
