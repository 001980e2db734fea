/* 3x3x3 convolution by its definition: see conv3.h. Sums are double, in the order i, z, y, x. */
#include "kernels/reference/reference.h"

enum { CHUNK = 64 }; /* voxels of a row summed side by side */

/* The taps of a row: out[o,z,y,x] = sum over i, t of w(o,i,t) in[i,z+tz,y+ty,x+tx]. With `transposed`, w is
 * [in][out] and read at -t: the convolution's transpose. */
struct conv3 {
    struct shape shape;
    int in, out, transposed;
    const float *x, *w;
};

static const float *weights_of(const struct conv3 *conv, int o, int i)
{
    return conv->w + (conv->transposed ? (size_t)i * (size_t)conv->out + (size_t)o
                                       : (size_t)o * (size_t)conv->in + (size_t)i) *
                         27;
}

static void sum_chunk(const struct conv3 *conv, int o, int z, int y, int first, int count, double *sums)
{
    struct shape s = conv->shape;
    for (int x = 0; x < count; x++)
        sums[x] = 0;
    for (int i = 0; i < conv->in; i++) {
        const float *map = conv->x + (size_t)i * shape_voxels(s);
        const float *w = weights_of(conv, o, i);
        for (int t = 0; t < 27; t++) {
            int tz = z + t / 9 - 1, ty = y + t / 3 % 3 - 1, tx = t % 3 - 1;
            if (tz < 0 || tz >= s.depth || ty < 0 || ty >= s.height)
                continue;
            const float *row = map + ((size_t)tz * (size_t)s.height + (size_t)ty) * (size_t)s.width;
            double weight = w[conv->transposed ? 26 - t : t];
            int begin = first + tx < 0 ? -tx - first : 0;
            int end = first + count + tx > s.width ? s.width - tx - first : count;
            for (int x = begin; x < end; x++)
                sums[x] += weight * row[first + x + tx];
        }
    }
}

static void convolve(const struct conv3 *conv, float *y)
{
    struct shape s = conv->shape;
#pragma omp parallel for collapse(2) schedule(static)
    for (int o = 0; o < conv->out; o++)
        for (int z = 0; z < s.depth; z++)
            for (int row = 0; row < s.height; row++)
                for (int first = 0; first < s.width; first += CHUNK) {
                    double sums[CHUNK];
                    int count = s.width - first < CHUNK ? s.width - first : CHUNK;
                    sum_chunk(conv, o, z, row, first, count, sums);
                    size_t at = (((size_t)o * (size_t)s.depth + (size_t)z) * (size_t)s.height + (size_t)row) *
                                    (size_t)s.width +
                                (size_t)first;
                    for (int x = 0; x < count; x++)
                        y[at + (size_t)x] = (float)sums[x];
                }
}

/* sum over v of dy[v] x[v + t], for one pair of maps and one tap */
static double correlate(struct shape s, const float *x, const float *dy, int t)
{
    int tz = t / 9 - 1, ty = t / 3 % 3 - 1, tx = t % 3 - 1;
    double sum = 0;
    for (int z = tz < 0; z < s.depth - (tz > 0); z++)
        for (int y = ty < 0; y < s.height - (ty > 0); y++) {
            const float *g = dy + ((size_t)z * (size_t)s.height + (size_t)y) * (size_t)s.width;
            const float *row = x + ((size_t)(z + tz) * (size_t)s.height + (size_t)(y + ty)) * (size_t)s.width;
            for (int v = tx < 0; v < s.width - (tx > 0); v++)
                sum += (double)g[v] * row[v + tx];
        }
    return sum;
}

static void weight_gradient(struct shape s, int in, int out, const float *x, const float *dy, float *dw)
{
    size_t voxels = shape_voxels(s);
#pragma omp parallel for collapse(2) schedule(static)
    for (int o = 0; o < out; o++)
        for (int i = 0; i < in; i++) {
            float *w = dw + ((size_t)o * (size_t)in + (size_t)i) * 27;
            for (int t = 0; t < 27; t++)
                w[t] = (float)(w[t] + correlate(s, x + (size_t)i * voxels, dy + (size_t)o * voxels, t));
        }
}

void reference_conv3_forward(struct shape in, struct shape out, const float *x, const float *w, float *y,
                             void *scratch)
{
    (void)scratch;
    convolve(&(struct conv3){in, shape_channels(in), shape_channels(out), 0, x, w}, y);
}

void reference_conv3_backward(struct shape in, struct shape out, const float *x, const float *w,
                              const float *dy, float *dx, float *dw, void *scratch)
{
    (void)scratch;
    if (dx)
        convolve(&(struct conv3){in, shape_channels(out), shape_channels(in), 1, dy, w}, dx);
    weight_gradient(in, shape_channels(in), shape_channels(out), x, dy, dw);
}

void reference_image_conv_forward(int image_channels, struct shape out, const float *image, const float *w,
                                  float *y, void *scratch)
{
    (void)scratch;
    convolve(&(struct conv3){out, image_channels, shape_channels(out), 0, image, w}, y);
}

void reference_image_conv_backward(int image_channels, struct shape out, const float *image, const float *dy,
                                   float *dw, void *scratch)
{
    (void)scratch;
    weight_gradient(out, image_channels, shape_channels(out), image, dy, dw);
}
