#include "lib/network/model_export.h"
#include "kernels/bf16.h"
#include "lib/base/error.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is said of a training that goes on. */
static const char *const dropped[] = {"prunet.average_decay", "prunet.cases_done", "prunet.cases_digest"};

static bool is_dropped(const char *key)
{
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
        if (!strcmp(key, dropped[i]))
            return true;
    return false;
}

/* Metadata with the room for all that may come. */
struct entries {
    struct safetensors_entry *at;
    size_t count;
};

static void set_entry(struct entries *entries, struct safetensors_entry entry)
{
    size_t i = 0;
    while (i < entries->count && strcmp(entries->at[i].key, entry.key))
        i++;
    entries->at[i] = entry;
    entries->count += i == entries->count;
}

/* Without those that have no text. */
static void drop_empty(struct entries *entries)
{
    size_t kept = 0;
    for (size_t i = 0; i < entries->count; i++)
        if (entries->at[i].value)
            entries->at[kept++] = entries->at[i];
    entries->count = kept;
}

/* What a refitted checkpoint is now: numbers of inputs and outputs as text, and the scheme. */
enum { NUMBER_SIZE = 12, REFIT_ENTRIES = 3 };
static void set_network(const struct checkpoint *c, char numbers[2][NUMBER_SIZE], struct entries *entries)
{
    const char *const keys[] = {"prunet.inputs", "prunet.outputs"};
    const int values[] = {c->architecture.inputs, c->architecture.outputs};
    for (int i = 0; i < 2; i++) {
        snprintf(numbers[i], NUMBER_SIZE, "%d", values[i]);
        set_entry(entries, (struct safetensors_entry){(char *)keys[i], numbers[i]});
    }
    if (checkpoint_scheme(c) != record_scheme)
        set_entry(entries, (struct safetensors_entry){(char *)"prunet.scheme", checkpoint_scheme(c)->text});
}

static int collect_entries(const struct checkpoint *c, const struct model_options *options,
                           char numbers[2][NUMBER_SIZE], struct entries *entries)
{
    const struct safetensors *file = &c->file;
    entries->at = calloc(file->metadata_count + options->note_count + 1 + REFIT_ENTRIES, sizeof *entries->at);
    if (!entries->at)
        return fail(STATUS_FAILURE, "out of memory");
    for (size_t i = 0; i < file->metadata_count; i++)
        if (!is_dropped(file->metadata[i].key) &&
            !(c->refitted && !strcmp(file->metadata[i].key, "prunet.scheme")))
            set_entry(entries, file->metadata[i]);
    if (c->refitted)
        set_network(c, numbers, entries);
    const char *of_state = checkpoint_model(c) == STATE_AVERAGE ? "average" : "last";
    if (!safetensors_metadata(file, "prunet.weights")) /* a model's stay what they are */
        set_entry(entries, (struct safetensors_entry){(char *)"prunet.weights", (char *)of_state});
    for (size_t i = 0; i < options->note_count; i++)
        set_entry(entries, options->notes[i]);
    drop_empty(entries);
    return STATUS_OK;
}

/* Names and shapes of the weights; the names are the table's. */
static struct safetensors_tensor *describe_tensors(const struct parameter_table *table, bool half)
{
    struct safetensors_tensor *tensors = calloc(table->count, sizeof *tensors);
    for (size_t i = 0; tensors && i < table->count; i++) {
        const struct parameter *p = &table->parameters[i];
        tensors[i] = (struct safetensors_tensor){.name = (char *)p->name,
                                                 .type = half ? SAFETENSORS_BF16 : SAFETENSORS_F32,
                                                 .dimensions = p->dimensions,
                                                 .bytes = p->count * (half ? 2 : sizeof(float))};
        for (int d = 0; d < p->dimensions; d++)
            tensors[i].size[d] = p->size[d];
    }
    return tensors;
}

/* The upper halves of `count` finite floats, rounded; `values` may be unaligned. The largest would round to
 * infinity, and is cut. */
static void narrow(size_t count, const char *values, uint16_t *half)
{
    for (size_t i = 0; i < count; i++) {
        float value;
        memcpy(&value, values + i * sizeof value, sizeof value);
        half[i] = bf16_of(value);
        if (isinf(bf16_value(half[i])))
            half[i]--; /* the bits of the largest finite number come before infinity's */
    }
}

static int write_parameter(const struct checkpoint *c, const struct parameter *p, bool half,
                           struct output *output)
{
    const void *values = checkpoint_values(c, checkpoint_model(c), p);
    if (!half)
        return output_write(output, values, p->count * sizeof(float));
    uint16_t *halves = malloc(p->count * sizeof *halves);
    if (!halves)
        return fail(STATUS_FAILURE, "out of memory");
    narrow(p->count, values, halves);
    int status = output_write(output, halves, p->count * sizeof *halves);
    free(halves);
    return status;
}

static int write_model(const struct checkpoint *c, const struct model_options *options, struct output *output)
{
    struct entries entries = {0};
    char numbers[2][NUMBER_SIZE];
    struct safetensors_tensor *tensors = describe_tensors(&c->table, options->half);
    int status =
        tensors ? collect_entries(c, options, numbers, &entries) : fail(STATUS_FAILURE, "out of memory");
    const struct safetensors file = {.tensors = tensors,
                                     .tensor_count = c->table.count,
                                     .metadata = entries.at,
                                     .metadata_count = entries.count};
    if (!status)
        status = safetensors_write_header(output, &file);
    for (size_t i = 0; !status && i < c->table.count; i++)
        status = write_parameter(c, &c->table.parameters[i], options->half, output);
    free(entries.at);
    free(tensors);
    return status;
}

int model_export(const struct checkpoint *checkpoint, const struct model_options *options, const char *path)
{
    struct output output;
    int status = checkpoint_check_finite(checkpoint, checkpoint_model(checkpoint));
    if (status || (status = output_open(&output, path, true)))
        return status;
    if (!(status = write_model(checkpoint, options, &output)))
        status = output_commit(&output);
    output_discard(&output);
    return status;
}
