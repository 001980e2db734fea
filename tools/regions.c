/* regions: label maps to the regions WT, TC, ET, and back. */
#include "lib/volume/regions.h"
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/volume/filter.h"

static bool inverse;

static int apply(void *self, struct record *record)
{
    (void)self;
    return inverse ? regions_to_label(record) : regions_from_label(record);
}

int main(int argc, char **argv)
{
    struct filter filter = {.apply = apply};
    const struct option_spec options[] = {
        {"inverse", 0, OPTION_FLAG, &inverse, NULL, "prob or mask records to label maps"},
    };
    const struct tool tool = {
        .name = "regions",
        .usage = "[-o OUT] [FILE...]\n--inverse [-o OUT] [FILE...]",
        .summary =
            "Turns a label map (0, 1, 2, 4) into masks of three channels: whole tumour (WT), tumour core "
            "(TC)\n"
            "and enhancing tumour (ET). With --inverse, probabilities or masks become a label map: 2 where\n"
            "WT > 0.5, then 1 where TC > 0.5, then 4 where ET > 0.5. Other records pass through unchanged.",
        .options = options,
        .count = OPTION_COUNT(options),
        .common = {FILTER_OPTIONS(filter)},
        .example = "prunet-infer -m best.safetensors case.nrrd | regions --inverse | raw2nii -o seg.nii.gz",
    };
    int first = options_parse(&tool, argc, argv);
    int status = filter_run(&filter, argc - first, argv + first);
    return status ? report(status) : STATUS_OK;
}
