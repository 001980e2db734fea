#include "lib/base/install.h"
#include "lib/base/error.h"
#include "lib/base/process.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* From the program's folder: of an installed tool, of an installed prunet, of a build. */
static const char *const places[] = {"../../share/prunet/", "../share/prunet/", "../../data/",
                                     "../../../data/",      "../../",           "../../../"};
enum { PLACES = sizeof places / sizeof places[0] };

/* Stores the real path of what lies at FOLDER PLACE NAME; false where there is nothing. */
static bool find(char path[PATH_MAX], const char *folder, const char *place, const char *name)
{
    char joined[2 * PATH_MAX];
    const int length = snprintf(joined, sizeof joined, "%s%s%s", folder, place, name);
    return length > 0 && length < (int)sizeof joined && realpath(joined, path) && !access(path, R_OK);
}

int tools_folder(char folder[PATH_MAX])
{
    char own[PATH_MAX];
    int status = program_folder(own);
    if (status || find(folder, own, "../libexec/", "prunet"))
        return status;
    strcpy(folder, own);
    folder[strlen(folder) - 1] = 0;
    return STATUS_OK;
}

int shared_path(char path[PATH_MAX], const char *name)
{
    char folder[PATH_MAX];
    int status = program_folder(folder);
    if (status)
        return status;
    for (int i = 0; i < PLACES; i++)
        if (find(path, folder, places[i], name))
            return STATUS_OK;
    return fail(STATUS_FAILURE, "%s: is neither in %s%s nor in %s%s", name, folder, places[0], folder,
                places[2]);
}
