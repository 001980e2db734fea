/* order-cases: the order in which an epoch meets its training cases. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include "lib/base/random.h"
#include "lib/stream/case_names.h"
#include "lib/stream/share.h"
#include <string.h>

static uint64_t seed;
static int epoch;
static const char *output_path, *share_text = "0/1";
static struct share share = {.batch = 1};

static const struct option_spec options[] = {
    {"epoch", 0, OPTION_INTEGER, &epoch, "E", "epoch, counted from 1 (required)"},
    {"batch", 0, OPTION_NATURAL, &share.batch, "B", "cases of a batch, for --share (1)"},
    {"share", 0, OPTION_TEXT, &share_text, "R/N",
     "only the cases that rank R, from 0, of N trains on, N at most B (0/1)"},
};

static const struct tool tool = {
    .name = "order-cases",
    .usage = "--epoch E [--seed N] [--batch B --share R/N] [-o FILE] [NAMES]",
    .summary = "Reads case names, one a line, and writes them as a permutation that is a function of seed,\n"
               "epoch and the set of names alone, whatever the order they came in.\n\n"
               "With --share the cases of every batch are divided: of B cases rank R of N has the places\n"
               "from R*B/N up to (R+1)*B/N, rounded down.",
    .options = options,
    .count = OPTION_COUNT(options),
    .common = {.output = &output_path, .seed = &seed},
    .example = "order-cases --seed 1 --epoch 7 training.names",
};

static int write_names(const struct names *names)
{
    struct output output;
    int status = output_open(&output, output_path, false);
    for (size_t i = 0; !status && i < names->count; i++)
        status = share_has(&share, i) ? output_print(&output, "%s\n", names->name[i]) : STATUS_OK;
    if (!status)
        return output_commit(&output);
    output_discard(&output);
    return status;
}

static int order(FILE *file, const char *path)
{
    struct names names;
    int status = names_read(&names, file, path);
    if (status)
        return status;
    if (!names.count)
        status = fail(STATUS_DATA, "%s: no case is listed", path);
    if (!status)
        status =
            names_shuffle(&names, random_key_number(random_key(seed, "order of cases"), (uint64_t)epoch));
    if (!status)
        status = write_names(&names);
    names_free(&names);
    return status;
}

int main(int argc, char **argv)
{
    int operand = options_parse(&tool, argc, argv);
    if (argc - operand > 1)
        usage_error("%d lists: one is expected at most", argc - operand);
    if (epoch < 1)
        usage_error("--epoch E is needed, and must be at least 1");
    if (!share_parse(share_text, &share))
        usage_error("--share: '%s' is not R/N with R from 0 to N-1", share_text);
    if (share.count > share.batch)
        usage_error("--share: %d ranks are more than the %d cases of a batch", share.count, share.batch);
    const char *path = operand < argc ? argv[operand] : "-";
    FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
    if (!file)
        return report(fail_errno(STATUS_FAILURE, "%s", path));
    int status = order(file, file == stdin ? "standard input" : path);
    if (file != stdin)
        fclose(file);
    return status ? report(status) : STATUS_OK;
}
