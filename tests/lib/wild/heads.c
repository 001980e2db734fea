/* Painted heads, measured: masks, labels and nesting; volumes of brain and regions; how bright tumours are beside
 * the brain; intensities of files. Sixty heads of the own anatomy at 4 mm; with PRUNET_TEST_LONG=1 two hundred. */
#include "lib/base/grid.h"
#include "lib/base/random.h"
#include "lib/wild/properties.h"
#include "lib/wild/wild.h"
#include "tests/check.h"

enum { HEADS_MAX = 200, NUMBERS = 32768 };

static const double spacing = 4;
static const double voxel = 0.064; /* cm3 */

/* What is measured of a head. */
struct measured {
    double brain, wt, tc, et;                            /* cm3 */
    double oedema[4], core[4], enhancing[4], healthy[4]; /* medians; NAN: too few voxels */
    double saturated; /* share of the brain at a modality's maximum, the largest of four */
    enum lesion_kind kind;
    bool lesion, dim;
};

/* The median of a modality where the label is `label` in the brain. */
static double median_of(const struct phantom *p, int m, int label)
{
    static int histogram[NUMBERS];
    int total = 0, left;
    memset(histogram, 0, sizeof histogram);
    for (size_t i = 0; i < grid_voxels(p->size); i++)
        if (p->image[m][i] && p->label[i] == label) {
            histogram[p->image[m][i]]++;
            total++;
        }
    left = total / 2;
    for (int v = 0; v < NUMBERS && total > 20; v++)
        if ((left -= histogram[v]) < 0)
            return v;
    return NAN;
}

static int wrong; /* voxels that break a promise, of all heads */

static void measure_voxels(const struct phantom *p, struct measured *r)
{
    int16_t most[4] = {0};
    double at_most[4] = {0};
    for (size_t i = 0; i < grid_voxels(p->size); i++) {
        bool inside = p->image[0][i] != 0;
        uint8_t bits = label_region_bits(record_scheme, p->label[i]);
        for (int m = 0; m < 4; m++) {
            wrong += (p->image[m][i] != 0) != inside || p->image[m][i] < 0;
            most[m] = p->image[m][i] > most[m] ? p->image[m][i] : most[m];
        }
        wrong += p->label[i] > 4 || p->label[i] == 3 || (p->label[i] && !inside);
        wrong += ((bits & BIT_ET) && !(bits & BIT_TC)) || ((bits & BIT_TC) && !(bits & BIT_WT));
        r->brain += inside * voxel;
        r->wt += (bits & BIT_WT ? voxel : 0);
        r->tc += (bits & BIT_TC ? voxel : 0);
        r->et += (bits & BIT_ET ? voxel : 0);
    }
    for (size_t i = 0; i < grid_voxels(p->size); i++)
        for (int m = 0; m < 4; m++)
            at_most[m] += p->image[m][i] == most[m];
    for (int m = 0; m < 4; m++)
        r->saturated = fmax(r->saturated, at_most[m] * voxel / r->brain);
}

static void measure(const struct atlas *atlas, int number, struct measured *r)
{
    struct wild_head head;
    struct phantom p;
    int size[3] = {40, 48, 40};
    memset(r, 0, sizeof *r);
    if (wild_draw(&head, atlas, 11, number) || phantom_allocate(&p, size, spacing) ||
        wild_paint(&head, atlas, &p))
        abort();
    r->lesion = head.lesions > 0;
    r->kind = head.lesion[0].kind;
    r->dim = head.tissues.dim;
    wild_free(&head);
    measure_voxels(&p, r);
    for (int m = 0; m < 4; m++) {
        r->healthy[m] = median_of(&p, m, LABEL_BACKGROUND);
        r->oedema[m] = median_of(&p, m, LABEL_OEDEMA) / r->healthy[m];
        r->core[m] = median_of(&p, m, LABEL_CORE) / r->healthy[m];
        r->enhancing[m] = median_of(&p, m, LABEL_ENHANCING) / r->healthy[m];
    }
    phantom_free(&p);
}

/* Of the heads for which `which` is not NAN, the share above `bound`. */
static double share_above(const double *which, int count, double bound)
{
    int above = 0, all = 0;
    for (int i = 0; i < count; i++) {
        all += !isnan(which[i]);
        above += which[i] > bound;
    }
    return all ? (double)above / all : NAN;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void check_volumes(const struct measured *r, int count)
{
    double brain[HEADS_MAX] = {0}, wt[HEADS_MAX] = {0};
    int tumours = 0, little = 0, small = 0, whole = 0, enhancing = 0;
    for (int i = 0; i < count; i++) {
        brain[i] = r[i].brain;
        if (r[i].wt == 0)
            continue;
        wt[tumours++] = r[i].wt;
        little += r[i].et < 0.5;
        small += r[i].wt < 15;
        whole += r[i].tc > 0.85 * r[i].wt;
        enhancing += r[i].et > 0.5;
    }
    qsort(brain, (size_t)count, sizeof *brain, by_value);
    qsort(wt, (size_t)tumours, sizeof *wt, by_value);
    check(brain[0] > 800 && brain[count - 1] < 2300 && brain[count / 2] > 1150 && brain[count / 2] < 1650,
          "brains of %.0f..%.0f cm3, median %.0f", brain[0], brain[count - 1], brain[count / 2]);
    check(tumours > 0.85 * count && (count < 100 || tumours < count), "%d of %d heads have a tumour", tumours,
          count);
    check(wt[tumours / 2] > 30 && wt[tumours / 2] < 110 && wt[tumours - 1] < 450,
          "WT of %.1f..%.0f cm3, median %.0f", wt[0], wt[tumours - 1], wt[tumours / 2]);
    check(small > 0.03 * tumours && small < 0.4 * tumours, "%d of %d are below 15 cm3", small, tumours);
    check(little > 0.18 * tumours && little < 0.5 * tumours, "%d hardly enhance", little);
    check(whole > 0.04 * tumours && whole < 0.45 * tumours, "in %d the core is more than 85 %%", whole);
}

static void check_contrasts(const struct measured *r, int count)
{
    double flair[HEADS_MAX], t2[HEADS_MAX], t1[HEADS_MAX], bright[HEADS_MAX], low_t1[HEADS_MAX],
        low_t2[HEADS_MAX];
    for (int i = 0; i < count; i++) {
        flair[i] = r[i].oedema[FLAIR];
        t2[i] = r[i].oedema[T2];
        t1[i] = 1 / r[i].oedema[T1];
        bright[i] = r[i].dim ? NAN : r[i].enhancing[T1CE] / r[i].enhancing[T1];
        bool low = r[i].lesion && r[i].kind == LESION_HOMOGENEOUS;
        low_t1[i] = low ? 1 / r[i].core[T1] : NAN;
        low_t2[i] = low ? r[i].core[T2] : NAN;
    }
    double share = share_above(flair, count, 1.05);
    check(share > 0.85, "oedema is brighter than the brain in FLAIR in %.2f of the heads", share);
    share = share_above(flair, count, 1.6);
    check(share > 0.02 && share < 0.8, "much brighter in %.2f", share);
    share = share_above(t2, count, 1.05);
    check(share > 0.6, "brighter in T2 in %.2f", share);
    share = share_above(t1, count, 1);
    check(share > 0.55 && share < 0.99, "darker in T1 in %.2f, not always", share);
    share = share_above(bright, count, 1.08);
    check(share > 0.9, "what enhances is brighter in T1ce than in T1 in %.2f, where contrast agent arrived",
          share);
    share = share_above(low_t2, count, 1.1);
    check(isnan(share) || share > 0.7, "homogeneous cores are bright in T2 in %.2f", share);
    share = share_above(low_t1, count, 1);
    check(isnan(share) || share > 0.8, "and dark in T1 in %.2f", share);
}

static void check_files(const struct measured *r, int count)
{
    double least = INFINITY, most = 0;
    int saturated = 0;
    for (int i = 0; i < count; i++) {
        for (int m = 0; m < 4; m++) {
            least = fmin(least, r[i].healthy[m]);
            most = fmax(most, r[i].healthy[m]);
        }
        saturated += r[i].saturated > 0.001;
    }
    check(least > 40 && most < 2500 && most > 4 * least, "brains' medians are %.0f..%.0f", least, most);
    double p = 1 - pow(1 - properties[SATURATED].a, 4);
    check(fabs((double)saturated / count - p) < 4 * sqrt(p * (1 - p) / count) + 0.02,
          "%d of %d heads have a modality that is cut at a maximum", saturated, count);
}

int main(void)
{
    static struct measured measured[HEADS_MAX];
    struct tissue_maps maps;
    struct atlas atlas;
    const char *lasting = getenv("PRUNET_TEST_LONG");
    int count = lasting && *lasting == '1' ? HEADS_MAX : 60;
    if (tissue_maps_draw(&maps) || atlas_make(&maps, &atlas))
        abort();
    for (int i = 0; i < count; i++)
        measure(&atlas, i + 1, &measured[i]);
    check(!wrong, "images are positive in one mask, labels lie in it and nest: %d voxels do not", wrong);
    check_volumes(measured, count);
    check_contrasts(measured, count);
    check_files(measured, count);
    tissue_maps_free(&maps);
    atlas_free(&atlas);
    return check_exit();
}
