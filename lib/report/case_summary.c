#include "lib/report/case_summary.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/metrics/pairs.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- writing ----------------------------------------------------------------------------------------- */

int case_summary_begin(struct output *output)
{
    return assessment_begin(output);
}

static int write_lesions(struct output *output, const char *name, const char *region, const char *item,
                         const struct lesions *lesions)
{
    int status = STATUS_OK;
    for (size_t i = 0; i < lesions->count && !status; i++)
        status = output_print(output, "%s\t%s\t%s\t%s\t%.9g\n", name, item, region,
                              lesions->items[i].found ? "found" : "missed", lesions->items[i].volume);
    return status;
}

static int write_picture(struct output *output, const char *name, const char *region,
                         const struct region_summary *summary)
{
    if (!summary->slice[0])
        return STATUS_OK;
    int status =
        output_print(output, "%s\twrong\t%s\t%s\t%.0f\n", name, region, summary->slice, summary->wrong);
    if (status || !summary->picture)
        return status;
    status = output_print(output, "%s\tpicture\t%s\t%s\t", name, region, summary->slice);
    if (!status)
        status = output_write(output, summary->picture, strlen(summary->picture));
    return status ? status : output_print(output, "\n");
}

static int write_region(struct output *output, const char *name, const char *region,
                        const struct region_scores *scores, const struct region_summary *summary)
{
    int status = STATUS_OK;
    for (int m = 0; m < MEASURE_COUNT && !status; m++)
        if (!isnan(scores->value[m]))
            status = output_print(output, "%s\tscore\t%s\t%s\t%.9g\n", name, region, measure_name(m),
                                  scores->value[m]);
    for (int b = 0; b < CALIBRATION_BINS && !status && summary->calibrated; b++)
        if (summary->bins[b].voxels > 0)
            status = output_print(output, "%s\tcalibration\t%s\t%d\t%.0f %.9g %.0f\n", name, region, b,
                                  summary->bins[b].voxels, summary->bins[b].probability,
                                  summary->bins[b].reference);
    if (!status && !isnan(summary->outside))
        status = output_print(output, "%s\toutside\t%s\t%s\t%.0f\n", name, region, summary->around,
                              summary->outside);
    if (!status)
        status = write_lesions(output, name, region, "lesion", &summary->reference);
    if (!status)
        status = write_lesions(output, name, region, "predicted", &summary->prediction);
    return status ? status : write_picture(output, name, region, summary);
}

int case_summary_write(struct output *output, const char *convention, const struct case_summary *summary)
{
    const char *name = summary->scores.case_name;
    int status = output_print(output, "%s\tcase\t-\tconvention\t%s\n", name, convention);
    if (!status && summary->image_check[0])
        status = output_print(output, "%s\tcase\t-\timage\t%s\n", name, summary->image_check);
    if (!status && summary->label_check[0])
        status = output_print(output, "%s\tcase\t-\tlabel\t%s\n", name, summary->label_check);
    if (!status && summary->cut_off > 0)
        status = output_print(output, "%s\tcase\t-\tcut_off\t%.0f\n", name, summary->cut_off);
    for (int r = 0; r < summary->scores.regions && !status; r++)
        status = write_region(output, name, summary->scores.region_names[r], &summary->scores.region[r],
                              &summary->region[r]);
    return status;
}

/* --- reading ----------------------------------------------------------------------------------------- */

void case_summaries_free(struct case_summaries *summaries)
{
    for (size_t i = 0; i < summaries->count; i++)
        for (int r = 0; r < SCHEME_REGIONS_MAX; r++) {
            struct region_summary *region = &summaries->items[i].region[r];
            free(region->reference.items);
            free(region->prediction.items);
            free(region->picture);
        }
    free(summaries->items);
    for (int r = 0; r < SCHEME_REGIONS_MAX; r++)
        free(summaries->names[r]);
    *summaries = (struct case_summaries){0};
}

static void set_score(struct region_scores *scores, const char *measure, double value)
{
    for (int m = 0; m < MEASURE_COUNT; m++)
        if (!strcmp(measure, measure_name(m)))
            scores->value[m] = value;
}

static int add_lesion(struct lesions *lesions, const char *found, const char *volume)
{
    int status = array_grow(&lesions->items, &lesions->capacity, lesions->count + 1, sizeof *lesions->items);
    const double size = number_of(volume);
    if (!status && !(size > 0 && isfinite(size)))
        return fail(STATUS_DATA, "'%s' is not a volume", volume);
    if (!status)
        lesions->items[lesions->count++] = (struct lesion){size, !strcmp(found, "found")};
    return status;
}

static int set_calibration(struct region_summary *region, const char *key, const char *value)
{
    struct calibration_bin bin;
    const double number = number_of(key);
    if (!(number >= 0 && number < CALIBRATION_BINS) || number != floor(number) ||
        sscanf(value, "%lf %lf %lf", &bin.voxels, &bin.probability, &bin.reference) != 3 ||
        !(bin.voxels > 0 && bin.probability >= 0 && bin.probability <= bin.voxels && bin.reference >= 0 &&
          bin.reference <= bin.voxels))
        return fail(STATUS_DATA, "calibration %s: '%s' is not right", key, value);
    region->bins[(int)number] = bin;
    region->calibrated = true;
    return STATUS_OK;
}

/* A picture goes into a page as it is: it may be nothing but base64. */
static int set_picture(struct region_summary *region, const char *value)
{
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    if (value[strspn(value, base64)] || !*value)
        return fail(STATUS_DATA, "a picture is not base64");
    free(region->picture);
    region->picture = strdup(value);
    return region->picture ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
}

/* Sees to it that a case has the first `count` regions, unknown where it had them not. */
static void have_regions(const struct case_summaries *all, struct case_summary *summary, int count)
{
    for (int n = summary->scores.regions; n < count; n++) {
        summary->scores.region_names[n] = all->names[n];
        summary->region[n].outside = NAN;
        for (int m = 0; m < MEASURE_COUNT; m++)
            summary->scores.region[n].value[m] = NAN;
        summary->scores.regions = n + 1;
    }
}

/* The region's place in all cases, a new one where none has had it. */
static int region_place(struct case_summaries *all, struct case_summary *summary, const char *name,
                        int *place)
{
    int r = 0;
    while (r < SCHEME_REGIONS_MAX && all->names[r] && strcmp(all->names[r], name))
        r++;
    if (r == SCHEME_REGIONS_MAX)
        return fail(STATUS_DATA, "'%s' is a region more than %d", name, SCHEME_REGIONS_MAX);
    if (!all->names[r] && !(all->names[r] = strdup(name)))
        return fail(STATUS_FAILURE, "out of memory");
    have_regions(all, summary, r + 1);
    *place = r;
    return STATUS_OK;
}

/* The same regions in all cases, and which are empty. */
static void complete(struct case_summaries *all)
{
    int regions = 0;
    while (regions < SCHEME_REGIONS_MAX && all->names[regions])
        regions++;
    for (size_t i = 0; i < all->count; i++) {
        have_regions(all, &all->items[i], regions);
        for (int r = 0; r < regions; r++) {
            struct region_scores *scores = &all->items[i].scores.region[r];
            scores->prediction_empty = scores->value[MEASURE_VOLUME_PREDICTION] == 0;
            scores->reference_empty = scores->value[MEASURE_VOLUME_REFERENCE] == 0;
        }
    }
}

static int set_of_region(struct case_summary *summary, int r, const char *item, const char *key,
                         const char *value)
{
    struct region_summary *region = &summary->region[r];
    if (!strcmp(item, "score"))
        set_score(&summary->scores.region[r], key, number_of(value));
    if (!strcmp(item, "lesion"))
        return add_lesion(&region->reference, key, value);
    if (!strcmp(item, "predicted"))
        return add_lesion(&region->prediction, key, value);
    if (!strcmp(item, "calibration"))
        return set_calibration(region, key, value);
    if (!strcmp(item, "picture"))
        return set_picture(region, value);
    if (!strcmp(item, "outside")) {
        region->outside = number_of(value);
        snprintf(region->around, sizeof region->around, "%s", key);
    } else if (!strcmp(item, "wrong")) {
        region->wrong = number_of(value);
        snprintf(region->slice, sizeof region->slice, "%s", key);
    }
    return STATUS_OK; /* an item of a later version */
}

static void set_of_case(struct case_summaries *all, struct case_summary *summary, const char *key,
                        const char *value)
{
    if (!strcmp(key, "convention"))
        snprintf(all->convention, sizeof all->convention, "%s", value);
    else if (!strcmp(key, "image"))
        snprintf(summary->image_check, sizeof summary->image_check, "%s", value);
    else if (!strcmp(key, "label"))
        snprintf(summary->label_check, sizeof summary->label_check, "%s", value);
    else if (!strcmp(key, "cut_off"))
        summary->cut_off = number_of(value);
}

/* The case of a name: the one that was last asked for, any, or a new one. */
static int case_of_name(struct case_summaries *all, const char *name, bool anywhere,
                        struct case_summary **summary)
{
    for (size_t i = all->count; i-- > 0 && (anywhere || i + 1 == all->count);)
        if (!strcmp(all->items[i].scores.case_name, name)) {
            *summary = &all->items[i];
            return STATUS_OK;
        }
    if (!case_name_valid(name) || case_name_reserved(name))
        return fail(STATUS_DATA, "'%s' is not the name of a case", name);
    int status = array_grow(&all->items, &all->capacity, all->count + 1, sizeof *all->items);
    if (status)
        return status;
    *summary = &all->items[all->count++];
    **summary = (struct case_summary){0};
    snprintf((*summary)->scores.case_name, sizeof(*summary)->scores.case_name, "%s", name);
    return STATUS_OK;
}

int case_summaries_set(struct case_summaries *all, const char *case_name, const char *region,
                       const char *measure, double value)
{
    struct case_summary *summary = NULL;
    int place = 0, status = case_of_name(all, case_name, true, &summary);
    if (!status)
        status = region_place(all, summary, region, &place);
    if (!status) {
        set_score(&summary->scores.region[place], measure, value);
        complete(all);
    }
    return status;
}

static int read_row(struct case_summaries *all, const struct report_table *table, size_t row)
{
    const char *item = report_cell(table, row, 1), *key = report_cell(table, row, 3),
               *value = report_cell(table, row, 4);
    struct case_summary *summary = NULL;
    int place = 0, status = case_of_name(all, report_cell(table, row, 0), false, &summary);
    if (status)
        return status;
    if (!strcmp(item, "case")) {
        set_of_case(all, summary, key, value);
        return STATUS_OK;
    }
    status = region_place(all, summary, report_cell(table, row, 2), &place);
    return status ? status : set_of_region(summary, place, item, key, value);
}

/* Reads a table of these five columns. */
static int read_table(const char *path, struct report_table *table)
{
    static const char *const columns[] = {"case", "item", "region", "key", "value"};
    int status = report_table_read(path, table);
    for (int c = 0; c < 5 && !status && table->rows; c++)
        if (table->columns != 5 || strcmp(report_cell(table, 0, c), columns[c]))
            status = fail(STATUS_DATA, "%s: its columns are not case, item, region, key, value", path);
    if (status)
        report_table_free(table);
    return status;
}

static int compare_cases(const void *a, const void *b)
{
    return strcmp(((const struct case_summary *)a)->scores.case_name,
                  ((const struct case_summary *)b)->scores.case_name);
}

int case_summaries_read(const char *path, struct case_summaries *summaries)
{
    struct report_table table;
    *summaries = (struct case_summaries){0};
    int status = read_table(path, &table);
    for (size_t row = 1; row < table.rows && !status; row++)
        if ((status = read_row(summaries, &table, row)))
            fail_in(status, "%s: line %zu", path, row + 1);
    report_table_free(&table);
    complete(summaries);
    if (summaries->count)
        qsort(summaries->items, summaries->count, sizeof *summaries->items, compare_cases);
    for (size_t i = 1; i < summaries->count && !status; i++)
        if (!compare_cases(&summaries->items[i - 1], &summaries->items[i]))
            status = fail(STATUS_DATA, "%s: the rows of case %s are not together", path,
                          summaries->items[i].scores.case_name);
    if (status)
        case_summaries_free(summaries);
    return status;
}

int case_summary_assess(const char *path, struct case_summary *summary)
{
    struct report_table table;
    int status = read_table(path, &table);
    for (size_t row = 1; row < table.rows && !status; row++)
        for (int r = 0; r < summary->scores.regions && !status; r++)
            if (!strcmp(report_cell(&table, row, 0), summary->scores.case_name) &&
                !strcmp(report_cell(&table, row, 2), summary->scores.region_names[r]) &&
                (status = set_of_region(summary, r, report_cell(&table, row, 1), report_cell(&table, row, 3),
                                        report_cell(&table, row, 4))))
                fail_in(status, "%s: line %zu", path, row + 1);
    report_table_free(&table);
    return status;
}
