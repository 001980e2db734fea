#include "lib/stream/safetensors_header.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/json_text.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct safetensors_dtype dtypes[] = {
    {"F32", 4, SAFETENSORS_F32},   {"F64", 8, SAFETENSORS_F64},       {"U8", 1, SAFETENSORS_U8},
    {"I64", 8, SAFETENSORS_I64},   {"BF16", 2, SAFETENSORS_BF16},     {"BOOL", 1, SAFETENSORS_OTHER},
    {"I8", 1, SAFETENSORS_OTHER},  {"F8_E5M2", 1, SAFETENSORS_OTHER}, {"F8_E4M3", 1, SAFETENSORS_OTHER},
    {"I16", 2, SAFETENSORS_OTHER}, {"U16", 2, SAFETENSORS_OTHER},     {"F16", 2, SAFETENSORS_OTHER},
    {"I32", 4, SAFETENSORS_OTHER}, {"U32", 4, SAFETENSORS_OTHER},     {"U64", 8, SAFETENSORS_OTHER}};

const struct safetensors_dtype *safetensors_dtype_named(const char *name)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++)
        if (!strcmp(dtypes[i].name, name))
            return &dtypes[i];
    return NULL;
}

const struct safetensors_dtype *safetensors_dtype_of(enum safetensors_type type)
{
    return &dtypes[type];
}

/* The header is an object of objects of a fixed form, so the parser follows that form and needs no recursion:
 * nesting cannot exhaust the stack. */

static int take_number(struct json_text *text, uint64_t *number)
{
    json_skip_space(text);
    const char *first = text->at;
    *number = 0;
    for (; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++)
        if (__builtin_mul_overflow(*number, 10u, number) ||
            __builtin_add_overflow(*number, (uint64_t)(*text->at - '0'), number))
            return json_malformed(text, "a number below 2^64");
    if (text->at == first || (*first == '0' && text->at - first > 1))
        return json_malformed(text, "a whole number");
    return STATUS_OK;
}

/* "[1,2,3]" into at most `most` numbers. */
static int take_numbers(struct json_text *text, uint64_t *numbers, int most, int *count)
{
    *count = 0;
    int status = json_expect(text, '[');
    if (status || json_take(text, ']'))
        return status;
    do {
        if (*count == most)
            return json_malformed(text, "fewer numbers");
        if ((status = take_number(text, &numbers[*count])))
            return status;
        ++*count;
    } while (json_take(text, ','));
    return json_expect(text, ']');
}

/* What the header says of one tensor, before it is checked. */
struct description {
    char *dtype;
    uint64_t shape[SAFETENSORS_DIMENSIONS_MAX], offsets[2];
    int dimensions, offset_count;
    bool has_shape, has_offsets;
};

static int take_field(struct json_text *text, const char *field, struct description *d)
{
    if (!strcmp(field, "dtype") && !d->dtype)
        return json_take_string(text, &d->dtype);
    if (!strcmp(field, "shape") && !d->has_shape) {
        d->has_shape = true;
        return take_numbers(text, d->shape, SAFETENSORS_DIMENSIONS_MAX, &d->dimensions);
    }
    if (!strcmp(field, "data_offsets") && !d->has_offsets) {
        d->has_offsets = true;
        return take_numbers(text, d->offsets, 2, &d->offset_count);
    }
    return json_malformed(text, "dtype, shape and data_offsets, each once");
}

static int take_description(struct json_text *text, struct description *d)
{
    int status = json_expect(text, '{');
    do {
        char *field = NULL;
        if (status || (status = json_take_string(text, &field)))
            return status;
        if (!(status = json_expect(text, ':')))
            status = take_field(text, field, d);
        free(field);
    } while (!status && json_take(text, ','));
    if (!status)
        status = json_expect(text, '}');
    if (!status && (!d->dtype || !d->has_shape || d->offset_count != 2))
        status = json_malformed(text, "a tensor with dtype, shape and two data_offsets");
    return status;
}

static int accept_tensor(const struct description *d, const char *data, uint64_t data_bytes,
                         struct safetensors_tensor *tensor)
{
    const struct safetensors_dtype *dtype = safetensors_dtype_named(d->dtype);
    if (!dtype)
        return fail(STATUS_DATA, "%s: type '%s' is unknown", tensor->name, d->dtype);
    uint64_t bytes = dtype->bytes;
    for (int i = 0; i < d->dimensions; i++) {
        if (d->shape[i] > INT64_MAX || __builtin_mul_overflow(bytes, d->shape[i], &bytes))
            return fail(STATUS_DATA, "%s: its shape overflows", tensor->name);
        tensor->size[i] = (int64_t)d->shape[i];
    }
    if (d->offsets[0] > d->offsets[1] || d->offsets[1] > data_bytes)
        return fail(STATUS_DATA, "%s: its offsets lie outside the file", tensor->name);
    if (d->offsets[1] - d->offsets[0] != bytes)
        return fail(STATUS_DATA, "%s: its offsets do not fit its shape", tensor->name);
    tensor->type = dtype->type;
    tensor->type_name = dtype->name;
    tensor->dimensions = d->dimensions;
    tensor->data = data + d->offsets[0];
    tensor->bytes = bytes;
    return STATUS_OK;
}

static int take_tensor(struct json_text *text, char *name, const char *data, uint64_t data_bytes,
                       struct safetensors *file)
{
    int status =
        array_grow(&file->tensors, &file->tensor_capacity, file->tensor_count + 1, sizeof *file->tensors);
    if (status) {
        free(name);
        return status;
    }
    struct safetensors_tensor *tensor = &file->tensors[file->tensor_count++];
    *tensor = (struct safetensors_tensor){.name = name};
    struct description d = {0};
    status = take_description(text, &d);
    if (!status)
        status = accept_tensor(&d, data, data_bytes, tensor);
    free(d.dtype);
    return status;
}

static int take_metadata(struct json_text *text, struct safetensors *file)
{
    if (file->metadata)
        return json_malformed(text, "one __metadata__");
    int status = json_expect(text, '{');
    if (status || json_take(text, '}'))
        return status;
    do {
        if ((status = array_grow(&file->metadata, &file->metadata_capacity, file->metadata_count + 1,
                                 sizeof *file->metadata)))
            return status;
        struct safetensors_entry *entry = &file->metadata[file->metadata_count++];
        *entry = (struct safetensors_entry){0};
        if ((status = json_take_string(text, &entry->key)) || (status = json_expect(text, ':')) ||
            (status = json_take_string(text, &entry->value)))
            return status;
    } while (json_take(text, ','));
    return json_expect(text, '}');
}

int safetensors_parse_header(const char *header, size_t length, const char *data, uint64_t data_bytes,
                             struct safetensors *file)
{
    struct json_text text = {header, header, header + length, "header"};
    int status = json_expect(&text, '{');
    if (status)
        return status;
    if (!json_take(&text, '}')) {
        do {
            char *name = NULL;
            if ((status = json_take_string(&text, &name)))
                return status;
            if ((status = json_expect(&text, ':'))) {
                free(name);
                return status;
            }
            if (strcmp(name, "__metadata__")) {
                status = take_tensor(&text, name, data, data_bytes, file);
            } else {
                free(name);
                status = take_metadata(&text, file);
            }
            if (status)
                return status;
        } while (json_take(&text, ','));
        if ((status = json_expect(&text, '}')))
            return status;
    }
    json_skip_space(&text);
    return text.at == text.end ? STATUS_OK : json_malformed(&text, "nothing more");
}
