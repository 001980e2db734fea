#include "lib/metrics/columns.h"
#include "lib/base/error.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 63 };

/* The next name of a list with commas between; false at its end. Names that are longer are cut. */
static bool next_name(const char **list, char name[NAME_MAX_LENGTH + 1])
{
    if (!*list)
        return false;
    const size_t length = strcspn(*list, ",");
    const size_t kept = length < NAME_MAX_LENGTH ? length : NAME_MAX_LENGTH;
    memcpy(name, *list, kept);
    name[kept] = 0;
    *list = (*list)[length] ? *list + length + 1 : NULL;
    return true;
}

static bool has(const struct columns *columns, enum measure measure)
{
    bool found = false;
    for (size_t i = 0; i < columns->count; i++)
        found |= columns->measures[i] == measure;
    return found;
}

void columns_add(struct columns *columns, enum measure measure)
{
    if (!has(columns, measure))
        columns->measures[columns->count++] = measure;
}

int columns_parse(const char *list, struct columns *columns)
{
    char name[NAME_MAX_LENGTH + 1];
    while (next_name(&list, name)) {
        const enum measure measure = measure_find(name);
        if (measure == MEASURE_COUNT)
            return fail(STATUS_USAGE, "--columns: '%s' is no measure; --help lists them", name);
        if (has(columns, measure))
            return fail(STATUS_USAGE, "--columns: %s comes twice", name);
        columns_add(columns, measure);
    }
    return STATUS_OK;
}

/* brats-parse-metrics seg, and what mets adds. */
static const enum measure challenge[] = {
    MEASURE_TP,
    MEASURE_FP,
    MEASURE_FN,
    MEASURE_PRECISION,
    MEASURE_RECALL,
    MEASURE_F1,
    MEASURE_DICE,
    MEASURE_NSD,
    MEASURE_HD95,
    MEASURE_LESION_DICE,
    MEASURE_LESION_DICE_STD,
    MEASURE_LESION_NSD,
    MEASURE_LESION_NSD_STD,
    MEASURE_LESION_HD95,
    MEASURE_LESION_HD95_STD,
};

void columns_of_convention(const struct convention *convention, const enum measure *usual, size_t count,
                           struct columns *columns)
{
    const bool paired = convention->instances.counted;
    columns->count = 0;
    for (size_t i = 0; i < (paired ? sizeof challenge / sizeof challenge[0] : count); i++)
        columns_add(columns, paired ? challenge[i] : usual[i]);
    for (enum measure m = MEASURE_LARGE_TP; m <= MEASURE_SMALL_F1 && convention->instances.large_volume; m++)
        columns_add(columns, m);
    for (enum measure m = MEASURE_NSD_HALF; m <= MEASURE_NSD_ONE && convention->lesions.surface_dice; m++)
        columns_add(columns, m);
}

/* A number of mm that ends the text; NaN for anything else. */
static double millimetres(const char *text)
{
    char *end;
    const double value = strtod(text, &end);
    return *text && !*end && isfinite(value) && value >= 0 ? value : NAN;
}

static int set_tolerance(char *name, const struct scored_regions *regions,
                         double tolerance[SCHEME_REGIONS_MAX])
{
    char *equals = strchr(name, '=');
    int region = 0;
    if (!equals)
        return fail(STATUS_USAGE, "--tolerance: '%s' is neither a number of mm nor REGION=MM", name);
    *equals = 0;
    while (region < regions->count && strcmp(regions->name[region], name))
        region++;
    if (region == regions->count)
        return fail(STATUS_USAGE, "--tolerance: there is no region '%s'", name);
    if (!isnan(tolerance[region]))
        return fail(STATUS_USAGE, "--tolerance: %s comes twice", name);
    tolerance[region] = millimetres(equals + 1);
    return !isnan(tolerance[region])
               ? STATUS_OK
               : fail(STATUS_USAGE, "--tolerance: '%s' is not a number of mm", equals + 1);
}

int tolerances_parse(const char *text, const struct scored_regions *regions,
                     double tolerance[SCHEME_REGIONS_MAX])
{
    char name[NAME_MAX_LENGTH + 1];
    const double all = millimetres(text);
    int status = STATUS_OK;
    for (int i = 0; i < SCHEME_REGIONS_MAX; i++)
        tolerance[i] = all;
    if (!isnan(all))
        return STATUS_OK;
    while (!status && next_name(&text, name))
        status = set_tolerance(name, regions, tolerance);
    for (int i = 0; i < regions->count && !status; i++)
        if (isnan(tolerance[i]))
            status = fail(STATUS_USAGE, "--tolerance: none is given for %s", regions->name[i]);
    return status;
}
