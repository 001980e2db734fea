/* What was probably meant by a name that is not known: the same question wherever one is refused. */
#ifndef PRUNET_BASE_NEAREST_H
#define PRUNET_BASE_NEAREST_H

#include <stddef.h>

enum { NEAREST_NAME_MAX = 63 }; /* characters of a name that is known */

/* Characters to insert, delete or replace so that `written` becomes `name` (Levenshtein's distance). */
size_t edits_between(const char *written, const char *name);

enum { NEAREST_NAMES = 3, NEAREST_QUESTION_SIZE = 32 + NEAREST_NAMES * (NEAREST_NAME_MAX + 4) };

/* The known names that are near: of a third of other letters at most, or beginning with all that was written. */
struct nearest {
    const char *written;
    int count;
    char name[NEAREST_NAMES][NEAREST_NAME_MAX + 1];
    size_t edits[NEAREST_NAMES]; /* in ascending order */
};

/* Notes a known name, unless it is far or others are nearer; of equals the first. */
void nearest_see(struct nearest *nearest, const char *name);

/* "; did you mean small, laptop or demo?", or "" where no name is near: the end of a message. */
void nearest_question(const struct nearest *nearest, char question[NEAREST_QUESTION_SIZE]);

#endif
