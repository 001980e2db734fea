/* What the searches for cases share: case_list.c for folders of cases, images_folder.c and bids.c for
 * others. */
#ifndef PRUNET_VOLUME_CASE_SEARCH_H
#define PRUNET_VOLUME_CASE_SEARCH_H

#include "lib/volume/case_aliases.h"
#include "lib/volume/case_list.h"
#include <sys/stat.h>

/* What a search has found so far. */
struct case_search {
    struct case_list *list;
    const char *data;
    bool labelled;      /* whether a label map must be there */
    size_t refused;     /* cases that cannot be used; each has been said, */
    struct names *said; /* or, where this is not NULL, noted there */
    struct case_aliases aliases;
    struct stat *above; /* DATA and the folders above it */
    size_t above_count, above_capacity;
};

/* Adds a case under its name or its other one, which the list then owns, or refuses it by its name, its paths or its label map. */
int search_add(struct case_search *search, struct listed_case *found, const char *name);

/* Passes a case over that cannot be used, saying why, where status is STATUS_DATA; returns any other status. */
int search_refuse(struct case_search *search, int status);

/* Calls `found` for each folder in a folder, in the order of their names; not for hidden ones, for what
 * other systems leave, and for links that lead back. */
typedef int search_found_folder(struct case_search *search, const char *path, const char *name,
                                const struct stat *about);
int search_folders(struct case_search *search, const char *folder, search_found_folder *found);

/* The folder in which a folder lies, whose last name is `name`: malloc'd, NULL without memory. */
char *folder_above(const char *path, const char *name);

#endif
