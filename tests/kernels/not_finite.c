/* What is not finite comes through the head of every backend: a NaN in the tensor makes the probabilities of
 * its voxel NaN, and so the sums of the losses; and the largest logits come to 0 and 1, where the cross-entropy
 * and its gradient stay finite. */
#include "tests/kernels/calls.h"

static const struct shape shape = {.streams = 2, .channels = 5, .depth = 3, .height = 5, .width = 7};
enum { OUTPUTS = 3 };

/* The probabilities of one voxel after it was set to a value in all channels of which one is `other`. */
static int probabilities(const struct kernels *kernels, size_t voxel, float value, double p[OUTPUTS],
                         double *elsewhere)
{
    struct drive d = head_forward(shape, OUTPUTS);
    size_t voxels = shape_voxels(shape);
    ((float *)drive_find(&d, "x")->host)[3 * voxels + voxel] = value;
    int good = drive_run(&d, kernels);
    const float *result = drive_find(&d, "p")->result;
    *elsewhere = 0;
    for (size_t i = 0; i < OUTPUTS * voxels; i++)
        if (i % voxels == voxel)
            p[i / voxels] = result[i];
        else
            *elsewhere += result[i];
    drive_free(&d);
    return good;
}

static void test_nan(const struct kernels *kernels)
{
    const size_t places[] = {0, 17, shape_voxels(shape) - 1};
    const float values[] = {NAN, -NAN};
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 2; j++) {
            double p[OUTPUTS], elsewhere;
            int good = probabilities(kernels, places[i], values[j], p, &elsewhere);
            check(good && isnan(p[0]) && isnan(p[1]) && isnan(p[2]) && isfinite(elsewhere),
                  "%s: NaN at voxel %zu stays, and stays there", kernels->name, places[i]);
        }
}

static void test_infinity(const struct kernels *kernels)
{
    double up[OUTPUTS], down[OUTPUTS], elsewhere;
    int good = probabilities(kernels, 17, INFINITY, up, &elsewhere) &
               probabilities(kernels, 17, -INFINITY, down, &elsewhere);
    for (int k = 0; k < OUTPUTS; k++) /* one is 0 and the other 1, by the sign of the weight */
        good &= fabs(up[k] + down[k] - 1) < 1e-6 && fabs(fabs(up[k] - down[k]) - 1) < 1e-6;
    check(good, "%s: infinity is a probability of 0 or 1", kernels->name);
}

static void test_sums(const struct kernels *kernels)
{
    struct drive d = dice_sums(shape, OUTPUTS);
    size_t voxels = shape_voxels(shape);
    ((float *)drive_find(&d, "p")->host)[voxels + 4] = NAN; /* region 1 */
    int good = drive_run(&d, kernels);
    const struct dice_sums *sums = drive_find(&d, "sums")->result;
    check(good && isfinite(sums[0].probability) && isnan(sums[1].probability) &&
              isfinite(sums[2].probability),
          "%s: a NaN reaches the sums of its region", kernels->name);
    drive_free(&d);
}

/* The cross-entropy of the logits `value` of all voxels but the first, whose are `first`; inside all regions. */
static int bce_sums(const struct kernels *kernels, float first, float value, double sums[OUTPUTS])
{
    struct drive d = head_forward_bce(shape, OUTPUTS);
    size_t voxels = shape_voxels(shape);
    float *x = drive_find(&d, "x")->host, *w = drive_find(&d, "w")->host;
    for (size_t v = 0; v < voxels; v++)
        x[v] = v ? value : first;
    for (int i = 0; i < OUTPUTS * shape_channels(shape); i++)
        w[i] = i % shape_channels(shape) == 0;
    memset(drive_find(&d, "b")->host, 0, OUTPUTS * sizeof(float));
    memset(drive_find(&d, "target")->host, 0xff, voxels);
    int good = drive_run(&d, kernels);
    memcpy(sums, drive_find(&d, "bce_sums")->result, OUTPUTS * sizeof *sums);
    drive_free(&d);
    return good;
}

static void test_cross_entropy(const struct kernels *kernels)
{
    double wrong[OUTPUTS], right[OUTPUTS], nan[OUTPUTS];
    double voxels = (double)shape_voxels(shape);
    int good = bce_sums(kernels, -1e4f, -1e4f, wrong) && bce_sums(kernels, 1e4f, 1e4f, right) &&
               bce_sums(kernels, NAN, 0, nan);
    for (int k = 0; k < OUTPUTS; k++)
        good &= fabs(wrong[k] - 1e4 * voxels) < 1e-6 * 1e4 * voxels && right[k] >= 0 && right[k] < 1e-30 &&
                isnan(nan[k]);
    check(good, "%s: cross-entropy of logits of 1e4 is finite, of NaN it is NaN", kernels->name);
}

/* Where p is 0 or 1 the gradient of cross-entropy is that of the logit, 0 or 1 a voxel. */
static void test_saturated_gradient(const struct kernels *kernels)
{
    struct drive d = head_backward_bce(shape, OUTPUTS);
    size_t voxels = shape_voxels(shape);
    float *p = drive_find(&d, "p")->host;
    uint8_t *target = drive_find(&d, "target")->host;
    for (size_t v = 0; v < voxels; v++) {
        target[v] = 7;
        for (int k = 0; k < OUTPUTS; k++)
            p[(size_t)k * voxels + v] = k == 1;
    }
    memset(drive_find(&d, "db")->host, 0, OUTPUTS * sizeof(float));
    int good = drive_run(&d, kernels);
    const float *db = drive_find(&d, "db")->result;
    for (int k = 0; k < OUTPUTS; k++) /* bce / V = 1 a voxel */
        good &= fabs(db[k] + (k == 1 ? 0 : (double)voxels)) < 1e-3;
    check(good, "%s: the gradient of cross-entropy where p is 0 or 1", kernels->name);
    drive_free(&d);
}

int main(void)
{
    int count;
    const struct kernels *const *list = kernels_list(&count);
    for (int i = 0; i < count; i++) {
        test_nan(list[i]);
        test_infinity(list[i]);
        test_sums(list[i]);
        test_cross_entropy(list[i]);
        test_saturated_gradient(list[i]);
    }
    return check_exit();
}
