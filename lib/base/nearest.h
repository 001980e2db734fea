/* What was probably meant by a name that is not known. */
#ifndef PRUNET_BASE_NEAREST_H
#define PRUNET_BASE_NEAREST_H

#include <stddef.h>

enum { NEAREST_NAME_MAX = 63 }; /* characters of a name that is known */

/* Characters to insert, delete or replace so that `written` becomes `name` (Levenshtein's distance). */
size_t edits_between(const char *written, const char *name);

#endif
