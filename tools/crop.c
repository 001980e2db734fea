/* crop: cut or pad each image to a fixed size about its non-zero voxels; labels follow. */
#include "lib/volume/crop.h"
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/volume/filter.h"

static struct crop crop = {.window.size = {160, 192, 160}};

static int apply(void *self, struct record *record)
{
    return crop_apply(self, record);
}

int main(int argc, char **argv)
{
    struct filter filter = {.apply = apply, .self = &crop};
    const struct option_spec options[] = {
        {"size", 's', OPTION_SIZE, crop.window.size, "XxYxZ", "voxels of the result (160x192x160)"},
        {"strict", 0, OPTION_FLAG, &crop.strict, NULL, "refuse to cut brain or labelled voxels off"},
    };
    const struct tool tool = {
        .name = "crop",
        .usage = "[--size 160x192x160] [--strict] [-o OUT] [FILE...]",
        .summary =
            "Centres the bounding box of an image's non-zero voxels, over all of its modalities, in a fixed\n"
            "size: what is larger is cut, with a warning, what is smaller padded with zeros. A label, mask\n"
            "or prob record is cropped as the image of its case before it. A background that is one value\n"
            "other than 0 in all corners of a whole image becomes 0, with a warning.",
        .options = options,
        .count = OPTION_COUNT(options),
        .common = {FILTER_OPTIONS(filter)},
        .example = "nii2raw --dir BraTS2021_00006 | crop | standardize > BraTS2021_00006.nrrd",
    };
    int first = options_parse(&tool, argc, argv);
    crop.max_bytes = filter.max_bytes;
    int status = filter_run(&filter, argc - first, argv + first);
    return status ? report(status) : STATUS_OK;
}
