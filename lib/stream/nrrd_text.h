/* The text of NRRD headers: where they end, and the numbers in them. */
#ifndef PRUNET_STREAM_NRRD_TEXT_H
#define PRUNET_STREAM_NRRD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { NRRD_HEADER_MAX = 65536, NRRD_LINES_MAX = 256, NRRD_PAGE = 4096 };

/* Bytes of the header at the start of `text`, its empty line included; 0 when it does not end within
 * `length` bytes. */
size_t nrrd_header_length(const char *text, size_t length);

/* Numbers in headers: decimal and finite. Each function moves *at past what it read; where something else
 * stands there it returns false, and *value is unspecified. */
bool nrrd_number(const char **at, double *value);
bool nrrd_integer(const char **at, long *value);
/* Exactly `count` numbers and nothing else. */
bool nrrd_numbers(const char *text, int count, double *values);
/* "(x,y,z)" or "none"; *none tells which. */
bool nrrd_vector(const char **at, double vector[3], bool *none);
/* Moves past blanks; true at the end of the text. */
bool nrrd_at_end(const char **at);

#endif
