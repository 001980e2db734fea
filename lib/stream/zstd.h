/* Zstandard (RFC 8878), where the library was there when the program was built (make finds it by pkg-config); else
 * both functions fail and say so. */
#ifndef PRUNET_STREAM_ZSTD_H
#define PRUNET_STREAM_ZSTD_H

#include <stdbool.h>
#include <stddef.h>

/* Whether this build has the library. */
bool zstd_is_built_in(void);

/* One frame of `bytes` bytes, with a checksum, in *frame (malloc'd) of *frame_bytes. STATUS_FAILURE. */
int zstd_compress(const void *from, size_t bytes, void **frame, size_t *frame_bytes);

/* The contents of one frame, which must be exactly `bytes` bytes: in `destination` or, where that is NULL, in memory
 * that grows as they come, so that a frame that only claims to be large takes none; *to is where they are. STATUS_DATA
 * for a frame that is damaged, cut, too short or too long, STATUS_FAILURE without memory or library. */
int zstd_expand(const void *frame, size_t frame_bytes, size_t bytes, void *destination, void **to);

#endif
