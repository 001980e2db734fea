/* Tables of scores that were printed before, lined up case by case to be ranked. */
#ifndef PRUNET_METRICS_SCORE_TABLES_H
#define PRUNET_METRICS_SCORE_TABLES_H

#include "lib/metrics/columns.h"
#include "lib/metrics/ranking.h"

/* Reads a table with a header, as brats-eval prints it, for each set; rows of statistics are skipped.
 * Cases are in the order of their names, so that the order of rows does not count; an item is a region and
 * a measure of `columns`. Where smaller is better the value is negated. What is undefined is best where
 * both masks were empty, and else worst. STATUS_DATA for a line that is not such a row, a column that is
 * missing, tables of different conventions, and a case or region that another table has not.
 * contest->value is malloc'd. */
int score_tables_read(char *const *paths, size_t sets, const struct columns *columns,
                      struct contest *contest);

#endif
