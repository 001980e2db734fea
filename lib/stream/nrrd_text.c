#include "lib/stream/nrrd_text.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool nrrd_at_end(const char **at)
{
    *at += strspn(*at, " \t");
    return !**at;
}

/* strtod also takes "inf", "nan" and hexadecimal; a header has none of them. */
bool nrrd_number(const char **at, double *value)
{
    if (nrrd_at_end(at) || strspn(*at, "+-.0123456789eE") == 0)
        return false;
    const char *start = *at;
    char *end;
    *value = strtod(start, &end);
    if (end == start || strspn(start, "+-.0123456789eE") < (size_t)(end - start) || !isfinite(*value))
        return false;
    *at = end;
    return true;
}

bool nrrd_integer(const char **at, long *value)
{
    if (nrrd_at_end(at))
        return false;
    char *end;
    errno = 0;
    *value = strtol(*at, &end, 10);
    if (end == *at || errno || !strchr(" \t", *end))
        return false;
    *at = end;
    return true;
}

bool nrrd_numbers(const char *text, int count, double *values)
{
    for (int i = 0; i < count; i++)
        if (!nrrd_number(&text, &values[i]))
            return false;
    return nrrd_at_end(&text);
}

static bool take(const char **at, char wanted)
{
    if (nrrd_at_end(at) || **at != wanted)
        return false;
    ++*at;
    return true;
}

bool nrrd_vector(const char **at, double vector[3], bool *none)
{
    if (nrrd_at_end(at))
        return false;
    *none = !strncmp(*at, "none", 4) && strchr(" \t", (*at)[4]);
    if (*none) {
        *at += 4;
        return true;
    }
    for (int i = 0; i < 3; i++)
        if (!take(at, "(,,"[i]) || !nrrd_number(at, &vector[i]))
            return false;
    return take(at, ')');
}

size_t nrrd_header_length(const char *text, size_t length)
{
    const char *end = memmem(text, length, "\n\n", 2);
    return end ? (size_t)(end - text) + 2 : 0;
}
