/* postprocess: drops small components of a predicted tumour, relabels a small enhancing tumour. */
#include "lib/metrics/postprocess.h"
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/metrics/et_search.h"
#include "lib/volume/filter.h"
#include "lib/volume/samples.h"
#include "lib/volume/scheme.h"
#include <stdio.h>
#include <string.h>

/* The first label record of each case is the prediction; what follows it, such as the reference, passes
 * unchanged. */
struct labels_filter {
    struct postprocess rules;
    char case_name[CASE_NAME_SIZE];
};

static int apply(void *self, struct record *record)
{
    struct labels_filter *filter = self;
    const struct label_scheme *scheme;
    size_t changed;
    if (record->role != ROLE_LABEL || !strcmp(record->case_name, filter->case_name))
        return STATUS_OK;
    memcpy(filter->case_name, record->case_name, sizeof filter->case_name);
    int status = record_make_labels(record);
    if (!status)
        status = scheme_of_record(record, &scheme);
    if (!status)
        status = postprocess_labels(&filter->rules, scheme, record->data, record->size,
                                    record_voxel_volume(record), &changed);
    if (!status && verbose)
        fprintf(stderr, "%s: %s: %zu voxels changed\n", tool_name, record->case_name, changed);
    return status;
}

int main(int argc, char **argv)
{
    struct labels_filter rules = {.case_name = ""};
    struct filter filter = {.apply = apply, .self = &rules};
    struct et_search_options search = {.convention = &conventions[0]};
    bool searching = false;
    const struct option_spec options[] = {
        {"component-minimum", 0, OPTION_REAL, &rules.rules.component_minimum, "MM3",
         "drop components of the tumour below MM3 (0)"},
        {"et-minimum", 0, OPTION_REAL, &rules.rules.et_minimum, "MM3",
         "enhancing tumour below MM3 becomes core (0)"},
        {"search", 0, OPTION_FLAG, &searching, NULL, "print what each --et-minimum would bring"},
        {"pairs", 'p', OPTION_TEXT, &search.pairs, "FILE",
         "with --search: lines of [CASE] PREDICTION REFERENCE, tabs between"},
    };
    const struct tool tool = {
        .name = "postprocess",
        .usage = "[--component-minimum MM3] [--et-minimum MM3] [-o OUT] [FILE...]\n"
                 "--search [--component-minimum MM3] [-o TABLE] [--pairs FILE | STREAM...]",
        .summary = "A filter of label maps: of each case's first label record, 26-components of the\n"
                   "whole tumour that are small become background; then, where the enhancing tumour is\n"
                   "small in all, label 4 becomes 1. Other records pass. Nothing is done by default: the\n"
                   "paper's own figures are without it.\n\n"
                   "--search reads predictions and references, as prunet-infer --label-map --pass-label\n"
                   "writes them, and prints what every --et-minimum would make of the mean Dice and HD95\n"
                   "(convention brats) of ET, how many cases it changes, and which is best. Use the\n"
                   "validation split, and score on other cases: a threshold chosen and reported on the\n"
                   "same ones flatters itself.",
        .options = options,
        .count = OPTION_COUNT(options),
        .common = {FILTER_OPTIONS(filter), .no_header = &search.no_header},
        .example = "prunet-infer -m best.safetensors --label-map case.nrrd | postprocess --et-minimum 500 |\n"
                   "      raw2nii -o case.nii.gz",
    };
    int first = options_parse(&tool, argc, argv);
    if (searching && rules.rules.et_minimum != 0)
        usage_error("--search and --et-minimum exclude each other");
    if (!searching && (search.pairs || search.no_header))
        usage_error("--pairs and --no-header go with --search");
    if (rules.rules.et_minimum < 0 || rules.rules.component_minimum < 0)
        usage_error("--et-minimum and --component-minimum must not be negative");
    search.component_minimum = rules.rules.component_minimum;
    search.output = filter.output;
    search.max_bytes = filter.max_bytes;
    int status = searching ? et_search_run(&search, argc - first, argv + first)
                           : filter_run(&filter, argc - first, argv + first);
    return status ? report(status) : STATUS_OK;
}
