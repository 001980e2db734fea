/* The JSON header of a safetensors file, and the types it may name. */
#ifndef PRUNET_STREAM_SAFETENSORS_HEADER_H
#define PRUNET_STREAM_SAFETENSORS_HEADER_H

#include "lib/stream/safetensors.h"

struct safetensors_dtype {
    const char *name; /* "F32" */
    size_t bytes;     /* of one element */
    enum safetensors_type type;
};

/* NULL for a name that the format does not know. */
const struct safetensors_dtype *safetensors_dtype_named(const char *name);

/* The entry that a type which can be written stands for. */
const struct safetensors_dtype *safetensors_dtype_of(enum safetensors_type type);

/* Appends the header's tensors and metadata to *file, which is empty. Each tensor's data points to where its
 * first offset leads from `data`, bytes = end - begin; offsets lie within data_bytes, and bytes is the
 * product of shape and type. STATUS_DATA otherwise, the message without the path; *file then holds what was
 * read so far and wants safetensors_close. */
int safetensors_parse_header(const char *text, size_t length, const char *data, uint64_t data_bytes,
                             struct safetensors *file);

#endif
