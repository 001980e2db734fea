/* A table of the digests that record files must have: manifest/inputs.tsv of a run. A row is a case's name, its list
 * and the SHA-256 of its file, tabs between; there is no header. */
#ifndef PRUNET_STREAM_DIGEST_TABLE_H
#define PRUNET_STREAM_DIGEST_TABLE_H

#include "lib/base/sha256.h"
#include "lib/stream/case_names.h"

struct digest_table {
    const char *path; /* borrowed, for messages; NULL: there is no table */
    size_t count, capacity;
    struct digest_row {
        char name[CASE_NAME_SIZE], text[SHA256_TEXT_SIZE];
    } * row; /* sorted by name */
};

/* Reads a table. STATUS_FAILURE when it cannot be read, STATUS_DATA for a line that is no row and for a case that is
 * there twice. */
int digest_table_read(struct digest_table *table, const char *path);
void digest_table_free(struct digest_table *table);

/* *text is the digest that the file NAME.nrrd must have, as long as the table lives. STATUS_DATA, naming the file, for
 * a case that the table does not have and for a file of another name; STATUS_USAGE for standard input, "-". */
int digest_table_find(const struct digest_table *table, const char *file, const char **text);

#endif
