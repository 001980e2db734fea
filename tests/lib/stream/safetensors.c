/* The container: what is written comes back, byte for byte the same twice; every kind of lie is refused. */
#include "lib/stream/safetensors.h"
#include "lib/base/error.h"
#include "tests/check.h"
#include <errno.h>
#include <stdint.h>
#include <unistd.h>

static char path[512], second[512];

static void write_bytes(const char *to, const char *header, uint64_t claimed, size_t header_bytes,
                        size_t data_bytes)
{
    FILE *file = fopen(to, "wb");
    for (int i = 0; i < 8; i++)
        fputc((int)(claimed >> 8 * i & 0xff), file);
    fwrite(header, 1, header_bytes, file);
    for (size_t i = 0; i < data_bytes; i++)
        fputc((int)(i & 0xff), file);
    fclose(file);
}

static void refused(const char *what, const char *header, size_t data_bytes)
{
    struct safetensors file;
    write_bytes(path, header, strlen(header), strlen(header), data_bytes);
    int status = safetensors_open(&file, path);
    check(status == STATUS_DATA && strstr(error_message(), path), "refused: %s (%s)", what,
          status ? error_message() + strlen(path) : "accepted");
    if (!status)
        safetensors_close(&file);
}

static void accepted(const char *what, const char *header, size_t data_bytes)
{
    struct safetensors file;
    write_bytes(path, header, strlen(header), strlen(header), data_bytes);
    int status = safetensors_open(&file, path);
    check(status == STATUS_OK, "accepted: %s%s", what, status ? error_message() : "");
    if (!status)
        safetensors_close(&file);
}

static void save(const char *to, const struct safetensors *file)
{
    struct output output;
    int status = output_open(&output, to, true);
    if (!status)
        status = safetensors_write(&output, file);
    if (!status)
        status = output_commit(&output);
    check(status == STATUS_OK, "writes%s", status ? error_message() : "");
}

static int same_files(const char *a, const char *b)
{
    FILE *left = fopen(a, "rb"), *right = fopen(b, "rb");
    int x, y;
    do {
        x = fgetc(left);
        y = fgetc(right);
    } while (x == y && x != EOF);
    fclose(left);
    fclose(right);
    return x == y;
}

static void test_round_trip(void)
{
    float values[6] = {1, -2, 3.5f, 0, 1e-30f, 7};
    uint8_t bytes[3] = {0, 1, 255};
    int64_t scalar = -5;
    struct safetensors_tensor tensors[] = {
        {.name = "b.first",
         .type = SAFETENSORS_F32,
         .dimensions = 2,
         .size = {2, 3},
         .data = values,
         .bytes = 24},
        {.name = "a \"quoted\"\n",
         .type = SAFETENSORS_U8,
         .dimensions = 1,
         .size = {3},
         .data = bytes,
         .bytes = 3},
        {.name = "scalar", .type = SAFETENSORS_I64, .dimensions = 0, .data = &scalar, .bytes = 8},
        {.name = "empty", .type = SAFETENSORS_F64, .dimensions = 1, .size = {0}, .data = values, .bytes = 0}};
    struct safetensors_entry metadata[] = {{"key", "value with \\ and \x01 and \xc3\xa9"}, {"", ""}};
    struct safetensors out = {
        .tensors = tensors, .tensor_count = 4, .metadata = metadata, .metadata_count = 2};
    save(path, &out);
    save(second, &out);
    check(same_files(path, second), "the same input gives the same bytes");

    struct safetensors in;
    int status = safetensors_open(&in, path);
    if (!check(status == STATUS_OK, "opens what it wrote%s", status ? error_message() : ""))
        return;
    int same = in.tensor_count == 4 && in.metadata_count == 2;
    for (size_t i = 0; same && i < 4; i++)
        same = !strcmp(in.tensors[i].name, tensors[i].name) && in.tensors[i].type == tensors[i].type &&
               in.tensors[i].dimensions == tensors[i].dimensions &&
               !memcmp(in.tensors[i].size, tensors[i].size, sizeof tensors[i].size) &&
               in.tensors[i].bytes == tensors[i].bytes &&
               !memcmp(in.tensors[i].data, tensors[i].data, tensors[i].bytes);
    check(same, "names, types, shapes and data come back");
    const char *value = safetensors_metadata(&in, "key");
    check(value && !strcmp(value, metadata[0].value), "metadata comes back with its escapes");
    check(!safetensors_metadata(&in, "other") && !safetensors_find(&in, "other"), "absent is NULL");
    check(safetensors_find(&in, "b.first") && (uintptr_t)in.tensors[0].data % 64 == 0, "data is aligned");
    safetensors_close(&in);
}

static void test_refusals(void)
{
    refused("empty header", "", 0);
    refused("not JSON", "hello", 0);
    refused("an array", "[]", 0);
    refused("unclosed object", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}", 1);
    refused("unclosed string", "{\"a", 0);
    refused("text after the object", "{} x", 0);
    refused("bytes after the last tensor", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
            2);
    refused("data that ends early", "{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}", 2);
    refused("overlap",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
            "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
            3);
    refused("gap",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
            "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]}}",
            3);
    refused("the same name twice",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
            "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
            2);
    refused("offsets that run backwards", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,0]}}",
            1);
    refused("three offsets", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,1]}}", 1);
    refused("one offset", "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0]}}", 0);
    refused("a shape that does not fit", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,1]}}",
            1);
    refused("a shape that overflows",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0);
    refused("a negative size", "{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}}", 1);
    refused("a fraction", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}", 1);
    refused("a number beyond 64 bits",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[18446744073709551617],\"data_offsets\":[0,1]}}", 1);
    refused("nine dimensions",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1);
    refused("an unknown type", "{\"a\":{\"dtype\":\"C128\",\"shape\":[1],\"data_offsets\":[0,16]}}", 16);
    refused("no type", "{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1);
    refused("an unknown field", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1}}", 1);
    refused("a tensor that is a number", "{\"a\":1}", 0);
    refused("metadata that is not a string", "{\"__metadata__\":{\"a\":1}}", 0);
    refused("metadata twice", "{\"__metadata__\":{\"a\":\"1\"},\"__metadata__\":{\"b\":\"1\"}}", 0);
    refused("a NUL in a name", "{\"a\\u0000\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1);
    refused("half a surrogate pair", "{\"__metadata__\":{\"\\ud83d\":\"\"}}", 0);
    refused("a bad escape", "{\"__metadata__\":{\"\\x\":\"\"}}", 0);
    accepted("no tensors", "{}", 0);
    accepted("spaces and a surrogate pair", " { \"__metadata__\" : { \"\\ud83d\\ude00\" : \"\\u00e9\" } } ",
             0);
    accepted("a type that nothing computes with",
             "{\"a\":{\"data_offsets\":[0,2],\"shape\":[1],\"dtype\":\"BF16\"}}", 2);

    struct safetensors file;
    write_bytes(path, "{}", (uint64_t)1 << 40, 2, 0);
    check(safetensors_open(&file, path) == STATUS_DATA, "refused: a header of a terabyte");
    write_bytes(path, "{}", UINT64_MAX, 2, 0);
    check(safetensors_open(&file, path) == STATUS_DATA, "refused: a header of 2^64 - 1 bytes");
    write_bytes(path, "{}", 3, 2, 0);
    check(safetensors_open(&file, path) == STATUS_DATA, "refused: a file that ends inside its header");
    FILE *brief = fopen(path, "wb");
    fputs("abc", brief);
    fclose(brief);
    check(safetensors_open(&file, path) == STATUS_DATA, "refused: three bytes");
    check(safetensors_open(&file, "/dev/null") == STATUS_DATA, "refused: a device");
    unlink(path);
    check(safetensors_open(&file, path) == STATUS_FAILURE, "no such file is a failure");
}

/* Every truncation of a valid file is refused. */
static void test_truncation(void)
{
    float values[4] = {1, 2, 3, 4};
    struct safetensors_tensor tensor = {
        .name = "t", .type = SAFETENSORS_F32, .dimensions = 1, .size = {4}, .data = values, .bytes = 16};
    struct safetensors_entry entry = {"k", "v"};
    struct safetensors out = {.tensors = &tensor, .tensor_count = 1, .metadata = &entry, .metadata_count = 1};
    save(path, &out);
    FILE *file = fopen(path, "rb");
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    fclose(file);
    int refusals = 0;
    struct safetensors in;
    for (long length = size - 1; length >= 0; length--)
        refusals += !truncate(path, length) && safetensors_open(&in, path) == STATUS_DATA;
    check(refusals == size, "refused: each of %ld truncations", size);
}

static void test_golden(void)
{
    struct safetensors file;
    int status = safetensors_open(&file, "tests/golden/operations.safetensors");
    check(!status && safetensors_find(&file, "conv3.dw"), "opens a file that another library wrote");
    if (!status)
        safetensors_close(&file);
}

#ifdef __SANITIZE_ADDRESS__
static void test_memory(void)
{
    skip("the sanitizer has its own allocator", "a header for which memory is short");
}
#else
/* Stands before the C library's: fails at call number `fails_at` from now, and at all after it. */
static long fails_at = -1;
void *__libc_realloc(void *old, size_t bytes);
void *realloc(void *old, size_t bytes)
{
    if (fails_at >= 0 && fails_at-- == 0) {
        fails_at = 0;
        errno = ENOMEM;
        return NULL;
    }
    return __libc_realloc(old, bytes);
}

/* Wherever memory ends while the header is built, the write fails and leaves no file. */
static void test_memory(void)
{
    enum { MANY = 500 };
    static float value = 1;
    static char names[MANY][24];
    static struct safetensors_tensor tensors[MANY];
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "layer.%d.weight", i);
        tensors[i] =
            (struct safetensors_tensor){.name = names[i], .dimensions = 0, .data = &value, .bytes = 4};
    }
    struct safetensors out = {.tensors = tensors, .tensor_count = MANY}, in;
    int failures = 0, right = 1, status = STATUS_FAILURE;
    for (long k = 0; status; k++) {
        struct output output;
        unlink(path);
        if (output_open(&output, path, true))
            abort();
        fails_at = k;
        status = safetensors_write(&output, &out);
        fails_at = -1;
        if (!status)
            status = output_commit(&output);
        else
            right &= status == STATUS_FAILURE && strstr(error_message(), path) != NULL;
        output_discard(&output);
        failures += status != STATUS_OK;
        right &= (access(path, F_OK) == 0) == !status;
    }
    check(right && failures > 5, "%d places where memory ends: a failure, and no file", failures);
    status = safetensors_open(&in, path);
    check(!status && in.tensor_count == MANY, "with enough of it all tensors come back");
    if (!status)
        safetensors_close(&in);
}
#endif

int main(void)
{
    snprintf(path, sizeof path, "%s", scratch("a.safetensors"));
    snprintf(second, sizeof second, "%s", scratch("b.safetensors"));
    test_round_trip();
    test_refusals();
    test_truncation();
    test_memory();
    test_golden();
    unlink(path);
    unlink(second);
    return check_exit();
}
