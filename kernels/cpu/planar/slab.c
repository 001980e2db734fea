/* A slab: three neighbouring planes of a strip of rows, for all channels, laid out so that a 3x3x3 stencil
 * needs no borders.
 *
 * A row of `width` voxels is followed by one zero, which is also what lies left of the next row; a strip has
 * a halo row above and below. Outside the volume all is zero. Voxels of a strip are then numbered through,
 * v = row * pitch + x with pitch = width + 1, and tap (tz, ty, tx) of voxel v is
 * planes[tz + 1][v + ty * pitch + tx]. What a stencil yields at x = width is not used.
 *
 * The planes form a ring: a walk along z loads each plane once. The volume is cut into strips of rows, and
 * the sequence of (strip, z) into slices; each slice has its own slabs and its own partial sums. */

/* Voxels of a strip are convolved TILE at a time: TILE_VECTORS vectors of 4 output channels in registers. */
enum { TILE_VECTORS = LANES == 16 ? 6 : 2, TILE = TILE_VECTORS * LANES };

/* Slabs should stay in a core's second cache; a strip's halo should not cost much. */
enum { SLAB_BYTES = 384 << 10, STRIP_ROWS_MAX = 24, PARTIALS_BYTES = 64 << 20 };

/* How a volume is cut. */
struct partition {
    int depth, height, rows; /* rows of a strip; the last may have fewer */
    int strips, slices;
};

/* The rows of a strip in plane z. */
struct strip {
    int z, first_row, rows;
};

static int clamp_long(long value, int least, int most)
{
    return value < least ? least : value > most ? most : (int)value;
}

/* slab_channels: channels that a slice keeps in slabs; partial_bytes: of a slice's sums. */
static struct partition partition_of(struct shape shape, int slab_channels, size_t partial_bytes)
{
    long row_bytes = 3L * slab_channels * (shape.width + 1) * (long)sizeof(float);
    int rows = clamp_long(SLAB_BYTES / row_bytes - 2, 1, STRIP_ROWS_MAX);
    int strips = (shape.height + rows - 1) / rows;
    rows = (shape.height + strips - 1) / strips; /* even strips */
    strips = (shape.height + rows - 1) / rows;
    int most = clamp_long(PARTIALS_BYTES / (long)(partial_bytes + 1), 4, SLICES_MAX);
    return (struct partition){shape.depth, shape.height, rows, strips,
                              clamp_long((long)strips * shape.depth, 1, most)};
}

/* Items [partition_begin(slice), partition_begin(slice + 1)) are a slice's; an item is a strip in a plane. */
static int partition_begin(const struct partition *p, int slice)
{
    return (int)slice_begin((size_t)p->depth * (size_t)p->strips, p->slices, slice);
}

static struct strip partition_strip(const struct partition *p, int item)
{
    int strip = item / p->depth, first = strip * p->rows;
    return (struct strip){item % p->depth, first, int_min(p->rows, p->height - first)};
}

/* Numbered voxels of a strip, and as many in whole tiles. */
static size_t strip_voxels(int width, int rows)
{
    return (size_t)(width + 1) * (size_t)rows;
}

static size_t strip_capacity(int width, int rows)
{
    return (strip_voxels(width, rows) + TILE - 1) / TILE * TILE;
}

/* Maps [channels][D][H][W] that fill a slab: x as it is, or the stream u normalised and activated (norm.c). */
struct slab_source {
    struct shape shape;
    struct plain_or_gradient x;
    const stream *u;
    const struct norm_lines *lines; /* of u; NULL: x */
    float *values;                  /* a row of u's */
};

struct slab {
    int channels, pitch;
    size_t before;          /* floats of a map before its first voxel, which is aligned */
    size_t map;             /* floats of one channel in one plane */
    size_t capacity;        /* floats in all */
    float *memory;          /* [3][channels][map] */
    const float *planes[3]; /* first voxel of the strip at z-1, z, z+1, channel 0 */
};

/* Floats rounded up to whole cache lines. */
static size_t whole_lines(size_t floats)
{
    return (floats + 15) / 16 * 16;
}

static struct slab slab_take(struct arena *arena, int channels, int width, int rows)
{
    struct slab slab = {.channels = channels, .pitch = width + 1};
    /* a row and a zero come before the first voxel; beyond the last whole tile, as much may be read */
    slab.before = whole_lines((size_t)slab.pitch + 1);
    slab.map = slab.before + whole_lines(strip_capacity(width, rows) + (size_t)slab.pitch + 1);
    slab.capacity = 3 * (size_t)channels * slab.map;
    slab.memory = arena_lines(arena, slab.capacity * sizeof(float));
    return slab;
}

/* Plane z of the volume, or zeros outside it, into its place in the ring. */
static float *load_plane(struct slab *slab, const struct slab_source *source, struct strip strip, int z)
{
    struct shape s = source->shape;
    float *plane = slab->memory + (size_t)((z + 3) % 3) * (size_t)slab->channels * slab->map;
    float *first = plane + slab->before;
    if (z < 0 || z >= s.depth) {
        memset(plane, 0, (size_t)slab->channels * slab->map * sizeof(float));
        return first;
    }
    for (int c = 0; c < slab->channels; c++)
        for (int r = -1; r <= strip.rows; r++) {
            int y = strip.first_row + r;
            if (y < 0 || y >= s.height)
                continue;
            size_t at = shape_row(s, c, z, y), width = (size_t)s.width;
            float *row = first + (ptrdiff_t)((size_t)c * slab->map) + (ptrdiff_t)r * slab->pitch;
            if (source->lines) {
                activate_row(source->lines, c, width, stream_values(width, source->u + at, source->values),
                             row);
                continue;
            }
            const float *values = row_values(source->x, at, width, row);
            if (values != row)
                memcpy(row, values, width * sizeof(float));
        }
    return first;
}

/* Moves the slab to a strip: from the plane before it in the same strip, or, with `fresh`, from anywhere. */
static void slab_move(struct slab *slab, const struct slab_source *source, struct strip strip, int fresh)
{
    if (fresh) {
        memset(slab->memory, 0, slab->capacity * sizeof(float));
        slab->planes[1] = load_plane(slab, source, strip, strip.z - 1);
        slab->planes[2] = load_plane(slab, source, strip, strip.z);
    }
    slab->planes[0] = slab->planes[1];
    slab->planes[1] = slab->planes[2];
    slab->planes[2] = load_plane(slab, source, strip, strip.z + 1);
}
