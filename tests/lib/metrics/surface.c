/* Surfaces and surface elements whose size is known, and distances between solids whose answer is known. */
#include "lib/metrics/surface.h"
#include "lib/base/random.h"
#include "lib/metrics/measure.h"
#include "lib/metrics/surfel.h"
#include "tests/check.h"

static const double UNIT[3] = {1, 1, 1};

struct volume {
    uint8_t *voxels;
    int size[3];
};

static struct volume volume_of(int x, int y, int z)
{
    return (struct volume){calloc((size_t)x * (size_t)y * (size_t)z, 1), {x, y, z}};
}

static uint8_t *voxel(struct volume *v, int x, int y, int z)
{
    return &v->voxels[((size_t)z * (size_t)v->size[1] + (size_t)y) * (size_t)v->size[0] + (size_t)x];
}

static void set_box(struct volume *v, int x, int y, int z, int width, int height, int depth, uint8_t bit)
{
    for (int k = z; k < z + depth; k++)
        for (int j = y; j < y + height; j++)
            for (int i = x; i < x + width; i++)
                *voxel(v, i, j, k) |= bit;
}

static struct mask mask_of(const struct volume *v, uint8_t bit)
{
    return (struct mask){v->voxels, bit, {v->size[0], v->size[1], v->size[2]}, axes_of(v->size)};
}

static size_t border_count(const struct volume *v, bool corners)
{
    struct mask mask = mask_of(v, 1);
    struct surface surface;
    size_t count = surface_border(&mask, corners, &surface) ? 0 : surface.count;
    surface_free(&surface);
    return count;
}

static void test_border(void)
{
    struct volume v = volume_of(9, 8, 7);
    check(border_count(&v, false) == 0, "an empty mask has no border");
    *voxel(&v, 4, 4, 4) = 1;
    check(border_count(&v, false) == 1, "one voxel is border");
    set_box(&v, 2, 2, 2, 5, 4, 3, 1);
    check(border_count(&v, false) == 5 * 4 * 3 - 3 * 2 * 1, "a box's border is all but its inside");
    *voxel(&v, 2, 2, 2) = 0;
    check(border_count(&v, false) == 53 && border_count(&v, true) == 54,
          "a missing corner is seen by 26 neighbours, not by 6");
    set_box(&v, 0, 0, 0, 9, 8, 7, 1);
    check(border_count(&v, false) == 9 * 8 * 7 - 7 * 6 * 5, "a full volume's border is its outermost layer");
    free(v.voxels);
    v = volume_of(6, 5, 1);
    set_box(&v, 0, 0, 0, 6, 5, 1, 1);
    check(border_count(&v, false) == 6 * 5 - 4 * 3, "a slice has an inside");
    free(v.voxels);
    v = volume_of(1, 5, 4);
    set_box(&v, 0, 0, 0, 1, 5, 4, 1);
    check(border_count(&v, false) == 20, "a volume of one voxel in x is border everywhere");
    free(v.voxels);
}

static double lattice_area(const struct volume *v, const double spacing[3])
{
    struct mask mask = mask_of(v, 1);
    struct surface surface;
    double area = surface_lattice(&mask, spacing, &surface) ? NAN : 0;
    for (size_t i = 0; i < surface.count; i++)
        area += surface.areas[i];
    surface_free(&surface);
    return area;
}

static void test_surfels(void)
{
    double areas[256], scaled[256];
    const double twice[3] = {2, 2, 2}, odd[3] = {0.5, 1, 3};
    surfel_areas(UNIT, areas);
    surfel_areas(twice, scaled);
    int zero = 0, complement = 0, scaling = 0;
    for (int code = 0; code < 256; code++) {
        zero += (areas[code] == 0) != (code == 0 || code == 255);
        if (__builtin_popcount((unsigned)code) != 4) /* codes of four are ambiguous with their complements */
            complement += areas[code] != areas[255 - code];
        scaling += fabs(scaled[code] - 4 * areas[code]) > 1e-12;
    }
    check(!zero, "only the codes 0 and 255 are without surface");
    check(!complement, "a code and its complement have the same area");
    check(!scaling, "areas grow with the square of the spacing");
    check(fabs(areas[1] - sqrt(3) / 8) < 1e-12, "one corner is cut off by a triangle of sides sqrt(1/2)");
    check(fabs(areas[0x09] - 2 * areas[1]) < 1e-12 && fabs(areas[0x69] - 4 * areas[1]) < 1e-12 &&
              fabs(areas[0x96] - 4 * areas[1]) < 1e-12,
          "on an ambiguous face the inside corners are cut off one by one");
    check(fabs(areas[0x0f] - 1) < 1e-12 && fabs(areas[0x55] - 1) < 1e-12, "half a cube has one face between");
    surfel_areas(odd, areas);
    check(fabs(areas[0x0f] - 0.5) < 1e-12 && fabs(areas[0x33] - 1.5) < 1e-12 && fabs(areas[0x55] - 3) < 1e-12,
          "a face's area follows the spacing of its two axes");
}

static void test_lattice(void)
{
    enum { RADIUS = 20, SIZE = 45 };
    const double odd[3] = {0.5, 1, 3};
    struct volume v = volume_of(SIZE, SIZE, SIZE);
    for (int z = 0; z < SIZE; z++)
        for (int y = 0; y < SIZE; y++)
            for (int x = 0; x < SIZE; x++)
                *voxel(&v, x, y, z) =
                    (x - 22) * (x - 22) + (y - 22) * (y - 22) + (z - 22) * (z - 22) <= RADIUS * RADIUS;
    const double sphere = 4 * M_PI * (RADIUS + 0.5) * (RADIUS + 0.5), area = lattice_area(&v, UNIT);
    check(area > sphere && area < 1.15 * sphere, "a sphere's area is within 15 percent (%.3f of it)",
          area / sphere);
    free(v.voxels);
    v = volume_of(9, 8, 7);
    set_box(&v, 0, 0, 0, 9, 8, 7, 1);
    const double faces = 2 * (0.5 * 9 * 8 + 1.5 * 9 * 7 + 3 * 8 * 7);
    const double box = lattice_area(&v, odd);
    check(box < faces && box > 0.7 * faces, "a box that fills the volume has nearly the area of its faces");
    free(v.voxels);
    v = volume_of(9, 8, 1);
    set_box(&v, 2, 2, 0, 4, 3, 1, 1);
    const double contour = lattice_area(&v, UNIT); /* its 14 sides, four corners of 1 cut to sqrt(1/2) */
    check(fabs(contour - (14 - 4 + 4 * sqrt(0.5))) < 1e-12, "a slice has a contour with cut corners");
    free(v.voxels);
}

static double hd95_of(const char *convention, const struct volume *v, const double spacing[3])
{
    struct mask p = mask_of(v, 1), r = mask_of(v, 2);
    const struct measure_request request = {.wanted = {[MEASURE_HD95] = true}};
    struct region_scores scores;
    poison(&scores, sizeof scores);
    return measure_region(convention_find(convention), &request, &p, &r, spacing, &scores)
               ? 1e30
               : scores.value[MEASURE_HD95];
}

/* Distances that are plain to see, under every convention with a 95th percentile. */
static void test_known_distances(void)
{
    static const char *const conventions_used[] = {"brats", "prunet-2019", "medpy", "monai", "deepmind"};
    const double odd[3] = {0.5, 1, 3};
    for (size_t c = 0; c < sizeof conventions_used / sizeof conventions_used[0]; c++) {
        const char *name = conventions_used[c];
        const bool mm = convention_find(name)->millimetres;
        struct volume v = volume_of(12, 1, 7);
        *voxel(&v, 0, 0, 0) = 1;
        *voxel(&v, 11, 0, 6) |= 2;
        const double dx = 11 * (mm ? 0.5 : 1), dz = 6 * (mm ? 3 : 1);
        check(fabs(hd95_of(name, &v, odd) - hypot(dx, dz)) < 1e-12,
              "%s: two voxels in opposite corners, an axis of one", name);
        free(v.voxels);
        v = volume_of(20, 6, 6);
        set_box(&v, 0, 0, 0, 10, 6, 6, 1);
        set_box(&v, 10, 0, 0, 10, 6, 6, 2);
        const double touching = hd95_of(name, &v, UNIT);
        check(touching >= 9 && touching <= 10, "%s: halves of a volume that touch: %g", name, touching);
        free(v.voxels);
        v = volume_of(8, 8, 8);
        set_box(&v, 0, 0, 0, 8, 8, 8, 3);
        check(hd95_of(name, &v, odd) == 0, "%s: a full volume against itself", name);
        free(v.voxels);
    }
}

int main(void)
{
    test_border();
    test_surfels();
    test_lattice();
    test_known_distances();
    return check_exit();
}
