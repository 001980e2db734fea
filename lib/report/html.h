/* Pieces of a page. */
#ifndef PRUNET_REPORT_HTML_H
#define PRUNET_REPORT_HTML_H

#include <stdio.h>

/* Text as it is, with the characters that mean something in HTML written as entities. */
void html_text(FILE *file, const char *text);

/* A number with so many decimals; a dash where it is not one. */
void html_number(FILE *file, double value, int decimals);

/* A row of a table of two columns. */
void html_pair(FILE *file, const char *name, const char *value);

/* Why an item is empty, in one line. */
void html_no_data(FILE *file, const char *why);

/* "1 case", "3 cases". */
void html_count(FILE *file, size_t count, const char *word);

/* "0.81 … 0.87"; a dash for the interval of fewer than two cases, which is none. */
void html_interval(FILE *file, const double interval[2], double cases, int decimals);

#endif
