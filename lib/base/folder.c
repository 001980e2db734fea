#include "lib/base/folder.h"
#include "lib/base/error.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int folder_visit(const char *folder, int (*visit)(void *self, const struct dirent *entry), void *self)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort), status = STATUS_OK;
    if (count < 0)
        return fail_errno(STATUS_FAILURE, "%s: cannot read the folder", folder);
    for (int i = 0; i < count; i++) {
        if (!status)
            status = visit(self, entries[i]);
        free(entries[i]);
    }
    free(entries);
    return status;
}

int folder_has(const char *folder, const char *name, bool *has)
{
    struct stat about;
    char *path;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return fail(STATUS_FAILURE, "%s: out of memory", folder);
    *has = !stat(path, &about);
    int status = *has || errno == ENOENT || errno == ENOTDIR || errno == ELOOP
                     ? STATUS_OK
                     : fail_errno(STATUS_FAILURE, "%s: cannot be looked at", path);
    free(path);
    return status;
}
