/* file-digest: the SHA-256 of files, by a memory of those that nobody has touched. */
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/file_digest.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *stamps_path, *list_path, *output_path;
static bool no_header;

static const struct option_spec options[] = {
    {"files-from", 0, OPTION_TEXT, &list_path, "FILE",
     "then the files that FILE lists, a path a line; - is stdin"},
    {"stamps", 0, OPTION_TEXT, &stamps_path, "FILE",
     "do not read files that are as FILE notes them; keep it (none)"},
};

static const struct tool tool = {
    .name = "file-digest",
    .usage = "[--stamps FILE] [--files-from FILE] [-o OUT] [FILE...]",
    .summary = "Prints a row for each file, in the order given: its SHA-256 and its path. Without files, "
               "their paths\n"
               "are read from standard input, one a line.",
    .options = options,
    .count = OPTION_COUNT(options),
    .common = {.output = &output_path, .no_header = &no_header},
    .notes =
        "--stamps: a file is not read again while its device, inode, size and both times to the nanosecond\n"
        "(of the last writing, and of the last change of any kind) are those noted; the dates themselves\n"
        "decide nothing. A file younger than three seconds is not noted. A FILE that is damaged is passed\n"
        "over, with a warning; it is no protection against one who writes another FILE.",
    .example = "file-digest --stamps stamps.tsv case/*.nii.gz",
};

struct row {
    char *path;
    char digest[SHA256_TEXT_SIZE];
};

struct rows {
    size_t count, capacity;
    struct row *row;
};

static int add_path(struct rows *rows, const char *path)
{
    int status = output_check_cell(path);
    if (!status)
        status = array_grow(&rows->row, &rows->capacity, rows->count + 1, sizeof *rows->row);
    if (status)
        return status;
    char *copy = strdup(path);
    if (!copy)
        return fail(STATUS_FAILURE, "out of memory");
    rows->row[rows->count++].path = copy;
    return STATUS_OK;
}

/* Adds a path a line; empty lines are skipped. */
static int add_lines(struct rows *rows, FILE *file)
{
    char *line = NULL;
    size_t capacity = 0;
    int status = STATUS_OK;
    ssize_t length;
    for (size_t number = 1; !status && (length = getline(&line, &capacity, file)) >= 0; number++) {
        if (length && line[length - 1] == '\n')
            line[--length] = 0;
        if (length >= PATH_MAX || strlen(line) != (size_t)length)
            status = fail(STATUS_DATA, "line %zu is not a path", number);
        else if (length)
            status = add_path(rows, line);
    }
    free(line);
    return status || feof(file) ? status : fail_errno(STATUS_FAILURE, "cannot read");
}

static int add_list(struct rows *rows, const char *path)
{
    const bool standard = !strcmp(path, "-");
    FILE *file = standard ? stdin : fopen(path, "re");
    if (!file)
        return fail_errno(STATUS_FAILURE, "%s: cannot open", path);
    int status = add_lines(rows, file);
    if (!standard)
        fclose(file);
    return status ? fail_in(status, "%s", standard ? "standard input" : path) : STATUS_OK;
}

static int add_paths(struct rows *rows, int count, char *const *paths)
{
    int status = STATUS_OK;
    for (int i = 0; !status && i < count; i++)
        status = add_path(rows, paths[i]);
    if (!status && (list_path || !count))
        status = add_list(rows, list_path ? list_path : "-");
    return status;
}

static int digest_rows(struct rows *rows)
{
    struct file_digests digests = {0};
    int status = stamps_path ? file_digests_read(&digests, stamps_path) : STATUS_OK;
    for (size_t i = 0; !status && i < rows->count; i++)
        status = file_digests_of(&digests, rows->row[i].path, rows->row[i].digest);
    if (!status && stamps_path)
        status = file_digests_write(&digests, stamps_path);
    file_digests_free(&digests);
    return status;
}

static int print_rows(const struct rows *rows)
{
    struct output output;
    int status = output_open(&output, output_path, false);
    if (!status && !no_header)
        status = output_print(&output, "sha256\tpath\n");
    for (size_t i = 0; !status && i < rows->count; i++)
        status = output_print(&output, "%s\t%s\n", rows->row[i].digest, rows->row[i].path);
    if (!status)
        return output_commit(&output);
    output_discard(&output);
    return status;
}

int main(int argc, char **argv)
{
    int first = options_parse(&tool, argc, argv);
    if (stamps_path && !strcmp(stamps_path, "-"))
        usage_error("--stamps: a file is needed, which is read and written");
    struct rows rows = {0};
    int status = add_paths(&rows, argc - first, argv + first);
    if (!status)
        status = digest_rows(&rows);
    if (!status)
        status = print_rows(&rows);
    for (size_t i = 0; i < rows.count; i++)
        free(rows.row[i].path);
    free(rows.row);
    return status ? report(status) : STATUS_OK;
}
