/* standardize: zero mean and unit variance over each modality's non-zero voxels. */
#include "lib/volume/standardize.h"
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/volume/filter.h"

static int apply(void *self, struct record *record)
{
    (void)self;
    return standardize_record(record, 0);
}

int main(int argc, char **argv)
{
    struct filter filter = {.apply = apply};
    const struct option_spec options[] = {
        {"half", 0, OPTION_FLAG, &filter.stored.half, NULL,
         "write images with 16 bits a voxel instead of 32"},
        {"zstd", 0, OPTION_FLAG, &filter.stored.zstd, NULL, "compress what is written"},
    };
    const struct tool tool = {
        .name = "standardize",
        .usage = "[--half] [--zstd] [-o OUT] [FILE...]",
        .summary =
            "Gives each modality of an image, by itself, zero mean and unit variance over its non-zero\n"
            "voxels; voxels of 0 stay 0. A modality that is empty or constant becomes 0, with a warning.\n"
            "Other records pass through unchanged.\n\n"
            "All tools read what --half and --zstd write. --half: integers with a scale a modality, the "
            "largest\n"
            "absolute value being 32767; the error is at most half a step, and 0 stays 0.",
        .options = options,
        .count = OPTION_COUNT(options),
        .common = {FILTER_OPTIONS(filter)},
        .notes = "--zstd needs a build with that library, and so does whoever reads it.",
        .example = "nii2raw --dir BraTS2021_00006 | crop | standardize > BraTS2021_00006.nrrd",
    };
    int first = options_parse(&tool, argc, argv);
    int status = filter_run(&filter, argc - first, argv + first);
    return status ? report(status) : STATUS_OK;
}
