/* Winograd's minimal filtering in one dimension, F(2,3) and F(4,3): m outputs of a filter of 3 taps from
 * m + 2 inputs by m + 2 products (Winograd 1980; Lavin and Gray, CVPR 2016),
 *
 *     y = A^T ( (G w) o (B^T d) ),
 *
 * whose transposes give the weight gradient, dw = G^T ( (A dy) o (B^T d) ).
 *
 * F(2,3), points 0, 1, -1, inf:
 *
 *     B^T = 1  0 -1  0     G = 1    0   0      A^T = 1  1  1  0
 *           0  1  1  0         1/2  1/2 1/2          0  1 -1 -1
 *           0 -1  1  0         1/2 -1/2 1/2
 *           0  1  0 -1         0    0   1
 *
 * F(4,3), points 0, a, -a, b, -b, inf; a = 3/4, b = 3/2:
 *
 *     B^T   row of 0:    (x^2 - a^2) (x^2 - b^2)
 *           row of +-a:  x (x +- a) (x^2 - b^2), and so for +-b
 *           row of inf:  x (x^2 - a^2) (x^2 - b^2)
 *     G     row of p:    (1, p, p^2) / prod over q != p of (p - q)
 *     A^T   column of p: 1, p, p^2, p^3
 *
 * (B^T's rows are the coefficients of the polynomial, the constant one first; G's row of inf is 0 0 1, A^T's
 * column of inf 0 0 0 1.) The usual points 1 and 2 lose three times as many bits in three dimensions. */
#ifndef PRUNET_KERNELS_CPU_WINOGRAD_TRANSFORMS_H
#define PRUNET_KERNELS_CPU_WINOGRAD_TRANSFORMS_H

#include "kernels/cpu/base/vector.h"

#define POINT_A 0.75f
#define POINT_B 1.5f

/* What G's rows of the points 0, a and b have in common: one over the product, over the other points q, of
 * (p - q). In double, so that each of G's numbers is rounded once. */
#define SCALE_0 (1 / (aa * bb))
#define SCALE_A (1 / (2 * aa * (aa - bb)))
#define SCALE_B (1 / (2 * bb * (bb - aa)))

/* u[0..m+1] = G g[0..2] */
INLINE void filter_transform(int m, const lanes *g, lanes *u)
{
    const double a = POINT_A, b = POINT_B, aa = a * a, bb = b * b;
    if (m == 2) {
        lanes even = lanes_add_scaled(0.5f * g[0], 0.5f, g[2]);
        u[0] = g[0];
        u[1] = lanes_add_scaled(even, 0.5f, g[1]);
        u[2] = lanes_subtract_scaled(even, 0.5f, g[1]);
        u[3] = g[2];
        return;
    }
    lanes even_a = lanes_add_scaled((float)SCALE_A * g[0], (float)(SCALE_A * aa), g[2]);
    lanes even_b = lanes_add_scaled((float)SCALE_B * g[0], (float)(SCALE_B * bb), g[2]);
    u[0] = (float)SCALE_0 * g[0];
    u[1] = lanes_add_scaled(even_a, (float)(SCALE_A * a), g[1]);
    u[2] = lanes_subtract_scaled(even_a, (float)(SCALE_A * a), g[1]);
    u[3] = lanes_add_scaled(even_b, (float)(SCALE_B * b), g[1]);
    u[4] = lanes_subtract_scaled(even_b, (float)(SCALE_B * b), g[1]);
    u[5] = g[2];
}

/* g[0..2] = G^T u[0..m+1] */
INLINE void filter_gradient(int m, const lanes *u, lanes *g)
{
    const double a = POINT_A, b = POINT_B, aa = a * a, bb = b * b;
    lanes even_a = u[1] + u[2], odd_a = u[1] - u[2];
    if (m == 2) {
        g[0] = lanes_add_scaled(u[0], 0.5f, even_a);
        g[1] = 0.5f * odd_a;
        g[2] = lanes_add_scaled(u[3], 0.5f, even_a);
        return;
    }
    lanes even_b = u[3] + u[4], odd_b = u[3] - u[4];
    g[0] = lanes_add_scaled((float)SCALE_0 * u[0], (float)SCALE_A, even_a);
    g[0] = lanes_add_scaled(g[0], (float)SCALE_B, even_b);
    g[1] = lanes_add_scaled((float)(SCALE_A * a) * odd_a, (float)(SCALE_B * b), odd_b);
    g[2] = lanes_add_scaled((float)(SCALE_A * aa) * even_a, (float)(SCALE_B * bb), even_b) + u[5];
}

/* v[0..m+1] = B^T d[0..m+1] */
INLINE void input_transform(int m, const lanes *d, lanes *v)
{
    const float a = POINT_A, b = POINT_B, aa = a * a, bb = b * b;
    if (m == 2) {
        v[0] = d[0] - d[2];
        v[1] = d[1] + d[2];
        v[2] = d[2] - d[1];
        v[3] = d[1] - d[3];
        return;
    }
    lanes even_a = lanes_subtract_scaled(d[4], bb, d[2]), odd_a = lanes_subtract_scaled(d[3], bb, d[1]);
    lanes even_b = lanes_subtract_scaled(d[4], aa, d[2]), odd_b = lanes_subtract_scaled(d[3], aa, d[1]);
    v[0] = lanes_add_scaled(lanes_subtract_scaled(d[4], aa + bb, d[2]), aa * bb, d[0]);
    v[1] = lanes_add_scaled(even_a, a, odd_a);
    v[2] = lanes_subtract_scaled(even_a, a, odd_a);
    v[3] = lanes_add_scaled(even_b, b, odd_b);
    v[4] = lanes_subtract_scaled(even_b, b, odd_b);
    v[5] = lanes_add_scaled(lanes_subtract_scaled(d[5], aa + bb, d[3]), aa * bb, d[1]);
}

/* y[0..m-1] = A^T v[0..m+1] */
INLINE void output_transform(int m, const lanes *v, lanes *y)
{
    const float a = POINT_A, b = POINT_B;
    if (m == 2) {
        y[0] = v[0] + v[1] + v[2];
        y[1] = v[1] - v[2] - v[3];
        return;
    }
    lanes even_a = v[1] + v[2], odd_a = v[1] - v[2], even_b = v[3] + v[4], odd_b = v[3] - v[4];
    y[0] = v[0] + even_a + even_b;
    y[1] = lanes_add_scaled(a * odd_a, b, odd_b);
    y[2] = lanes_add_scaled((a * a) * even_a, b * b, even_b);
    y[3] = lanes_add_scaled((a * a * a) * odd_a, b * b * b, odd_b) + v[5];
}

/* w[0..m+1] = A g[0..m-1] */
INLINE void gradient_transform(int m, const lanes *g, lanes *w)
{
    const float a = POINT_A, b = POINT_B;
    if (m == 2) {
        w[0] = g[0];
        w[1] = g[0] + g[1];
        w[2] = g[0] - g[1];
        w[3] = -g[1];
        return;
    }
    lanes even_a = lanes_add_scaled(g[0], a * a, g[2]);
    lanes odd_a = lanes_add_scaled(a * g[1], a * a * a, g[3]);
    lanes even_b = lanes_add_scaled(g[0], b * b, g[2]);
    lanes odd_b = lanes_add_scaled(b * g[1], b * b * b, g[3]);
    w[0] = g[0];
    w[1] = even_a + odd_a;
    w[2] = even_a - odd_a;
    w[3] = even_b + odd_b;
    w[4] = even_b - odd_b;
    w[5] = g[3];
}

#endif
