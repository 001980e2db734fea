/* augment: a random warp, intensity shift and flip of each case, the same for image and label. */
#include "lib/volume/augment.h"
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/volume/filter.h"

static struct augment augment = {
    .options = {.rotate = 20, .scale = 1.1, .elastic = 10, .shift = 0.1, .flip = true}};

static int apply(void *self, struct record *record)
{
    return augment_apply(self, record);
}

static void check_options(const struct augmentation *a)
{
    if (a->rotate < 0 || a->rotate > 180)
        usage_error("--rotate: %g is not within 0..180", a->rotate);
    if (a->scale < 1 || a->scale > 10)
        usage_error("--scale: %g is not within 1..10", a->scale);
    if (a->elastic < 0 || a->elastic > 4096)
        usage_error("--elastic: %g is not within 0..4096", a->elastic);
    if (a->shift < 0)
        usage_error("--shift: %g is negative", a->shift);
}

int main(int argc, char **argv)
{
    struct augmentation *a = &augment.options;
    struct filter filter = {.apply = apply, .self = &augment};
    const struct option_spec options[] = {
        {"epoch", 'e', OPTION_UNSIGNED, &a->epoch, "E", "another epoch, another warp of the same case (0)"},
        {"rotate", 0, OPTION_REAL, &a->rotate, "DEGREES", "largest angle, either way (20)"},
        {"scale", 0, OPTION_REAL, &a->scale, "FACTOR", "largest factor; the smallest is its inverse (1.1)"},
        {"elastic", 0, OPTION_REAL, &a->elastic, "VOXELS", "standard deviation of displacements (10)"},
        {"shift", 0, OPTION_REAL, &a->shift, "VALUE", "largest shift of a modality's intensity (0.1)"},
        {"no-flip", 0, OPTION_NO, &a->flip, NULL, "do not mirror the axes"},
        {"patch", 0, OPTION_SIZE, a->patch, "XxYxZ", "then crop at random to this size (no crop)"},
    };
    const struct tool tool = {
        .name = "augment",
        .usage = "--seed N --epoch E [OPTION...] [-o OUT] [FILE...]",
        .summary =
            "Rotates, scales and deforms the slices of a case, all alike and in one resampling, shifts the\n"
            "intensity of each modality and mirrors the axes, all at random: a function of seed, epoch and\n"
            "case name alone, whatever the order of the records. The result cannot go back to the source's\n"
            "grid; the key prunet.aug says what was done to it.",
        .options = options,
        .count = OPTION_COUNT(options),
        .common = {FILTER_OPTIONS(filter), .digests = &filter.digests, .seed = &a->seed},
        .example = "augment --seed 1 --epoch 7 case.nrrd | prunet-step --state state.safetensors",
    };
    int first = options_parse(&tool, argc, argv);
    check_options(a);
    int status = filter_run(&filter, argc - first, argv + first);
    slice_map_free(&augment.map);
    return status ? report(status) : STATUS_OK;
}
