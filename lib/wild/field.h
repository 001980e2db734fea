/* Random fields: one lattice that textures are read from, and smooth fields of a few cells over the head. */
#ifndef PRUNET_WILD_FIELD_H
#define PRUNET_WILD_FIELD_H

#include <stdint.h>

/* One number a modality, or the three components of a displacement and a spare. */
typedef float modal __attribute__((vector_size(16)));

enum { LATTICE_CELLS = 64 }; /* along an axis; a power of two */

/* The lattice: a periodic field of zero mean and unit variance, white noise smoothed over 1.5 cells. Always
 * the same numbers: heads differ in where they read it. malloc'd, LATTICE_CELLS^3; NULL without memory. */
float *lattice_make(void);

/* A texture: the lattice at a scale, from an offset. */
struct texture {
    float frequency; /* cells a mm */
    float offset[3]; /* cells */
};

/* scale: mm a cell. */
struct texture texture_draw(uint64_t key, const char *name, double scale);

/* The cell of a coordinate above -16 times the lattice's size, without a call of floor. */
static inline int lattice_cell(float x)
{
    return (int)(x + 16 * LATTICE_CELLS) - 16 * LATTICE_CELLS;
}

/* The texture's value at p, mm; trilinear. p within the head (above -300 mm times the frequency). */
static inline float texture_at(const float *lattice, const struct texture *t, const float p[3])
{
    float u[3], f[3];
    int low[3], high[3];
    for (int i = 0; i < 3; i++) {
        u[i] = p[i] * t->frequency + t->offset[i];
        int cell = lattice_cell(u[i]);
        f[i] = u[i] - (float)cell;
        low[i] = cell & (LATTICE_CELLS - 1);
        high[i] = (cell + 1) & (LATTICE_CELLS - 1);
    }
    const float *a = lattice + (low[2] * LATTICE_CELLS + low[1]) * LATTICE_CELLS;
    const float *b = lattice + (low[2] * LATTICE_CELLS + high[1]) * LATTICE_CELLS;
    const float *c = lattice + (high[2] * LATTICE_CELLS + low[1]) * LATTICE_CELLS;
    const float *d = lattice + (high[2] * LATTICE_CELLS + high[1]) * LATTICE_CELLS;
    float x = f[0], y = f[1], z = f[2];
    float near0 = a[low[0]] + x * (a[high[0]] - a[low[0]]), near1 = b[low[0]] + x * (b[high[0]] - b[low[0]]);
    float far0 = c[low[0]] + x * (c[high[0]] - c[low[0]]), far1 = d[low[0]] + x * (d[high[0]] - d[low[0]]);
    near0 += y * (near1 - near0);
    far0 += y * (far1 - far0);
    return near0 + z * (far0 - near0);
}

enum { COARSE_NODES = 29, COARSE_CELLS_MAX = 29 };

/* A smooth field over the cube of COARSE_REACH mm to each side of the head's middle: COARSE_NODES^3 nodes. */
#define COARSE_REACH 110.0f

/* Adds cubic B-splines with random coefficients on `cells` cells along each axis, so that component i has a
 * standard deviation of about amplitude[i]. cells: 1..COARSE_CELLS_MAX. STATUS_FAILURE without memory. */
int coarse_add(modal *nodes, uint64_t key, int cells, const modal *amplitude);

/* The field at p, mm: trilinear between nodes, beyond the cube as at its border. */
static inline modal coarse_at(const modal *nodes, const float p[3])
{
    const float scale = (COARSE_NODES - 1) / (2 * COARSE_REACH);
    const int stride[3] = {1, COARSE_NODES, COARSE_NODES * COARSE_NODES};
    float f[3];
    int at = 0;
    for (int i = 0; i < 3; i++) {
        float u = (p[i] + COARSE_REACH) * scale;
        u = u < 0 ? 0 : u > COARSE_NODES - 1.001f ? COARSE_NODES - 1.001f : u;
        int cell = (int)u;
        f[i] = u - (float)cell;
        at += cell * stride[i];
    }
    const modal *n = nodes + at;
    modal a = n[0] + f[0] * (n[1] - n[0]), b = n[stride[1]] + f[0] * (n[stride[1] + 1] - n[stride[1]]);
    n += stride[2];
    modal c = n[0] + f[0] * (n[1] - n[0]), d = n[stride[1]] + f[0] * (n[stride[1] + 1] - n[stride[1]]);
    a += f[1] * (b - a);
    c += f[1] * (d - c);
    return a + f[2] * (c - a);
}

#endif
