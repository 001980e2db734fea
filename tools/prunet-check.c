/* prunet-check: what a data set holds, and what forbids training on it. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include "lib/base/threads.h"
#include "lib/volume/dataset_scheme.h"
#include "lib/volume/scheme.h"
#include "lib/volume/survey.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WARNINGS_SAID = 20 };

static const char *output_path, *json_path, *scheme_name, *grid_of = "label";
static bool no_header;
static int threads;
static struct survey_settings settings;

static const struct option_spec options[] = {
    {"voxels", 0, OPTION_FLAG, &settings.voxels, NULL,
     "read all voxels, not headers alone: labels, regions, backgrounds, doubles"},
    {"unlabelled", 0, OPTION_FLAG, &settings.unlabelled, NULL,
     "for segmenting: label maps and modalities may be missing"},
    {"json", 0, OPTION_TEXT, &json_path, "FILE",
     "write the same there as JSON, with the names of all odd cases"},
    SCHEME_OPTION(&scheme_name),
    {"resampled", 0, OPTION_FLAG, &settings.resampled, NULL,
     "cases will be brought to one spacing: they may have several"},
    {"grid-of", 0, OPTION_TEXT, &grid_of, "WHOSE",
     "whose header places the label map: label or images (label)"},
};

static const struct tool tool = {
    .name = "prunet-check",
    .usage = "[OPTION...] DATA",
    .summary =
        "Sums up a data set of any layout (list-cases) in a table, a row a value: layouts, modalities, "
        "grids,\n"
        "spacings, orientations, types of voxels, with the number of cases that have it, and the names of\n"
        "those whose value is not the most frequent one; with --voxels also label numbers and regions with\n"
        "their voxels, empty regions and backgrounds. Rows `error` say what forbids training, rows "
        "`warning`\n"
        "what is odd: a skull, volumes that are not registered to one another, voxels far from 1 mm, a "
        "volume\n"
        "that is there twice. Both are said on stderr, too, and with an error the status is 65.\n"
        "docs/preparing.md shows what to do.",
    .options = options,
    .count = OPTION_COUNT(options),
    .common = {.output = &output_path,
               .no_header = &no_header,
               .threads = &threads,
               .max_bytes = &settings.max_bytes},
    .notes = "Without --scheme DATA's own dataset.json counts, where training takes it.\n\n"
             "Only headers are read without --voxels: a thousand cases take seconds. Grids and spacings are "
             "those of\n"
             "the volumes turned to LPS, as nii2raw turns them.",
    .example = "prunet-check --voxels --json check.json /data/BraTS2021",
};

static void parse(void)
{
    settings.grid_of_images = !strcmp(grid_of, "images");
    if (!settings.grid_of_images && strcmp(grid_of, "label"))
        usage_error("--grid-of: '%s' is not label or images", grid_of);
}

/* Into a file or stdout, whole or not at all. */
static int print(struct survey *survey, const char *path, bool json)
{
    struct output output;
    int status = output_open(&output, path, false);
    if (!status)
        status = json ? survey_print_json(survey, &output) : survey_print_table(survey, &output, !no_header);
    if (!status)
        return output_commit(&output);
    output_discard(&output);
    return status;
}

/* The facts are sorted by now: every error once, and of the warnings the first. */
static void say_what_is_wrong(const struct survey *survey)
{
    size_t warnings = 0;
    for (size_t i = 0; i < survey->count; i++) {
        const struct survey_fact *fact = &survey->fact[i];
        const bool of_case = strcmp(fact->name, "-");
        if (fact->item == SURVEY_ERROR)
            report(fail(STATUS_DATA, "%s%s%s", of_case ? fact->name : "", of_case ? ": " : "", fact->value));
        else if (fact->item == SURVEY_WARNING && ++warnings <= WARNINGS_SAID)
            warn("%s%s%s", of_case ? fact->name : "", of_case ? ": " : "", fact->value);
    }
    if (warnings > WARNINGS_SAID)
        warn("%zu more: see the rows `warning`", warnings - WARNINGS_SAID);
}

/* The scheme that is named, else that of DATA's own dataset.json where training would take it. *own is malloc'd or NULL. */
static int choose_scheme(const char *data, char **own)
{
    int status = scheme_name ? STATUS_OK : dataset_scheme_find(data, own);
    if (!status && *own && !quiet)
        fprintf(stderr, "%s: the scheme is %s: DATA's layout says it\n", tool_name, *own);
    const char *wanted = scheme_name ? scheme_name : *own;
    if (!status)
        status = data_scheme_choose(wanted);
    settings.scheme = wanted ? data_scheme : NULL;
    return status;
}

int main(int argc, char **argv)
{
    char *own = NULL;
    struct case_list list = {0};
    struct names refused = {0};
    struct survey survey = {0};
    int first = options_parse(&tool, argc, argv);
    if (argc - first != 1)
        usage_error("%d folders: one is expected", argc - first);
    parse();
    int status = choose_scheme(argv[first], &own);
    if (!status)
        status = threads_set(threads);
    if (!status)
        status = case_list_survey(&list, &refused, argv[first], !settings.unlabelled);
    if (!status)
        status = survey_cases(&survey, &list, &refused, &settings);
    if (!status)
        status = print(&survey, output_path, false);
    if (!status && json_path)
        status = print(&survey, json_path, true);
    if (!status)
        say_what_is_wrong(&survey);
    if (!status && survey.errors)
        status = fail(STATUS_DATA, "%s: cannot be trained on as it is, see above", argv[first]);
    survey_free(&survey);
    names_free(&refused);
    case_list_free(&list);
    free(own);
    return status ? report(status) : STATUS_OK;
}
