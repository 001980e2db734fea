/* A network of another topology needs one file: this one has a single level, a stem, one reversible sequence
 * and the head. It plans, runs and trains as the U-Nets do, saved or recomputed, and its gradient is that of
 * its loss. */
#include "lib/base/error.h"
#include "lib/base/random.h"
#include "lib/network/blocks.h"
#include "lib/network/network.h"
#include "lib/network/network_case.h"
#include "lib/network/network_state.h"
#include "tests/check.h"

/* --- the network --- */

struct single {
    const struct parameter *first;
    struct conv1 last;
    struct sequence sequence;
    struct buffer a, g;
};

static int single_parameters(struct parameter_table *table, const struct architecture *architecture)
{
    int channels = architecture->channels[0];
    *table = (struct parameter_table){0};
    struct parameter_builder builder = {.table = table};
    parameters_add_conv(&builder, "firstConv.weight", architecture->inputs, channels, 3);
    parameters_add_conv1(&builder, "lastConv.weight", "lastConv.bias", channels, architecture->outputs);
    parameters_add_sequence(&builder, "trunk", 0, architecture->encoder_blocks, channels);
    return parameters_finish(&builder);
}

static void single_open(void *self, struct pass *p)
{
    struct single *n = self;
    n->first = parameter_find(p->parameters, "firstConv.weight");
    n->last = find_conv1(p, "lastConv");
    sequence_find(&n->sequence, p, "trunk", 0, p->architecture->encoder_blocks);
}

static void single_checkpointing(const struct architecture *architecture, int *lowest, int *highest)
{
    (void)architecture;
    *lowest = 0;
    *highest = 1;
}

static void single_declare(void *self, const struct pass *p)
{
    struct single *n = self;
    struct shape shape = level_shape(p, 0, 2, p->architecture->channels[0] / 2);
    n->a = stream_tensor(p, "A", 0, shape);
    n->g = tensor(p, "G", 0, shape);
    sequence_declare(&n->sequence, p, shape, 0, p->checkpointing ? "saved trunk" : NULL, false);
}

static void single_forward(void *self, struct pass *p)
{
    struct single *n = self;
    stem(p, "first conv", n->first, &n->a);
    struct step s = step(p, "trunk", -1);
    sequence_gather(&s, &n->sequence, &n->a);
    sequence_forward(&s, &n->sequence, &n->a);
    head(p, &n->last, &n->a);
}

static void single_backward(void *self, struct pass *p)
{
    struct single *n = self;
    head_backward(p, &n->last, &n->a, &n->g);
    struct step s = step(p, "trunk backward", -1);
    sequence_backward(&s, &n->sequence, &n->a, &n->g);
    stem_backward(p, n->first, &n->g);
}

static const struct topology single_topology = {.bytes = sizeof(struct single),
                                                .parameters = single_parameters,
                                                .open = single_open,
                                                .checkpointing = single_checkpointing,
                                                .declare = single_declare,
                                                .forward = single_forward,
                                                .backward = single_backward};

/* --- its test --- */

enum { X = 7, Y = 5, Z = 6, VOXELS = X * Y * Z, INPUTS = 2 };
static const int size[3] = {X, Y, Z};
static const struct architecture architecture = {.levels = 1,
                                                 .channels = {8},
                                                 .encoder_blocks = 2,
                                                 .decoder_blocks = 1,
                                                 .groups = 2,
                                                 .inputs = INPUTS,
                                                 .outputs = 3};

static struct network *opened(const struct kernels *kernels, bool training,
                              const struct memory_budget *budget)
{
    struct network *network;
    int status = network_open_topology(&network, &single_topology, &architecture, kernels, training);
    if (!status) {
        network_set_budget(network, budget);
        status = network_resize(network, size);
    }
    if (status) {
        fprintf(stderr, "%s\n", error_message());
        exit(1);
    }
    return network;
}

static void initialise(struct network *network, const struct parameter_table *table, float *weights)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct parameter *p = &table->parameters[i];
        parameter_initialise(p, 3, weights + p->offset);
        network_put(network, STATE_WEIGHTS, p, weights + p->offset);
    }
}

static double loss_of(struct network *network)
{
    static float image[INPUTS * VOXELS];
    static uint8_t target[VOXELS];
    for (size_t i = 0; i < INPUTS * VOXELS; i++)
        image[i] = (float)random_normal(1, i);
    for (size_t i = 0; i < VOXELS; i++)
        target[i] = (uint8_t)(image[i] > 0.5f) * 7;
    network_put_image(network, image);
    network_put_target(network, target);
    struct case_score score;
    return network_gradient(network, 1, &score) ? NAN : score.loss;
}

/* The loss with all weights moved by `distance` times the gradient. */
static double loss_beside(struct network *network, const struct parameter_table *table, const float *weights,
                          const float *gradient, double distance)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct parameter *p = &table->parameters[i];
        float *moved = malloc(p->count * sizeof *moved);
        for (size_t j = 0; j < p->count; j++)
            moved[j] = weights[p->offset + j] + (float)(distance * gradient[p->offset + j]);
        network_put(network, STATE_WEIGHTS, p, moved);
        free(moved);
    }
    return loss_of(network);
}

static void get_gradient(const struct network *network, const struct parameter_table *table, float *gradient)
{
    for (size_t i = 0; i < table->count; i++)
        network_get(network, STATE_GRADIENT, &table->parameters[i], gradient + table->parameters[i].offset);
}

static void test_gradient(const struct kernels *kernels, const struct parameter_table *table,
                          const struct memory_budget *budget, const char *choice)
{
    struct network *network = opened(kernels, true, budget);
    float *weights = calloc(table->floats, sizeof *weights),
          *gradient = calloc(table->floats, sizeof *gradient);
    const struct plan *plan = network_current_plan(network);
    check(!strcmp(plan->choice, choice) && plan->step_count == 7, "%s: one level, %s, %d steps",
          kernels->name, plan->choice, plan->step_count);
    initialise(network, table, weights);
    loss_of(network);
    get_gradient(network, table, gradient);
    double slope = 0, distance = 1e-3;
    for (size_t i = 0; i < table->floats; i++)
        slope += (double)gradient[i] * gradient[i];
    double up = loss_beside(network, table, weights, gradient, distance),
           measured = (up - loss_beside(network, table, weights, gradient, -distance)) / (2 * distance);
    /* Some 2e-4: single precision, and values that cross LeakyReLU's kink on the way. */
    check(fabs(measured / slope - 1) < 2e-3,
          "%s, %s: along the gradient the loss rises as it says, within %.1e", kernels->name, choice,
          fabs(measured / slope - 1));
    network_close(network);
    free(weights);
    free(gradient);
}

static void test_training(const struct kernels *kernels, const struct parameter_table *table)
{
    struct network *network = opened(kernels, true, &(struct memory_budget){0});
    float *weights = calloc(table->floats, sizeof *weights);
    struct adam adam = {.rate = 1e-2, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
    initialise(network, table, weights);
    double first = loss_of(network), last = first;
    for (int t = 1; t <= 20; t++) {
        adam.step = t;
        network_update(network, &adam);
        last = loss_of(network);
    }
    check(last < 0.7 * first, "%s: twenty steps take the loss from %.3f to %.3f", kernels->name, first, last);
    network_close(network);
    free(weights);
}

int main(void)
{
    int count;
    const struct kernels *const *list = kernels_list(&count);
    struct parameter_table table;
    if (single_parameters(&table, &architecture))
        return 1;
    for (int i = 0; i < count; i++) {
        test_gradient(list[i], &table, &(struct memory_budget){0}, "recompute");
        test_gradient(list[i], &table, &(struct memory_budget){.bytes = 1 << 30}, "keep 1");
        test_training(list[i], &table);
    }
    parameter_table_free(&table);
    return check_exit();
}
