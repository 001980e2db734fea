#include "lib/base/options_help.h"
#include "lib/base/environment.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

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

/* "Usage: TOOL form", and each further form on a line of its own. */
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

/* "Older names: --labels is --label-map." or nothing. */
static void print_older_names(const struct tool *tool)
{
    const char *before = "\nOlder names: ";
    for (size_t i = 0; i < tool->count; i++) {
        if (tool->options[i].kind != OPTION_SYNONYM)
            continue;
        printf("%s--%s is --%s", before, tool->options[i].name, tool->options[i].help);
        before = ", ";
    }
    if (*before == ',')
        printf(".\n");
}

/* Whether the tool has this one of the common options. */
static bool has_common(const struct option_table *table, const char *name)
{
    for (size_t i = table->own; i < table->count; i++)
        if (!strcmp(table->rows[i].name, name))
            return true;
    return false;
}

/* Whether a variable goes with an option of the tool; an older name does not. */
static bool is_of_tool(const struct environment_variable *v, const struct option_table *table)
{
    return v->option && !v->synonym_of && has_common(table, v->option);
}

/* The variables that go with the tool's options. */
static void print_environment(const struct option_table *table)
{
    const char *heading = "\nEnvironment:\n";
    for (size_t i = 0; i < environment_variable_count; i++) {
        const struct environment_variable *v = &environment_variables[i];
        if (!is_of_tool(v, table))
            continue;
        printf("%s  %-27s %s\n", heading, v->name, v->about);
        heading = "";
    }
}

void print_help(const struct tool *tool, const struct option_table *table)
{
    print_usage(tool);
    printf("\n%s\n", tool->summary);
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *o = &table->rows[i];
        if (i == 0 && table->own)
            printf("\nOptions:\n");
        if (i == table->own)
            printf("\nCommon options:\n");
        if (o->kind == OPTION_SECTION)
            printf("\n%s\n", o->help);
        else if (o->kind != OPTION_SYNONYM)
            print_option(o->letter, o->name, o->argument, o->help);
    }
    print_older_names(tool);
    print_environment(table);
    if (tool->notes)
        printf("\n%s\n", tool->notes);
    printf("\nExample:\n  %s\n", tool->example);
    printf("\nExit status: 0 success, 1 failure, 2 usage, 65 bad or truncated input, 75 try again later.\n");
}

/* A row for each line of a text. */
static void print_rows(const char *kind, const char *text)
{
    while (text) {
        const char *end = strchr(text, '\n');
        const int length = end ? (int)(end - text) : (int)strlen(text);
        printf("%s\t%.*s\n", kind, length, text);
        text = end ? end + 1 : NULL;
    }
}

static void print_row(const char *kind, const struct option_spec *o)
{
    printf("%s\t%s\t%c\t%s\t%s\n", kind, o->name, o->letter ? o->letter : '-',
           o->argument ? o->argument : "-", o->help);
}

void print_options(const struct tool *tool, const struct option_table *table)
{
    print_rows("name", tool->name);
    print_rows("usage", tool->usage);
    print_rows("summary", tool->summary);
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *o = &table->rows[i];
        if (o->kind == OPTION_SECTION)
            print_rows("section", o->help);
        else if (o->kind == OPTION_SYNONYM)
            printf("older\t%s\t%s\n", o->name, o->help);
        else
            print_row(i < table->own ? "option" : "common", o);
    }
    for (size_t i = 0; i < environment_variable_count; i++)
        if (is_of_tool(&environment_variables[i], table))
            printf("environment\t%s\t%s\n", environment_variables[i].name, environment_variables[i].about);
    print_rows("notes", tool->notes);
    print_rows("example", tool->example);
}
