/* Mean and deviation where summing is hard: large means, tiny spreads, counts that no lane divides. */
#include "lib/volume/standardize.h"
#include "lib/volume/samples.h"
#include "tests/check.h"

static void check_mean_deviation(size_t n, double mean, double spread)
{
    float *voxels = poisoned((n + 1) * sizeof *voxels);
    double sum = 0, square = 0;
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        voxels[i] = i % 3 ? (float)(mean + spread * sin((double)i)) : 0;
    for (size_t i = 0; i < n; i++)
        if (voxels[i] != 0) {
            sum += voxels[i];
            count++;
        }
    for (size_t i = 0; i < n; i++)
        if (voxels[i] != 0)
            square += (voxels[i] - sum / (double)count) * (voxels[i] - sum / (double)count);
    struct mean_deviation m = mean_deviation_of(voxels, n);
    double deviation = sqrt(square / (double)count);
    check(m.finite && m.count == count && fabs(m.mean / (sum / (double)count) - 1) < 1e-12 &&
              fabs(m.deviation - deviation) <= 1e-9 * deviation,
          "%zu voxels about %g: deviation %g", n, mean, m.deviation);
    uint32_t after;
    standardize(voxels, n);
    memcpy(&after, voxels + n, sizeof after);
    check(after == 0xffffffff && mean_deviation_of(voxels, n).finite, "the voxel behind them is not touched");
    if (deviation > 0) {
        m = mean_deviation_of(voxels, n);
        check(fabs(m.mean) < 1e-6 && fabs(m.deviation - 1) < 1e-6, "then mean %.1e, deviation 1", m.mean);
    }
    free(voxels);
}

int main(void)
{
    static const size_t counts[] = {4, 15, 16, 17, 31, 1000, 100003};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        check_mean_deviation(counts[i], 300, 50);
        check_mean_deviation(counts[i], 1e5, 1);
    }
    float constant[40], empty[5] = {0};
    for (int i = 0; i < 40; i++)
        constant[i] = 0.1f; /* whose mean in double rounds */
    struct mean_deviation m = standardize(constant, 40);
    check(m.count == 40 && m.deviation == 0 && constant[0] == 0 && constant[39] == 0, "a constant becomes 0");
    m = standardize(empty, 5);
    check(m.count == 0 && m.finite && empty[0] == 0, "nothing stays nothing");
    check(mean_deviation_of(empty, 0).count == 0, "no voxels at all");
    struct record named = {.channel_names = "t1 t1ce", .channels = 3};
    char name[32];
    check(!strcmp(channel_name(&named, 1, name, sizeof name), "t1ce"), "the second channel's name");
    check(!strcmp(channel_name(&named, 2, name, sizeof name), "channel 2"), "a channel without a name");
    return check_exit();
}
