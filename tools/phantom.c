/* phantom: cases in the layout of BraTS, made by a formula, with their ground truth. */
#include "lib/volume/phantom.h"
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/progress.h"
#include "lib/base/threads.h"
#include "lib/volume/case_folder.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

enum { CASES_MAX = 99999, SIZE_MIN = 16 };

static uint64_t seed;
static int threads, cases = 1, size[3] = {240, 240, 155};
static const char *folder;

static const struct option_spec options[] = {
    {"cases", 'n', OPTION_INTEGER, &cases, "K", "how many cases (1)"},
    {"size", 0, OPTION_SIZE, size, "XxYxZ", "voxels; the head grows with it (240x240x155)"},
    {"output", 'o', OPTION_TEXT, &folder, "DIR", "folder that receives a folder for each case (required)"},
};

static const struct tool tool = {
    .name = "phantom",
    .usage = "--seed N --cases K [--size 240x240x155] -o DIR",
    .summary =
        "Makes cases phantom_00001 ... as BraTS has them (_t1, _t1ce, _t2, _flair and _seg.nii.gz): a\n"
        "skull-stripped head with grey and white matter, CSF, vessels, gliosis, and a tumour with oedema\n"
        "(2), core (1) and enhancing rim (4), with the contrasts of each modality, a bias field and\n"
        "noise, all a function of seed and case number. Their names are printed, one a line. A case\n"
        "appears whole or not at all.",
    .options = options,
    .count = OPTION_COUNT(options),
    .common = {.seed = &seed, .threads = &threads},
    .example = "phantom --seed 1 --cases 16 --size 96x96x80 -o phantoms",
};

/* Signals wait while a case is made, in every thread, and are delivered between two cases: an interrupted
 * run leaves whole folders only. */
static void block_signals(bool block)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static int make_case(int number, struct progress *progress)
{
    struct phantom phantom;
    char name[32];
    snprintf(name, sizeof name, "phantom_%05d", number);
    int status = phantom_make(&phantom, seed, number, size);
    if (status)
        return status;
    status = case_folder_write(&phantom, folder, name);
    phantom_free(&phantom);
    if (status)
        return fail_in(status, "%s", name);
    progress_advance(progress, name, NULL);
    printf("%s\n", name);
    return fflush(stdout) ? fail_errno(STATUS_FAILURE, "standard output") : STATUS_OK; /* for a reader now */
}

int main(int argc, char **argv)
{
    struct progress progress;
    if (options_parse(&tool, argc, argv) < argc)
        usage_error("no operands are expected");
    if (!folder)
        usage_error("-o DIR is needed");
    if (cases < 1 || cases > CASES_MAX)
        usage_error("--cases: %d is not within 1..%d", cases, CASES_MAX);
    for (int axis = 0; axis < 3; axis++)
        if (size[axis] < SIZE_MIN)
            usage_error("--size: %d voxels are fewer than the %d that a head needs", size[axis], SIZE_MIN);
    if (threads_set(threads))
        return report(STATUS_USAGE);
    if (mkdir(folder, 0777) && errno != EEXIST)
        return report(fail_errno(STATUS_FAILURE, "%s", folder));
    int status = STATUS_OK;
    progress_start(&progress, "case", (size_t)cases);
    for (int number = 1; number <= cases && !status; number++) {
        block_signals(true);
        status = make_case(number, &progress);
        block_signals(false);
    }
    progress_end(&progress);
    return status ? report(status) : STATUS_OK;
}
