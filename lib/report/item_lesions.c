/* Item 7: lesions by size, found and missed. */
#include "lib/base/error.h"
#include "lib/report/html.h"
#include "lib/report/report.h"
#include "lib/report/svg.h"

enum { SIZES = 6 };
static const double size_limits[SIZES - 1] = {10, 100, 1000, 10000, 100000};
static const char *const size_names[SIZES] = {"<10", "10+", "100+", "1e3+", "1e4+", "1e5+"};

struct by_size {
    size_t found[SIZES], missed[SIZES], extra[SIZES];
};

static int size_of(double volume)
{
    int size = 0;
    while (size < SIZES - 1 && volume >= size_limits[size])
        size++;
    return size;
}

static struct by_size count_sizes(const struct report_set *set, int region)
{
    struct by_size sizes = {{0}, {0}, {0}};
    for (size_t i = 0; i < set->cases.count; i++) {
        const struct region_summary *about = &set->cases.items[i].region[region];
        for (size_t k = 0; k < about->reference.count; k++) {
            const struct lesion *lesion = &about->reference.items[k];
            (lesion->found ? sizes.found : sizes.missed)[size_of(lesion->volume)]++;
        }
        for (size_t k = 0; k < about->prediction.count; k++)
            sizes.extra[size_of(about->prediction.items[k].volume)] += !about->prediction.items[k].found;
    }
    return sizes;
}

static void draw_sizes(FILE *file, const struct report_set *set, int region, const struct by_size *sizes)
{
    char title[128];
    snprintf(title, sizeof title, "%s: lesions by size", report_region(set, region));
    struct chart chart = {.file = file,
                          .low = {-0.6, 0},
                          .high = {SIZES - 0.4, 1},
                          .whole = true,
                          .title = title,
                          .label = {"volume, mm³", "lesions"},
                          .names = size_names,
                          .name_count = SIZES};
    for (int s = 0; s < SIZES; s++) {
        chart_include(&chart, 1, (double)(sizes->found[s] + sizes->missed[s]));
        chart_include(&chart, 1, (double)sizes->extra[s]);
    }
    chart_begin(&chart, true, true);
    for (int s = 0; s < SIZES; s++) {
        const double found = (double)sizes->found[s], missed = (double)sizes->missed[s];
        chart_bar(&chart, "found", s - 0.38, 0.36, 0, found, "found");
        chart_bar(&chart, "missed", s - 0.38, 0.36, found, found + missed, "missed");
        chart_bar(&chart, "extra", s + 0.02, 0.36, 0, (double)sizes->extra[s], "wrongly found");
    }
    chart_end(&chart);
}

int item_lesions(FILE *file, const struct report *report)
{
    const struct report_set *set = &report->set;
    size_t all = 0;
    for (size_t i = 0; i < set->cases.count; i++)
        for (int r = 0; r < report_regions(set); r++)
            all += set->cases.items[i].region[r].reference.count +
                   set->cases.items[i].region[r].prediction.count;
    if (!all) {
        html_no_data(file, set->cases.count ? "No lesion is noted: make evaluate of this version does that."
                                            : "No case is scored yet.");
        return STATUS_OK;
    }
    fputs("<p>A lesion is a part of a region whose voxels touch (26 neighbours); it is found where any of "
          "its voxels is "
          "predicted. Wrongly found is a predicted part without any true voxel.</p>\n"
          "<p class=legend><span class=key><i class=found></i>found</span> <span class=key><i "
          "class=missed></i>missed</span> "
          "<span class=key><i class=extra></i>wrongly found</span></p>\n<div class=charts>\n",
          file);
    for (int r = 0; r < report_regions(set); r++) {
        const struct by_size sizes = count_sizes(set, r);
        size_t found = 0, missed = 0, extra = 0;
        for (int s = 0; s < SIZES; s++)
            found += sizes.found[s], missed += sizes.missed[s], extra += sizes.extra[s];
        fputs("<figure>", file);
        draw_sizes(file, set, r, &sizes);
        fprintf(file, "<figcaption>%zu of %zu found, %zu wrongly found</figcaption></figure>\n", found,
                found + missed, extra);
    }
    fputs("</div>\n", file);
    return STATUS_OK;
}
