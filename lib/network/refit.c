#include "lib/network/refit.h"
#include "lib/base/error.h"
#include "lib/network/kinds.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which of the checkpoint's inputs or outputs is which of the scheme's; -1: none of them. */
struct matches {
    int count, from[MODALITIES_MAX];
};

/* The names of modalities and regions are known where the scheme is the network's own. */
static struct matches match_inputs(const struct checkpoint *c, const struct label_scheme *scheme)
{
    const struct label_scheme *own = checkpoint_scheme(c);
    struct matches m = {.count = scheme->modality_count};
    for (int i = 0; i < m.count; i++) {
        m.from[i] = -1;
        for (int k = 0; k < own->modality_count && c->architecture.inputs == own->modality_count; k++)
            if (!strcmp(scheme->modalities[i].name, own->modalities[k].name))
                m.from[i] = k;
    }
    return m;
}

static struct matches match_outputs(const struct checkpoint *c, const struct label_scheme *scheme)
{
    struct matches m = {.count = scheme->region_count};
    for (int i = 0; i < m.count; i++)
        m.from[i] = checkpoint_region(c, scheme->regions[i].name);
    return m;
}

static bool fits(const struct checkpoint *c, const struct label_scheme *scheme)
{
    const struct label_scheme *own = checkpoint_scheme(c);
    return c->architecture.inputs == own->modality_count && c->architecture.outputs == own->region_count &&
           scheme_same_network(scheme, own);
}

/* Copies what lies between the ends as it is, and of an end what matches, over values that were drawn. A
 * tensor of an end is (outputs, inputs, ...): `outer` of its matches lie apart by `stride` in `before` and
 * by another in `values`, each a run of `length` floats. */
static void copy_matches(const struct matches *m, size_t outer, size_t length, size_t inputs_before,
                         const char *before, float *values)
{
    for (size_t o = 0; o < outer; o++)
        for (int i = 0; i < m->count; i++)
            if (m->from[i] >= 0)
                memcpy(values + (o * (size_t)m->count + (size_t)i) * length,
                       before + (o * inputs_before + (size_t)m->from[i]) * length * sizeof(float),
                       length * sizeof(float));
}

static bool is_last(const struct parameter *p)
{
    return !strncmp(p->name, "lastConv.", strlen("lastConv."));
}

/* The first convolution is the only tensor but the last one's that depends on the number of inputs. */
static bool is_first(const struct parameter *p)
{
    return !strcmp(p->name, "firstConv.weight") || !strcmp(p->name, "encoders.0.conv1.weight");
}

struct refit {
    const struct checkpoint *checkpoint;
    struct matches inputs, outputs;
    uint64_t seed;
    double output_bias;
};

/* A tensor of the new network, from the checkpoint's of that name. */
static void fill_parameter(const struct refit *r, const struct parameter *p, float *values)
{
    const struct checkpoint *c = r->checkpoint;
    const struct parameter *own = parameter_find(&c->table, "%s", p->name);
    const char *before = checkpoint_values(c, checkpoint_model(c), own);
    if (!is_first(p) && !is_last(p)) {
        memcpy(values, before, p->count * sizeof *values);
        return;
    }
    parameter_initialise(p, r->seed, values);
    if (is_first(p))
        copy_matches(&r->inputs, (size_t)p->size[0], p->count / (size_t)(p->size[0] * p->size[1]),
                     (size_t)own->size[1], before, values);
    else {
        for (size_t i = 0; i < p->count && p->dimensions == 1; i++)
            values[i] += (float)r->output_bias;
        copy_matches(&r->outputs, 1, p->count / (size_t)p->size[0], (size_t)own->size[0], before, values);
    }
}

static int replace_values(struct checkpoint *c, const struct refit *r,
                          const struct architecture *architecture)
{
    struct parameter_table table;
    int status = parameter_table_make(&table, architecture);
    if (status)
        return status;
    float *values = calloc(table.floats, sizeof *values);
    if (!values) {
        parameter_table_free(&table);
        return fail(STATUS_FAILURE, "out of memory");
    }
    for (size_t i = 0; i < table.count; i++)
        fill_parameter(r, &table.parameters[i], values + table.parameters[i].offset);
    parameter_table_free(&c->table);
    free(c->values);
    c->table = table;
    c->values = values;
    return STATUS_OK;
}

/* " ct pet" of those that match, or do not; " none" */
static size_t add_names(char *text, size_t length, const struct matches *m, bool kept, const char *names)
{
    bool any = false;
    for (int i = 0; i < m->count; i++) {
        const int size = (int)strcspn(names, " ");
        if ((m->from[i] >= 0) == kept) {
            length += (size_t)snprintf(text + length, REFIT_TEXT_SIZE - length, " %.*s", size, names);
            any = true;
        }
        names += size + (names[size] == ' ');
    }
    return any ? length : length + (size_t)snprintf(text + length, REFIT_TEXT_SIZE - length, " none");
}

static void describe(char text[REFIT_TEXT_SIZE], const struct refit *r, const struct label_scheme *scheme)
{
    char modality_list[NAME_LIST_SIZE], region_list[NAME_LIST_SIZE];
    modality_names(scheme, modality_list);
    region_names(scheme, region_list);
    const struct {
        const char *heading, *names;
        const struct matches *matches;
        bool kept;
    } parts[] = {{"first layer: kept", modality_list, &r->inputs, true},
                 {", drawn", modality_list, &r->inputs, false},
                 {"; last layer: kept", region_list, &r->outputs, true},
                 {", drawn", region_list, &r->outputs, false}};
    size_t length = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        length += (size_t)snprintf(text + length, REFIT_TEXT_SIZE - length, "%s", parts[i].heading);
        length = add_names(text, length, parts[i].matches, parts[i].kept, parts[i].names);
    }
}

int checkpoint_refit(struct checkpoint *checkpoint, const struct label_scheme *scheme, uint64_t seed,
                     double output_bias, char text[REFIT_TEXT_SIZE])
{
    *text = 0;
    scheme = scheme->records;
    if (fits(checkpoint, scheme))
        return STATUS_OK;
    const struct refit r = {.checkpoint = checkpoint,
                            .inputs = match_inputs(checkpoint, scheme),
                            .outputs = match_outputs(checkpoint, scheme),
                            .seed = seed,
                            .output_bias = output_bias};
    struct architecture architecture = checkpoint->architecture;
    architecture.inputs = scheme->modality_count;
    architecture.outputs = scheme->region_count;
    int status = architecture_check(&architecture);
    if (!status)
        status = replace_values(checkpoint, &r, &architecture);
    if (status)
        return fail_in(status, "%s", checkpoint->path);
    describe(text, &r, scheme);
    checkpoint->architecture = architecture;
    checkpoint->training.scheme = scheme;
    checkpoint->refitted = true;
    return STATUS_OK;
}
