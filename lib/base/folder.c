#include "lib/base/folder.h"
#include "lib/base/error.h"
#include <stdlib.h>

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
