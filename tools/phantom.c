/* phantom: cases made by the project, with their ground truth, in the layout of BraTS or as a stream of records. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/progress.h"
#include "lib/base/threads.h"
#include "lib/volume/data_folder.h"
#include "lib/volume/phantom_record.h"
#include "lib/wild/wild.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NUMBER_MAX = 99999, SIZE_MIN = 16 };

static const double spacing_min = 0.5, spacing_max = 8; /* mm */

static uint64_t seed;
static int threads, cases, from = 1, size[3];
static const char *folder, *style = "plain", *layout_text, *anatomy;
static enum layout layout = LAYOUT_BRATS_2021;
static double spacing;
static bool stream, wild;
static struct atlas atlas;

static const struct option_spec options[] = {
    {"cases", 'n', OPTION_NATURAL, &cases, "K", "how many cases (1; with --stream without end)"},
    {"from", 0, OPTION_NATURAL, &from, "NUMBER", "number of the first case (1)"},
    {"size", 0, OPTION_SIZE, size, "XxYxZ",
     "voxels (240x240x155; wild: the head's extent); plain heads grow with it"},
    {"output", 'o', OPTION_TEXT, &folder, "DIR", "folder that receives a folder for each case"},
    {"layout", 0, OPTION_TEXT, &layout_text, "NAME",
     "how folders and files are called (brats-2021); see below"},
    {"stream", 0, OPTION_FLAG, &stream, NULL, "records to stdout instead, an image and its label map a case"},
    {"style", 0, OPTION_TEXT, &style, "NAME", "plain or wild (plain)"},
    {"spacing", 0, OPTION_REAL, &spacing, "MM", "side of a voxel, wild alone (1)"},
    {"anatomy", 0, OPTION_TEXT, &anatomy, "GM,WM",
     "NIfTI maps of grey and white matter in MNI's space; wild alone (a simple one)"},
};

static const struct tool tool = {
    .name = "phantom",
    .usage = "--seed N --cases K [--size 240x240x155] [--layout NAME] -o DIR\n"
             "--style wild [--anatomy GM,WM] [--spacing MM] (-o DIR | --stream)",
    .summary =
        "Makes cases phantom_00001 ... as BraTS has them (_t1, _t1ce, _t2, _flair and _seg.nii.gz): a\n"
        "skull-stripped head with grey and white matter, CSF, vessels, gliosis, and a tumour with oedema\n"
        "(2), core (1) and enhancing rim (4), with the contrasts of each modality, a bias field and\n"
        "noise, all a function of seed and case number. Their names are printed, one a line. A case\n"
        "appears whole or not at all.\n"
        "Plain heads are caricatures for tests. Wild ones are made to train networks for real cases:\n"
        "anatomy from tissue maps, and everything varies that scanners, patients and tumours vary in\n"
        "(lib/wild/properties.def has each property's range).",
    .options = options,
    .count = OPTION_COUNT(options),
    .common = {.seed = &seed, .threads = &threads},
    .notes = "Layouts: " LAYOUT_NAMES ".\n"
             "brats-2023 has the label numbers of 2023 (enhancing 3), decathlon and nnunet those of the "
             "Decathlon\n"
             "(oedema 1, core 2, enhancing 3); cases are called BraTS-PHA-00001-000 in the one, sub-00001 in "
             "bids.\n"
             "Without --size a wild grid holds 160x192x160 mm, rounded up to multiples of 16 voxels.",
    .example = "phantom --style wild --anatomy gm.nii.gz,wm.nii.gz --spacing 2 --stream --cases 100 |\n"
               "      standardize | prunet-step --state new.safetensors",
};

static int make(struct phantom *phantom, int number)
{
    return wild ? wild_make(phantom, &atlas, seed, number, size, spacing)
                : phantom_make(phantom, seed, number, size);
}

static int make_case(int number, struct progress *progress, struct output *output)
{
    struct phantom phantom;
    char name[DATA_FOLDER_NAME_SIZE];
    data_folder_name(layout, number, name);
    int status = make(&phantom, number);
    if (status)
        return status;
    status =
        stream ? phantom_write(&phantom, name, output) : data_folder_write(&phantom, folder, layout, number);
    phantom_free(&phantom);
    if (status)
        return fail_in(status, "%s", name);
    progress_advance(progress, name, NULL);
    if (stream)
        return STATUS_OK;
    printf("%s\n", name);
    return fflush(stdout) ? fail_errno(STATUS_FAILURE, "standard output") : STATUS_OK; /* for a reader now */
}

static int make_folders(void)
{
    struct progress progress;
    int status = STATUS_OK;
    if (mkdir(folder, 0777) && errno != EEXIST)
        return fail_errno(STATUS_FAILURE, "%s", folder);
    progress_start(&progress, "case", (size_t)cases);
    for (int i = 0; i < cases && !status; i++)
        status = make_case(from + i, &progress, NULL);
    progress_end(&progress);
    return status ? status : data_folder_describe(folder, layout, from + cases - 1);
}

/* Without an end where no number of cases is given: whoever reads ends it. */
static int make_stream(void)
{
    struct progress progress;
    struct output output;
    int status = output_open(&output, NULL, true);
    if (status)
        return status;
    progress_start(&progress, "case", (size_t)cases);
    for (int i = 0; (!cases || i < cases) && !status; i++)
        status = make_case(from + i, &progress, &output);
    progress_end(&progress);
    if (!status)
        return output_commit(&output);
    output_discard(&output);
    return status;
}

/* "GM,WM": a comma in a file's name cannot be told from the one between them, so that there is one alone. */
static int read_maps(struct tissue_maps *maps)
{
    const char *comma = strchr(anatomy, ',');
    char *grey = strndup(anatomy, (size_t)(comma - anatomy));
    int status = grey ? tissue_maps_read(grey, comma + 1, maps) : fail(STATUS_FAILURE, "out of memory");
    free(grey);
    return status;
}

static int read_atlas(void)
{
    struct tissue_maps maps;
    int status = anatomy ? read_maps(&maps) : tissue_maps_draw(&maps);
    if (status)
        return status;
    status = atlas_make(&maps, &atlas);
    tissue_maps_free(&maps);
    return status;
}

static void check_style(void)
{
    static const int plain_size[3] = {240, 240, 155};
    wild = !strcmp(style, "wild");
    if (!wild && strcmp(style, "plain"))
        usage_error("--style: '%s' is not plain or wild", style);
    if (!wild && (anatomy || spacing != 0))
        usage_error("--anatomy and --spacing are for --style wild");
    if (anatomy && (!strchr(anatomy, ',') || strchr(anatomy, ',') != strrchr(anatomy, ',')))
        usage_error("--anatomy: '%s' is not GM,WM: two files", anatomy);
    if (spacing == 0)
        spacing = 1;
    if (!(spacing >= spacing_min && spacing <= spacing_max))
        usage_error("--spacing: %g is not within %g..%g mm", spacing, spacing_min, spacing_max);
    if (!size[0] && wild)
        wild_size(spacing, size);
    else if (!size[0])
        memcpy(size, plain_size, sizeof size);
}

static void check_usage(void)
{
    check_style();
    if (layout_text && (layout = layout_named(layout_text)) == LAYOUTS)
        usage_error("--layout: '%s' is not one of %s", layout_text, LAYOUT_NAMES);
    if (layout_text && stream)
        usage_error("--layout is for folders: no --stream");
    if (!folder == !stream)
        usage_error(stream ? "--stream writes to standard output: no -o" : "-o DIR or --stream is needed");
    if (!cases && !stream)
        cases = 1;
    if (cases > NUMBER_MAX)
        usage_error("--cases: %d is not within 1..%d", cases, NUMBER_MAX);
    for (int axis = 0; axis < 3; axis++)
        if (size[axis] < SIZE_MIN)
            usage_error("--size: %d voxels are fewer than the %d that a head needs", size[axis], SIZE_MIN);
}

int main(int argc, char **argv)
{
    if (options_parse(&tool, argc, argv) < argc)
        usage_error("no operands are expected");
    check_usage();
    int status = threads_set(threads);
    if (!status && wild)
        status = read_atlas();
    if (!status)
        status = stream ? make_stream() : make_folders();
    atlas_free(&atlas);
    return status ? report(status) : STATUS_OK;
}
