/* Lesion-wise scores of scenes whose lesions can be counted by eye. */
#include "lib/metrics/lesion.h"
#include "lib/metrics/component.h"
#include "tests/check.h"

enum { WIDTH = 40, HEIGHT = 24, DEPTH = 20, VOXELS = WIDTH * HEIGHT * DEPTH, P = 1, R = 2 };
static const double UNIT[3] = {1, 1, 1};

static uint8_t *scene(void)
{
    return calloc(VOXELS, 1);
}

static void set_cube(uint8_t *voxels, int x, int y, int z, int side, uint8_t bits)
{
    for (int k = z; k < z + side; k++)
        for (int j = y; j < y + side; j++)
            for (int i = x; i < x + side; i++)
                voxels[(k * HEIGHT + j) * WIDTH + i] |= bits;
}

static struct lesion_scores score(const char *convention, const uint8_t *voxels, const double spacing[3])
{
    struct mask p = {voxels, P, {WIDTH, HEIGHT, DEPTH}, 3}, r = p;
    struct lesion_scores scores;
    r.bit = R;
    poison(&scores, sizeof scores);
    if (lesion_scores(convention_find(convention), false, &p, &r, spacing, &scores))
        abort();
    return scores;
}

static bool is(const struct lesion_scores *s, double dice, double hd95, int found, int missed,
               int false_positives)
{
    return fabs(s->dice - dice) < 1e-12 && fabs(s->hd95 - hd95) < 1e-12 && s->found == found &&
           s->missed == missed && s->false_positives == false_positives;
}

static void test_counts(void)
{
    uint8_t *v = scene();
    struct lesion_scores s = score("brats2023-gli", v, UNIT);
    check(is(&s, 1, 0, 0, 0, 0), "no lesion anywhere: Dice 1, HD95 0");
    set_cube(v, 2, 2, 2, 5, P | R);
    s = score("brats2023-gli", v, UNIT);
    check(is(&s, 1, 0, 1, 0, 0), "a lesion that is found exactly");
    set_cube(v, 20, 2, 2, 5, R);
    s = score("brats2023-gli", v, UNIT);
    check(is(&s, 0.5, 187, 1, 1, 0), "a missed lesion: Dice 0, HD95 374");
    set_cube(v, 32, 16, 12, 1, P);
    s = score("brats2023-gli", v, UNIT);
    check(is(&s, 1 / 3.0, 374 * 2 / 3.0, 1, 1, 1), "a false positive of one voxel counts as much");
    free(v);
}

static void test_small_lesions(void)
{
    uint8_t *v = scene();
    const double half[3] = {0.5, 0.5, 0.5};
    set_cube(v, 2, 2, 2, 5, P | R);
    set_cube(v, 20, 2, 2, 3, R); /* 27 mm^3 */
    struct lesion_scores gli = score("brats2023-gli", v, UNIT), met = score("brats2023-met", v, UNIT);
    check(is(&gli, 1, 0, 1, 0, 0), "glioma: a lesion of 27 mm^3 is not scored");
    check(is(&met, 0.5, 187, 1, 1, 0), "metastases: it is");
    met = score("brats2023-met", v, half);
    check(is(&met, 0.5, 187, 1, 1, 0), "3.4 mm^3 are above the 2 of metastases");
    gli = score("brats2023-gli", v, half);
    check(is(&gli, 1, 0, 0, 0, 0), "125 voxels of 1/8 mm^3 are too small for glioma");
    set_cube(v, 20, 2, 2, 3, P);
    gli = score("brats2023-gli", v, UNIT);
    check(is(&gli, 1, 0, 1, 0, 0), "a prediction that finds an unscored lesion is no false positive");
    memset(v, 0, VOXELS);
    for (int z = 4; z < 9; z++)
        for (int y = 4; y < 9; y++)
            for (int x = 4; x < 6; x++)
                v[(z * HEIGHT + y) * WIDTH + x] = R; /* 50 mm^3 */
    gli = score("brats2023-gli", v, UNIT);
    check(is(&gli, 1, 0, 0, 0, 0), "a lesion of exactly 50 mm^3 is not scored");
    v[(4 * HEIGHT + 4) * WIDTH + 6] = R;
    gli = score("brats2023-gli", v, UNIT);
    check(is(&gli, 0, 374, 0, 1, 0), "one of 51 is");
    free(v);
}

/* Two cubes of R with a gap of 5 voxels: 3 dilations each way join them, 1 does not. */
static void test_joined_lesions(void)
{
    uint8_t *v = scene();
    set_cube(v, 2, 4, 4, 5, R);
    set_cube(v, 12, 4, 4, 5, P | R);
    struct lesion_scores gli = score("brats2023-gli", v, UNIT), men = score("brats2023-men", v, UNIT);
    check(gli.found == 1 && gli.missed == 0 && fabs(gli.dice - 2.0 / 3) < 1e-12,
          "3 dilations make one lesion of two");
    check(is(&men, 0.5, 187, 1, 1, 0), "1 dilation leaves two");
    free(v);
}

/* A part of the prediction that only touches the dilated lesion belongs to it; union over all such parts. */
static void test_matching(void)
{
    uint8_t *v = scene();
    set_cube(v, 10, 8, 8, 5, R);
    set_cube(v, 15, 8, 8, 5, P); /* beside it */
    struct lesion_scores s = score("brats2023-men", v, UNIT);
    check(s.found == 1 && s.false_positives == 0 && s.dice == 0,
          "a neighbour within the dilation is a match without overlap");
    set_cube(v, 10, 8, 8, 5, P);
    s = score("brats2023-men", v, UNIT);
    check(s.found == 1 && fabs(s.dice - 2.0 / 3) < 1e-12, "what grows out of the lesion counts in its Dice");
    memset(v, 0, VOXELS);
    set_cube(v, 10, 8, 8, 5, R);
    set_cube(v, 11, 9, 9, 1, P);
    set_cube(v, 13, 11, 11, 1, P);
    s = score("brats2023-men", v, UNIT);
    check(s.found == 1 && s.false_positives == 0 && fabs(s.dice - 2 * 2 / 127.0) < 1e-12,
          "two parts are one match");
    memset(v, 0, VOXELS);
    set_cube(v, 4, 8, 8, 5, R);
    set_cube(v, 20, 8, 8, 5, R);
    for (int x = 4; x < 25; x += 5)
        set_cube(v, x, 8, 8, 5, P);
    s = score("brats2023-men", v, UNIT);
    check(s.found == 2 && s.false_positives == 0, "one part may find two lesions");
    free(v);
}

static void test_components(void)
{
    uint8_t voxels[4 * 3 * 3] = {0};
    voxels[0] = voxels[1 * 12 + 1 * 4 + 1] = 1; /* share a corner */
    voxels[2 * 12 + 2 * 4 + 3] = 1;
    struct mask mask = {voxels, 1, {4, 3, 3}, 3};
    struct components c;
    int status = components_label(&mask, &c);
    check(!status && c.count == 2 && c.volumes[1] == 2 && c.volumes[2] == 1 && c.labels[0] == 1 &&
              c.labels[35] == 2,
          "components hang together by corners, numbered in raster order");
    check(c.boxes[1].high[0] == 2 && c.boxes[1].high[2] == 2 && c.boxes[2].low[0] == 3, "their boxes");
    components_free(&c);
    uint8_t cube[5 * 5 * 5] = {0};
    const int size[3] = {5, 5, 5};
    cube[62] = 1;
    int sum = 0;
    status = mask_dilate(cube, size, 3, 1);
    for (int i = 0; i < 125; i++)
        sum += cube[i];
    check(!status && sum == 19, "a dilation adds the 18 neighbours");
    status = mask_dilate(cube, size, 3, 2);
    for (int i = sum = 0; i < 125; i++)
        sum += cube[i];
    check(!status && sum == 125, "dilations stop at the edge of the volume");
    uint8_t slice[5 * 5] = {0};
    const int flat[3] = {5, 5, 1};
    slice[12] = 1;
    status = mask_dilate(slice, flat, 2, 1);
    for (int i = sum = 0; i < 25; i++)
        sum += slice[i];
    check(!status && sum == 9, "on a slice a dilation adds 8");
}

int main(void)
{
    test_counts();
    test_small_lesions();
    test_joined_lesions();
    test_matching();
    test_components();
    return check_exit();
}
