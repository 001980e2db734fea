#include "lib/report/report.h"
#include "lib/base/error.h"
#include "lib/base/sha256.h"
#include "lib/metrics/pairs.h"
#include "lib/report/run_scheme.h"
#include "lib/stream/case_names.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

static int table_of(const char *folder, const char *name, struct report_table *table)
{
    char path[PATH_SIZE];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return fail(STATUS_FAILURE, "%s: the name is too long", folder);
    return report_table_read(path, table);
}

static int read_journal(const char *folder, struct report_table *lines)
{
    char path[PATH_SIZE];
    if (snprintf(path, sizeof path, "%s/journal.txt", folder) >= (int)sizeof path)
        return fail(STATUS_FAILURE, "%s: the name is too long", folder);
    return report_lines_read(path, lines);
}

/* Scores of a run that has no summaries, by the tables that every version writes. */
static int read_scores(const char *folder, const char *name, struct case_summaries *cases)
{
    static const char *const measures[] = {"dice", "sensitivity", "specificity", "hd95"};
    struct report_table table;
    int status = table_of(folder, name, &table);
    if (status)
        return status;
    const int name_column = report_column(&table, "case"), region_column = report_column(&table, "region");
    for (size_t row = 1; row < table.rows && !status; row++)
        for (size_t m = 0; m < 4 && !status; m++) {
            const char *case_name = report_cell(&table, row, name_column);
            if (report_column(&table, measures[m]) >= 0 && !case_name_reserved(case_name))
                status =
                    case_summaries_set(cases, case_name, report_cell(&table, row, region_column), measures[m],
                                       report_number(&table, row, report_column(&table, measures[m])));
        }
    if (!status && table.rows > 1)
        snprintf(cases->convention, sizeof cases->convention, "%s",
                 report_cell(&table, 1, report_column(&table, "convention")));
    report_table_free(&table);
    return status ? fail_in(status, "%s/%s", folder, name) : STATUS_OK;
}

static int read_cases(const char *folder, struct case_summaries *cases)
{
    char path[PATH_SIZE];
    if (snprintf(path, sizeof path, "%s/evaluation/cases.tsv", folder) >= (int)sizeof path)
        return fail(STATUS_FAILURE, "%s: the name is too long", folder);
    int status = case_summaries_read(path, cases);
    if (status || cases->count)
        return status;
    status = read_scores(folder, "evaluation/dice.tsv", cases);
    if (!status)
        status = read_scores(folder, "evaluation/hd95.tsv", cases);
    if (status)
        case_summaries_free(cases);
    return status;
}

/* Which epoch the link `best` names, and the digest of its state. */
static int read_best(const char *folder, struct report_set *set)
{
    char path[PATH_SIZE], target[PATH_SIZE];
    snprintf(path, sizeof path, "%s/best", folder);
    const ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0)
        return errno == ENOENT || errno == EINVAL ? STATUS_OK : fail_errno(STATUS_FAILURE, "%s", path);
    target[length] = 0;
    set->best_epoch = atoi(path_file(target));
    snprintf(path, sizeof path, "%s/best/state.safetensors", folder);
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT ? STATUS_OK : fail_errno(STATUS_FAILURE, "%s: cannot open", path);
    struct sha256 digest;
    uint8_t block[1 << 16];
    sha256_begin(&digest);
    for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0;)
        sha256_add(&digest, block, got);
    const bool failed = ferror(file);
    fclose(file);
    if (failed)
        return fail_errno(STATUS_FAILURE, "%s: cannot read", path);
    sha256_end(&digest, set->state_digest);
    return STATUS_OK;
}

/* The memory of the last epoch that noted it. */
static int read_usage(const char *folder, struct report_set *set)
{
    int status = STATUS_OK;
    for (size_t epoch = set->log.rows; epoch-- > 1 && !status && !set->usage.rows;) {
        char name[64];
        snprintf(name, sizeof name, "epochs/%04zu/usage.tsv", epoch);
        status = table_of(folder, name, &set->usage);
    }
    return status;
}

static int gather_scores(struct report_set *set)
{
    set->scores = calloc(set->cases.count + 1, sizeof *set->scores);
    for (size_t i = 0; set->scores && i < set->cases.count; i++)
        set->scores[i] = set->cases.items[i].scores;
    return set->scores ? STATUS_OK : fail(STATUS_FAILURE, "out of memory for %zu cases", set->cases.count);
}

int report_set_read(const char *folder, struct report_set *set)
{
    struct stat about;
    *set = (struct report_set){.is_run = true, .name = strdup(folder)};
    const struct {
        const char *name;
        struct report_table *table;
    } tables[] = {{"manifest/run.tsv", &set->settings},
                  {"manifest/circumstances.tsv", &set->circumstances},
                  {"manifest/inputs.tsv", &set->inputs},
                  {"log.tsv", &set->log},
                  {"times.tsv", &set->times},
                  {"check.tsv", &set->checks}};
    int status = set->name ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
    if (!status && (stat(folder, &about) || !S_ISDIR(about.st_mode)))
        status = fail(STATUS_FAILURE, "%s: is no folder", folder);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && !status; i++)
        status = table_of(folder, tables[i].name, tables[i].table);
    if (!status && run_scheme(folder, &set->settings, &set->scheme))
        warn("%s; regions are called as the run's tables call them", error_message());
    if (!status)
        status = read_journal(folder, &set->journal);
    if (!status)
        status = read_cases(folder, &set->cases);
    if (!status && !set->settings.rows && !set->log.rows && !set->cases.count)
        status = fail(STATUS_DATA, "%s: is no run: it has neither manifest, log.tsv nor evaluation", folder);
    if (!status)
        status = read_usage(folder, set);
    if (!status)
        status = read_best(folder, set);
    if (!status)
        status = gather_scores(set);
    if (status)
        report_set_free(set);
    return status;
}

int report_set_take(const char *name, const struct label_scheme *scheme, struct case_summaries *cases,
                    struct report_set *set)
{
    *set = (struct report_set){.name = strdup(name), .scheme = scheme, .cases = *cases};
    *cases = (struct case_summaries){0};
    int status = set->name ? gather_scores(set) : fail(STATUS_FAILURE, "out of memory");
    if (status)
        report_set_free(set);
    return status;
}

void report_set_free(struct report_set *set)
{
    struct report_table *const tables[] = {&set->settings, &set->circumstances, &set->inputs,  &set->log,
                                           &set->times,    &set->usage,         &set->journal, &set->checks};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        report_table_free(tables[i]);
    case_summaries_free(&set->cases);
    free(set->scores);
    free(set->name);
    *set = (struct report_set){0};
}

int report_regions(const struct report_set *set)
{
    int count = 0;
    while (count < SCHEME_REGIONS_MAX && set->cases.names[count])
        count++;
    return count;
}

const char *report_region(const struct report_set *set, int region)
{
    return set->cases.names[region];
}
