#include "lib/base/options.h"
#include "lib/base/environment.h"
#include "lib/base/error.h"
#include "lib/base/nearest.h"
#include "lib/base/options_help.h"
#include "lib/base/output.h"
#include "lib/base/process.h"
#include "lib/base/threads.h"
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef PRUNET_VERSION
#define PRUNET_VERSION "unknown"
#endif

enum { CODE_FIRST = 256 }; /* getopt's code of row i is CODE_FIRST + i */

void usage_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", tool_name);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\nTry '%s --help'.\n", tool_name);
    va_end(arguments);
    exit(STATUS_USAGE);
}

/* Ends the run after --help or --version. */
static _Noreturn void exit_printed(void)
{
    bool failed = ferror(stdout); /* what did not fit the buffer was written before */
    if (fflush(stdout) || failed)
        exit(report(fail_errno(STATUS_FAILURE, "standard output: cannot write")));
    exit(STATUS_OK);
}

static bool read_sides(const char *text, int size[3])
{
    char rest;
    return sscanf(text, "%dx%dx%d%c", &size[0], &size[1], &size[2], &rest) == 3;
}

static bool is_side(int side)
{
    return side >= 1 && side <= 4096;
}

bool size_parse(const char *text, int size[3])
{
    return read_sides(text, size) && is_side(size[0]) && is_side(size[1]) && is_side(size[2]);
}

static void parse_size(const char *name, const char *text, int size[3])
{
    if (!read_sides(text, size))
        usage_error("--%s: '%s' is not a size such as 160x192x160", name, text);
    for (int axis = 0; axis < 3; axis++)
        if (!is_side(size[axis]))
            usage_error("--%s: %d is not within 1..4096", name, size[axis]);
}

bool bytes_parse(const char *text, uint64_t *bytes)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    static const char units[] = "KMGT";
    const char *unit = *end ? strchr(units, *end) : NULL;
    if (unit) {
        for (const char *u = units; u <= unit; u++)
            value *= 1024;
        end++;
    }
    if (errno || end == text || *end || !(value >= 0 && value < 0x1p63))
        return false;
    *bytes = (uint64_t)value;
    return true;
}

static void store(const struct option_spec *o, const char *text)
{
    char *end = NULL;
    errno = 0;
    switch (o->kind) {
    case OPTION_FLAG:
    case OPTION_NO:
        *(bool *)o->target = o->kind == OPTION_FLAG;
        return;
    case OPTION_TEXT:
        *(const char **)o->target = text;
        return;
    case OPTION_TEXTS: {
        struct option_texts *texts = o->target;
        if ((size_t)texts->count == sizeof texts->values / sizeof texts->values[0])
            usage_error("--%s: given more than %d times", o->name, texts->count);
        texts->values[texts->count++] = text;
        return;
    }
    case OPTION_SIZE:
        parse_size(o->name, text, o->target);
        return;
    case OPTION_BYTES:
        if (!bytes_parse(text, o->target) || !*(uint64_t *)o->target)
            usage_error("--%s: '%s' is not a number of bytes such as 512M or 8G", o->name, text);
        return;
    case OPTION_INTEGER:
    case OPTION_NATURAL: {
        long value = strtol(text, &end, 10);
        if (errno || end == text || *end || value < -1000000000 || value > 1000000000)
            usage_error("--%s: '%s' is not an integer", o->name, text);
        if (o->kind == OPTION_NATURAL && value < 1)
            usage_error("--%s: %ld is not within 1..1000000000", o->name, value);
        *(int *)o->target = (int)value;
        return;
    }
    case OPTION_UNSIGNED:
        *(uint64_t *)o->target = strtoull(text, &end, 10);
        if (errno || end == text || *end || strchr(text, '-'))
            usage_error("--%s: '%s' is not a non-negative integer", o->name, text);
        return;
    case OPTION_REAL:
        *(double *)o->target = strtod(text, &end);
        if (errno || end == text || *end || !isfinite(*(double *)o->target))
            usage_error("--%s: '%s' is not a number", o->name, text);
        return;
    case OPTION_TSV:
        output_tsv = true;
        return;
    case OPTION_QUIET:
        quiet = 1;
        return;
    case OPTION_VERBOSE:
        verbose = 1;
        return;
    case OPTION_SECTION:
    case OPTION_SYNONYM:
    case OPTION_HELP:
    case OPTION_VERSION:
        return;
    }
}

static void add_row(struct option_table *table, const struct option_spec *row)
{
    if (table->count == OPTION_ROWS_MAX)
        usage_error("more than %d options", OPTION_ROWS_MAX);
    table->rows[table->count++] = *row;
}

static void make_table(struct option_table *table, const struct tool *tool)
{
    const struct common_options *c = &tool->common;
    const struct option_spec common[] = {
        {"output", 'o', OPTION_TEXT, c->output, "FILE", "write FILE, whole or not at all (stdout)"},
        {"expect", 0, OPTION_TEXT, c->expect, "FILE", "case names that the input must have, in order (any)"},
        {"digests", 0, OPTION_TEXT, c->digests, "FILE",
         "sha256 that each NAME.nrrd must have: manifest/inputs.tsv (any)"},
        {"seed", 's', OPTION_UNSIGNED, c->seed, "N", "seed of the random numbers (0)"},
        {"backend", 0, OPTION_TEXT, c->backend, "NAME", "what computes: cpu, reference or another (cpu)"},
        {"device", 0, OPTION_TEXT, c->device, "N",
         "GPU of the cuda backends, from 0, of those in CUDA_VISIBLE_DEVICES (0)"},
        {"threads", 't', OPTION_NATURAL, c->threads, "N", "threads of the CPU (all cores)"},
        {"max-bytes", 0, OPTION_BYTES, c->max_bytes, "SIZE", "refuse records and volumes above SIZE (4G)"},
        {"json", 0, OPTION_FLAG, c->json, NULL, "JSON Lines instead of a table"},
        {"tsv", 0, OPTION_TSV, c->no_header, NULL,
         "tabs between cells on a terminal, too, no aligned columns"},
        {"no-header", 0, OPTION_FLAG, c->no_header, NULL, "leave out the table's header line"},
    };
    static const struct option_spec all_tools[] = {
        {"quiet", 'q', OPTION_QUIET, NULL, NULL, "no warnings, no progress"},
        {"verbose", 'v', OPTION_VERBOSE, NULL, NULL, "a line on stderr for each record"},
        {"help", 0, OPTION_HELP, NULL, NULL, "this text"},
        {"version", 0, OPTION_VERSION, NULL, NULL, "the version"},
    };
    *table = (struct option_table){.own = tool->count};
    for (size_t i = 0; i < tool->count; i++)
        add_row(table, &tool->options[i]);
    for (size_t i = 0; i < OPTION_COUNT(common); i++)
        if (common[i].target)
            add_row(table, &common[i]);
    for (size_t i = 0; i < OPTION_COUNT(all_tools); i++)
        add_row(table, &all_tools[i]);
}

/* The row of an option's name, or, for an older name, the row that it stands for. */
static size_t row_named(const struct option_table *table, const char *name)
{
    size_t i = 0;
    while (table->rows[i].kind == OPTION_SECTION || strcmp(table->rows[i].name, name) != 0)
        i++;
    return table->rows[i].kind == OPTION_SYNONYM ? row_named(table, table->rows[i].help) : i;
}

/* The table as getopt wants it. An older name has the code of the option that it stands for, so that a
 * beginning of both is not ambiguous. */
static void make_getopt(const struct option_table *table, struct option options[OPTION_ROWS_MAX + 1],
                        char letters[2 * OPTION_ROWS_MAX + 2])
{
    size_t count = 0, length = 0;
    letters[length++] = ':'; /* a missing argument is told from an unknown option */
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].kind == OPTION_SECTION)
            continue;
        const size_t meant = row_named(table, table->rows[i].name);
        const struct option_spec *o = &table->rows[meant];
        const int takes = o->argument              ? required_argument
                          : o->kind == OPTION_HELP ? optional_argument
                                                   : no_argument;
        options[count++] = (struct option){table->rows[i].name, takes, NULL, CODE_FIRST + (int)meant};
        if (table->rows[i].letter) {
            letters[length++] = table->rows[i].letter;
            if (o->argument)
                letters[length++] = ':';
        }
    }
    options[count] = (struct option){0};
    letters[length] = 0;
}

/* Whether several options begin with what stands after "--" and before "=". */
static bool is_ambiguous(const struct option *options, const char *word)
{
    const size_t length = strcspn(word + 2, "=");
    int matches = 0;
    for (const struct option *o = options; o->name; o++)
        matches += !strncmp(o->name, word + 2, length);
    return matches > 1;
}

/* What is written before a "=" is compared with the names of options. */
static _Noreturn void refuse_unknown(const struct option *options, const char *word)
{
    char written[NEAREST_NAME_MAX + 1], name[NEAREST_NAME_MAX + 1], question[NEAREST_QUESTION_SIZE];
    struct nearest nearest = {.written = written};
    snprintf(written, sizeof written, "%.*s", (int)strcspn(word, "="), word);
    for (const struct option *o = options; o->name; o++) {
        snprintf(name, sizeof name, "--%s", o->name);
        nearest_see(&nearest, name);
    }
    nearest_question(&nearest, question);
    usage_error("unknown option '%s'%s", word, question);
}

/* Explains getopt's `code`, ':' or '?'. It leaves in optopt the letter that it does not know, the code of an
 * option that takes no argument, or 0. */
static _Noreturn void refuse_option(int code, const struct option *options, const char *word)
{
    if (code == ':')
        usage_error("option '%s' needs an argument", word);
    if (optopt >= CODE_FIRST)
        usage_error("option '%s' takes no argument", word);
    if (optopt)
        usage_error("unknown option '-%c'", optopt);
    if (is_ambiguous(options, word))
        usage_error("option '%s' is ambiguous", word);
    refuse_unknown(options, word);
}

/* The text for people, or the table that manuals and completions are made from. */
static void print_wanted_help(const struct tool *tool, const struct option_table *table, const char *form)
{
    if (form && strcmp(form, "options") != 0)
        usage_error("--help=%s: there are --help and --help=options", form);
    if (form)
        print_options(tool, table);
    else
        print_help(tool, table);
}

int options_parse(const struct tool *tool, int argc, char **argv)
{
    struct option_table table;
    struct option options[OPTION_ROWS_MAX + 1];
    char letters[2 * OPTION_ROWS_MAX + 2];
    process_begin();
    tool_name = tool->name;
    make_table(&table, tool);
    make_getopt(&table, options, letters);
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, letters, options, NULL)) != -1;) {
        size_t row = 0;
        if (code == '?' || code == ':')
            refuse_option(code, options, argv[optind - 1]);
        if (code >= CODE_FIRST)
            row = (size_t)(code - CODE_FIRST);
        else
            while (table.rows[row].letter != code)
                row++;
        if (table.rows[row].kind == OPTION_HELP) {
            print_wanted_help(tool, &table, optarg);
            exit_printed();
        }
        if (table.rows[row].kind == OPTION_VERSION) {
            printf("%s (prunet) %s\n", tool->name, PRUNET_VERSION);
            exit_printed();
        }
        store(&table.rows[row], optarg);
    }
    if (environment_check())
        exit(report(STATUS_USAGE));
    threads_bound();
    return optind;
}
