/* prunet-report: one page on a run, or on predictions and their references. */
#include "lib/base/error.h"
#include "lib/base/memory_stream.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include "lib/base/threads.h"
#include "lib/report/folders.h"
#include "lib/report/report.h"
#include "lib/report/summarize.h"
#include <limits.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct request {
    const char *output, *beside, *convention, *scheme;
    struct report_folders folders;
    bool json, mask;
    int draws, threads;
    uint64_t seed;
};

static int read_sets(const struct request *request, const char *run, struct report *report)
{
    struct scoring scoring;
    int status = summarize_scoring(request->convention, request->scheme, request->mask, &scoring);
    if (status)
        return status;
    status = run ? report_set_read(run, &report->set)
                 : report_set_of_folders(&request->folders, &scoring, &report->set);
    if (!status && request->beside) {
        status = report_set_read(request->beside, &report->beside);
        report->has_beside = !status;
    }
    return status;
}

static int write_report(struct output *output, const struct request *request, const struct report *report)
{
    struct memory_stream page;
    FILE *memory = memory_stream_open(&page);
    if (!memory)
        return fail(STATUS_FAILURE, "out of memory");
    const int written = request->json ? report_json(memory, report) : report_page(memory, report);
    int status = memory_stream_close(memory, &page);
    status = written ? written : status;
    if (!status)
        status = output_write(output, page.text, page.size);
    free(page.text);
    return status;
}

/* A run's page lies in the run, unless something else is asked for. `page` holds the path. */
static int choose_output(struct request *request, const char *run, char page[PATH_MAX])
{
    if (!run || request->output || request->json)
        return STATUS_OK;
    if (access(run, F_OK))
        return fail_errno(STATUS_FAILURE, "%s: no such run", run);
    if (snprintf(page, PATH_MAX, "%s/report.html", run) >= PATH_MAX)
        return fail(STATUS_FAILURE, "%s: the name is too long", run);
    request->output = page;
    return STATUS_OK;
}

static int run(struct request *request, const char *folder)
{
    struct report report = {.bootstrap = {request->seed, request->draws}};
    struct output output;
    char page[PATH_MAX] = "";
    int status = choose_output(request, folder, page);
    if (!status)
        status = threads_set(request->threads);
    request->folders.threads = omp_get_max_threads();
    if (!status)
        status = output_open(&output, request->output, false);
    if (status)
        return *page ? fail(status, "%s; -o FILE writes elsewhere", error_message()) : status;
    status = read_sets(request, folder, &report);
    if (!status)
        status = write_report(&output, request, &report);
    if (!status)
        status = output_commit(&output);
    if (!status && *page && !quiet)
        fprintf(stderr, "%s: the report: %s\n", tool_name, page);
    output_discard(&output);
    report_set_free(&report.set);
    report_set_free(&report.beside);
    return status;
}

int main(int argc, char **argv)
{
    struct request request = {.draws = 1000};
    const struct option_spec options[] = {
        {"beside", 0, OPTION_TEXT, &request.beside, "RUN2", "another run, to compare the same cases with"},
        {"predictions", 0, OPTION_TEXT, &request.folders.predictions, "DIR",
         "label maps or probabilities of anybody, a file a case"},
        {"references", 0, OPTION_TEXT, &request.folders.references, "DIR",
         "the label maps to compare them with: files, or a data set"},
        {"images", 0, OPTION_TEXT, &request.folders.images, "DIR",
         "with --predictions: records CASE.nrrd for the pictures"},
        {"convention", 'c', OPTION_TEXT, &request.convention, "NAME",
         "with --predictions: whose definitions (brats)"},
        {"scheme", 0, OPTION_TEXT, &request.scheme, "NAME",
         "with --predictions: labels and regions, as dice-eval's (the convention's)"},
        {"mask", 0, OPTION_FLAG, &request.mask, NULL,
         "with --predictions: one region, all voxels that are not 0"},
        {"bootstrap", 0, OPTION_NATURAL, &request.draws, "N", "draws of the cases, for the intervals (1000)"},
    };
    const struct tool tool = {
        .name = "prunet-report",
        .usage = "RUN [-o FILE.html] [--beside RUN2]\n"
                 "--predictions DIR --references DIR [OPTION...] [-o FILE.html]",
        .summary =
            "Writes one HTML page on a run: what was run, learning curves, scores, each case, pictures of "
            "the\n"
            "worst, the median and the best, volumes, lesions, calibration, regions that do not nest, what "
            "was\n"
            "found in the data, a comparison with another run, a methods paragraph and all numbers as JSON.\n"
            "It needs no script and nothing from elsewhere, and reads no volume: `make evaluate` has noted "
            "what\n"
            "it shows. With --predictions the volumes are read; a case is known by its file's name.",
        .options = options,
        .count = OPTION_COUNT(options),
        .common = {.output = &request.output,
                   .seed = &request.seed,
                   .threads = &request.threads,
                   .max_bytes = &request.folders.max_bytes,
                   .json = &request.json},
        .notes =
            "A run's page is RUN/report.html without -o; -o - is stdout, where a page on --predictions goes "
            "without\n-o. --json: the numbers alone, to stdout. What a run has not noted is said in its "
            "place.",
        .example = "prunet-report runs/small",
    };
    const int first = options_parse(&tool, argc, argv), operands = argc - first;
    const bool folders = request.folders.predictions || request.folders.references;
    if (operands > 1 || (operands == 1) == folders)
        usage_error("expected is one RUN, or --predictions and --references");
    if (folders && (!request.folders.predictions || !request.folders.references))
        usage_error("--predictions and --references go together");
    if (!folders && (request.folders.images || request.convention || request.scheme || request.mask))
        usage_error("--images, --convention, --scheme and --mask go with --predictions");
    int status = run(&request, operands ? argv[first] : NULL);
    return status ? report(status) : STATUS_OK;
}
