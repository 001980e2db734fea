#include "lib/report/run_training.h"
#include "lib/base/error.h"
#include "lib/report/table.h"
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FOLDERS_ABOVE = 3 }; /* of a state, up to RUN: 0007, epochs, RUN */

/* RUN/name, or "" for a path that is too long, which no file has. */
static void path_in(char path[PATH_MAX], const char *folder, const char *name)
{
    if (snprintf(path, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        *path = 0;
}

/* The folder that the state lies in, and that of the run; false where there is no run. */
static bool find_run(const char *state, char folder[PATH_MAX], char run[PATH_MAX])
{
    char path[PATH_MAX];
    if (!realpath(state, run))
        return false;
    for (int above = 0; above < FOLDERS_ABOVE; above++) {
        char *slash = strrchr(run, '/');
        if (!slash || slash == run)
            return false;
        *slash = 0;
        if (!above)
            strcpy(folder, run);
        path_in(path, run, "manifest/run.tsv");
        if (*path && !access(path, F_OK))
            return true;
    }
    return false;
}

static void take_setting(const struct report_table *settings, const char *key, const char *none, char *value,
                         size_t size)
{
    const char *text = report_value(settings, key, none);
    snprintf(value, size, "%s", strcmp(text, none) ? text : "");
}

static int read_settings(const char *run, struct run_training *t)
{
    struct report_table table;
    char path[PATH_MAX];
    path_in(path, run, "manifest/run.tsv");
    int status = report_table_read(path, &table);
    if (status)
        return status;
    take_setting(&table, "CROP", "", t->crop, sizeof t->crop);
    take_setting(&table, "PATCH", "none", t->patch, sizeof t->patch);
    take_setting(&table, "SPACING", "keep", t->spacing, sizeof t->spacing);
    report_table_free(&table);
    path_in(path, run, "manifest/circumstances.tsv");
    if ((status = report_table_read(path, &table)))
        return status;
    take_setting(&table, "version", "", t->program, sizeof t->program);
    report_table_free(&table);
    return STATUS_OK;
}

/* Cases that keep their spacing were trained on with that, where all have one. */
static int read_spacing(const char *run, struct run_training *t)
{
    struct report_table table;
    char path[PATH_MAX];
    const char *found = NULL;
    size_t count = 0;
    double spacing[3];
    path_in(path, run, "cases/check.tsv");
    int status = *t->spacing ? STATUS_OK : report_table_read(path, &table);
    if (status || *t->spacing)
        return status;
    const int item = report_column(&table, "item"), value = report_column(&table, "value");
    for (size_t row = 1; row < table.rows; row++)
        if (!strcmp(report_cell(&table, row, item), "spacing")) {
            found = report_cell(&table, row, value);
            count++;
        }
    if (count == 1 && !spacing_parse(spacing, found))
        spacing_print(spacing, t->spacing);
    report_table_free(&table);
    return STATUS_OK;
}

/* The mean Dice of a region over the cases that have one; NaN for none. */
static double mean_dice(const struct report_table *table, const char *name)
{
    const int region = report_column(table, "region"), dice = report_column(table, "dice");
    double sum = 0, count = 0;
    for (size_t row = 1; row < table->rows; row++) {
        const double value = report_number(table, row, dice);
        if (!strcmp(report_cell(table, row, region), name) && !isnan(value)) {
            sum += value;
            count++;
        }
    }
    return count > 0 ? sum / count : NAN;
}

/* " ET 0.1234" for each region of a table of cases' scores, whose first case has all of them. */
static size_t print_means(const struct report_table *table, char *text, size_t size)
{
    const int region = report_column(table, "region"), name = report_column(table, "case");
    size_t length = 0;
    for (size_t row = 1; row < table->rows && length < size; row++) {
        const double mean = mean_dice(table, report_cell(table, row, region));
        if (strcmp(report_cell(table, row, name), report_cell(table, 1, name)))
            break;
        if (!isnan(mean))
            length += (size_t)snprintf(text + length, size - length, " %s %.4f",
                                       report_cell(table, row, region), mean);
    }
    return length;
}

static int count_lines(const char *run, const char *name, size_t *count)
{
    struct report_table table;
    char path[PATH_MAX];
    path_in(path, run, name);
    int status = report_lines_read(path, &table);
    *count = status ? 0 : table.rows;
    if (!status)
        report_table_free(&table);
    return status;
}

static int read_record(const char *run, const char *folder, struct run_training *t)
{
    struct report_table scores;
    char path[PATH_MAX], means[NAME_LIST_SIZE / 2];
    size_t cases, validated;
    int status = count_lines(run, "manifest/training", &cases);
    if (!status)
        status = count_lines(run, "manifest/validation", &validated);
    path_in(path, folder, "validation.tsv");
    if (status || (status = report_table_read(path, &scores)))
        return status;
    int length = snprintf(t->record, sizeof t->record, "%zu cases", cases);
    if (print_means(&scores, means, sizeof means))
        snprintf(t->record + length, sizeof t->record - (size_t)length, "; validation Dice of %zu:%s",
                 validated, means);
    report_table_free(&scores);
    return STATUS_OK;
}

int run_training_read(const char *state, struct run_training *training)
{
    char folder[PATH_MAX], run[PATH_MAX];
    *training = (struct run_training){.crop = ""};
    if (!find_run(state, folder, run))
        return STATUS_OK;
    int status = read_settings(run, training);
    if (!status)
        status = read_spacing(run, training);
    return status ? status : read_record(run, folder, training);
}
