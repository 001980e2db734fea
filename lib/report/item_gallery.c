/* Item 5: the worst, the median and the best case of each region. */
#include "lib/base/error.h"
#include "lib/picture/panel.h"
#include "lib/report/html.h"
#include "lib/report/report.h"
#include <math.h>
#include <stdlib.h>

struct by_dice {
    double dice;
    size_t index;
};

static int compare_dice(const void *a, const void *b)
{
    const struct by_dice *x = a, *y = b;
    if (x->dice != y->dice)
        return x->dice < y->dice ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static void picture(FILE *file, const struct report_set *set, const char *which, int region,
                    const struct by_dice *at)
{
    const struct case_summary *summary = &set->cases.items[at->index];
    const struct region_summary *about = &summary->region[region];
    fputs("<figure class=case>", file);
    if (about->picture)
        fprintf(file, "<img alt=\"%s case of ", which);
    if (about->picture) {
        html_text(file, report_region(set, region));
        fprintf(file, "\" src=\"data:image/png;base64,%s\">", about->picture);
    }
    fprintf(file, "<figcaption><b>%s</b>: ", which);
    html_text(file, summary->scores.case_name);
    fprintf(file, "<br>Dice %.3f", at->dice);
    if (*about->slice) {
        fputs(", ", file);
        html_text(file, about->slice);
        fprintf(file, ", %.0f voxels wrong", about->wrong);
    } else
        fputs(", the region is empty in both", file);
    fputs("</figcaption></figure>\n", file);
}

static bool has_pictures(const struct report_set *set)
{
    bool any = false;
    for (size_t i = 0; i < set->cases.count; i++)
        for (int r = 0; r < report_regions(set); r++)
            any |= set->cases.items[i].region[r].picture != NULL;
    return any;
}

static void gallery_legend(FILE *file)
{
    static const char *const meanings[ERROR_COLOURS] = {"found", "wrongly found", "missed"};
    fputs("<p class=legend>", file);
    for (int i = 0; i < ERROR_COLOURS; i++)
        fprintf(file, "<span class=key><i style=\"background:rgb(%d,%d,%d)\"></i>%s</span> ",
                error_colours[i][0], error_colours[i][1], error_colours[i][2], meanings[i]);
    fputs("</p>\n", file);
}

int item_gallery(FILE *file, const struct report *report)
{
    const struct report_set *set = &report->set;
    if (!has_pictures(set)) {
        html_no_data(file, set->cases.count
                               ? "There are no pictures: make evaluate of this version draws them."
                               : "No case is scored yet.");
        return STATUS_OK;
    }
    struct by_dice *order = malloc(set->cases.count * sizeof *order);
    if (!order)
        return fail(STATUS_FAILURE, "out of memory for %zu cases", set->cases.count);
    fputs("<p>By Dice, at the axial slice with most wrong voxels. Radiological convention: the patient's "
          "right is on the "
          "left.</p>\n",
          file);
    gallery_legend(file);
    for (int r = 0; r < report_regions(set); r++) {
        size_t count = 0;
        for (size_t i = 0; i < set->cases.count; i++) {
            const double dice = set->scores[i].region[r].value[MEASURE_DICE];
            if (!isnan(dice))
                order[count++] = (struct by_dice){dice, i};
        }
        fputs("<h3>", file);
        html_text(file, report_region(set, r));
        fputs("</h3>\n<div class=gallery>\n", file);
        qsort(order, count, sizeof *order, compare_dice);
        if (count) {
            picture(file, set, "worst", r, &order[0]);
            picture(file, set, "median", r, &order[count / 2]);
            picture(file, set, "best", r, &order[count - 1]);
        }
        fputs("</div>\n", file);
    }
    free(order);
    return STATUS_OK;
}
