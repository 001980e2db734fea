#include "lib/stream/safetensors_header.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
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
struct cursor {
    const char *begin, *at, *end;
};

static int malformed(const struct cursor *text, const char *expected)
{
    return fail(STATUS_DATA, "header: expected %s at byte %zu", expected, (size_t)(text->at - text->begin));
}

static void skip_space(struct cursor *text)
{
    while (text->at < text->end &&
           (*text->at == ' ' || *text->at == '\t' || *text->at == '\n' || *text->at == '\r'))
        text->at++;
}

/* Whether the next token is `symbol`; it is taken if so. */
static bool take(struct cursor *text, char symbol)
{
    skip_space(text);
    if (text->at == text->end || *text->at != symbol)
        return false;
    text->at++;
    return true;
}

static int expect(struct cursor *text, char symbol)
{
    char shown[] = {'\'', symbol, '\'', 0};
    return take(text, symbol) ? STATUS_OK : malformed(text, shown);
}

/* Four hexadecimal digits, or -1. */
static long take_hex4(struct cursor *text)
{
    long value = 0;
    if (text->end - text->at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = *text->at++;
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static char *put_utf8(char *to, long code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* The code point of "\uXXXX" whose "\u" is taken, with its low surrogate if it has one; -1 for a lone
 * surrogate and for NUL, which a C string cannot hold. */
static long take_code_point(struct cursor *text)
{
    long high = take_hex4(text);
    if (high < 0xd800 || high > 0xdfff)
        return high > 0 ? high : -1;
    if (high > 0xdbff || text->end - text->at < 2 || text->at[0] != '\\' || text->at[1] != 'u')
        return -1;
    text->at += 2;
    long low = take_hex4(text);
    return low < 0xdc00 || low > 0xdfff ? -1 : 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* The character after a backslash; *to moves on. */
static bool take_escape(struct cursor *text, char **to)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    if (text->at == text->end)
        return false;
    char c = *text->at++;
    if (c == 'u') {
        long code = take_code_point(text);
        if (code < 0)
            return false;
        *to = put_utf8(*to, code);
        return true;
    }
    const char *found = c ? strchr(from, c) : NULL;
    if (!found)
        return false;
    *(*to)++ = into[found - from];
    return true;
}

/* A string into fresh memory; an escape is never shorter than what it stands for. */
static int take_string(struct cursor *text, char **string)
{
    if (!take(text, '"'))
        return malformed(text, "a string");
    const char *close = text->at;
    while (close < text->end && *close != '"')
        close += *close == '\\' ? 2 : 1;
    if (close >= text->end)
        return malformed(text, "the end of a string");
    char *to = *string = malloc((size_t)(close - text->at) + 1);
    if (!to)
        return fail(STATUS_FAILURE, "out of memory");
    while (text->at < close) {
        unsigned char c = (unsigned char)*text->at++;
        if (c < 0x20 || (c == '\\' && !take_escape(text, &to))) {
            free(*string);
            *string = NULL;
            return malformed(text, "a valid character");
        }
        if (c != '\\')
            *to++ = (char)c;
    }
    *to = 0;
    text->at = close + 1;
    return STATUS_OK;
}

static int take_number(struct cursor *text, uint64_t *number)
{
    skip_space(text);
    const char *first = text->at;
    *number = 0;
    for (; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++)
        if (__builtin_mul_overflow(*number, 10u, number) ||
            __builtin_add_overflow(*number, (uint64_t)(*text->at - '0'), number))
            return malformed(text, "a number below 2^64");
    if (text->at == first || (*first == '0' && text->at - first > 1))
        return malformed(text, "a whole number");
    return STATUS_OK;
}

/* "[1,2,3]" into at most `most` numbers. */
static int take_numbers(struct cursor *text, uint64_t *numbers, int most, int *count)
{
    *count = 0;
    int status = expect(text, '[');
    if (status || take(text, ']'))
        return status;
    do {
        if (*count == most)
            return malformed(text, "fewer numbers");
        if ((status = take_number(text, &numbers[*count])))
            return status;
        ++*count;
    } while (take(text, ','));
    return expect(text, ']');
}

/* What the header says of one tensor, before it is checked. */
struct description {
    char *dtype;
    uint64_t shape[SAFETENSORS_DIMENSIONS_MAX], offsets[2];
    int dimensions, offset_count;
    bool has_shape, has_offsets;
};

static int take_field(struct cursor *text, const char *field, struct description *d)
{
    if (!strcmp(field, "dtype") && !d->dtype)
        return take_string(text, &d->dtype);
    if (!strcmp(field, "shape") && !d->has_shape) {
        d->has_shape = true;
        return take_numbers(text, d->shape, SAFETENSORS_DIMENSIONS_MAX, &d->dimensions);
    }
    if (!strcmp(field, "data_offsets") && !d->has_offsets) {
        d->has_offsets = true;
        return take_numbers(text, d->offsets, 2, &d->offset_count);
    }
    return malformed(text, "dtype, shape and data_offsets, each once");
}

static int take_description(struct cursor *text, struct description *d)
{
    int status = expect(text, '{');
    do {
        char *field = NULL;
        if (status || (status = take_string(text, &field)))
            return status;
        if (!(status = expect(text, ':')))
            status = take_field(text, field, d);
        free(field);
    } while (!status && take(text, ','));
    if (!status)
        status = expect(text, '}');
    if (!status && (!d->dtype || !d->has_shape || d->offset_count != 2))
        status = malformed(text, "a tensor with dtype, shape and two data_offsets");
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

static int take_tensor(struct cursor *text, char *name, const char *data, uint64_t data_bytes,
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

static int take_metadata(struct cursor *text, struct safetensors *file)
{
    if (file->metadata)
        return malformed(text, "one __metadata__");
    int status = expect(text, '{');
    if (status || take(text, '}'))
        return status;
    do {
        if ((status = array_grow(&file->metadata, &file->metadata_capacity, file->metadata_count + 1,
                                 sizeof *file->metadata)))
            return status;
        struct safetensors_entry *entry = &file->metadata[file->metadata_count++];
        *entry = (struct safetensors_entry){0};
        if ((status = take_string(text, &entry->key)) || (status = expect(text, ':')) ||
            (status = take_string(text, &entry->value)))
            return status;
    } while (take(text, ','));
    return expect(text, '}');
}

int safetensors_parse_header(const char *header, size_t length, const char *data, uint64_t data_bytes,
                             struct safetensors *file)
{
    struct cursor text = {header, header, header + length};
    int status = expect(&text, '{');
    if (status)
        return status;
    if (!take(&text, '}')) {
        do {
            char *name = NULL;
            if ((status = take_string(&text, &name)))
                return status;
            if ((status = expect(&text, ':'))) {
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
        } while (take(&text, ','));
        if ((status = expect(&text, '}')))
            return status;
    }
    skip_space(&text);
    return text.at == text.end ? STATUS_OK : malformed(&text, "nothing more");
}
