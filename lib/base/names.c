#include "lib/base/names.h"
#include "lib/base/error.h"
#include "lib/base/random.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 4096 };

static int append(struct names *names, const char *name)
{
    char **grown = realloc(names->name, (names->count + 1) * sizeof *grown);
    if (grown)
        names->name = grown;
    char *copy = grown ? strdup(name) : NULL;
    if (!copy)
        return fail(STATUS_FAILURE, "out of memory");
    names->name[names->count++] = copy;
    return STATUS_OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_lines(struct names *names, FILE *file, const char *path)
{
    char line[LINE_SIZE];
    for (size_t number = 1; fgets(line, sizeof line, file); number++) {
        size_t length = strcspn(line, "\n");
        if (length == sizeof line - 1)
            return fail(STATUS_DATA, "%s: line %zu is too long", path, number);
        line[length] = 0;
        int status = *line ? append(names, line) : STATUS_OK;
        if (status)
            return status;
    }
    return ferror(file) ? fail_errno(STATUS_FAILURE, "%s", path) : STATUS_OK;
}

int names_read(struct names *names, FILE *file, const char *path)
{
    *names = (struct names){0};
    int status = read_lines(names, file, path);
    if (!status && names->count)
        qsort(names->name, names->count, sizeof *names->name, compare);
    for (size_t i = 1; !status && i < names->count; i++)
        if (!strcmp(names->name[i - 1], names->name[i]))
            status = fail(STATUS_DATA, "%s: %s is listed twice", path, names->name[i]);
    if (status)
        names_free(names);
    return status;
}

struct ticket {
    uint64_t number;
    char *name;
};

static int compare_tickets(const void *a, const void *b)
{
    const struct ticket *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return strcmp(x->name, y->name);
}

int names_shuffle(struct names *names, uint64_t key)
{
    struct ticket *tickets = calloc(names->count + 1, sizeof *tickets);
    if (!tickets)
        return fail(STATUS_FAILURE, "out of memory");
    for (size_t i = 0; i < names->count; i++)
        tickets[i] = (struct ticket){random_bits(random_key(key, names->name[i]), 0), names->name[i]};
    qsort(tickets, names->count, sizeof *tickets, compare_tickets);
    for (size_t i = 0; i < names->count; i++)
        names->name[i] = tickets[i].name;
    free(tickets);
    return STATUS_OK;
}

void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->name[i]);
    free(names->name);
    *names = (struct names){0};
}
