#include "lib/base/nearest.h"
#include "lib/base/numbers.h"
#include <stdio.h>
#include <string.h>

size_t edits_between(const char *written, const char *name)
{
    size_t row[NEAREST_NAME_MAX +
               1]; /* row[j]: from the first i characters of `written` to the first j of `name` */
    const size_t length = size_min(strlen(name), NEAREST_NAME_MAX);
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 0; written[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            const size_t replaced = diagonal + (written[i] != name[j]);
            const size_t fewest = size_min(replaced, size_min(row[j], row[j + 1]) + 1);
            diagonal = row[j + 1];
            row[j + 1] = fewest;
        }
    }
    return row[length];
}

void nearest_see(struct nearest *nearest, const char *name)
{
    const size_t length = strlen(nearest->written);
    const size_t edits = strncmp(nearest->written, name, length) ? edits_between(nearest->written, name) : 0;
    if (!length || edits > (length < 4 ? 1 : (length + 1) / 3))
        return;
    int at = nearest->count < NEAREST_NAMES ? nearest->count++ : NEAREST_NAMES;
    for (; at > 0 && nearest->edits[at - 1] > edits; at--)
        if (at < NEAREST_NAMES) {
            strcpy(nearest->name[at], nearest->name[at - 1]);
            nearest->edits[at] = nearest->edits[at - 1];
        }
    if (at < NEAREST_NAMES) {
        snprintf(nearest->name[at], sizeof nearest->name[at], "%s", name);
        nearest->edits[at] = edits;
    }
}

void nearest_question(const struct nearest *nearest, char question[NEAREST_QUESTION_SIZE])
{
    *question = 0;
    for (int i = 0; i < nearest->count; i++) {
        strcat(question, !i ? "; did you mean " : i + 1 < nearest->count ? ", " : " or ");
        strcat(question, nearest->name[i]);
    }
    if (*question)
        strcat(question, "?");
}
