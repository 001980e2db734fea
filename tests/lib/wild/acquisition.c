/* What a scanner does: slices, blur, misregistration, noise, bias, tone and gain, each measured on simple levels; and
 * distances, fields and the atlas that heads are made from. */
#include "lib/wild/acquisition.h"
#include "lib/base/grid.h"
#include "lib/base/random.h"
#include "lib/wild/atlas.h"
#include "lib/wild/distance.h"
#include "lib/wild/exact.h"
#include "lib/wild/properties.h"
#include "tests/check.h"

static const int size[3] = {37, 30, 41}; /* odd, and more than two chunks of lines in a slice */

static void check_thicken(void)
{
    size_t n = grid_voxels(size);
    float *v = poisoned(n * sizeof *v);
    for (int axis = 0; axis < 3; axis++) {
        size_t stride = axis == 0 ? 1 : axis == 1 ? (size_t)size[0] : (size_t)size[0] * size[1];
        double off = 0, across = 0, sum = 0, peak = 0;
        for (size_t i = 0; i < n; i++)
            v[i] = 3;
        if (thicken(v, size, axis, 3.7, 0.3))
            abort();
        for (size_t i = 0; i < n; i++)
            off =
                fabs(v[i] - 3) > off ? fabs(v[i] - 3) : off; /* gcc 12 for arm64 fails to compile fmax here */
        for (size_t i = 0; i < n; i++)                       /* a plane of 1 in the middle of the axis */
            v[i] = (int)(i / stride % (size_t)size[axis]) == size[axis] / 2;
        if (thicken(v, size, axis, 4, 0.5))
            abort();
        for (int k = 0; k < size[axis]; k++) {
            float at = v[(size_t)k * stride];
            sum += at;
            peak = fmax(peak, at);
        }
        for (size_t i = 0; i < n; i++)
            across = fmax(across, fabs(v[i] - v[i / stride % (size_t)size[axis] * stride]));
        check(off < 1e-5 && sum > 0.7 && sum < 1.3 && peak < 0.3 && across < 1e-6,
              "axis %d: slices keep what is constant (%.1e) and the sum (%.2f), and mix 4 voxels (%.2f)",
              axis, off, sum, peak);
    }
    free(v);
}

/* An image of levels 1 in a box and 0.5 in the rest of a mask that spares two voxels at the border. */
static void acquire_box(uint64_t key, double spacing, int16_t *image, uint8_t *mask)
{
    struct wild_grid grid = {{size[0], size[1], size[2]}, spacing};
    size_t n = grid_voxels(size), at = 0;
    float *levels = poisoned(n * sizeof *levels);
    struct acquisition_scratch scratch = {poisoned(n * sizeof(float)), poisoned(n * sizeof(float))};
    for (int z = 0; z < size[2]; z++)
        for (int y = 0; y < size[1]; y++)
            for (int x = 0; x < size[0]; x++, at++) {
                bool inside =
                    x > 1 && y > 1 && z > 1 && x < size[0] - 2 && y < size[1] - 2 && z < size[2] - 2;
                mask[at] = inside;
                levels[at] = abs(x - 18) < 6 && abs(y - 15) < 6 && abs(z - 20) < 6 ? 1 : 0.5f;
            }
    if (acquire(key, 1, &grid, mask, levels, &scratch, image))
        abort();
    free(levels);
    free(scratch.a);
    free(scratch.b);
}

/* Noise, gain and centre of the box over many keys. */
static void check_acquire(void)
{
    size_t n = grid_voxels(size);
    int16_t *image = poisoned(n * sizeof *image);
    uint8_t *mask = poisoned(n);
    int outside = 0, contrast = 0, keys = 60;
    double noise_least = 9, noise_most = 0, gain_least = 1e9, gain_most = 0, shift = 0;
    for (int k = 0; k < keys; k++) {
        double sum = 0, inner = 0, squares = 0, corner = 0, weight = 0, moment = 0, count = 0, total = 0;
        acquire_box(random_key_number(7, (uint64_t)k), 1, image, mask);
        for (size_t i = 0; i < n; i++) {
            int x = (int)(i % (size_t)size[0]), y = (int)(i / (size_t)size[0] % (size_t)size[1]);
            int z = (int)(i / ((size_t)size[0] * size[1]));
            outside += (image[i] != 0) != mask[i] || image[i] < 0;
            total += mask[i];
            sum += image[i];
            if (abs(x - 18) < 4 && abs(y - 15) < 4 && abs(z - 20) < 4) {
                inner += image[i];
                squares += (double)image[i] * image[i];
                count++;
            }
            corner += x < 9 && x > 3 && y > 4 && z > 4 && y < 26 && z < 37 ? image[i] / (5.0 * 21 * 32) : 0;
        }
        for (size_t i = 0; i < n; i++) {
            double above = mask[i] ? fmax(0, image[i] - 1.25 * corner) : 0;
            weight += above;
            moment += above * (double)(i % (size_t)size[0]);
        }
        double mean = inner / count, deviation = sqrt(fmax(0, squares / count - mean * mean)) / mean;
        noise_least = fmin(noise_least, deviation);
        noise_most = fmax(noise_most, deviation);
        gain_least = fmin(gain_least, sum / total);
        gain_most = fmax(gain_most, sum / total);
        contrast += mean > 1.15 * corner;
        shift = fmax(shift, weight > 0 ? fabs(moment / weight - 18) : 0);
    }
    double low, high;
    property_range(GAIN, &low, &high);
    check(!outside, "files are 0 outside the mask and positive in it: %d voxels are not", outside);
    check(noise_most < 0.3 && noise_most > 3 * noise_least, "noise is %.4f to %.4f of the level", noise_least,
          noise_most);
    check(gain_least > 0.95 * low && gain_most < 1.05 * high && gain_most > 3 * gain_least,
          "the mean is %.0f to %.0f", gain_least, gain_most);
    check(contrast > 0.9 * keys, "what is twice as bright stays brighter in %d of %d", contrast, keys);
    check(shift < 2 && shift > 0.05, "what is registered is off by %.2f voxels at most", shift);
    free(image);
    free(mask);
}

static void check_bias(void)
{
    size_t n = (size_t)COARSE_NODES * COARSE_NODES * COARSE_NODES;
    modal *nodes = poisoned(n * sizeof *nodes);
    double least = 1, most = 1, rough = 0;
    for (uint64_t key = 0; key < 10; key++) {
        memset(nodes, 0, n * sizeof *nodes);
        if (bias_draw(key, nodes))
            abort();
        for (size_t i = 0; i < n; i++)
            for (int m = 0; m < 4; m++) {
                least = fmin(least, nodes[i][m]);
                most = fmax(most, nodes[i][m]);
                rough = i % COARSE_NODES ? fmax(rough, fabs(nodes[i][m] - nodes[i - 1][m])) : rough;
            }
    }
    check(least > 0.35 && least < 0.8 && most < 3 && most > 1.2 && rough < 0.25,
          "sensitivity is %.2f to %.2f, and changes by %.2f in 8 mm at most", least, most, rough);
    free(nodes);
}

/* Against all pairs of voxels, in a small volume. */
static void check_distance(void)
{
    int small[3] = {19, 7, 21}, n = 19 * 7 * 21;
    uint8_t set[19 * 7 * 21];
    float distance[19 * 7 * 21];
    double error = 0, cap = 6;
    poison(distance, sizeof distance);
    for (int i = 0; i < n; i++)
        set[i] = random_uniform(3, (uint64_t)i) < 0.01;
    if (distance_to(set, 1, small, (float)cap, distance))
        abort();
    for (int i = 0; i < n; i++) {
        double best = cap;
        for (int j = 0; j < n; j++) {
            double x = i % 19 - j % 19, y = i / 19 % 7 - j / 19 % 7, z = i / 133 - j / 133;
            best = set[j] ? fmin(best, sqrt(x * x + y * y + z * z)) : best;
        }
        error = fmax(error, fabs(best - distance[i]));
    }
    check(error < 1e-5, "distances are those of all pairs, up to the cap: %.1e", error);
}

static void check_lattice(void)
{
    float *lattice = lattice_make(), p[3], jump = 0;
    struct texture t = texture_draw(5, "test", 2), again = texture_draw(5, "test", 2);
    double sum = 0, squares = 0;
    int n = 20000;
    bool same = !memcmp(&t, &again, sizeof t);
    if (!lattice)
        abort();
    for (int i = 0; i < n; i++) {
        for (int a = 0; a < 3; a++)
            p[a] = (float)(random_uniform(9, (uint64_t)(3 * i + a)) * 200 - 100);
        float v = texture_at(lattice, &t, p);
        sum += v;
        squares += v * v;
        p[0] += 0.01f;
        jump = fmaxf(jump, fabsf(texture_at(lattice, &t, p) - v));
    }
    check(same && fabs(sum / n) < 0.05 && squares / n > 0.7 && squares / n < 1.1 && jump < 0.05f,
          "a texture: mean %.3f, variance %.3f, jumps %.3f in 0.01 mm", sum / n, squares / n, jump);
    free(lattice);
}

/* Tissue in a corner, away from the head, as real maps have it. */
static void add_specks(struct tissue_maps *maps)
{
    for (int z = 0; z < 2; z++)
        for (int y = 0; y < 2; y++)
            memset(maps->grey + ((size_t)z * maps->size[1] + y) * maps->size[0], 255, 2);
}

static void check_atlas(void)
{
    struct tissue_maps maps;
    struct atlas atlas;
    struct atlas_point at;
    if (tissue_maps_draw(&maps))
        abort();
    add_specks(&maps);
    if (atlas_make(&maps, &atlas))
        abort();
    check(fabs(atlas.middle[0]) < 2 && fabs(atlas.middle[2] - 5) < 15,
          "specks do not move its middle: %.0f %.0f %.0f", atlas.middle[0], atlas.middle[1], atlas.middle[2]);
    const float white[3] = {28, -20, 32}, ventricle[3] = {11, -8, 18}, outside[3] = {0, 0, 85},
                far[3] = {0, 0, 500};
    check(atlas_at(&atlas, white, &at) && at.white > 0.8f && at.depth > 10 && at.ventricle > 3,
          "white matter");
    check(atlas_at(&atlas, ventricle, &at) && at.white + at.grey < 0.2f && at.ventricle < 1, "a ventricle");
    bool found = atlas_at(&atlas, outside, &at);
    check(found && at.depth < -2, "outside: %.1f mm", at.depth);
    check(!atlas_at(&atlas, far, &at), "beyond the grid");
    int inside = 0;
    for (size_t i = 0; i < grid_voxels(atlas.size); i++) {
        int x = (int)(i % (size_t)atlas.size[0]),
            y = (int)(i / (size_t)atlas.size[0] % (size_t)atlas.size[1]);
        int z = (int)(i / ((size_t)atlas.size[0] * atlas.size[1]));
        bool border =
            !x || !y || !z || x + 1 == atlas.size[0] || y + 1 == atlas.size[1] || z + 1 == atlas.size[2];
        inside += border && (atlas.values[i * ATLAS_CHANNELS + ATLAS_DEPTH] > 128 - 4 * 20 ||
                             atlas.values[i * ATLAS_CHANNELS + ATLAS_HULL] > 128 - 4 * 20);
    }
    check(!inside, "the grid's border is 20 mm and more outside: %d voxels are not", inside);
    struct tissue_maps empty = maps;
    struct atlas none;
    empty.grey = calloc(grid_voxels(maps.size), 1);
    empty.white = calloc(grid_voxels(maps.size), 1);
    check(atlas_make(&empty, &none) == 65 && !none.values, "maps without tissue are refused");
    tissue_maps_free(&empty);
    tissue_maps_free(&maps);
    atlas_free(&atlas);
}

int main(void)
{
    check_thicken();
    check_acquire();
    check_bias();
    check_distance();
    check_lattice();
    check_atlas();
    return check_exit();
}
