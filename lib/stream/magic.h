/* What a file that is of the wrong kind looks like, for messages. */
#ifndef PRUNET_STREAM_MAGIC_H
#define PRUNET_STREAM_MAGIC_H

#include <stddef.h>

/* ": it looks like a zip archive, ..." by the first bytes, 4 are enough; "" where they say nothing. */
const char *looks_like(const void *bytes, size_t count);

#endif
