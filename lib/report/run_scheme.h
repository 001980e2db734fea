/* Which regions a run has, by its own folder: their names, colours and order. */
#ifndef PRUNET_REPORT_RUN_SCHEME_H
#define PRUNET_REPORT_RUN_SCHEME_H

#include "lib/report/table.h"
#include "lib/volume/labels.h"

/* The scheme of a run's records: the file that its manifest has, else what its settings (manifest/run.tsv) name.
 * record_scheme where they name none, and together with the error where it cannot be read. */
int run_scheme(const char *folder, const struct report_table *settings, const struct label_scheme **scheme);

/* The regions whose Dice a run's log has. */
struct run_regions {
    int count;
    int column[SCHEME_REGIONS_MAX]; /* of the log, for the Dice */
    char name[SCHEME_REGIONS_MAX][SCHEME_NAME_SIZE];
};

/* Those of the scheme in the order of tables of scores; then what the log has besides, called as its column is. */
void run_regions(const struct label_scheme *scheme, const struct report_table *log,
                 struct run_regions *regions);

#endif
