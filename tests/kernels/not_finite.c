/* What is not finite comes through the head of every backend: a NaN in the tensor makes the probabilities of
 * its voxel NaN, and so the sums of the loss; and the largest logits come to 0 and 1. */
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

int main(void)
{
    int count;
    const struct kernels *const *list = kernels_list(&count);
    for (int i = 0; i < count; i++) {
        test_nan(list[i]);
        test_infinity(list[i]);
        test_sums(list[i]);
    }
    return check_exit();
}
