/* split-cases: case names to a training and a validation list, the same for any order of the names. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include "lib/stream/case_names.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static uint64_t seed;
static double fraction = NAN; /* not given */
static bool by_case;
static const char *fold_text, *training_path, *validation_path;

struct fold {
    int number, of; /* 0 of 0: no folds */
};

static const struct option_spec options[] = {
    {"fraction", 0, OPTION_REAL, &fraction, "F", "share of the training cases (0.8)"},
    {"fold", 0, OPTION_TEXT, &fold_text, "K/N", "instead: validate on the K-th of N parts"},
    {"by-case", 0, OPTION_FLAG, &by_case, NULL,
     "a patient's cases may be in both lists, as in versions up to 0.1"},
    {"train", 0, OPTION_TEXT, &training_path, "FILE", "receives the training cases, one a line (required)"},
    {"validation", 0, OPTION_TEXT, &validation_path, "FILE",
     "receives the validation cases, one a line (required)"},
};

static const struct tool tool = {
    .name = "split-cases",
    .usage = "--seed N [--fraction F | --fold K/N] --train FILE --validation FILE [NAMES]",
    .summary =
        "Orders case names, one a line, by a hash of seed and name and gives the first of them to the\n"
        "training list, the others to the validation list; neither is ever empty. The order of the\n"
        "input does not matter. N folds validate on each case once. The visits of a patient, which\n"
        "BraTS names BraTS-GLI-02005-100 and -101 from 2023 on, stay in one list.",
    .options = options,
    .count = OPTION_COUNT(options),
    .common = {.seed = &seed},
    .example = "ls cases | split-cases --seed 1 --train train.names --validation validation.names",
};

static struct fold check_options(int operands)
{
    struct fold fold = {0, 0};
    char rest;
    if (operands > 1)
        usage_error("%d files of names: one is expected at most", operands);
    if (!training_path || !validation_path)
        usage_error("--train and --validation are both needed");
    if (!strcmp(training_path, validation_path))
        usage_error("--train and --validation are the same file");
    if (fold_text && !isnan(fraction))
        usage_error("--fraction and --fold exclude each other");
    if (fold_text && (sscanf(fold_text, "%d/%d%c", &fold.number, &fold.of, &rest) != 2 || fold.of < 2 ||
                      fold.number < 1 || fold.number > fold.of))
        usage_error("--fold: '%s' is not K/N with 1 <= K <= N and N >= 2", fold_text);
    if (isnan(fraction))
        fraction = 0.8;
    if (!(fraction > 0 && fraction < 1))
        usage_error("--fraction: %g is not between 0 and 1", fraction);
    return fold;
}

/* Writes the cases of [begin, end), or those outside, without giving the file its name yet. */
static int write_list(struct output *output, const char *path, const struct names *list, size_t begin,
                      size_t end, bool inside)
{
    int status = output_open(output, path, false);
    for (size_t i = 0; i < list->count && !status; i++)
        if ((i >= begin && i < end) == inside)
            status = output_print(output, "%s\n", list->name[i]);
    return status;
}

static int write_lists(const struct names *list, size_t begin, size_t end)
{
    struct output training = {.fd = -1}, validation = {.fd = -1};
    int status = write_list(&training, training_path, list, begin, end, false);
    if (!status)
        status = write_list(&validation, validation_path, list, begin, end, true);
    if (!status)
        status = output_commit(&training);
    if (!status)
        status = output_commit(&validation);
    output_discard(&training);
    output_discard(&validation);
    return status;
}

/* Moves the ends of the validation list to where a patient's cases end. STATUS_DATA where a list is then empty. */
static int keep_patients(const struct names *list, bool folds, size_t *begin, size_t *end)
{
    size_t last = list->count - 1;
    *begin = patient_boundary(list, *begin);
    *end = patient_boundary(list, *end);
    if (!folds && *begin == list->count) { /* the last patient is validated on */
        while (last > 0 && same_patient(list->name[last - 1], list->name[last]))
            last--;
        *begin = last;
    }
    if (*begin >= *end || *end - *begin == list->count)
        return fail(STATUS_DATA, "the patients are too few: a list would be empty");
    return STATUS_OK;
}

static int split(struct names *list, struct fold fold)
{
    size_t least = fold.of ? (size_t)fold.of : 2, begin, end = list->count;
    if (list->count < least)
        return fail(STATUS_DATA, "%zu cases; at least %zu are needed", list->count, least);
    int status = order_cases(list, seed, !by_case);
    if (status)
        return status;
    begin = training_count(list->count, fraction);
    if (fold.of)
        fold_range(list->count, fold.number, fold.of, &begin, &end);
    status = by_case ? STATUS_OK : keep_patients(list, fold.of != 0, &begin, &end);
    return status ? status : write_lists(list, begin, end);
}

static int split_file(FILE *file, const char *path, struct fold fold)
{
    struct names list;
    int status = names_read(&list, file, path);
    if (status)
        return status;
    status = split(&list, fold);
    names_free(&list);
    return status == STATUS_DATA ? fail_in(status, "%s", path) : status;
}

int main(int argc, char **argv)
{
    int first = options_parse(&tool, argc, argv);
    struct fold fold = check_options(argc - first);
    bool standard = first == argc || !strcmp(argv[first], "-");
    FILE *file = standard ? stdin : fopen(argv[first], "re");
    if (!file)
        return report(fail_errno(STATUS_FAILURE, "%s", argv[first]));
    int status = split_file(file, standard ? "standard input" : argv[first], fold);
    if (!standard)
        fclose(file);
    return status ? report(status) : STATUS_OK;
}
