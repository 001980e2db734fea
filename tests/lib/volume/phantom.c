/* Phantoms of several sizes, their fields, and the threshold that they are measured with. */
#include "lib/volume/phantom.h"
#include "lib/volume/noise.h"
#include "lib/volume/threshold.h"
#include "tests/check.h"

static void check_noise(void)
{
    struct noise noise, same;
    double low = 1, high = -1, jump = 0;
    if (noise_make(&noise, 5, 6) || noise_make(&same, 5, 6))
        abort();
    for (double x = -2; x < 2; x += 0.001) {
        double p[3] = {x, 0.3, -0.7}, q[3] = {x + 0.001, 0.3, -0.7}, v = noise_at(&noise, p);
        low = fmin(low, v);
        high = fmax(high, v);
        jump = fmax(jump, fabs(v - noise_at(&noise, q)));
        jump = fmax(jump, 1e9 * (v != noise_at(&same, p)));
    }
    check(low >= -1 && high <= 1 && high - low > 0.2, "a field lies within -1..1 and varies: %g..%g", low,
          high);
    check(jump < 0.01, "it is continuous, also beyond its cube, and the same for one key: %g", jump);
    noise_free(&noise);
    noise_free(&same);
}

static void check_phantom(int x, int y, int z)
{
    struct phantom phantom;
    int size[3] = {x, y, z}, wrong = 0;
    if (phantom_make(&phantom, 9, 1, size))
        abort();
    size_t n = (size_t)x * y * z, counts[5] = {0}, brain = 0;
    for (size_t i = 0; i < n; i++) {
        int inside = phantom.image[0][i] != 0;
        brain += (size_t)inside;
        for (int m = 0; m < MODALITIES; m++)
            wrong += (phantom.image[m][i] != 0) != inside || phantom.image[m][i] < 0;
        wrong += phantom.label[i] > 4 || (phantom.label[i] && !inside);
        counts[phantom.label[i] > 4 ? 3 : phantom.label[i]]++;
    }
    check(!wrong && !counts[3], "%dx%dx%d: intensities and labels in the brain only", x, y, z);
    check(counts[1] && counts[2] && counts[4], "it has all labels: %zu %zu %zu of %zu brain voxels",
          counts[1], counts[2], counts[4], brain);
    check(brain > n / 8 && brain < n / 3, "the brain fills its share of the volume");
    phantom_free(&phantom);
}

/* Two voxels of tumour at 2 and 3 among -1, 0 (background), 1, 2.5: v > 1 finds both and one more. */
static void check_threshold(void)
{
    float values[6] = {-1, 0, 1, 2, 2.5, 3};
    uint8_t labels[6] = {0, 0, 0, 1, 0, 4};
    struct record image = {.role = ROLE_IMAGE, .channels = 1, .size = {6, 1, 1}, .case_name = "case"};
    struct record label = image;
    struct threshold_scores scores = {0};
    label.role = ROLE_LABEL;
    label.sample = SAMPLE_UINT8;
    if (record_allocate(&image) || record_allocate(&label))
        abort();
    memcpy(image.data, values, sizeof values);
    memcpy(label.data, labels, sizeof labels);
    int status = threshold_add_case(&scores, &image, &label);
    struct threshold best = threshold_best(&scores, 0);
    float mean = 1.5f, deviation = sqrtf((6.25f + 0.25f + 0.25f + 1 + 2.25f) / 5);
    double value = threshold_value(best.index);
    check(!status && fabs(threshold_dice(&scores, best) - 0.8) < 1e-12,
          "the best Dice of six voxels is 4 / 5");
    check(best.side == TUMOUR_ABOVE && value >= (1 - mean) / deviation - 1e-6 &&
              value < (2 - mean) / deviation,
          "its threshold lies between 1 and 2: %g", value * deviation + mean);
    label.size[0] = 5;
    check(threshold_add_case(&scores, &image, &label) == 65, "a label of another size is refused");
    threshold_free(&scores);
    record_free(&image);
    record_free(&label);
}

int main(void)
{
    check_noise();
    check_phantom(16, 16, 16);
    check_phantom(33, 47, 25);
    check_phantom(96, 96, 80);
    check_threshold();
    return check_exit();
}
