#include "lib/network/parameters.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/random.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct parameter_builder *builder, const char *name, enum initialisation initial, int fan_in,
                int dimensions, const int *size)
{
    struct parameter_table *table = builder->table;
    if (array_grow(&table->parameters, &table->capacity, table->count + 1, sizeof *table->parameters)) {
        builder->failed = true;
        return;
    }
    struct parameter *p = &table->parameters[table->count++];
    *p = (struct parameter){.dimensions = dimensions, .initial = initial, .fan_in = fan_in};
    snprintf(p->name, sizeof p->name, "%s%s", builder->path, name);
    p->count = 1;
    for (int i = 0; i < dimensions; i++) {
        p->size[i] = size[i];
        p->count *= (size_t)size[i];
    }
    p->offset = table->floats;
    table->total += p->count;
    table->floats += (p->count + PARAMETER_ALIGNMENT - 1) / PARAMETER_ALIGNMENT * PARAMETER_ALIGNMENT;
}

void parameters_enter(struct parameter_builder *builder, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(builder->path, sizeof builder->path, format, arguments);
    va_end(arguments);
}

void parameters_add_conv(struct parameter_builder *builder, const char *name, int in, int out, int kernel)
{
    add(builder, name, INITIAL_UNIFORM, in * kernel * kernel * kernel, 5,
        (int[]){out, in, kernel, kernel, kernel});
}

void parameters_add_conv1(struct parameter_builder *builder, const char *weight, const char *bias, int in,
                          int out)
{
    parameters_add_conv(builder, weight, in, out, 1);
    add(builder, bias, INITIAL_UNIFORM, in, 1, &out);
}

void parameters_add_norm(struct parameter_builder *builder, const char *weight, const char *bias,
                         int channels)
{
    add(builder, weight, INITIAL_ONE, 0, 1, &channels);
    add(builder, bias, INITIAL_ZERO, 0, 1, &channels);
}

void parameters_add_sequence(struct parameter_builder *builder, const char *coder, int index, int blocks,
                             int channels)
{
    for (int b = 0; b < blocks; b++)
        for (const char *branch = "fg"; *branch; branch++) {
            parameters_enter(builder, "%s.%d.reversibleBlocks.reversible_blocks.%d.%c_block.", coder, index,
                             b, *branch);
            parameters_add_norm(builder, "gn.weight", "gn.bias", channels / 2);
            parameters_add_conv(builder, "conv.weight", channels / 2, channels / 2, 3);
        }
}

int parameters_finish(struct parameter_builder *builder)
{
    if (!builder->failed)
        return STATUS_OK;
    parameter_table_free(builder->table);
    return fail(STATUS_FAILURE, "out of memory");
}

void parameter_table_free(struct parameter_table *table)
{
    free(table->parameters);
    *table = (struct parameter_table){0};
}

const struct parameter *parameter_find(const struct parameter_table *table, const char *format, ...)
{
    char name[PARAMETER_NAME_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < table->count; i++)
        if (!strcmp(table->parameters[i].name, name))
            return &table->parameters[i];
    return NULL;
}

void parameter_initialise(const struct parameter *parameter, unsigned long long seed, float *values)
{
    uint64_t key = random_key(random_key(seed, "initial weights"), parameter->name);
    double bound = parameter->fan_in ? 1 / sqrt(parameter->fan_in) : 0;
    for (size_t i = 0; i < parameter->count; i++)
        values[i] = parameter->initial == INITIAL_ONE    ? 1
                    : parameter->initial == INITIAL_ZERO ? 0
                                                         : (float)(bound * (2 * random_uniform(key, i) - 1));
}

void parameter_begin(const struct parameter *parameter, unsigned long long seed, double output_bias,
                     float *values)
{
    parameter_initialise(parameter, seed, values);
    if (!strcmp(parameter->name, "lastConv.bias"))
        for (size_t i = 0; i < parameter->count; i++)
            values[i] += (float)output_bias;
}
