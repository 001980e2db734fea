/* case-summary: what a report needs of cases, so that it need not read their volumes. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include "lib/base/threads.h"
#include "lib/report/summarize.h"
#include <omp.h>

struct request {
    const char *pairs, *output, *expect, *scheme;
    int threads;
    struct summarize_options options;
};

static int write_summaries(struct output *output, const struct case_summaries *summaries)
{
    int status = case_summary_begin(output);
    for (size_t i = 0; i < summaries->count && !status; i++)
        status = case_summary_write(output, summaries->convention, &summaries->items[i]);
    return status;
}

static int run(struct request *request)
{
    struct scoring scoring;
    struct case_summaries summaries;
    struct output output;
    struct pairs pairs;
    int status = threads_set(request->threads);
    if (!status)
        status = summarize_scoring(NULL, request->scheme, false, &scoring);
    if (!status)
        status = output_open(&output, request->output, false);
    if (status)
        return status;
    request->options.scoring = &scoring;
    request->options.threads = omp_get_max_threads();
    if (!(status = pairs_read(request->pairs, request->expect, &pairs))) {
        status = summarize_pairs(&request->options, &pairs, &summaries);
        pairs_free(&pairs);
        if (!status) {
            status = write_summaries(&output, &summaries);
            case_summaries_free(&summaries);
        }
    }
    if (!status)
        status = output_commit(&output);
    output_discard(&output);
    return status;
}

int main(int argc, char **argv)
{
    struct request request = {.threads = 0};
    const struct option_spec options[] = {
        {"pairs", 'p', OPTION_TEXT, &request.pairs, "FILE",
         "lines of [CASE] PREDICTION REFERENCE, tabs between (required)"},
        {"images", 0, OPTION_TEXT, &request.options.images, "DIR", "records CASE.nrrd, for the pictures"},
        {"assessments", 0, OPTION_TEXT, &request.options.assessments, "DIR",
         "tables CASE.tsv of prunet-infer --assess"},
        {"scheme", 0, OPTION_TEXT, &request.scheme, "NAME",
         "labels and regions: as dice-eval's (brats-2018)"},
    };
    const struct tool tool = {
        .name = "case-summary",
        .usage = "--pairs FILE [--images DIR] [--assessments DIR] [--scheme NAME] [-o TABLE]",
        .summary =
            "Compares predictions with references and prints what a report needs of each case: scores of "
            "the\n"
            "convention brats, volumes, the connected parts of each region and whether they are found, how\n"
            "probable voxels were, what does not nest, the checks of the image, and a picture of the axial\n"
            "slice with most wrong voxels of each region. The columns are case, item, region, key, value.",
        .options = options,
        .count = OPTION_COUNT(options),
        .common = {.output = &request.output,
                   .expect = &request.expect,
                   .threads = &request.threads,
                   .max_bytes = &request.options.max_bytes},
        .example = "case-summary --pairs run/evaluation/pairs.tsv --images run/cases -o cases.tsv",
    };
    if (options_parse(&tool, argc, argv) != argc)
        usage_error("there are no operands: the cases are in --pairs");
    if (!request.pairs)
        usage_error("--pairs FILE is needed");
    int status = run(&request);
    return status ? report(status) : STATUS_OK;
}
