/* Command lines: GNU long options from a table, alike in all tools.
 *
 * A tool lists its own options, and says which of the common ones it has; these have one name, one letter,
 * one wording and one default everywhere, and stand in one order in --help. Every tool has -q, -v, --help
 * and --version; --help=options is a table of them all (options_help.h). */
#ifndef PRUNET_BASE_OPTIONS_H
#define PRUNET_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,     /* bool *: set to true */
    OPTION_NO,       /* bool *: set to false, for --no-SOMETHING */
    OPTION_TEXT,     /* const char **: points into argv */
    OPTION_TEXTS,    /* struct option_texts *: may be given several times */
    OPTION_INTEGER,  /* int * */
    OPTION_NATURAL,  /* int *: from 1, so that 0, the default, means that it was not given */
    OPTION_UNSIGNED, /* uint64_t * */
    OPTION_REAL,     /* double *: finite */
    OPTION_SIZE,     /* int[3]: "160x192x160" = x, y, z; each 1..4096 */
    OPTION_BYTES,    /* uint64_t *: 512M, 8G, 4096 (powers of 1024), not 0 */
    OPTION_SECTION,  /* no option: `help` is a heading of --help */
    OPTION_SYNONYM,  /* an older name: `help` is the name of the option that it stands for */
    OPTION_TSV,      /* of tools with tables; no target */
    OPTION_QUIET,    /* the four that every tool has; no target */
    OPTION_VERBOSE,
    OPTION_HELP,
    OPTION_VERSION
};

/* How often OPTION_TEXTS was given, and what with; more than fit are a usage error. */
enum { OPTION_TEXTS_MAX = 64 };
struct option_texts {
    int count;
    const char *values[OPTION_TEXTS_MAX];
};

struct option_spec {
    const char *name; /* without "--" */
    char letter;      /* short form, or 0 */
    enum option_kind kind;
    void *target;         /* keeps its value, the default, when the option is absent */
    const char *argument; /* "FILE", "N"; NULL for flags */
    const char *help;     /* one line; state the default */
};

/* A row for an older name of an option. It goes on working, and --help mentions it in one line. */
#define OLDER_NAME(older, name)                                                                              \
    {                                                                                                        \
        older, 0, OPTION_SYNONYM, NULL, NULL, name                                                           \
    }

/* Where the common options go; NULL: the tool has no such option. */
struct common_options {
    const char **output;    /* -o: a path; NULL, the default, is stdout */
    const char **expect;    /* a file of case names; NULL, the default: none */
    const char **digests;   /* a table of digests of record files; NULL, the default: none */
    uint64_t *seed;         /* 0 by default */
    const char **backend;   /* NULL, the default: PRUNET_BACKEND, else cpu */
    const char **device;    /* NULL, the default: PRUNET_DEVICE, else 0 */
    int *threads;           /* -t; 0, the default: PRUNET_THREADS, else OMP_NUM_THREADS, else all cores */
    uint64_t *max_bytes;    /* 0, the default: 4 GiB */
    bool *json, *no_header; /* whoever has no_header prints a table, and has --tsv, too */
};

struct tool {
    const char *name;
    const char *usage;   /* what follows the name, one line a form, each form after a newline */
    const char *summary; /* what it does, in a paragraph or two */
    const struct option_spec *options;
    size_t count;
    struct common_options common;
    const char *notes;   /* what else there is to know; or NULL */
    const char *example; /* a command line */
};

/* Parses argv, permuting it so that operands come last, and returns the index of the first operand.
 * Sets tool_name, quiet and verbose. --help and --version print to stdout and exit with 0; a command line
 * that cannot be understood prints one line and a hint to stderr, a PRUNET_ variable that nobody reads
 * (environment.h) one line, and both exit with 2, stdout untouched. */
int options_parse(const struct tool *tool, int argc, char **argv);

/* Prints "tool: ..." and the hint about --help to stderr; exits with 2. */
_Noreturn void usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A size such as 160x192x160, as OPTION_SIZE; false for anything else, and size is then unspecified. */
bool size_parse(const char *text, int size[3]);

/* A number of bytes such as 512M, 8G or 4096; false for anything else. */
bool bytes_parse(const char *text, uint64_t *bytes);

#define OPTION_COUNT(options) (sizeof(options) / sizeof((options)[0]))

#endif
