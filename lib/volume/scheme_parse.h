/* The text of a scheme, read: docs/FORMAT.md has its lines. */
#ifndef PRUNET_VOLUME_SCHEME_PARSE_H
#define PRUNET_VOLUME_SCHEME_PARSE_H

#include "lib/volume/labels.h"

/* Longer texts are refused: a scheme of 64 modalities and 254 labels stays below this, and so does the
 * header of a record that holds one. */
enum { SCHEME_TEXT_MAX = 32768 };

/* Reads a text of `length` bytes, whose lines end with a line feed or a semicolon, into a new scheme.
 * STATUS_DATA, naming the line and the reason, for what is not right: an unknown word, a name or a number
 * that is not valid or twice there, more than the limits of labels.h, a region of labels that there are
 * not, or one that does not say which label it paints where that does not follow. `records` finds the
 * scheme of a line "records NAME", NULL for a name that it does not know. scheme_parse_free frees the
 * scheme. */
int scheme_parse(const char *text, size_t length, const struct label_scheme *(*records)(const char *name),
                 struct label_scheme **scheme);
void scheme_parse_free(struct label_scheme *scheme);

#endif
