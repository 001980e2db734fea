#include "lib/base/nearest.h"
#include "lib/base/numbers.h"
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
