#include "lib/metrics/pairs.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/metrics/summary.h"
#include "lib/stream/case_names.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool case_name_reserved(const char *name)
{
    for (int i = 0; i < STATISTIC_COUNT; i++)
        if (!strcmp(name, statistic_name(i)))
            return true;
    return false;
}

void pairs_free(struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        free(pairs->items[i].prediction);
        free(pairs->items[i].reference);
    }
    free(pairs->items);
    *pairs = (struct pairs){0};
}

/* Appends a pair; name NULL: that of the prediction's file. */
static int add(struct pairs *pairs, const char *name, const char *prediction, const char *reference)
{
    if (!strcmp(prediction, "-") && !strcmp(reference, "-"))
        return fail(STATUS_DATA, "prediction and reference cannot both be standard input");
    int status = array_grow(&pairs->items, &pairs->capacity, pairs->count + 1, sizeof *pairs->items);
    if (status)
        return status;
    struct pair *pair = &pairs->items[pairs->count++];
    *pair = (struct pair){"", strdup(prediction), strdup(reference)};
    if (name)
        snprintf(pair->case_name, sizeof pair->case_name, "%s", name);
    else
        case_name_of_path(prediction, pair->case_name);
    return pair->prediction && pair->reference ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
}

int pairs_single(const char *prediction, const char *reference, struct pairs *pairs)
{
    *pairs = (struct pairs){0};
    int status = add(pairs, NULL, prediction, reference);
    if (status)
        pairs_free(pairs);
    return status;
}

static int parse_line(struct pairs *pairs, char *line)
{
    const char *separators = strchr(line, '\t') ? "\t" : " ";
    char *fields[4], *rest = NULL;
    int count = 0;
    for (char *field = strtok_r(line, separators, &rest); field && count < 4;
         field = strtok_r(NULL, separators, &rest))
        fields[count++] = field;
    if (count != 2 && count != 3)
        return fail(STATUS_DATA, "%d fields: a line is [CASE] PREDICTION REFERENCE, with tabs between",
                    count);
    const char *name = count == 3 ? fields[0] : NULL;
    if (name && !case_name_valid(name))
        return fail(STATUS_DATA, "'%s' is not a valid case name", name);
    return add(pairs, name, fields[count - 2], fields[count - 1]);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int check_names(const struct pairs *pairs)
{
    const char **names = malloc(pairs->count * sizeof *names);
    int status = STATUS_OK;
    if (!pairs->count)
        status = fail(STATUS_DATA, "no case is listed");
    else if (!names)
        status = fail(STATUS_FAILURE, "out of memory for %zu cases", pairs->count);
    for (size_t i = 0; i < pairs->count && !status; i++) {
        names[i] = pairs->items[i].case_name;
        if (case_name_reserved(names[i]))
            status =
                fail(STATUS_DATA, "case %s: a case cannot have the name of a row of the summary", names[i]);
    }
    if (!status)
        qsort(names, pairs->count, sizeof *names, compare_names);
    for (size_t i = 1; i < pairs->count && !status; i++)
        if (!strcmp(names[i - 1], names[i]))
            status = fail(STATUS_DATA, "case %s is listed more than once", names[i]);
    free(names);
    return status;
}

static int check_expected(const struct pairs *pairs, const char *path)
{
    struct expect expect = {0};
    int status = expect_read(&expect, path);
    for (size_t i = 0; i < pairs->count && !status; i++)
        status = expect_case(&expect, i, pairs->items[i].case_name);
    if (!status)
        status = expect_end(&expect, pairs->count);
    expect_free(&expect);
    return status;
}

int pairs_read(const char *path, const char *expect_path, struct pairs *pairs)
{
    *pairs = (struct pairs){0};
    FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
    if (!file)
        return fail_errno(STATUS_FAILURE, "%s: cannot open", path);
    char *line = NULL;
    size_t capacity = 0, number = 0;
    int status = STATUS_OK;
    for (ssize_t length; !status && (length = getline(&line, &capacity, file)) >= 0;) {
        number++;
        while (length && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            line[--length] = 0;
        if (length && line[0] != '#' && (status = parse_line(pairs, line)))
            status = fail_in(status, "%s: line %zu", path, number);
    }
    if (!status && ferror(file))
        status = fail_errno(STATUS_FAILURE, "%s: cannot read", path);
    free(line);
    if (file != stdin)
        fclose(file);
    if (!status && (status = check_names(pairs)))
        status = fail_in(status, "%s", path);
    if (!status && expect_path)
        status = check_expected(pairs, expect_path);
    if (status)
        pairs_free(pairs);
    return status;
}
