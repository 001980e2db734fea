/* NRRD text as a record's header. */
#ifndef PRUNET_STREAM_NRRD_PARSE_H
#define PRUNET_STREAM_NRRD_PARSE_H

#include "lib/stream/record.h"

/* Reads a whole header of `length` bytes into a record without data; record->bytes is the payload that
 * follows. The text is overwritten. `fallback` names the case of a foreign file. STATUS_DATA with the cause;
 * record->case_name is then set when it was understood. The record is freed by the caller in both cases. */
int nrrd_parse(char *text, size_t length, const char *fallback, struct record *record);

#endif
