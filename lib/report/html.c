#include "lib/report/html.h"
#include <math.h>

void html_text(FILE *file, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", file);
            break;
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        case '"':
            fputs("&quot;", file);
            break;
        case '\'':
            fputs("&#39;", file);
            break;
        default:
            fputc(*text, file);
        }
}

void html_number(FILE *file, double value, int decimals)
{
    if (isfinite(value))
        fprintf(file, "%.*f", decimals, value);
    else
        fputs(isnan(value) ? "–" : "∞", file);
}

void html_pair(FILE *file, const char *name, const char *value)
{
    fprintf(file, "<tr><th scope=row>%s<td>", name);
    html_text(file, value);
    fputc('\n', file);
}

void html_no_data(FILE *file, const char *why)
{
    fprintf(file, "<p class=none>%s</p>\n", why);
}

void html_count(FILE *file, size_t count, const char *word)
{
    fprintf(file, "%zu %s%s", count, word, count == 1 ? "" : "s");
}

void html_interval(FILE *file, const double interval[2], double cases, int decimals)
{
    if (cases < 2) {
        fputs("–", file);
        return;
    }
    html_number(file, interval[0], decimals);
    fputs(" … ", file);
    html_number(file, interval[1], decimals);
}
