/* rank-predictions: which of several sets of predictions is better, as the BraTS challenges rank them. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include "lib/metrics/row.h"
#include "lib/metrics/score_tables.h"
#include "lib/stream/case_names.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *columns_list = "dice,hd95", *output_path;
static int draws = 10000;
static uint64_t seed;
static bool json, no_header;

static const struct option_spec options[] = {
    {"columns", 0, OPTION_TEXT, &columns_list, "NAME,NAME", "the measures that are ranked (dice,hd95)"},
    {"permutations", 0, OPTION_NATURAL, &draws, "N", "draws of the permutation test (10000)"},
};

static const struct tool tool = {
    .name = "rank-predictions",
    .usage = "[OPTION...] TABLE TABLE...",
    .summary =
        "Ranks sets of predictions by the tables that brats-eval, dice-eval or hd95 printed of the\n"
        "same cases, a table a set. In every case, region and measure the sets are ranked, equal ones\n"
        "sharing the mean of their ranks; a set's score is its mean rank. The better of two sets is\n"
        "tested against chance by exchanging their ranks case by case. Undefined scores are best\n"
        "where both masks were empty, else worst.",
    .options = options,
    .count = OPTION_COUNT(options),
    .common = {.output = &output_path, .seed = &seed, .json = &json, .no_header = &no_header},
    .notes = "Columns: set (the table's file without folder and extension), place, score (mean rank, 1 the\n"
             "best), cases, items (region and measure), and for every set p_SET: the one-sided p that this\n"
             "set is better than that one, nan (null in JSON) where its score is not.",
    .example = "rank-predictions --columns dice,hd95,f1 ours.tsv theirs.tsv",
};

enum { KEY_SIZE = CASE_NAME_SIZE + 2 };

/* "p_SET" */
static void set_key(const char *path, char key[KEY_SIZE])
{
    const char *file = path_file(path), *dot = strrchr(file, '.');
    char name[CASE_NAME_SIZE];
    case_name_make(file, dot ? (size_t)(dot - file) : strlen(file), "_", name);
    snprintf(key, KEY_SIZE, "p_%s", name);
}

static int check_names(char *const *paths, size_t sets)
{
    char a[KEY_SIZE], b[KEY_SIZE];
    for (size_t i = 0; i < sets; i++)
        for (size_t j = 0; j < i; j++) {
            set_key(paths[i], a);
            set_key(paths[j], b);
            if (!strcmp(a, b))
                return fail(STATUS_USAGE, "two sets are called %s", a + 2);
        }
    return STATUS_OK;
}

static int print_header(struct output *output, char *const *paths, const struct ranking *ranking, size_t sets)
{
    static const char *const names[] = {"set", "place", "score", "cases", "items"};
    char key[KEY_SIZE];
    struct row row;
    row_begin(&row, ROW_TSV);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        row_text(&row, NULL, names[i]);
    for (size_t i = 0; i < sets; i++) {
        set_key(paths[ranking->order[i]], key);
        row_text(&row, NULL, key);
    }
    return row_end(&row, output);
}

/* The set that is at position `at`. */
static int print_set(struct output *output, char *const *paths, const struct contest *contest,
                     const struct ranking *ranking, size_t at)
{
    const size_t set = ranking->order[at];
    size_t place = at;
    char key[KEY_SIZE];
    struct row row;
    while (place > 0 && ranking->score[ranking->order[place - 1]] == ranking->score[set])
        place--;
    set_key(paths[set], key);
    row_begin(&row, json ? ROW_JSON : ROW_TSV);
    row_text(&row, "set", key + 2);
    row_count(&row, "place", place + 1);
    row_number(&row, "score", ranking->score[set]);
    row_count(&row, "cases", contest->cases);
    row_count(&row, "items", contest->items);
    for (size_t i = 0; i < contest->sets; i++) {
        set_key(paths[ranking->order[i]], key);
        row_number(&row, key, ranking->p[set * contest->sets + ranking->order[i]]);
    }
    return row_end(&row, output);
}

static int print(char *const *paths, const struct contest *contest, const struct ranking *ranking)
{
    struct output output;
    int status = output_open(&output, output_path, false);
    if (status)
        return status;
    if (!json && !no_header)
        status = print_header(&output, paths, ranking, contest->sets);
    for (size_t at = 0; at < contest->sets && !status; at++)
        status = print_set(&output, paths, contest, ranking, at);
    if (!status)
        status = output_commit(&output);
    output_discard(&output);
    return status;
}

static int rank(char *const *paths, size_t sets, const struct columns *columns)
{
    struct contest contest = {.sets = 0};
    struct ranking ranking;
    int status = score_tables_read(paths, sets, columns, &contest);
    if (!status)
        status = ranking_make(&contest, draws, seed, &ranking);
    if (!status) {
        status = print(paths, &contest, &ranking);
        ranking_free(&ranking);
    }
    free(contest.value);
    return status;
}

int main(int argc, char **argv)
{
    enum { SETS_MAX = 64 };
    struct columns columns = {.count = 0};
    const int operand = options_parse(&tool, argc, argv);
    const int sets = argc - operand;
    if (sets < 2 || sets > SETS_MAX)
        usage_error("%d tables: at least two are needed, and at most %d", sets, SETS_MAX);
    int status = columns_parse(columns_list, &columns);
    for (size_t i = 0; i < columns.count && !status; i++)
        if (!measure_direction(columns.measures[i]))
            status = fail(STATUS_USAGE, "--columns: more %s is neither better nor worse",
                          measure_name(columns.measures[i]));
    if (!status)
        status = check_names(argv + operand, (size_t)sets);
    if (!status)
        status = rank(argv + operand, (size_t)sets, &columns);
    return status ? report(status) : STATUS_OK;
}
