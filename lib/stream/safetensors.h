/* The safetensors container: u64 little-endian header length, JSON header, raw tensors. */
#ifndef PRUNET_STREAM_SAFETENSORS_H
#define PRUNET_STREAM_SAFETENSORS_H

#include "lib/base/output.h"
#include "lib/stream/safetensors_header.h"

/* Maps a file and checks all of it: header at most 16 MiB, valid JSON of the expected form, no name twice,
 * offsets inside the file, without overlap or gap, size = product of shape and type. STATUS_DATA otherwise,
 * STATUS_FAILURE when the file cannot be read; the message names the path. Nothing is left open then. */
int safetensors_open(struct safetensors *file, const char *path);

/* Releases what safetensors_open made. */
void safetensors_close(struct safetensors *file);

/* NULL when absent. */
const struct safetensors_tensor *safetensors_find(const struct safetensors *file, const char *name);
const char *safetensors_metadata(const struct safetensors *file, const char *key);

/* Writes metadata and tensors in the given order, the data at a multiple of 64 bytes; the same input gives
 * the same bytes. */
int safetensors_write(struct output *output, const struct safetensors *file);

/* Only what comes before the data, which the caller then writes in the tensors' order, without a gap. */
int safetensors_write_header(struct output *output, const struct safetensors *file);

#endif
