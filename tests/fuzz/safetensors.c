/* Hostile safetensors files, as such and as checkpoints: all that an accepted one names can be read, and
 * written again. */
#include "lib/base/error.h"
#include "lib/network/checkpoint.h"
#include "lib/network/kinds.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/feed.h"

static volatile uint8_t seen; /* so that the bytes are read */

static void look_at(const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        seen ^= ((const uint8_t *)bytes)[i];
}

static int read_container(const char *path)
{
    struct safetensors file;
    struct output output;
    int status = safetensors_open(&file, path);
    fuzz_promise(status == STATUS_OK || status == STATUS_DATA || status == STATUS_FAILURE);
    if (status)
        return status;
    for (size_t i = 0; i < file.tensor_count; i++) {
        look_at(file.tensors[i].data, file.tensors[i].bytes);
        fuzz_promise(safetensors_find(&file, file.tensors[i].name) != NULL);
    }
    fuzz_promise(!safetensors_find(&file, "\x01"));
    fuzz_promise(!output_open(&output, "/dev/null", true));
    (void)safetensors_write(&output, &file); /* a type that is only read is refused */
    output_discard(&output);
    safetensors_close(&file);
    return STATUS_OK;
}

static int read_checkpoint(const char *path)
{
    struct checkpoint checkpoint;
    int status = checkpoint_open(&checkpoint, path);
    fuzz_promise(status == STATUS_OK || status == STATUS_DATA || status == STATUS_FAILURE);
    if (status)
        return status;
    for (size_t i = 0; i < checkpoint.table.count; i++)
        for (enum state_vector vector = 0; vector < STATE_VECTORS; vector++) {
            const struct parameter *parameter = &checkpoint.table.parameters[i];
            if (checkpoint.has[vector])
                look_at(checkpoint_values(&checkpoint, vector, parameter), parameter->count * sizeof(float));
        }
    checkpoint_close(&checkpoint);
    return STATUS_OK;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct safetensors file;
    (void)argc, (void)argv;
    fuzz_promise(safetensors_open(&file, "/dev/null/none") == STATUS_FAILURE &&
                 safetensors_open(&file, "/dev") == STATUS_DATA);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    quiet = 1;
    int container = read_container(path), checkpoint = read_checkpoint(path);
    fuzz_promise(!container || checkpoint);
    *(checkpoint ? &fuzz_refused : &fuzz_accepted) += 1;
    return 0;
}

static int no_values(void *self, enum state_vector vector, const struct parameter *parameter, float *values)
{
    (void)self, (void)vector;
    memset(values, 0, parameter->count * sizeof *values);
    return STATUS_OK;
}

int main(void)
{
    struct architecture architecture = {NETWORK_REVERSIBLE, 2, {2, 2}, 1, 1, 1, 1, 1};
    struct parameter_table table;
    struct training training = {.seed = 1, .average_decay = 0.5, .memory = "recompute", .backend = "fuzz"};
    const char *path = scratch("seed.safetensors");
    size_t size;
    LLVMFuzzerInitialize(NULL, NULL);
    if (parameter_table_make(&table, &architecture) ||
        checkpoint_save(path, &architecture, &table, &training, no_values, NULL))
        return report(STATUS_FAILURE);
    char *seed = read_file(path, &size);
    size_t header = 8 + (size_t)(uint8_t)seed[0] + 256 * (size_t)(uint8_t)seed[1];
    fuzz_rounds("checkpoint", (uint8_t *)seed, size, header, 6000);
    free(seed);
    parameter_table_free(&table);
    fuzz_corpus("safetensors");
    return check_exit();
}
