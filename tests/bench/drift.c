/* The reversal's drift, on every backend: how exactly a sequence's input comes back, and how close its
 * gradient is to that of a run that saves activations, beside what the last bit of the input does to that.
 * The paper's first level: 60 channels, 30 a half.
 *
 *     drift [BACKEND [BLOCKS [SIDE]]]     all backends ("all"); 1, 4, 16 and 64 blocks; 24 voxels a side
 *
 * One row each, tab-separated. */
#include "tests/lib/network/drift.h"

int main(int argc, char **argv)
{
    static const int lengths[] = {1, 4, 16, 64};
    int count, failures = 0, chosen = argc > 2 ? atoi(argv[2]) : 0, side = argc > 3 ? atoi(argv[3]) : 24;
    const struct kernels *const *list = kernels_list(&count);
    const struct shape half = {.streams = 1, .channels = 30, .depth = side, .height = side, .width = side};
    if (side < 1 || chosen < 0 || (argc > 2 && !chosen)) {
        fputs("drift [BACKEND [BLOCKS [SIDE]]]\n", stderr);
        return 2;
    }
    puts("backend\tblocks\tinput\tgradient\tlast_bit");
    for (int i = 0; i < count; i++)
        for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
            int blocks = chosen ? chosen : lengths[l];
            struct drift drift;
            if ((argc > 1 && strcmp(argv[1], list[i]->name) && strcmp(argv[1], "all")) || (chosen && l))
                continue;
            if (drift_measure(&drift, list[i], half, blocks))
                printf("%s\t%d\t%.1e\t%.1e\t%.1e\n", list[i]->name, blocks, drift.input, drift.gradient,
                       drift.last_bit);
            else
                failures++, fprintf(stderr, "drift: %s failed\n", list[i]->name);
            fflush(stdout);
        }
    return failures != 0;
}
