/* The page around the items: its style, its head with the scores in short, its contents. */
#include "lib/base/error.h"
#include "lib/report/html.h"
#include "lib/report/report.h"
#include "lib/report/run_scheme.h"
#include <math.h>
#include <string.h>

/* Light, dark, print and a telephone's width. Tables and charts scroll within themselves, never the page. */
static const char style[] =
    ":root{color-scheme:light "
    "dark;--paper:#fff;--panel:#f4f5f7;--ink:#1b1f24;--soft:#5b6470;--line:#d5d9de;--accent:#0b62a8;"
    "--found:#009e73;--missed:#56b4e9;--extra:#d55e00}\n"
    "@media(prefers-color-scheme:dark){:root{--paper:#14171b;--panel:#1e2329;--ink:#e6e9ec;--soft:#9aa4af;--"
    "line:#363d45;"
    "--accent:#6db3f2}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:78rem;padding:1rem clamp(.75rem,3vw,2rem) "
    "3rem;background:var(--paper);color:var(--ink);"
    "font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}\n"
    "h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0}\n"
    "h2{font-size:1.25rem;margin:2.2rem 0 .6rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}\n"
    "h3{font-size:1.05rem;margin:1.2rem 0 .4rem}\n"
    "a{color:var(--accent)}\n"
    "p{margin:.5rem 0;max-width:60rem}\n"
    "nav ol{columns:14rem;gap:1.5rem;padding-left:1.9rem;margin:.75rem 0;font-size:.92rem}\n"
    "nav li{break-inside:avoid}\n"
    ".none,.about{color:var(--soft)}\n"
    ".none{font-style:italic}\n"
    ".short{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.6rem;margin:1rem 0}\n"
    ".short div{background:var(--panel);border-radius:.5rem;padding:.6rem .8rem;border-left:.35rem solid "
    "var(--c,var(--line))}\n"
    ".short b{display:block;font-size:1.5rem;font-variant-numeric:tabular-nums;line-height:1.2}\n"
    ".short span{font-size:.85rem;color:var(--soft)}\n"
    ".scroll{overflow-x:auto;margin:.6rem 0}\n"
    ".tall{max-height:34rem;overflow-y:auto;border:1px solid var(--line);border-radius:.4rem}\n"
    "table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.22rem .7rem .22rem 0;text-align:left;vertical-align:top;border-bottom:1px solid "
    "var(--line)}\n"
    "th{font-weight:600}\n"
    ".scroll th,.scroll td{overflow-wrap:normal;white-space:nowrap}\n"
    ".facts td:not(.digest){white-space:normal;overflow-wrap:anywhere;min-width:12rem}\n"
    ".n{text-align:right;white-space:nowrap}\n"
    ".facts th{color:var(--soft);font-weight:500;white-space:nowrap}\n"
    ".digest{font:.78rem ui-monospace,monospace}\n"
    "summary{cursor:pointer;color:var(--accent)}\n"
    ".cases{display:grid;min-width:max-content}\n"
    ".cases tbody{display:contents}\n"
    ".cases tr{display:grid;grid-template-columns:subgrid;grid-column:1/-1}\n"
    ".cases th,.cases td{padding:.2rem .55rem;text-align:right;white-space:nowrap}\n"
    ".cases th:first-child{text-align:left;position:sticky;left:0;background:var(--paper)}\n"
    ".cases tr.head{order:-1!important;position:sticky;top:0;background:var(--panel);z-index:1}\n"
    ".cases tr.head th{background:var(--panel)}\n"
    ".cases label{cursor:pointer}\n"
    ".cases input{appearance:none;margin:0;width:0}\n"
    ".cases label:has(:checked){color:var(--accent);text-decoration:underline}\n"
    ".cases label:has(:focus-visible){outline:2px solid var(--accent)}\n"
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));gap:1rem;margin:"
    ".6rem 0}\n"
    "figure{margin:0;min-width:0;break-inside:avoid}\n"
    "figcaption,.legend{font-size:.85rem;color:var(--soft);margin:.2rem 0}\n"
    ".charts figure{background:var(--panel);border-radius:.5rem;padding:.5rem}\n"
    ".charts.pairs{grid-template-columns:1fr 1fr}\n"
    ".chart{display:block;width:100%;max-width:34rem;height:auto;margin:0 auto}\n"
    ".chart text{font:12px system-ui,sans-serif;fill:var(--soft)}\n"
    ".chart text.title{font-weight:600;font-size:13.5px;fill:var(--ink)}\n"
    ".chart text.best{fill:var(--ink)}\n"
    ".grid{stroke:var(--line);stroke-width:.6;fill:none}\n"
    ".axis{stroke:var(--soft);fill:none}\n"
    ".line{fill:none;stroke:var(--c,var(--ink));stroke-width:1.8;stroke-linejoin:round}\n"
    ".line.mean{stroke:var(--ink)}\n"
    ".line.average{stroke:var(--ink);stroke-width:1.2;stroke-dasharray:5 3}\n"
    ".best{stroke:var(--soft);stroke-dasharray:2 3;fill:none}\n"
    "text.best{stroke:none}\n"
    ".dot{fill:var(--c,var(--ink));stroke:var(--panel);stroke-width:.6;fill-opacity:.85}\n"
    ".box{fill:var(--c);fill-opacity:.18;stroke:var(--c)}\n"
    ".whisker,.median,.bias{stroke:var(--ink);fill:none}\n"
    ".median{stroke-width:2.2}\n"
    ".ideal,.limit{stroke:var(--soft);stroke-dasharray:5 4;fill:none}\n"
    ".bar.count{fill:var(--line)}\n"
    ".found{fill:var(--found);background:var(--found)}\n"
    ".missed{fill:var(--missed);background:var(--missed)}\n"
    ".extra{fill:var(--extra);background:var(--extra)}\n"
    ".key{white-space:nowrap;margin-right:.8rem}\n"
    ".key svg{width:1.4rem;height:.6rem;margin-right:.3rem}\n"
    ".key "
    "i{display:inline-block;width:.8rem;height:.8rem;border-radius:.15rem;margin-right:.3rem;vertical-align:-"
    ".08rem}\n"
    ".gallery{display:grid;grid-template-columns:repeat(3,minmax(0,16rem));gap:.8rem}\n"
    ".gallery img{width:100%;height:auto;display:block;border-radius:.3rem;background:#000}\n"
    "@media(max-width:40rem){.charts.pairs{grid-template-columns:minmax(0,1fr)}.scroll .facts "
    "th{white-space:normal}"
    ".facts td:not(.digest){min-width:8rem}}\n"
    "@media(max-width:30rem){.gallery{grid-template-columns:minmax(0,20rem)}body{font-size:15px}}\n"
    "@media "
    "print{:root{color-scheme:light;--paper:#fff;--panel:#fff;--ink:#000;--soft:#333;--line:#bbb;--accent:#"
    "000}"
    "body{max-width:none;padding:0;font-size:10pt}.tall{max-height:none;overflow:visible;border:0}.scroll{"
    "overflow:visible}"
    ".cases tr.head{position:static}.cases th:first-child{position:static}.cases{font-size:7.5pt;min-width:0}"
    ".cases th,.cases td{padding:.1rem .25rem}nav,details:not([open]){display:none}"
    "h2,h3{break-after:avoid}tr{break-inside:avoid}.charts{grid-template-columns:repeat(2,1fr)}"
    "svg,img,.short div{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n";

/* Okabe and Ito's colours, for regions that the scheme does not have. */
static const uint8_t other_colours[SCHEME_REGIONS_MAX][3] = {{0, 114, 178},  {204, 121, 167}, {230, 159, 0},
                                                             {86, 180, 233}, {0, 158, 115},   {213, 94, 0},
                                                             {240, 228, 66}, {120, 120, 120}};

static const uint8_t *colour_of(const struct label_scheme *scheme, const char *region, int otherwise)
{
    const int r = region_named(scheme, region);
    for (int i = 0; i < scheme->scored_count; i++)
        if (!strcmp(scheme->scored[i].name, region))
            return scheme->scored[i].colour;
    return r < 0 ? other_colours[otherwise] : scheme->regions[r].colour;
}

/* Region i has the class ci: its colour, darkened on white where it is too light to be seen there. */
static void region_styles(FILE *file, const struct report_set *set)
{
    const int regions = report_regions(set);
    struct run_regions learned;
    run_regions(set->scheme, &set->log, &learned);
    for (int dark = 0; dark < 2; dark++) {
        fputs(dark ? "@media screen and (prefers-color-scheme:dark){" : "", file);
        for (int i = 0; i < (regions ? regions : learned.count); i++) {
            const uint8_t *c = colour_of(set->scheme, regions ? report_region(set, i) : learned.name[i], i);
            const double light = (0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2]) / 255;
            const double share = !dark && light > 0.6 ? 0.6 / light : 1;
            fprintf(file, ".c%d{--c:rgb(%.0f,%.0f,%.0f)}", i, c[0] * share, c[1] * share, c[2] * share);
        }
        fputs(dark ? "}\n" : "\n", file);
    }
}

struct item {
    const char *id, *title;
    int (*write)(FILE *file, const struct report *report);
};

static const struct item items[] = {
    {"run", "What was run", item_header},
    {"curves", "Learning curves", item_curves},
    {"scores", "Scores", item_scores},
    {"cases", "Each case", item_cases},
    {"gallery", "Worst, median and best cases", item_gallery},
    {"volumes", "Predicted and true volumes", item_volumes},
    {"lesions", "Lesions found and missed", item_lesions},
    {"calibration", "Calibration of the probabilities", item_calibration},
    {"nesting", "Regions that do not nest", item_nesting},
    {"checks", "What was found in the data", item_checks},
    {"comparison", "Paired comparison", item_comparison},
    {"methods", "Methods, and all numbers", item_methods},
};

/* The mean Dice of each region, and its interval. */
static int write_short(FILE *file, const struct report *report)
{
    const struct report_set *set = &report->set;
    int status = STATUS_OK;
    if (!set->cases.count)
        return status;
    fputs("<div class=short>\n", file);
    for (int r = 0; r < report_regions(set) && !status; r++) {
        double value[STATISTIC_SUMMARY], interval[2];
        status = summarize_cases(set->scores, set->cases.count, r, MEASURE_DICE, value);
        if (!status)
            status = bootstrap_interval(&report->bootstrap, set->scores, set->cases.count, r, MEASURE_DICE,
                                        interval);
        if (status)
            break;
        fprintf(file, "<div class=c%d><span>Dice ", r);
        html_text(file, report_region(set, r));
        fputs("</span><b>", file);
        html_number(file, value[STATISTIC_MEAN], 3);
        fputs("</b><span>", file);
        html_interval(file, interval, value[STATISTIC_COUNTED], 3);
        fputs(", ", file);
        html_count(file, (size_t)value[STATISTIC_COUNTED], "case");
        fputs("</span></div>\n", file);
    }
    fputs("</div>\n", file);
    return status;
}

int report_page(FILE *file, const struct report *report)
{
    fputs("<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
          "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n<title>",
          file);
    html_text(file, report->set.name);
    fprintf(file, " – prunet report</title>\n<style>\n%s", style);
    region_styles(file, &report->set);
    fputs("</style>\n<h1>", file);
    html_text(file, report->set.name);
    fputs("</h1>\n<p class=about>prunet report", file);
    if (report->has_beside) {
        fputs(", beside ", file);
        html_text(file, report->beside.name);
    }
    fputs("</p>\n", file);
    int status = write_short(file, report);
    fputs("<nav><ol>\n", file);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
        fprintf(file, "<li><a href=\"#%s\">%s</a>\n", items[i].id, items[i].title);
    fputs("</ol></nav>\n<main>\n", file);
    for (size_t i = 0; i < sizeof items / sizeof items[0] && !status; i++) {
        fprintf(file, "<section id=%s>\n<h2>%zu. %s</h2>\n", items[i].id, i + 1, items[i].title);
        status = items[i].write(file, report);
        fputs("</section>\n", file);
    }
    fputs("</main>\n</html>\n", file);
    return status || !ferror(file) ? status : fail(STATUS_FAILURE, "out of memory");
}
