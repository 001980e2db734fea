/* Direct convolution: QUAD output channels of TILE voxels stay in registers while all taps pass by. */
#include "kernels/cpu/planar/lanes.h"
#include "kernels/cpu/planar/stencil.h"

void stencil_pack(int out, int in, const float *w, int transposed, float *packed)
{
    for (int o = 0; o < quads(out) * QUAD; o++)
        for (int i = 0; i < in; i++)
            for (int t = 0; t < 27; t++) {
                size_t at = (((size_t)(o / QUAD) * (size_t)in + (size_t)i) * 27 + (size_t)t) * QUAD;
                size_t from = transposed ? ((size_t)i * (size_t)out + (size_t)o) * 27 + (size_t)(26 - t)
                                         : ((size_t)o * (size_t)in + (size_t)i) * 27 + (size_t)t;
                packed[at + (size_t)(o % QUAD)] = o < out ? w[from] : 0;
            }
}

static inline void add_row_of_taps(const float *row, const float *w, lanes sums[QUAD][TILE_VECTORS])
{
    for (int tx = 0; tx < 3; tx++)
        for (int v = 0; v < TILE_VECTORS; v++) {
            lanes x = lanes_load(row + tx + v * LANES);
            for (int o = 0; o < QUAD; o++)
                sums[o][v] += w[tx * QUAD + o] * x;
        }
}

void stencil_convolve(const struct slab *slab, const float *packed, size_t room, float *result)
{
    for (size_t at = 0; at < room; at += TILE) {
        lanes sums[QUAD][TILE_VECTORS] = {{{0}}};
        const float *w = packed;
        for (int i = 0; i < slab->channels; i++)
            for (int tz = 0; tz < 3; tz++) {
                const float *row = slab->planes[tz] + (size_t)i * slab->map + at - slab->pitch - 1;
                for (int ty = 0; ty < 3; ty++, w += 3 * QUAD, row += slab->pitch)
                    add_row_of_taps(row, w, sums);
            }
        for (int o = 0; o < QUAD; o++)
            for (int v = 0; v < TILE_VECTORS; v++)
                lanes_store(result + (size_t)o * room + at + (size_t)(v * LANES), sums[o][v]);
    }
}
