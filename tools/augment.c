/* augment: a random warp and flip of each case, the same for image and label, and random intensities. */
#include "lib/volume/augment.h"
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/volume/filter.h"

static struct augment augment = {
    .options = {.rotate = 20,
                .scale = 1.1,
                .elastic = 10,
                .shift = 0.1,
                .flip = true,
                .intensity = {.chance = 0.2, .gamma = 1, .contrast = 1, .low_resolution = 1}}};

static int apply(void *self, struct record *record)
{
    return augment_apply(self, record);
}

static void check_range(const char *option, double value, double least, double most)
{
    if (value < least || value > most)
        usage_error("--%s: %g is not within %g..%g", option, value, least, most);
}

static void check_options(const struct augmentation *a)
{
    check_range("rotate", a->rotate, 0, 180);
    check_range("scale", a->scale, 1, 10);
    check_range("elastic", a->elastic, 0, 4096);
    if (a->shift < 0)
        usage_error("--shift: %g is negative", a->shift);
    check_range("gamma", a->intensity.gamma, 1, 10);
    check_range("contrast", a->intensity.contrast, 1, 10);
    check_range("blur", a->intensity.blur, 0, 10);
    check_range("low-resolution", a->intensity.low_resolution, 1, 16);
    check_range("noise", a->intensity.noise, 0, 10);
    check_range("chance", a->intensity.chance, 0, 1);
    check_range("drop-modality", a->drop_modality, 0, 1);
}

int main(int argc, char **argv)
{
    struct augmentation *a = &augment.options;
    struct intensity_options *i = &a->intensity;
    struct filter filter = {.apply = apply, .self = &augment};
    const struct option_spec options[] = {
        {"epoch", 'e', OPTION_UNSIGNED, &a->epoch, "E", "another epoch, another warp of the same case (0)"},
        {"rotate", 0, OPTION_REAL, &a->rotate, "DEGREES", "largest angle, either way (20)"},
        {"scale", 0, OPTION_REAL, &a->scale, "FACTOR", "largest factor; the smallest is its inverse (1.1)"},
        {"elastic", 0, OPTION_REAL, &a->elastic, "VOXELS", "standard deviation of displacements (10)"},
        {"shift", 0, OPTION_REAL, &a->shift, "VALUE", "largest shift of a modality's intensity (0.1)"},
        {"no-flip", 0, OPTION_NO, &a->flip, NULL, "do not mirror the axes"},
        {"gamma", 0, OPTION_REAL, &i->gamma, "FACTOR",
         "largest exponent of intensities; the smallest is its inverse (1)"},
        {"contrast", 0, OPTION_REAL, &i->contrast, "FACTOR", "largest factor about their mean, likewise (1)"},
        {"blur", 0, OPTION_REAL, &i->blur, "VOXELS", "largest deviation of a Gaussian blur (0)"},
        {"low-resolution", 0, OPTION_REAL, &i->low_resolution, "FACTOR",
         "as if sampled so coarsely at most (1)"},
        {"noise", 0, OPTION_REAL, &i->noise, "VALUE", "largest deviation of Gaussian noise (0)"},
        {"chance", 0, OPTION_REAL, &i->chance, "P",
         "how likely each of these five is, for each modality (0.2)"},
        {"drop-modality", 0, OPTION_REAL, &a->drop_modality, "P",
         "how likely a modality is 0 everywhere (0)"},
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
        .notes =
            "Gamma, contrast, blur, low resolution and noise change the brain, the voxels that are not 0, "
            "after\n"
            "the warp and before the shift, in this order; by default none of them does. A modality that is\n"
            "dropped is 0 as one that prunet-segment has to do without; one is always kept.",
        .example = "augment --seed 1 --epoch 7 case.nrrd | prunet-step --state state.safetensors",
    };
    int first = options_parse(&tool, argc, argv);
    check_options(a);
    int status = filter_run(&filter, argc - first, argv + first);
    slice_map_free(&augment.map);
    return status ? report(status) : STATUS_OK;
}
