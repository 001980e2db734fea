/* A record's header as NRRD text. */
#ifndef PRUNET_STREAM_NRRD_FORMAT_H
#define PRUNET_STREAM_NRRD_FORMAT_H

#include "lib/stream/nrrd_text.h"
#include "lib/stream/record.h"

/* Formats the header, padded to a multiple of NRRD_PAGE bytes, into text[NRRD_HEADER_MAX]. STATUS_DATA when
 * the record breaks the profile's rules or its keys do not fit. */
int nrrd_format(const struct record *record, char *text, size_t *length);

#endif
