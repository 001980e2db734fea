/* What a tool says of its options: --help, for people, and --help=options, from which the manual pages, the
 * completions of shells and docs/COMMANDS.md are made. For options.c alone. */
#ifndef PRUNET_BASE_OPTIONS_HELP_H
#define PRUNET_BASE_OPTIONS_HELP_H

#include "lib/base/options.h"

enum { OPTION_ROWS_MAX = 80 };

/* Every option of a run: the tool's own, the common ones that it has, and those that all tools have. */
struct option_table {
    struct option_spec rows[OPTION_ROWS_MAX];
    size_t count;
    size_t own; /* rows of the tool itself, which come first */
};

/* The text of --help, to stdout. */
void print_help(const struct tool *tool, const struct option_table *table);

/* The same as a table without a header, to stdout: what a row is stands in its first cell.
 *
 *   name TOOL | usage FORM | summary LINE | section HEADING | option NAME LETTER ARGUMENT HELP | common (as option)
 *   older NAME MEANT | environment NAME ABOUT | notes LINE | example LINE
 *
 * LETTER and ARGUMENT are "-" where there is none. A text of several lines has a row a line. */
void print_options(const struct tool *tool, const struct option_table *table);

#endif
