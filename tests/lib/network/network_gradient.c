/* The gradient of whole tiny networks against finite differences of their loss, along random directions
 * through all parameters at once: no golden file, other widths, depths and sizes; that of activations in 16 bits
 * against that of fp32. */
#include "lib/base/error.h"
#include "lib/base/random.h"
#include "lib/network/kinds.h"
#include "lib/network/network.h"
#include "lib/network/network_case.h"
#include "lib/network/network_state.h"
#include "tests/check.h"

struct subject {
    struct architecture architecture;
    struct parameter_table table;
    struct network *network;
    size_t voxels;
    float *image, *weights, *gradient;
    uint8_t *target;
};

static void get_all(const struct subject *s, int vector, float *flat)
{
    memset(flat, 0, s->table.floats * sizeof *flat);
    for (size_t i = 0; i < s->table.count; i++)
        network_get(s->network, vector, &s->table.parameters[i], flat + s->table.parameters[i].offset);
}

static double loss_at(const struct subject *s, const float *weights)
{
    for (size_t i = 0; i < s->table.count; i++)
        network_put(s->network, STATE_WEIGHTS, &s->table.parameters[i],
                    weights + s->table.parameters[i].offset);
    network_put_image(s->network, s->image);
    network_put_target(s->network, s->target);
    struct case_score score;
    if (network_gradient(s->network, 1, &score)) {
        fprintf(stderr, "%s\n", error_message());
        exit(1);
    }
    return score.loss;
}

/* Weights a step along a random direction, each parameter's part scaled to its own size; returns gradient
 * times direction. */
static double move(const struct subject *s, uint64_t key, double step, float *moved)
{
    double slope = 0;
    memcpy(moved, s->weights, s->table.floats * sizeof *moved);
    for (size_t i = 0; i < s->table.count; i++) {
        const struct parameter *p = &s->table.parameters[i];
        double scale = p->fan_in ? 1 / sqrt(p->fan_in) : 1;
        for (size_t j = p->offset; j < p->offset + p->count; j++) {
            double direction = scale * random_normal(key, j);
            slope += direction * s->gradient[j];
            moved[j] += (float)(step * direction);
        }
    }
    return slope;
}

static void prepare(struct subject *s, const struct kernels *kernels, enum network_kind kind,
                    const char *channels, int groups, int blocks, const int size[3], struct loss_weights loss)
{
    s->architecture = architecture_paper(kind);
    architecture_set_channels(&s->architecture, channels);
    s->architecture.groups = groups;
    s->architecture.encoder_blocks = s->architecture.decoder_blocks = blocks;
    s->architecture.inputs = 2;
    s->voxels = (size_t)size[0] * (size_t)size[1] * (size_t)size[2];
    if (parameter_table_make(&s->table, &s->architecture) ||
        network_open(&s->network, &s->architecture, kernels, TRAINING | CROSS_ENTROPY) ||
        network_resize(s->network, size)) {
        fprintf(stderr, "%s\n", error_message());
        exit(1);
    }
    network_set_loss(s->network, loss);
    s->image = malloc(2 * s->voxels * sizeof(float));
    s->target = malloc(s->voxels);
    s->weights = calloc(s->table.floats, sizeof(float));
    s->gradient = calloc(s->table.floats, sizeof(float));
    for (size_t i = 0; i < 2 * s->voxels; i++)
        s->image[i] = (float)random_normal(11, i);
    for (size_t i = 0; i < s->voxels; i++)
        s->target[i] = (uint8_t)(random_bits(12, i) & 7);
    for (size_t i = 0; i < s->table.count; i++)
        parameter_initialise(&s->table.parameters[i], 13, s->weights + s->table.parameters[i].offset);
    loss_at(s, s->weights);
    get_all(s, STATE_GRADIENT, s->gradient);
}

static void release(struct subject *s)
{
    network_close(s->network);
    parameter_table_free(&s->table);
    free(s->image);
    free(s->target);
    free(s->weights);
    free(s->gradient);
}

static void test_gradient(const struct kernels *kernels, enum network_kind kind, const char *channels,
                          int groups, int blocks, const int size[3], struct loss_weights loss)
{
    struct subject s;
    prepare(&s, kernels, kind, channels, groups, blocks, size, loss);
    float *moved = malloc(s.table.floats * sizeof *moved);
    double error = 0, norm = 0;
    for (uint64_t direction = 0; direction < 5; direction++) {
        double step = 2e-4, slope = move(&s, 20 + direction, step, moved), up = loss_at(&s, moved);
        move(&s, 20 + direction, -step, moved);
        double measured = (up - loss_at(&s, moved)) / (2 * step);
        error += (measured - slope) * (measured - slope);
        norm += slope * slope;
    }
    /* The difference of two losses in single precision, over kinks of LeakyReLU and max-pool: some 5e-3. A
     * wrong gradient of any one layer is far beyond; the golden files hold all of it to 1e-5. */
    check(sqrt(error / norm) < 1e-2,
          "%s, %s %s, %dx%dx%d, loss %g Dice + %g BCE: slopes in 5 directions within %.1e", kernels->name,
          network_kind_name(kind), channels, size[0], size[1], size[2], (double)loss.dice, (double)loss.bce,
          sqrt(error / norm));
    free(moved);
    release(&s);
}

/* Relative error of the gradient of all parameters. */
static double apart(const struct subject *s, const struct subject *expected)
{
    return relative_error(s->table.floats, s->gradient, expected->gradient);
}

/* Activations rounded to 1/128, their gradients to 8 bits: the two backends that do so differ by where a value falls
 * to the one side or the other, and from fp32 by what rounding loses. */
static void test_int16(const char *channels, int groups, int blocks, const int size[3],
                       struct loss_weights loss)
{
    struct subject fp32, reference, cpu;
    const int widths[] = {8, 8, 8};
    const char *why;
    const struct kernels *kernels = kernels_find("cpu-int16", widths, 3, 2, &why);
    if (!kernels) {
        skip(why, "cpu-int16");
        return;
    }
    prepare(&fp32, &kernels_reference, NETWORK_REVERSIBLE, channels, groups, blocks, size, loss);
    prepare(&reference, &kernels_reference_int16, NETWORK_REVERSIBLE, channels, groups, blocks, size, loss);
    prepare(&cpu, kernels, NETWORK_REVERSIBLE, channels, groups, blocks, size, loss);
    check(apart(&cpu, &reference) < 2e-2, "%s, %s: the gradient as of reference-int16 within %.1e",
          kernels->name, channels, apart(&cpu, &reference));
    check(apart(&cpu, &fp32) < 1e-1, "%s, %s: as of fp32 within %.1e", kernels->name, channels,
          apart(&cpu, &fp32));
    release(&fp32), release(&reference), release(&cpu);
}

int main(void)
{
    int count;
    const struct kernels *const *list = kernels_list(&count);
    for (int i = 0; i < count; i++) {
        const struct loss_weights dice = {1, 0, 1}, both = {1, 2, 1e-5f}, bce = {0, 1, 1};
        test_gradient(list[i], NETWORK_REVERSIBLE, "4,6,8", 1, 2, (const int[]){20, 4, 12}, dice);
        test_gradient(list[i], NETWORK_REVERSIBLE, "12,20", 2, 1, (const int[]){2, 18, 6}, both);
        test_gradient(list[i], NETWORK_BASELINE, "4,8,12", 2, 1, (const int[]){12, 8, 4}, bce);
    }
    test_int16("4,6,8", 1, 2, (const int[]){20, 4, 12}, (struct loss_weights){1, 0, 1});
    test_int16("12,20", 2, 1, (const int[]){2, 18, 6}, (struct loss_weights){1, 2, 1e-5f});
    return check_exit();
}
