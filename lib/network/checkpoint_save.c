/* Writing a state: see checkpoint.h. */
#include "lib/base/error.h"
#include "lib/network/checkpoint.h"
#include "lib/network/kinds.h"
#include "lib/network/state_tensor.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ENTRIES_MAX = 19, NUMBER_SIZE = 24 };

struct metadata {
    struct safetensors_entry entries[ENTRIES_MAX];
    char numbers[ENTRIES_MAX][NUMBER_SIZE];
    char channels[CHANNEL_LIST_SIZE];
    size_t count;
};

static void put_text(struct metadata *metadata, const char *key, const char *value)
{
    metadata->entries[metadata->count++] = (struct safetensors_entry){(char *)key, (char *)value};
}

static void put_number(struct metadata *metadata, const char *key, uint64_t value)
{
    char *text = metadata->numbers[metadata->count];
    snprintf(text, NUMBER_SIZE, "%" PRIu64, value);
    put_text(metadata, key, text);
}

static void put_real(struct metadata *metadata, const char *key, double value)
{
    char *text = metadata->numbers[metadata->count];
    snprintf(text, NUMBER_SIZE, "%.12g", value);
    put_text(metadata, key, text);
}

static void describe(struct metadata *m, const struct architecture *a, const struct training *t)
{
    architecture_channel_list(a, m->channels);
    put_text(m, "prunet.version", "1");
    put_text(m, "prunet.kind", network_kind_name(a->kind));
    put_text(m, "prunet.channels", m->channels);
    put_number(m, "prunet.encoder_blocks", (uint64_t)a->encoder_blocks);
    put_number(m, "prunet.decoder_blocks", (uint64_t)a->decoder_blocks);
    put_number(m, "prunet.groups", (uint64_t)a->groups);
    put_number(m, "prunet.inputs", (uint64_t)a->inputs);
    put_number(m, "prunet.outputs", (uint64_t)a->outputs);
    put_number(m, "prunet.epoch", t->epoch);
    put_number(m, "prunet.step", t->step);
    put_number(m, "prunet.seed", t->seed);
    if (t->scheme && t->scheme != record_scheme)
        put_text(m, "prunet.scheme", t->scheme->text);
    if (*t->memory)
        put_text(m, "prunet.memory", t->memory);
    if (*t->backend)
        put_text(m, "prunet.backend", t->backend);
    if (*t->spacing)
        put_text(m, "prunet.spacing", t->spacing);
    if (t->batch > 1)
        put_number(m, "prunet.batch", (uint64_t)t->batch);
    if (t->average_decay > 0)
        put_real(m, "prunet.average_decay", t->average_decay);
    if (t->cases_done) {
        put_number(m, "prunet.cases_done", t->cases_done);
        put_number(m, "prunet.cases_digest", t->cases_digest);
    }
}

/* How many vectors a state has: the average, which it may lack, is the last. */
static int vector_count(const struct training *training)
{
    return training->average_decay > 0 ? STATE_VECTORS : STATE_AVERAGE;
}

/* Names and shapes of all vectors, in the order in which the values will be written. */
static struct safetensors_tensor *describe_tensors(const struct parameter_table *table, int vectors,
                                                   char (*names)[TENSOR_NAME_SIZE])
{
    struct safetensors_tensor *tensors = calloc((size_t)vectors * table->count, sizeof *tensors),
                              *at = tensors;
    for (int v = 0; tensors && v < vectors; v++)
        for (size_t i = 0; i < table->count; i++, at++, names++) {
            const struct parameter *p = &table->parameters[i];
            state_tensor_name(*names, (enum state_vector)v, p);
            *at = (struct safetensors_tensor){.name = *names,
                                              .type = SAFETENSORS_F32,
                                              .dimensions = p->dimensions,
                                              .bytes = p->count * sizeof(float)};
            for (int d = 0; d < p->dimensions; d++)
                at->size[d] = p->size[d];
        }
    return tensors;
}

static int write_values(struct output *output, const struct parameter_table *table, int vectors,
                        checkpoint_source *source, void *self)
{
    size_t largest = 0;
    for (size_t i = 0; i < table->count; i++)
        if (table->parameters[i].count > largest)
            largest = table->parameters[i].count;
    float *values = malloc(largest * sizeof *values);
    int status = values ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
    for (int v = 0; !status && v < vectors; v++)
        for (size_t i = 0; !status && i < table->count; i++) {
            const struct parameter *p = &table->parameters[i];
            status = source(self, (enum state_vector)v, p, values);
            if (!status && (status = state_check_finite(STATUS_FAILURE, (enum state_vector)v, p, values)))
                fail(status,
                     "%s: not written: %s: training has diverged; go on from an earlier state with a smaller "
                     "learning rate or weight decay",
                     output_name(output), error_message());
            if (!status)
                status = output_write(output, values, p->count * sizeof *values);
        }
    free(values);
    return status;
}

static int write_checkpoint(struct output *output, const struct architecture *architecture,
                            const struct parameter_table *table, const struct training *training,
                            checkpoint_source *source, void *self)
{
    struct metadata metadata = {.count = 0};
    const int vectors = vector_count(training);
    describe(&metadata, architecture, training);
    char(*names)[TENSOR_NAME_SIZE] = calloc((size_t)vectors * table->count, sizeof *names);
    struct safetensors_tensor *tensors = names ? describe_tensors(table, vectors, names) : NULL;
    struct safetensors file = {.tensors = tensors,
                               .tensor_count = (size_t)vectors * table->count,
                               .metadata = metadata.entries,
                               .metadata_count = metadata.count};
    int status = tensors ? safetensors_write_header(output, &file) : fail(STATUS_FAILURE, "out of memory");
    if (!status)
        status = write_values(output, table, vectors, source, self);
    free(tensors);
    free(names);
    return status;
}

int checkpoint_save(const char *path, const struct architecture *architecture,
                    const struct parameter_table *table, const struct training *training,
                    checkpoint_source *source, void *self)
{
    struct output output;
    int status = output_open(&output, path, true);
    if (!status)
        status = write_checkpoint(&output, architecture, table, training, source, self);
    if (!status)
        status = output_commit(&output);
    output_discard(&output);
    return status;
}
