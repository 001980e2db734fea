#include "lib/stream/safetensors.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/json_text.h"
#include "lib/stream/magic.h"
#include "lib/stream/mapping.h"
#include "lib/stream/safetensors_header.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LENGTH_BYTES = 8, HEADER_MAX = 16 << 20, DATA_ALIGNMENT = 64 };

static int map_file(struct safetensors *file, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0)
        return fail_errno(STATUS_FAILURE, "%s", path);
    int status = STATUS_OK;
    if (fstat(fd, &info))
        status = fail_errno(STATUS_FAILURE, "%s", path);
    else if (!S_ISREG(info.st_mode))
        status = fail(STATUS_DATA, "%s: not a regular file", path);
    else if (info.st_size < LENGTH_BYTES)
        status = fail(STATUS_DATA, "%s: too short for a safetensors file", path);
    if (!status) {
        void *mapping = mapping_open(fd, 0, (size_t)info.st_size, path);
        if (!mapping) {
            status = fail_errno(STATUS_FAILURE, "%s: cannot map", path);
        } else {
            file->mapping = mapping;
            file->mapping_bytes = (size_t)info.st_size;
        }
    }
    close(fd);
    return status;
}

static int by_name(const void *a, const void *b)
{
    const struct safetensors_tensor *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

/* By first byte; an empty tensor comes before the one that begins at the same byte. */
static int by_offset(const void *a, const void *b)
{
    const struct safetensors_tensor *left = *(const struct safetensors_tensor *const *)a,
                                    *right = *(const struct safetensors_tensor *const *)b;
    if (left->data != right->data)
        return (const char *)left->data < (const char *)right->data ? -1 : 1;
    return (left->bytes > right->bytes) - (left->bytes < right->bytes);
}

static int check_names(const struct safetensors_tensor **order, size_t count)
{
    qsort(order, count, sizeof(*order), by_name);
    for (size_t i = 1; i < count; i++)
        if (!strcmp(order[i - 1]->name, order[i]->name))
            return fail(STATUS_DATA, "%s: named twice", order[i]->name);
    return STATUS_OK;
}

/* Every byte from `data` to the end of the file belongs to exactly one tensor. */
static int check_offsets(const struct safetensors_tensor **order, size_t count, const char *data,
                         const char *end)
{
    qsort(order, count, sizeof(*order), by_offset);
    for (size_t i = 0; i < count; i++) {
        if ((const char *)order[i]->data != data)
            return fail(STATUS_DATA, "%s: %s", order[i]->name,
                        (const char *)order[i]->data < data ? "overlaps another tensor"
                                                            : "a gap lies before it");
        data += order[i]->bytes;
    }
    return data == end ? STATUS_OK : fail(STATUS_DATA, "bytes after the last tensor");
}

static int check_tensors(const struct safetensors *file, const char *data)
{
    size_t count = file->tensor_count;
    const struct safetensors_tensor **order = malloc((count + 1) * sizeof *order);
    if (!order)
        return fail(STATUS_FAILURE, "out of memory");
    for (size_t i = 0; i < count; i++)
        order[i] = &file->tensors[i];
    int status = check_names(order, count);
    if (!status)
        status = check_offsets(order, count, data, (const char *)file->mapping + file->mapping_bytes);
    free(order);
    return status;
}

static int parse_file(struct safetensors *file)
{
    const unsigned char *bytes = file->mapping;
    uint64_t length = 0;
    for (int i = LENGTH_BYTES - 1; i >= 0; i--)
        length = length << 8 | bytes[i];
    if (length > HEADER_MAX)
        return fail(STATUS_DATA, "a header of %" PRIu64 " bytes is more than 16 MiB%s", length,
                    looks_like(bytes, LENGTH_BYTES));
    if (length > file->mapping_bytes - LENGTH_BYTES)
        return fail(STATUS_DATA, "the file ends inside its header");
    const char *header = (const char *)bytes + LENGTH_BYTES, *data = header + length;
    int status =
        safetensors_parse_header(header, length, data, file->mapping_bytes - LENGTH_BYTES - length, file);
    return status ? status : check_tensors(file, data);
}

int safetensors_open(struct safetensors *file, const char *path)
{
    *file = (struct safetensors){0};
    int status = map_file(file, path);
    if (!status && (status = parse_file(file)))
        fail_in(status, "%s", path);
    if (status)
        safetensors_close(file);
    return status;
}

void safetensors_close(struct safetensors *file)
{
    for (size_t i = 0; i < file->tensor_count; i++)
        free(file->tensors[i].name);
    for (size_t i = 0; i < file->metadata_count; i++) {
        free(file->metadata[i].key);
        free(file->metadata[i].value);
    }
    free(file->tensors);
    free(file->metadata);
    mapping_close(file->mapping, file->mapping_bytes);
    *file = (struct safetensors){0};
}

const struct safetensors_tensor *safetensors_find(const struct safetensors *file, const char *name)
{
    for (size_t i = 0; i < file->tensor_count; i++)
        if (!strcmp(file->tensors[i].name, name))
            return &file->tensors[i];
    return NULL;
}

const char *safetensors_metadata(const struct safetensors *file, const char *key)
{
    for (size_t i = 0; i < file->metadata_count; i++)
        if (!strcmp(file->metadata[i].key, key))
            return file->metadata[i].value;
    return NULL;
}

/* Text that grows. The first failure stays in `status`, and nothing is appended after it. */
struct text {
    char *bytes;
    size_t length, capacity;
    int status;
};

static void put_bytes(struct text *text, const char *bytes, size_t count)
{
    if (!text->status)
        text->status = array_grow(&text->bytes, &text->capacity, text->length + count, 1);
    if (text->status)
        return;
    memcpy(text->bytes + text->length, bytes, count);
    text->length += count;
}

/* At most 127 bytes. */
__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...)
{
    char piece[128];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof piece)
        text->status = fail(STATUS_FAILURE, "a piece of %d bytes is too long for the header", length);
    else
        put_bytes(text, piece, (size_t)length);
}

static void put_string(struct text *text, const char *string)
{
    char shown[JSON_BYTE_SIZE];
    put(text, "\"");
    for (const char *c = string; *c; c++)
        put_bytes(text, shown, json_byte(*c, "", shown));
    put(text, "\"");
}

static void put_metadata(struct text *text, const struct safetensors *file)
{
    put(text, "\"__metadata__\":{");
    for (size_t i = 0; i < file->metadata_count; i++) {
        put(text, i ? "," : "");
        put_string(text, file->metadata[i].key);
        put(text, ":");
        put_string(text, file->metadata[i].value);
    }
    put(text, "}");
}

static void put_tensor(struct text *text, const struct safetensors_tensor *tensor, uint64_t offset)
{
    put_string(text, tensor->name);
    put(text, ":{\"dtype\":\"%s\",\"shape\":[", safetensors_dtype_of(tensor->type)->name);
    for (int i = 0; i < tensor->dimensions; i++)
        put(text, i ? ",%" PRId64 : "%" PRId64, tensor->size[i]);
    put(text, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", offset, offset + tensor->bytes);
}

/* The length and the header, padded with spaces so that the data behind them begins aligned. */
static void put_header(struct text *text, const struct safetensors *file)
{
    uint64_t offset = 0;
    put(text, "%*s{", LENGTH_BYTES, "");
    if (file->metadata_count)
        put_metadata(text, file);
    for (size_t i = 0; i < file->tensor_count; i++) {
        put(text, i || file->metadata_count ? "," : "");
        put_tensor(text, &file->tensors[i], offset);
        offset += file->tensors[i].bytes;
    }
    put(text, "}");
    while (!text->status && text->length % DATA_ALIGNMENT)
        put(text, " ");
    for (int i = 0; !text->status && i < LENGTH_BYTES; i++)
        text->bytes[i] = (char)((uint64_t)(text->length - LENGTH_BYTES) >> 8 * i);
}

int safetensors_write_header(struct output *output, const struct safetensors *file)
{
    struct text header = {0};
    put_header(&header, file);
    int status = header.status ? fail_in(header.status, "%s", output_name(output))
                               : output_write(output, header.bytes, header.length);
    free(header.bytes);
    return status;
}

int safetensors_write(struct output *output, const struct safetensors *file)
{
    int status = safetensors_write_header(output, file);
    for (size_t i = 0; !status && i < file->tensor_count; i++)
        status = output_write(output, file->tensors[i].data, file->tensors[i].bytes);
    return status;
}
