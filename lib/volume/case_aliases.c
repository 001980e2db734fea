#include "lib/volume/case_aliases.h"
#include "lib/base/environment.h"
#include "lib/base/error.h"
#include <string.h>

static int check_line(const char *path, char *line)
{
    char *tab = strchr(line, '\t');
    if (!tab || tab == line)
        return fail(STATUS_DATA, "%s: '%s' is not FOLDER, a tab, NAME", path, line);
    if (!case_name_valid(tab + 1))
        return fail(
            STATUS_DATA,
            "%s: '%s' cannot name a case (letters, digits, '.', '_', '-', not first a hyphen, at most %d)",
            path, tab + 1, CASE_NAME_SIZE - 1);
    *tab = 0; /* folder and name */
    return STATUS_OK;
}

/* The lines are sorted: those of one folder are neighbours. */
static int check_lines(const char *path, struct names *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        int status = check_line(path, lines->name[i]);
        if (status)
            return status;
        if (i && !strcmp(lines->name[i], lines->name[i - 1]))
            return fail(STATUS_DATA, "%s: two names for '%s'", path, lines->name[i]);
    }
    return STATUS_OK;
}

int case_aliases_read(struct case_aliases *aliases)
{
    const char *path = environment_value("PRUNET_CASE_NAMES");
    *aliases = (struct case_aliases){.lines.count = 0};
    if (!path)
        return STATUS_OK;
    FILE *file = fopen(path, "re");
    if (!file)
        return fail_errno(STATUS_FAILURE, "%s: cannot open", path);
    int status = names_read(&aliases->lines, file, path);
    fclose(file);
    if (!status)
        status = check_lines(path, &aliases->lines);
    if (status)
        case_aliases_free(aliases);
    return status;
}

void case_aliases_free(struct case_aliases *aliases)
{
    names_free(&aliases->lines);
}

static bool is_end_of(const char *path, const char *end)
{
    const size_t length = strlen(path), own = strlen(end);
    return length >= own && !strcmp(path + length - own, end) &&
           (length == own || path[length - own - 1] == '/');
}

const char *case_alias(const struct case_aliases *aliases, const char *folder, const char *name)
{
    const char *found = name;
    size_t longest = 0;
    for (size_t i = 0; i < aliases->lines.count; i++) {
        const char *key = aliases->lines.name[i];
        const size_t length = strlen(key);
        if (length > longest && (!strcmp(key, name) || (folder && is_end_of(folder, key)))) {
            longest = length;
            found = key + length + 1;
        }
    }
    return found;
}
