/* A report: one HTML page on a run, or on predictions and their references, drawn without scripts.
 *
 * What a run's report shows it takes from the tables of the run's folder alone (docs/FORMAT.md); an item whose table is not
 * there says so. Everything in those tables is text of somebody else: it goes into the page by html_text. */
#ifndef PRUNET_REPORT_REPORT_H
#define PRUNET_REPORT_REPORT_H

#include "lib/metrics/bootstrap.h"
#include "lib/report/case_summary.h"
#include "lib/report/table.h"
#include <stdio.h>

/* One set of predictions. */
struct report_set {
    char *name; /* the run's folder, or that of the predictions, as the user called it */
    bool is_run;
    const struct label_scheme *scheme; /* of the regions' colours, and of their names in the log */
    struct case_summaries cases;
    struct case_scores *scores; /* the same cases' scores in one array */
    /* Of a run; without rows where there is no such table. */
    struct report_table settings, circumstances, inputs, log, times, usage, journal, checks;
    char state_digest[65]; /* SHA-256 of the best epoch's state; "" for none */
    int best_epoch;        /* 0: none */
};

struct report {
    struct report_set set, beside;
    bool has_beside;
    struct bootstrap bootstrap; /* of the intervals */
};

/* Reads a run's folder. STATUS_FAILURE where it is none; STATUS_DATA for a damaged table; a scheme that
 * cannot be read is warned of. `name` is borrowed. */
int report_set_read(const char *folder, struct report_set *set);

/* Takes the cases over, which are not to be freed by the caller any more. */
int report_set_take(const char *name, const struct label_scheme *scheme, struct case_summaries *cases,
                    struct report_set *set);
void report_set_free(struct report_set *set);

/* The regions of a set, in the order of its scores. */
int report_regions(const struct report_set *set);
const char *report_region(const struct report_set *set, int region);

/* The whole page; the same as JSON. STATUS_FAILURE without memory. */
int report_page(FILE *file, const struct report *report);
int report_json(FILE *file, const struct report *report);

/* The items of the page, in their order. */
int item_header(FILE *file, const struct report *report);
int item_curves(FILE *file, const struct report *report);
int item_scores(FILE *file, const struct report *report);
int item_cases(FILE *file, const struct report *report);
int item_gallery(FILE *file, const struct report *report);
int item_volumes(FILE *file, const struct report *report);
int item_lesions(FILE *file, const struct report *report);
int item_calibration(FILE *file, const struct report *report);
int item_nesting(FILE *file, const struct report *report);
int item_checks(FILE *file, const struct report *report);
int item_comparison(FILE *file, const struct report *report);
int item_methods(FILE *file, const struct report *report);

#endif
