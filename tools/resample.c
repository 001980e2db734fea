/* resample: records with voxels of another spacing, and back on their sources' grids. */
#include "lib/volume/resample.h"
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/volume/filter.h"

static const char *spacing_text;
static bool to_source;
static double spacing[3];
static struct filter filter;

static const struct option_spec options[] = {
    {"spacing", 's', OPTION_TEXT, &spacing_text, "XxYxZ", "mm between voxels of the result, such as 1x1x1"},
    {"to-source", 0, OPTION_FLAG, &to_source, NULL, "back on the grid that the record came from"},
};

static const struct tool tool = {
    .name = "resample",
    .usage = "--spacing XxYxZ [-o OUT] [FILE...]\n--to-source [-o OUT] [FILE...]",
    .summary =
        "Gives records voxels of another spacing: images and probabilities by linear interpolation, label\n"
        "maps and masks by the nearest voxel. The result fills the same volume about the same centre, its\n"
        "voxels lie where its header says, and it keeps the grid of its source: --to-source, and raw2nii,\n"
        "put what is made of it back there. A record that has the spacing already, within a thousandth,\n"
        "passes through unchanged.",
    .options = options,
    .count = OPTION_COUNT(options),
    .common = {FILTER_OPTIONS(filter)},
    .notes =
        "What is made coarser is not smoothed first. A label map comes back best from its probabilities:\n"
        "prunet-infer | resample --to-source | regions --inverse | raw2nii.",
    .example = "nii2raw --dir BraTS2021_00006 | resample --spacing 1x1x1 | crop | standardize",
};

static int apply(void *self, struct record *record)
{
    const struct filter *own = self;
    return to_source ? resample_to_source(record, own->max_bytes)
                     : resample_to_spacing(record, spacing, own->max_bytes);
}

int main(int argc, char **argv)
{
    int first = options_parse(&tool, argc, argv);
    if (!spacing_text == !to_source)
        usage_error("either --spacing or --to-source is needed");
    if (spacing_text && spacing_parse(spacing, spacing_text))
        usage_error("%s", error_message());
    filter.apply = apply;
    filter.self = &filter;
    int status = filter_run(&filter, argc - first, argv + first);
    return status ? report(status) : STATUS_OK;
}
