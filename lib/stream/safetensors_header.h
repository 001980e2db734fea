/* The JSON header of a safetensors file: what it says of tensors and metadata, and the types it may name. */
#ifndef PRUNET_STREAM_SAFETENSORS_HEADER_H
#define PRUNET_STREAM_SAFETENSORS_HEADER_H

#include <stddef.h>
#include <stdint.h>

enum { SAFETENSORS_DIMENSIONS_MAX = 8 };
enum safetensors_type {
    SAFETENSORS_F32,
    SAFETENSORS_F64,
    SAFETENSORS_U8,
    SAFETENSORS_I64,
    SAFETENSORS_BF16, /* the upper half of an F32 */
    SAFETENSORS_OTHER /* a type of the format that is read but not used here, and never written */
};

struct safetensors_tensor {
    char *name;
    enum safetensors_type type;
    const char *type_name; /* as the header has it: "BF16"; unused when writing */
    int dimensions;
    int64_t size[SAFETENSORS_DIMENSIONS_MAX];
    const void *data; /* inside the mapped file, or the caller's when writing. A foreign file may leave it
                         unaligned: memcpy out of it */
    size_t bytes;
};

struct safetensors_entry {
    char *key, *value; /* one string of __metadata__ */
};

struct safetensors {
    struct safetensors_tensor *tensors; /* in the header's order */
    size_t tensor_count;
    struct safetensors_entry *metadata;
    size_t metadata_count;
    void *mapping; /* of the file; NULL when writing */
    size_t mapping_bytes;
    size_t tensor_capacity, metadata_capacity; /* of the arrays, when reading */
};

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
 * read so far and needs safetensors_close. */
int safetensors_parse_header(const char *text, size_t length, const char *data, uint64_t data_bytes,
                             struct safetensors *file);

#endif
