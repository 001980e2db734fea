#include "lib/network/checkpoint.h"
#include "kernels/fixed.h"
#include "lib/base/error.h"
#include "lib/base/random.h"
#include "lib/network/kinds.h"
#include "lib/network/state_tensor.h"
#include "lib/volume/scheme.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* A number that not every state has; 0 without. */
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

/* Cases of a step; 1 where the state does not say. */
static int get_batch(const struct safetensors *file, int *batch)
{
    uint64_t value;
    int status = get_optional(file, "prunet.batch", &value);
    if (!status && value > FIXED_COUNT_MAX)
        status = fail(STATUS_DATA, "prunet.batch: %" PRIu64 " is more than %d", value, FIXED_COUNT_MAX);
    *batch = status || !value ? 1 : (int)value;
    return status;
}

static int read_scheme(const struct safetensors *file, const struct architecture *a,
                       const struct label_scheme **scheme)
{
    const char *text = safetensors_metadata(file, "prunet.scheme");
    *scheme = record_scheme;
    int status = text ? scheme_of_text(text, scheme) : STATUS_OK;
    if (status)
        return fail_in(status, "prunet.scheme");
    *scheme = (*scheme)->records;
    if (!text || (a->inputs == (*scheme)->modality_count && a->outputs == (*scheme)->region_count))
        return STATUS_OK;
    return fail(STATUS_DATA, "prunet.scheme: %s has %d modalities and %d regions, the network %d and %d",
                (*scheme)->name, (*scheme)->modality_count, (*scheme)->region_count, a->inputs, a->outputs);
}

static int read_training(const struct safetensors *file, struct training *t)
{
    int status;
    if ((status = get_unsigned(file, "prunet.epoch", &t->epoch)) ||
        (status = get_unsigned(file, "prunet.step", &t->step)) ||
        (status = get_unsigned(file, "prunet.seed", &t->seed)) ||
        (status = get_optional(file, "prunet.cases_done", &t->cases_done)) ||
        (status = get_batch(file, &t->batch)) ||
        (status = get_decay(file, "prunet.average_decay", &t->average_decay)) ||
        (status = get_setting(file, "prunet.memory", t->memory, sizeof t->memory)) ||
        (status = get_setting(file, "prunet.backend", t->backend, sizeof t->backend)) ||
        (status = get_setting(file, "prunet.spacing", t->spacing, sizeof t->spacing)))
        return status;
    return get_optional(file, "prunet.cases_digest", &t->cases_digest);
}

static int check_tensor(const struct safetensors *file, const char *name, enum safetensors_type type,
                        const struct parameter *p)
{
    const struct safetensors_tensor *tensor = safetensors_find(file, name);
    if (!tensor)
        return fail(STATUS_DATA, "%s: missing", name);
    if (tensor->type != type)
        return fail(STATUS_DATA, "%s: its type is %s, not %s: convert the file", name, tensor->type_name,
                    safetensors_dtype_of(type)->name);
    bool fits = tensor->dimensions == p->dimensions;
    for (int i = 0; fits && i < p->dimensions; i++)
        fits = tensor->size[i] == p->size[i];
    return fits ? STATUS_OK : fail(STATUS_DATA, "%s: its shape is not that of the network described", name);
}

static bool belongs(const struct parameter_table *table, const char *name)
{
    for (int v = STATE_VECTORS - 1; v >= 0; v--) {
        size_t length = strlen(state_prefix[v]);
        if (!strncmp(name, state_prefix[v], length))
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

static bool all_half(const struct safetensors *file)
{
    size_t half = 0;
    while (half < file->tensor_count && file->tensors[half].type == SAFETENSORS_BF16)
        half++;
    return half == file->tensor_count;
}

/* Which vectors the file has to hold whole, and as what. Only a model is stored in half. */
static int find_vectors(struct checkpoint *c)
{
    c->has[STATE_WEIGHTS] = true;
    c->has[STATE_EXP_AVG] = c->has[STATE_EXP_AVG_SQ] = any_tensor(&c->file, "optimizer.");
    c->has[STATE_AVERAGE] = c->training.average_decay > 0;
    c->stored = !c->has[STATE_EXP_AVG] && all_half(&c->file) ? SAFETENSORS_BF16 : SAFETENSORS_F32;
    if (!c->has[STATE_AVERAGE] && any_tensor(&c->file, state_prefix[STATE_AVERAGE]))
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
            state_tensor_name(name, (enum state_vector)v, &c->table.parameters[i]);
            int status = check_tensor(&c->file, name, c->stored, &c->table.parameters[i]);
            if (status)
                return status;
        }
    return STATUS_OK;
}

/* The weights of a model that is stored in half, as floats: each is the upper half of one. */
static int widen(struct checkpoint *c)
{
    if (c->stored != SAFETENSORS_BF16)
        return STATUS_OK;
    if (!(c->values = calloc(c->table.floats, sizeof *c->values)))
        return fail(STATUS_FAILURE, "out of memory");
    for (size_t i = 0; i < c->table.count; i++) {
        const struct parameter *p = &c->table.parameters[i];
        const char *from = safetensors_find(&c->file, p->name)->data;
        for (size_t k = 0; k < p->count; k++)
            memcpy((char *)(c->values + p->offset + k) + 2, from + 2 * k, 2);
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
        (status = read_scheme(&checkpoint->file, &checkpoint->architecture, &checkpoint->training.scheme)) ||
        (status = parameter_table_make(&checkpoint->table, &checkpoint->architecture)) ||
        (status = find_vectors(checkpoint)) || (status = check_tensors(checkpoint)) ||
        (status = widen(checkpoint))) {
        fail_in(status, "%s", path);
        checkpoint_close(checkpoint);
    }
    return status;
}

void checkpoint_close(struct checkpoint *checkpoint)
{
    parameter_table_free(&checkpoint->table);
    free(checkpoint->values);
    safetensors_close(&checkpoint->file);
}

const struct label_scheme *checkpoint_scheme(const struct checkpoint *checkpoint)
{
    return checkpoint->training.scheme;
}

int checkpoint_check_schemes(const struct checkpoint *first, const struct checkpoint *other)
{
    const struct label_scheme *scheme = checkpoint_scheme(first), *own = checkpoint_scheme(other);
    return scheme_same_network(scheme, own) ? STATUS_OK
                                            : fail(STATUS_DATA, "%s is of scheme %s, %s of %s", first->path,
                                                   scheme->name, other->path, own->name);
}

int checkpoint_region(const struct checkpoint *checkpoint, const char *name)
{
    const struct label_scheme *scheme = checkpoint_scheme(checkpoint);
    return checkpoint->architecture.outputs == scheme->region_count ? region_named(scheme, name) : -1;
}

enum state_vector checkpoint_model(const struct checkpoint *checkpoint)
{
    return checkpoint->has[STATE_AVERAGE] ? STATE_AVERAGE : STATE_WEIGHTS;
}

const void *checkpoint_values(const struct checkpoint *checkpoint, enum state_vector vector,
                              const struct parameter *parameter)
{
    char name[TENSOR_NAME_SIZE];
    if (checkpoint->values)
        return checkpoint->values + parameter->offset;
    state_tensor_name(name, vector, parameter);
    return safetensors_find(&checkpoint->file, name)->data;
}

int checkpoint_own_values(struct checkpoint *c)
{
    if (c->values)
        return STATUS_OK;
    float *values = calloc(c->table.floats, sizeof *values);
    if (!values)
        return fail(STATUS_FAILURE, "out of memory");
    for (size_t i = 0; i < c->table.count; i++) {
        const struct parameter *p = &c->table.parameters[i];
        memcpy(values + p->offset, checkpoint_values(c, checkpoint_model(c), p), p->count * sizeof *values);
    }
    c->values = values;
    return STATUS_OK;
}

int checkpoint_check_finite(const struct checkpoint *checkpoint, enum state_vector vector)
{
    for (size_t i = 0; i < checkpoint->table.count; i++) {
        const struct parameter *p = &checkpoint->table.parameters[i];
        int status = state_check_finite(STATUS_DATA, vector, p, checkpoint_values(checkpoint, vector, p));
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
