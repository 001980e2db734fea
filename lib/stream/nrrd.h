/* NRRD headers as text: the inner half of the record stream; tools use record.h. */
#ifndef PRUNET_STREAM_NRRD_H
#define PRUNET_STREAM_NRRD_H

#include "lib/stream/record.h"

enum { NRRD_HEADER_MAX = 65536, NRRD_LINES_MAX = 256, NRRD_PAGE = 4096 };

/* Bytes of the header at the start of `text`, its empty line included; 0 when it does not end within
 * `length` bytes. */
size_t nrrd_header_length(const char *text, size_t length);

/* Reads a whole header of `length` bytes into a record without data; record->bytes is the payload that
 * follows. The text is overwritten. `fallback` names the case of a foreign file. STATUS_DATA with the cause;
 * record->case_name is then set when it was understood. The record is freed by the caller in both cases. */
int nrrd_parse(char *text, size_t length, const char *fallback, struct record *record);

/* Formats the header, padded to a multiple of NRRD_PAGE bytes, into text[NRRD_HEADER_MAX]. STATUS_DATA when
 * the record breaks the profile's rules or its keys do not fit. */
int nrrd_format(const struct record *record, char *text, size_t *length);

/* Numbers in headers: decimal and finite; each function moves *at behind what it took, and returns false
 * without a promise about *value when something else stands there. */
bool nrrd_number(const char **at, double *value);
bool nrrd_integer(const char **at, long *value);
/* Exactly `count` numbers and nothing else. */
bool nrrd_numbers(const char *text, int count, double *values);
/* "(x,y,z)" or "none"; *none tells which. */
bool nrrd_vector(const char **at, double vector[3], bool *none);
/* Moves behind blanks; true at the end of the text. */
bool nrrd_at_end(const char **at);

#endif
