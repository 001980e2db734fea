/* Probabilities beside label maps: bins, the box, nesting. */
#include "lib/volume/assessment.h"
#include "lib/base/error.h"
#include "lib/volume/scheme.h"
#include "tests/check.h"

enum { W = 7, H = 5, D = 4, VOXELS = W * H * D };

static size_t at(int x, int y, int z)
{
    return ((size_t)z * H + (size_t)y) * W + (size_t)x;
}

static void test_around(void)
{
    check(region_around(record_scheme, REGION_ET) == REGION_TC, "the enhancing tumour lies in the core");
    check(region_around(record_scheme, REGION_TC) == REGION_WT, "the core lies in the whole tumour");
    check(region_around(record_scheme, REGION_WT) == -1, "the whole tumour lies in none");
}

static double sum_voxels(const struct assessment *a, int region)
{
    double sum = 0;
    for (int b = 0; b < CALIBRATION_BINS; b++)
        sum += a->bins[region][b].voxels;
    return sum;
}

static void test_bins(void)
{
    static float p[3 * VOXELS];
    static uint8_t labels[VOXELS];
    const int size[3] = {W, H, D};
    struct assessment a;
    memset(&a, 0x7f, sizeof a); /* what was there does not matter */
    labels[at(2, 1, 1)] = LABEL_OEDEMA;
    labels[at(3, 1, 1)] = LABEL_ENHANCING;
    p[REGION_WT * VOXELS + at(2, 1, 1)] = 0.9f;
    p[REGION_WT * VOXELS + at(4, 3, 2)] = 0.6f;  /* predicted alone: the box reaches there */
    p[REGION_WT * VOXELS + at(6, 4, 3)] = 0.5f;  /* not above one half: outside of the box */
    p[REGION_ET * VOXELS + at(3, 1, 1)] = 1;     /* the last bin; outside of the core, which has 0 there */
    p[REGION_TC * VOXELS + at(4, 3, 2)] = 0.55f; /* inside the whole tumour */
    check(!assess(record_scheme, p, labels, size, &a), "assessed");
    check(a.scheme == record_scheme && sum_voxels(&a, REGION_WT) == 3 * 3 * 2, "the box is 3 x 3 x 2: %g",
          sum_voxels(&a, REGION_WT));
    const struct calibration_bin *bin = &a.bins[REGION_WT][18];
    check(bin->voxels == 1 && bin->reference == 1 && fabs(bin->probability - 0.9) < 1e-6,
          "0.9 is in bin 18, and is right");
    bin = &a.bins[REGION_WT][12];
    check(bin->voxels == 1 && bin->reference == 0, "0.6 is in bin 12, and is wrong");
    bin = &a.bins[REGION_WT][0];
    check(bin->voxels == 16 && bin->reference == 1, "of what has 0 one voxel is tumour");
    check(a.bins[REGION_ET][19].voxels == 1 && a.bins[REGION_ET][19].reference == 1, "1 is in the last bin");
    check(a.outside[REGION_ET] == 1 && a.outside[REGION_TC] == 0 && a.outside[REGION_WT] == 0,
          "one voxel lies outside");
}

static void test_odd(void)
{
    static float p[3 * VOXELS];
    static uint8_t labels[VOXELS];
    const int size[3] = {W, H, D};
    struct assessment a;
    check(!assess(record_scheme, p, labels, size, &a) && sum_voxels(&a, 0) == 0,
          "no tumour: nothing is counted");
    for (int i = 0; i < 3 * VOXELS; i++)
        p[i] = NAN;
    labels[0] = LABEL_CORE;
    check(!assess(record_scheme, p, labels, size, &a) && sum_voxels(&a, 0) == 0,
          "what is not a number is in no bin");
    labels[5] = 3;
    check(assess(record_scheme, p, labels, size, &a) == STATUS_DATA, "a label that is none is refused");
}

/* Regions and labels are those of the scheme. */
static void test_scheme(void)
{
    static float p[2 * VOXELS];
    static uint8_t labels[VOXELS];
    const int size[3] = {W, H, D};
    const struct label_scheme *scheme;
    struct assessment a;
    check(
        !scheme_of_text(
            "scheme pair; modality ct; label 7 x; label 9 y; region X 7; region BOTH 7 9 paints 9", &scheme),
        "a scheme: %s", error_message());
    labels[at(2, 1, 1)] = 7;
    labels[at(3, 1, 1)] = 9;
    p[at(2, 1, 1)] = p[at(3, 1, 1)] = p[VOXELS + at(3, 1, 1)] = 1;
    check(!assess(scheme, p, labels, size, &a), "assessed");
    check(sum_voxels(&a, 0) == 2 && a.bins[0][19].voxels == 2 && a.bins[0][19].reference == 1,
          "of the first region one of two is right");
    check(a.bins[1][0].reference == 1 && a.bins[1][19].reference == 1, "the second has both");
    check(a.outside[0] == 1 && a.outside[1] == 0, "the first lies in the second");
    labels[0] = LABEL_CORE;
    check(assess(scheme, p, labels, size, &a) == STATUS_DATA, "a label of another scheme is refused");
}

int main(void)
{
    test_around();
    test_bins();
    test_odd();
    test_scheme();
    return check_failures != 0;
}
