#include "lib/metrics/surfel.h"
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

enum { LOOP_MAX = 12, TRIANGLES_MAX = 8 };

/* Half cross products |n| of a code's triangles at unit spacing, a row a triangle. Other spacings scale
 * component by component: n_x by sy sz, and so on. */
struct patch {
    int triangles;
    double normal[TRIANGLES_MAX][3];
};

static struct patch patches[256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Edge midpoints of the cube are numbered axis * 4 + place, with place the two bits of the other axes in
 * ascending order. Corners are numbered like the bits of a code. */
static int edge_between(int corner_a, int corner_b)
{
    int difference = corner_a ^ corner_b, low = corner_a & corner_b;
    if (difference == 1)
        return low >> 1;
    if (difference == 2)
        return 4 + ((low & 1) | (low >> 2 << 1));
    return 8 + (low & 3);
}

/* Midpoint in half voxels. */
static void edge_midpoint(int edge, double at[3])
{
    int axis = edge / 4, place = edge % 4;
    const int others[2] = {axis == 0, axis == 2 ? 1 : 2};
    at[axis] = 0.5;
    at[others[0]] = place & 1;
    at[others[1]] = place >> 1;
}

static void half_cross(const double a[3], const double b[3], const double c[3], double normal[3])
{
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        normal[i] = fabs((b[j] - a[j]) * (c[k] - a[k]) - (b[k] - a[k]) * (c[j] - a[j])) / 2;
    }
}

static double length3(const double n[3])
{
    return sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
}

/* Joins the crossed edges of every face: link[e] are the two edges that e's loop passes next to it. A face
 * with four crossed edges is ambiguous; there each inside corner is cut off by itself. */
static void link_edges(int code, int link[12][2])
{
    memset(link, -1, sizeof(int[12][2]));
    for (int axis = 0; axis < 3; axis++)
        for (int side = 0; side < 2; side++) {
            int u = 1 << (axis + 1) % 3, v = 1 << (axis + 2) % 3, base = side << axis;
            const int ring[4] = {base, base | u, base | u | v, base | v};
            int crossed[4] = {0}, count = 0;
            for (int i = 0; i < 4; i++) /* crossed[] holds i where the edge ring[i] to ring[i+1] is cut */
                if ((code >> ring[i] & 1) != (code >> ring[(i + 1) % 4] & 1))
                    crossed[count++] = i;
            /* With four crossings edge i and i+1 meet at corner i+1: start so that this corner is inside. */
            int first = count == 4 && !(code >> ring[1] & 1);
            for (int pair = 0; pair < count / 2; pair++) {
                int i = crossed[(first + 2 * pair) % count], j = crossed[(first + 2 * pair + 1) % count];
                int a = edge_between(ring[i], ring[(i + 1) % 4]),
                    b = edge_between(ring[j], ring[(j + 1) % 4]);
                link[a][link[a][0] >= 0] = b;
                link[b][link[b][0] >= 0] = a;
            }
        }
}

/* Triangulates a loop so that its area at unit spacing is largest: best[i][j] is the largest area of the
 * polygon i..j, split[i][j] the apex over its side i-j (the usual dynamic programme). */
static void triangulate(int n, const double at[LOOP_MAX][3], struct patch *patch)
{
    double best[LOOP_MAX][LOOP_MAX] = {0}, normal[3];
    int split[LOOP_MAX][LOOP_MAX] = {0};
    for (int width = 2; width < n; width++)
        for (int i = 0; i + width < n; i++)
            for (int k = i + 1, j = i + width; k < j; k++) {
                half_cross(at[i], at[k], at[j], normal);
                double area = best[i][k] + best[k][j] + length3(normal);
                if (area > best[i][j] + 1e-9) {
                    best[i][j] = area;
                    split[i][j] = k;
                }
            }
    int stack[2 * LOOP_MAX][2] = {{0, n - 1}};
    for (int depth = 1; depth > 0;) {
        int i = stack[--depth][0], j = stack[depth][1], k = split[i][j];
        if (j - i < 2)
            continue;
        half_cross(at[i], at[k], at[j], patch->normal[patch->triangles++]);
        stack[depth][0] = i, stack[depth++][1] = k;
        stack[depth][0] = k, stack[depth++][1] = j;
    }
}

static void build_patch(int code, struct patch *patch)
{
    int link[12][2];
    bool seen[12] = {false};
    if (__builtin_popcount((unsigned)code) > 4)
        code ^= 255;
    link_edges(code, link);
    for (int start = 0; start < 12; start++) {
        double at[LOOP_MAX][3];
        int n = 0;
        for (int edge = start; edge >= 0 && link[edge][0] >= 0 && !seen[edge];) {
            seen[edge] = true;
            edge_midpoint(edge, at[n++]);
            edge = !seen[link[edge][0]] ? link[edge][0] : link[edge][1];
        }
        if (n)
            triangulate(n, at, patch);
    }
}

static void build_patches(void)
{
    for (int code = 0; code < 256; code++)
        build_patch(code, &patches[code]);
}

void surfel_areas(const double spacing[3], double areas[256])
{
    pthread_once(&once, build_patches);
    const double scale[3] = {spacing[1] * spacing[2], spacing[0] * spacing[2], spacing[0] * spacing[1]};
    for (int code = 0; code < 256; code++) {
        areas[code] = 0;
        for (int t = 0; t < patches[code].triangles; t++) {
            const double *n = patches[code].normal[t];
            areas[code] += length3((double[3]){n[0] * scale[0], n[1] * scale[1], n[2] * scale[2]});
        }
    }
}
