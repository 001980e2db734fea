/* Golden networks: vectors that were computed in float64 from the authors' own, and networks loaded with
 * them. */
#ifndef PRUNET_TESTS_LIB_NETWORK_GOLDEN_H
#define PRUNET_TESTS_LIB_NETWORK_GOLDEN_H

#include "lib/base/error.h"
#include "lib/network/kinds.h"
#include "lib/network/network.h"
#include "lib/network/network_case.h"
#include "lib/network/network_state.h"
#include "tests/check.h"

struct golden {
    struct safetensors file;
    struct architecture architecture;
    struct parameter_table table;
    int size[3];
    size_t voxels;
};

static inline int metadata_number(const struct golden *golden, const char *key)
{
    return atoi(safetensors_metadata(&golden->file, key));
}

static inline void open_golden(struct golden *golden, const char *path)
{
    if (safetensors_open(&golden->file, path)) {
        fprintf(stderr, "%s\n", error_message());
        exit(1);
    }
    struct architecture *a = &golden->architecture;
    network_kind_named(safetensors_metadata(&golden->file, "prunet.kind"), &a->kind);
    architecture_set_channels(a, safetensors_metadata(&golden->file, "prunet.channels"));
    a->encoder_blocks = metadata_number(golden, "prunet.encoder_blocks");
    a->decoder_blocks = metadata_number(golden, "prunet.decoder_blocks");
    a->groups = metadata_number(golden, "prunet.groups");
    a->inputs = metadata_number(golden, "prunet.inputs");
    a->outputs = metadata_number(golden, "prunet.outputs");
    parameter_table_make(&golden->table, a);
    const struct safetensors_tensor *input = safetensors_find(&golden->file, "input");
    for (int axis = 0; axis < 3; axis++)
        golden->size[axis] = (int)input->size[3 - axis];
    golden->voxels = (size_t)golden->size[0] * (size_t)golden->size[1] * (size_t)golden->size[2];
}

static inline void close_golden(struct golden *golden)
{
    parameter_table_free(&golden->table);
    safetensors_close(&golden->file);
}

static inline const float *values(const struct golden *golden, const char *prefix, const char *name)
{
    char full[128];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    const struct safetensors_tensor *tensor = safetensors_find(&golden->file, full);
    if (!tensor) {
        fprintf(stderr, "no %s\n", full);
        exit(1);
    }
    return tensor->data;
}

/* A network with the golden weights, ready for the golden image. */
static inline struct network *opened_within(const struct golden *golden, const struct kernels *kernels,
                                            bool training, const struct memory_budget *budget)
{
    struct network *network;
    int status = network_open(&network, &golden->architecture, kernels, training);
    if (!status) {
        network_set_budget(network, budget);
        status = network_resize(network, golden->size);
    }
    if (status) {
        fprintf(stderr, "%s\n", error_message());
        exit(1);
    }
    for (size_t i = 0; i < golden->table.count; i++)
        network_put(network, STATE_WEIGHTS, &golden->table.parameters[i],
                    values(golden, "weight.", golden->table.parameters[i].name));
    return network;
}

static inline struct network *opened(const struct golden *golden, const struct kernels *kernels,
                                     bool training)
{
    return opened_within(golden, kernels, training, &(struct memory_budget){0});
}

static inline void put_case(struct network *network, const struct golden *golden, bool training)
{
    network_put_image(network, values(golden, "input", ""));
    if (!training)
        return;
    uint8_t *target = malloc(golden->voxels);
    const uint8_t *labels = safetensors_find(&golden->file, "label")->data;
    if (region_bits_of_labels(record_scheme, labels, golden->voxels, target))
        exit(1);
    network_put_target(network, target);
    free(target);
}

#endif
