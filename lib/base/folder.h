/* What lies in a folder, in an order that no file system decides. */
#ifndef PRUNET_BASE_FOLDER_H
#define PRUNET_BASE_FOLDER_H

#include <dirent.h>
#include <stdbool.h>

/* Calls `visit` for each entry of the folder, "." and ".." included, in the order of their names by bytes, until one
 * call returns another status than STATUS_OK, which is then returned. STATUS_FAILURE, naming the folder, when it
 * cannot be read. */
int folder_visit(const char *folder, int (*visit)(void *self, const struct dirent *entry), void *self);

/* Whether a folder has an entry of a name. STATUS_FAILURE when that cannot be told. */
int folder_has(const char *folder, const char *name, bool *has);

#endif
