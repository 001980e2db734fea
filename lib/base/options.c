#include "lib/base/options.h"
#include "lib/base/error.h"
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

enum { CODE_FIRST = 256, CODE_HELP = 1000, CODE_VERSION, OPTIONS_MAX = 64 };

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

static void print_option(char letter, const char *name, const char *argument, const char *help)
{
    char left[80];
    char shown[4] = {'-', letter, ',', 0};
    snprintf(left, sizeof left, "  %s --%s%s%s", letter ? shown : "   ", name, argument ? " " : "",
             argument ? argument : "");
    if (strlen(left) > 29)
        printf("%s\n%30s%s\n", left, "", help);
    else
        printf("%-30s%s\n", left, help);
}

/* Each form of the usage starts with a newline in the table or is the only one. */
static void print_usage(const struct tool *tool)
{
    const char *form = tool->usage;
    for (const char *label = "Usage:"; form; label = "      ") {
        const char *end = strchr(form, '\n');
        int length = end ? (int)(end - form) : (int)strlen(form);
        printf("%s %s %.*s\n", label, tool->name, length, form);
        form = end ? end + 1 : NULL;
    }
}

static void print_help(const struct tool *tool)
{
    print_usage(tool);
    printf("\n%s\n\nOptions:\n", tool->summary);
    for (size_t i = 0; i < tool->count; i++) {
        const struct option_spec *o = &tool->options[i];
        if (o->kind == OPTION_SECTION)
            printf("\n%s\n", o->help);
        else
            print_option(o->letter, o->name, o->argument, o->help);
    }
    print_option('q', "quiet", NULL, "no warnings, no progress");
    print_option('v', "verbose", NULL, "a line on stderr for each record");
    print_option(0, "help", NULL, "this text");
    print_option(0, "version", NULL, "the version");
    if (tool->notes)
        printf("\n%s\n", tool->notes);
    printf("\nExit status: 0 success, 1 failure, 2 usage, 65 bad or truncated input, 75 try again later.\n");
}

static void parse_size(const char *name, const char *text, int size[3])
{
    char rest;
    if (sscanf(text, "%dx%dx%d%c", &size[0], &size[1], &size[2], &rest) != 3)
        usage_error("--%s: '%s' is not a size such as 160x192x160", name, text);
    for (int axis = 0; axis < 3; axis++)
        if (size[axis] < 1 || size[axis] > 4096)
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
        if (!bytes_parse(text, o->target))
            usage_error("--%s: '%s' is not a number of bytes such as 512M or 8G", o->name, text);
        return;
    case OPTION_INTEGER: {
        long value = strtol(text, &end, 10);
        if (errno || end == text || *end || value < -1000000000 || value > 1000000000)
            usage_error("--%s: '%s' is not an integer", o->name, text);
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
    case OPTION_SECTION:
        return;
    }
}

int options_parse(const struct tool *tool, int argc, char **argv)
{
    struct option long_options[OPTIONS_MAX + 5];
    char letters[2 * OPTIONS_MAX + 8] = ":qv";
    size_t n = 0;
    tool_name = tool->name;
    if (tool->count > OPTIONS_MAX)
        usage_error("more than %d options", OPTIONS_MAX);
    for (size_t i = 0; i < tool->count; i++) {
        const struct option_spec *o = &tool->options[i];
        if (o->kind == OPTION_SECTION)
            continue;
        long_options[n++] = (struct option){o->name, o->argument ? required_argument : no_argument, NULL,
                                            CODE_FIRST + (int)i};
        if (o->letter)
            snprintf(letters + strlen(letters), 3, "%c%s", o->letter, o->argument ? ":" : "");
    }
    long_options[n++] = (struct option){"quiet", no_argument, NULL, 'q'};
    long_options[n++] = (struct option){"verbose", no_argument, NULL, 'v'};
    long_options[n++] = (struct option){"help", no_argument, NULL, CODE_HELP};
    long_options[n++] = (struct option){"version", no_argument, NULL, CODE_VERSION};
    long_options[n] = (struct option){0};
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, letters, long_options, NULL)) != -1;) {
        if (code == 'q')
            quiet = 1;
        else if (code == 'v')
            verbose = 1;
        else if (code == CODE_HELP) {
            print_help(tool);
            exit(fflush(stdout) ? STATUS_FAILURE : STATUS_OK);
        } else if (code == CODE_VERSION) {
            printf("%s (prunet) %s\n", tool->name, PRUNET_VERSION);
            exit(fflush(stdout) ? STATUS_FAILURE : STATUS_OK);
        } else if (code == '?' || code == ':') {
            usage_error(code == ':' ? "option '%s' needs an argument" : "cannot make sense of option '%s'",
                        argv[optind - 1]);
        } else {
            size_t i = 0;
            if (code >= CODE_FIRST)
                i = (size_t)(code - CODE_FIRST);
            else
                while (tool->options[i].letter != code)
                    i++;
            store(&tool->options[i], optarg);
        }
    }
    return optind;
}
