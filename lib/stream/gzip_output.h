/* Data on their way to an output, through zlib or as they are. */
#ifndef PRUNET_STREAM_GZIP_OUTPUT_H
#define PRUNET_STREAM_GZIP_OUTPUT_H

#include "lib/base/output.h"
#include <stdbool.h>

struct gzip_output; /* opaque */

/* Begins a gzip member without name and time, so that the same data give the same bytes; nothing is compressed unless
 * `compress`. *gzip is set only on success, and is to be ended in any case. */
int gzip_begin(struct gzip_output **gzip, struct output *output, bool compress);

/* Adds data. Errors as output_write. */
int gzip_put(struct gzip_output *gzip, const void *bytes, size_t count);

/* Writes what is still to come, unless `status`, that of what went before, is an error, which is then returned. Releases
 * everything but the output. */
int gzip_end(struct gzip_output *gzip, int status);

/* The output's name, for messages. */
const char *gzip_name(const struct gzip_output *gzip);

#endif
