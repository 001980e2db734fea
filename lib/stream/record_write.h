/* Writing a record: a NRRD header, padded to whole pages, and the data. */
#ifndef PRUNET_STREAM_RECORD_WRITE_H
#define PRUNET_STREAM_RECORD_WRITE_H

#include "lib/base/output.h"
#include "lib/stream/record.h"
#include "lib/stream/storage.h"

/* Writes header and data; header padded to a multiple of 4096 bytes. */
int record_write(struct output *output, const struct record *record);

/* The same in another form: smaller, see storage.h. */
int record_write_as(struct output *output, const struct record *record, const struct storage_choice *choice);

/* Writes only the header (data and bytes are not looked at), for data that does not lie in one piece: the
 * caller then writes exactly the payload's bytes. */
int record_write_header(struct output *output, const struct record *record);

#endif
