/* Where a tool's data goes: stdout, or a file that appears whole or not at all.
 *
 * A file is written without a name on its target's file system, synced, put in the target's place by a link
 * or a rename, and the folder synced: at any instant the final name holds the old bytes or all the new ones.
 * It has the permissions of the file that it replaces, else those of any new file. Nothing is left of it when
 * the process ends before, kill -9 included. For the instant in which it replaces another, and where a file
 * system has no files without names, it has a temporary name: lib/base/temporary.h. */
#ifndef PRUNET_BASE_OUTPUT_H
#define PRUNET_BASE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

struct aligned; /* aligned.h */

struct output {
    int fd;                  /* -1 when closed */
    char *path;              /* final name; NULL for stdout */
    char *temporary;         /* the name it has meanwhile; NULL without one */
    bool whole;              /* a file that appears at the commit; else stdout, a device, a FIFO */
    struct aligned *aligned; /* a terminal's table, whose columns are aligned; else NULL */
};

/* Set by --tsv: a table on a terminal, too, has tabs between its cells, as elsewhere, and no aligned columns. */
extern bool output_tsv;

/* Opens PATH, or stdout when path is NULL or "-". Data that is not text (`binary`) is not written to a
 * terminal: that is STATUS_USAGE. Text with tabs is a table; on a terminal its columns are aligned. */
int output_open(struct output *output, const char *path, bool binary);

/* An output into a copy of a descriptor, `name` in messages; the commit closes the copy. Binary, terminals included. */
int output_open_descriptor(struct output *output, int fd, const char *name);

/* Writes all bytes; a full disk or a closed pipe is STATUS_FAILURE. */
int output_write(struct output *output, const void *bytes, size_t count);

/* printf into the output; for tables. The line must be shorter than 4096 bytes. */
int output_print(struct output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* STATUS_DATA for a text that no cell of a table can hold, one with a tab or a line break; the message shows it. */
int output_check_cell(const char *text);

/* Finishes: sync, rename, sync of the folder; for stdout, a checked close. What fails up to the rename leaves
 * the old file. A close or a sync of the folder that fails after it is STATUS_FAILURE, too, but then the new
 * file is in place and whole; it may only not outlive a loss of power. */
int output_commit(struct output *output);

/* Drops what was written; nothing happens when already committed. */
void output_discard(struct output *output);

/* The name to use in messages: the path or "standard output". */
const char *output_name(const struct output *output);

#endif
