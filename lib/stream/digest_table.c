#include "lib/stream/digest_table.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 4096 };

static int compare_rows(const void *a, const void *b)
{
    return strcmp(((const struct digest_row *)a)->name, ((const struct digest_row *)b)->name);
}

/* "name\tlist\tdigest\n" */
static bool parse_row(char *line, struct digest_row *row)
{
    char *list = strchr(line, '\t'), *text = list ? strchr(list + 1, '\t') : NULL;
    if (!text)
        return false;
    *list = 0;
    text++;
    if (!case_name_valid(line) || !sha256_is_text(text) || strcmp(text + SHA256_TEXT_SIZE - 1, "\n"))
        return false;
    memcpy(row->name, line, strlen(line) + 1);
    memcpy(row->text, text, SHA256_TEXT_SIZE - 1);
    row->text[SHA256_TEXT_SIZE - 1] = 0;
    return true;
}

static int read_rows(struct digest_table *table, FILE *file)
{
    char line[LINE_SIZE];
    while (fgets(line, sizeof line, file)) {
        struct digest_row row;
        if (!parse_row(line, &row))
            return fail(STATUS_DATA, "line %zu is not a case, its list and a sha256, tabs between",
                        table->count + 1);
        int status = array_grow(&table->row, &table->capacity, table->count + 1, sizeof *table->row);
        if (status)
            return status;
        table->row[table->count++] = row;
    }
    return ferror(file) ? fail_errno(STATUS_FAILURE, "cannot read") : STATUS_OK;
}

static int sort_rows(struct digest_table *table)
{
    if (!table->count)
        return fail(STATUS_DATA, "not one case");
    qsort(table->row, table->count, sizeof *table->row, compare_rows);
    for (size_t i = 1; i < table->count; i++)
        if (!compare_rows(&table->row[i - 1], &table->row[i]))
            return fail(STATUS_DATA, "case %s is there twice", table->row[i].name);
    return STATUS_OK;
}

int digest_table_read(struct digest_table *table, const char *path)
{
    *table = (struct digest_table){.path = path};
    FILE *file = fopen(path, "re");
    if (!file)
        return fail_errno(STATUS_FAILURE, "%s: cannot open", path);
    int status = read_rows(table, file);
    fclose(file);
    if (!status)
        status = sort_rows(table);
    if (!status)
        return STATUS_OK;
    digest_table_free(table);
    return fail_in(status, "%s", path);
}

void digest_table_free(struct digest_table *table)
{
    free(table->row);
    *table = (struct digest_table){0};
}

int digest_table_find(const struct digest_table *table, const char *file, const char **text)
{
    static const char end[] = ".nrrd";
    struct digest_row key = {0};
    const char *name = path_file(file);
    const size_t length = strlen(name), cut = sizeof end - 1;
    if (!strcmp(file, "-"))
        return fail(STATUS_USAGE, "--digests: the digest of standard input is not known; name the files");
    const struct digest_row *row = NULL;
    if (length > cut && length - cut < CASE_NAME_SIZE && !strcmp(name + length - cut, end)) {
        memcpy(key.name, name, length - cut);
        row = bsearch(&key, table->row, table->count, sizeof *table->row, compare_rows);
    }
    if (!row)
        return fail(STATUS_DATA, "%s: its checksum is not in %s", file, table->path);
    *text = row->text;
    return STATUS_OK;
}
