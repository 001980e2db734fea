/* Which measures a table of scores has, and what they are measured with. */
#ifndef PRUNET_METRICS_COLUMNS_H
#define PRUNET_METRICS_COLUMNS_H

#include "lib/metrics/convention.h"
#include "lib/metrics/measure.h"
#include "lib/metrics/scored_regions.h"
#include <stddef.h>

struct columns {
    enum measure measures[MEASURE_COUNT];
    size_t count;
};

/* Appends to `columns` the measures of a list of names, "dice,nsd"; STATUS_USAGE for a name that is none or
 * that comes twice. */
int columns_parse(const char *list, struct columns *columns);

/* The columns of all measures under a convention: those that the challenge prints where lesions are paired
 * one to one, else `usual`, with the convention's NSD where lesions have one. */
void columns_of_convention(const struct convention *convention, const enum measure *usual, size_t count,
                           struct columns *columns);

/* Adds a measure unless it is there. */
void columns_add(struct columns *columns, enum measure measure);

/* A tolerance in mm for every region, "1", or one for each, "ET=0.5,WT=1,TC=1". STATUS_USAGE for anything
 * else, with the name of a region that is unknown, comes twice, or has none. */
int tolerances_parse(const char *text, const struct scored_regions *regions,
                     double tolerance[SCHEME_REGIONS_MAX]);

#endif
