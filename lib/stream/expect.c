#include "lib/stream/expect.h"
#include "lib/base/error.h"
#include "lib/stream/record.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add_name(struct expect *expect, size_t *room, char *line)
{
    line[strcspn(line, "\n")] = 0;
    if (!*line)
        return STATUS_OK;
    if (!case_name_valid(line))
        return fail(STATUS_DATA, "%s: '%.80s' cannot name a case", expect->path, line);
    if (expect->count == *room) {
        *room = *room ? 2 * *room : 64;
        char **names = realloc(expect->names, *room * sizeof *names);
        if (!names)
            return fail(STATUS_FAILURE, "%s: out of memory", expect->path);
        expect->names = names;
    }
    char *name = strdup(line);
    if (!name)
        return fail(STATUS_FAILURE, "%s: out of memory", expect->path);
    expect->names[expect->count++] = name;
    return STATUS_OK;
}

int expect_read(struct expect *expect, const char *path)
{
    *expect = (struct expect){.path = path};
    FILE *file = fopen(path, "re");
    if (!file)
        return fail_errno(STATUS_FAILURE, "%s: cannot open", path);
    char *line = NULL;
    size_t size = 0, room = 0;
    int status = STATUS_OK;
    while (!status && getline(&line, &size, file) >= 0)
        status = add_name(expect, &room, line);
    if (!status && ferror(file))
        status = fail_errno(STATUS_FAILURE, "%s: cannot read", path);
    free(line);
    fclose(file);
    if (status)
        expect_free(expect);
    return status;
}

void expect_free(struct expect *expect)
{
    for (size_t i = 0; i < expect->count; i++)
        free(expect->names[i]);
    free(expect->names);
    *expect = (struct expect){0};
}

int expect_case(const struct expect *expect, size_t index, const char *name)
{
    if (index >= expect->count)
        return fail(STATUS_DATA, "case %s: one more than the %zu that %s lists", name, expect->count,
                    expect->path);
    if (strcmp(expect->names[index], name))
        return fail(STATUS_DATA, "case %s: %s lists %s as number %zu: missing or out of order", name,
                    expect->path, expect->names[index], index + 1);
    return STATUS_OK;
}

int expect_end(const struct expect *expect, size_t cases)
{
    if (cases >= expect->count)
        return STATUS_OK;
    return fail(STATUS_DATA, "case %s is missing: the input ends after %zu of the %zu cases that %s lists",
                expect->names[cases], cases, expect->count, expect->path);
}
