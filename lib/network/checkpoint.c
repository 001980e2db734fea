#include "lib/network/checkpoint.h"
#include "lib/base/error.h"
#include "lib/base/random.h"
#include "lib/network/kinds.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const vector_prefix[STATE_VECTORS] = {"", "optimizer.exp_avg.", "optimizer.exp_avg_sq.",
                                                         "average."};
enum { TENSOR_NAME_SIZE = PARAMETER_NAME_SIZE + 24 };

static void tensor_name(char name[TENSOR_NAME_SIZE], enum state_vector vector,
                        const struct parameter *parameter)
{
    snprintf(name, TENSOR_NAME_SIZE, "%s%s", vector_prefix[vector], parameter->name);
}

/* Reads bytes, which may be unaligned. */
static size_t count_not_finite(const void *floats, size_t count)
{
    const uint32_t exponent = 0x7f800000; /* all ones in infinities and NaN */
    const char *at = floats;
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, at + i * sizeof bits, sizeof bits);
        found += (bits & exponent) == exponent;
    }
    return found;
}

static int check_finite(int status, enum state_vector vector, const struct parameter *parameter,
                        const void *values)
{
    const size_t found = count_not_finite(values, parameter->count);
    if (!found)
        return STATUS_OK;
    char name[TENSOR_NAME_SIZE];
    tensor_name(name, vector, parameter);
    return fail(status, "%s: %zu of its %zu values %s not finite", name, found, parameter->count,
                found == 1 ? "is" : "are");
}

/* Reading ------------------------------------------------------------------------------------------- */

static int get_text(const struct safetensors *file, const char *key, const char **value)
{
    *value = safetensors_metadata(file, key);
    return *value ? STATUS_OK : fail(STATUS_DATA, "its metadata lack %s", key);
}

static int parse_unsigned(const char *key, const char *text, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno)
        return fail(STATUS_DATA, "%s: '%s' is not a number", key, text);
    return STATUS_OK;
}

static int get_unsigned(const struct safetensors *file, const char *key, uint64_t *value)
{
    const char *text;
    int status = get_text(file, key, &text);
    return status ? status : parse_unsigned(key, text, value);
}

/* A number that only an interrupted epoch has; 0 without. */
static int get_optional(const struct safetensors *file, const char *key, uint64_t *value)
{
    const char *text = safetensors_metadata(file, key);
    *value = 0;
    return text ? parse_unsigned(key, text, value) : STATUS_OK;
}

static int get_int(const struct safetensors *file, const char *key, int *value)
{
    uint64_t number;
    int status = get_unsigned(file, key, &number);
    if (!status && number > WIDTH_MAX)
        status = fail(STATUS_DATA, "%s: %" PRIu64 " is too large", key, number);
    if (!status)
        *value = (int)number;
    return status;
}

static int read_architecture(const struct safetensors *file, struct architecture *a)
{
    const char *version, *kind, *channels;
    int status;
    if ((status = get_text(file, "prunet.version", &version)) ||
        (status = get_text(file, "prunet.kind", &kind)) ||
        (status = get_text(file, "prunet.channels", &channels)) ||
        (status = get_int(file, "prunet.encoder_blocks", &a->encoder_blocks)) ||
        (status = get_int(file, "prunet.decoder_blocks", &a->decoder_blocks)) ||
        (status = get_int(file, "prunet.groups", &a->groups)) ||
        (status = get_int(file, "prunet.inputs", &a->inputs)) ||
        (status = get_int(file, "prunet.outputs", &a->outputs)))
        return status;
    if (strcmp(version, "1"))
        return fail(STATUS_DATA, "prunet.version: '%s' is not 1", version);
    if (!network_kind_named(kind, &a->kind))
        return fail(STATUS_DATA, "prunet.kind: '%s' is not a kind of network (%s)", kind, network_kind_list);
    if (!architecture_set_channels(a, channels))
        return fail(STATUS_DATA, "prunet.channels: '%s' is not a list of widths", channels);
    return architecture_check(a);
}

/* What computed the last step; "" where nothing is recorded. */
static int get_setting(const struct safetensors *file, const char *key, char *setting, size_t size)
{
    const char *text = safetensors_metadata(file, key);
    if (text && strlen(text) >= size)
        return fail(STATUS_DATA, "%s: '%s' is not valid", key, text);
    snprintf(setting, size, "%s", text ? text : "");
    return STATUS_OK;
}

/* A decay within 0..1, below 1; 0 where there is none. */
static int get_decay(const struct safetensors *file, const char *key, double *value)
{
    const char *text = safetensors_metadata(file, key);
    char *end;
    *value = text ? strtod(text, &end) : 0;
    if (text && (end == text || *end || !(*value > 0 && *value < 1)))
        return fail(STATUS_DATA, "%s: '%s' is not a decay between 0 and 1", key, text);
    return STATUS_OK;
}

static int read_training(const struct safetensors *file, struct training *t)
{
    int status;
    if ((status = get_unsigned(file, "prunet.epoch", &t->epoch)) ||
        (status = get_unsigned(file, "prunet.step", &t->step)) ||
        (status = get_unsigned(file, "prunet.seed", &t->seed)) ||
        (status = get_optional(file, "prunet.cases_done", &t->cases_done)) ||
        (status = get_decay(file, "prunet.average_decay", &t->average_decay)) ||
        (status = get_setting(file, "prunet.memory", t->memory, sizeof t->memory)) ||
        (status = get_setting(file, "prunet.backend", t->backend, sizeof t->backend)))
        return status;
    return get_optional(file, "prunet.cases_digest", &t->cases_digest);
}

static int check_tensor(const struct safetensors *file, const char *name, const struct parameter *p)
{
    const struct safetensors_tensor *tensor = safetensors_find(file, name);
    if (!tensor)
        return fail(STATUS_DATA, "%s: missing", name);
    if (tensor->type != SAFETENSORS_F32)
        return fail(STATUS_DATA, "%s: its type is %s, not F32: convert the file", name, tensor->type_name);
    bool fits = tensor->dimensions == p->dimensions;
    for (int i = 0; fits && i < p->dimensions; i++)
        fits = tensor->size[i] == p->size[i];
    return fits ? STATUS_OK : fail(STATUS_DATA, "%s: its shape is not that of the network described", name);
}

static bool belongs(const struct parameter_table *table, const char *name)
{
    for (int v = STATE_VECTORS - 1; v >= 0; v--) {
        size_t length = strlen(vector_prefix[v]);
        if (!strncmp(name, vector_prefix[v], length))
            return parameter_find(table, "%s", name + length);
    }
    return false;
}

static bool any_tensor(const struct safetensors *file, const char *prefix)
{
    for (size_t i = 0; i < file->tensor_count; i++)
        if (!strncmp(file->tensors[i].name, prefix, strlen(prefix)))
            return true;
    return false;
}

/* Which vectors the file has to hold whole. */
static int find_vectors(struct checkpoint *c)
{
    c->has[STATE_WEIGHTS] = true;
    c->has[STATE_EXP_AVG] = c->has[STATE_EXP_AVG_SQ] = any_tensor(&c->file, "optimizer.");
    c->has[STATE_AVERAGE] = c->training.average_decay > 0;
    if (!c->has[STATE_AVERAGE] && any_tensor(&c->file, vector_prefix[STATE_AVERAGE]))
        return fail(STATUS_DATA, "its metadata lack prunet.average_decay");
    return STATUS_OK;
}

static int check_tensors(const struct checkpoint *c)
{
    for (size_t i = 0; i < c->file.tensor_count; i++)
        if (!belongs(&c->table, c->file.tensors[i].name))
            return fail(STATUS_DATA, "%s: not part of the network described", c->file.tensors[i].name);
    for (int v = 0; v < STATE_VECTORS; v++)
        for (size_t i = 0; c->has[v] && i < c->table.count; i++) {
            char name[TENSOR_NAME_SIZE];
            tensor_name(name, (enum state_vector)v, &c->table.parameters[i]);
            int status = check_tensor(&c->file, name, &c->table.parameters[i]);
            if (status)
                return status;
        }
    return STATUS_OK;
}

int checkpoint_open(struct checkpoint *checkpoint, const char *path)
{
    *checkpoint = (struct checkpoint){.path = path};
    int status = safetensors_open(&checkpoint->file, path);
    if (status)
        return status;
    if ((status = read_architecture(&checkpoint->file, &checkpoint->architecture)) ||
        (status = read_training(&checkpoint->file, &checkpoint->training)) ||
        (status = parameter_table_make(&checkpoint->table, &checkpoint->architecture)) ||
        (status = find_vectors(checkpoint)) || (status = check_tensors(checkpoint))) {
        fail_in(status, "%s", path);
        checkpoint_close(checkpoint);
    }
    return status;
}

void checkpoint_close(struct checkpoint *checkpoint)
{
    parameter_table_free(&checkpoint->table);
    safetensors_close(&checkpoint->file);
}

enum state_vector checkpoint_model(const struct checkpoint *checkpoint)
{
    return checkpoint->has[STATE_AVERAGE] ? STATE_AVERAGE : STATE_WEIGHTS;
}

const void *checkpoint_values(const struct checkpoint *checkpoint, enum state_vector vector,
                              const struct parameter *parameter)
{
    char name[TENSOR_NAME_SIZE];
    tensor_name(name, vector, parameter);
    return safetensors_find(&checkpoint->file, name)->data;
}

int checkpoint_check_finite(const struct checkpoint *checkpoint, enum state_vector vector)
{
    for (size_t i = 0; i < checkpoint->table.count; i++) {
        const struct parameter *p = &checkpoint->table.parameters[i];
        int status = check_finite(STATUS_DATA, vector, p, checkpoint_values(checkpoint, vector, p));
        if (status)
            return fail(status, "%s: %s: the file is damaged or its training diverged; take an earlier state",
                        checkpoint->path, error_message());
    }
    return STATUS_OK;
}

uint64_t cases_digest(uint64_t digest, const char *case_name)
{
    return random_key(digest, case_name);
}

/* Writing ------------------------------------------------------------------------------------------- */

enum { ENTRIES_MAX = 16, NUMBER_SIZE = 24 };

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
    if (*t->memory)
        put_text(m, "prunet.memory", t->memory);
    if (*t->backend)
        put_text(m, "prunet.backend", t->backend);
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
            tensor_name(*names, (enum state_vector)v, p);
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
            if (!status && (status = check_finite(STATUS_FAILURE, (enum state_vector)v, p, values)))
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
