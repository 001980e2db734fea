/* A list that gives cases other names than their folders: for those whose names are no case names, or are there twice.
 * PRUNET_CASE_NAMES is its path. A line is FOLDER, a tab, NAME: FOLDER as it is called, or as much of the end of its path as
 * tells it from others ("LGG/patient 1"); in layouts without a folder a case it is the case's name in the files'. */
#ifndef PRUNET_VOLUME_CASE_ALIASES_H
#define PRUNET_VOLUME_CASE_ALIASES_H

#include "lib/stream/case_names.h"

struct case_aliases {
    struct names lines;
};

/* Reads the list of the environment; without one there are no aliases. STATUS_DATA, quoting the line, for one that is none;
 * STATUS_FAILURE where the file cannot be read. */
int case_aliases_read(struct case_aliases *aliases);
void case_aliases_free(struct case_aliases *aliases);

/* The other name of a case that is called `name`, or `name` where the list has none. `folder` is its own, or NULL; the name
 * returned may belong to the list. */
const char *case_alias(const struct case_aliases *aliases, const char *folder, const char *name);

#endif
