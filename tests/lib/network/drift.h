/* How far inversion drifts: the network's own blocks are run forward and inverted, and once more with their
 * inputs saved. */
#ifndef PRUNET_TESTS_LIB_NETWORK_DRIFT_H
#define PRUNET_TESTS_LIB_NETWORK_DRIFT_H

#include "kernels/kernels.h"
#include "lib/base/random.h"
#include "lib/network/reversible.h"
#include "tests/check.h"

/* Relative errors, |difference| / |expected|. Gradients are those of input and parameters, the larger error.
 * LeakyReLU has two slopes: a value that changes its sign in the last bit changes its voxel's gradient a
 * hundredfold, and one such voxel in a million is an error of 1e-3, however the change came about. */
struct drift {
    double input;    /* of the input that comes back */
    double gradient; /* beside a run that saves the branches' inputs */
    double last_bit; /* of the run that saves them when every input moves by its last bit: the yardstick */
};

struct drift_branch {
    const struct drift_run *run;
    struct branch_weights weights;
    struct branch_gradients gradients;
    double *channel_sums;
};

/* Everything in the backend's memory. */
struct drift_run {
    const struct kernels *kernels;
    struct shape half;
    int count;
    struct reversible_block *blocks;
    struct drift_branch *branches;
    size_t half_bytes, weight_floats; /* of a branch, rounded up to whole lines of 64 bytes */
    float *weights, *gradient, *state, *dy, *saved, **saved_halves;
    double *channel_sums;
    void *scratch;
    size_t scratch_bytes;
};

static inline void drift_forward(void *self, const float *u, float sign, float *y)
{
    struct drift_branch *b = self;
    const struct drift_run *r = b->run;
    r->kernels->channel_sums(r->half, u, b->channel_sums,
                             r->scratch); /* they stay for the way back, as the network's do */
    r->kernels->branch_forward(r->half, &b->weights, b->channel_sums, u, sign, y, NULL, r->scratch);
}

static inline void drift_backward(void *self, const float *u, float *du, float *y, const float *dy)
{
    struct drift_branch *b = self;
    const struct drift_run *r = b->run;
    r->kernels->branch_backward(r->half, &b->weights, &b->gradients, b->channel_sums, u, du, y, dy,
                                r->scratch);
}

static inline void drift_copy(void *self, float *to, const float *from)
{
    const struct drift_run *r = self;
    r->kernels->copy(to, from, r->half_bytes);
}

/* PyTorch's default weights: conv, then gamma, then beta. */
static inline void drift_weights(const struct drift_run *r, float *to, uint64_t key)
{
    int channels = r->half.channels, conv = channels * channels * 27;
    float *host = calloc(r->weight_floats, sizeof *host);
    double bound = 1 / sqrt(27.0 * channels);
    for (int i = 0; i < conv; i++)
        host[i] = (float)(bound * (2 * random_uniform(key, (uint64_t)i) - 1));
    for (int c = 0; c < channels; c++)
        host[(conv + 15) / 16 * 16 + c] = 1;
    r->kernels->upload(to, host, r->weight_floats * sizeof *host);
    free(host);
}

static inline void drift_bind(struct drift_run *r, int b)
{
    int channels = r->half.channels, gamma = (channels * channels * 27 + 15) / 16 * 16,
        beta = gamma + (channels + 15) / 16 * 16;
    struct drift_branch *branch = &r->branches[b];
    float *w = r->weights + (size_t)b * r->weight_floats, *g = r->gradient + (size_t)b * r->weight_floats;
    drift_weights(r, w, random_key_number(7, (uint64_t)b));
    *branch = (struct drift_branch){r,
                                    {channels, w + gamma, w + beta, w},
                                    {g + gamma, g + beta, g},
                                    r->channel_sums + (size_t)b * 16 * (size_t)((channels + 7) / 8)};
    *(b % 2 ? &r->blocks[b / 2].g : &r->blocks[b / 2].f) =
        (struct branch_function){drift_forward, drift_backward, branch};
}

static inline void *drift_allocate(const struct drift_run *r, size_t bytes)
{
    void *memory = r->kernels->allocate(bytes);
    if (!memory)
        abort();
    return memory;
}

static inline void drift_open(struct drift_run *r, const struct kernels *k, struct shape half, int count)
{
    size_t branches = 2 * (size_t)count, lines = (size_t)half.channels / 8 + 1,
           a = k->scratch_bytes(OPERATION_BRANCH, half, half),
           b = k->scratch_bytes(OPERATION_NORM, half, half);
    *r = (struct drift_run){.kernels = k, .half = half, .count = count, .half_bytes = k->tensor_bytes(half)};
    r->weight_floats = ((size_t)half.channels * (size_t)half.channels * 27 + 15) / 16 * 16 +
                       2 * (((size_t)half.channels + 15) / 16 * 16);
    r->scratch_bytes = a > b ? a : b;
    r->blocks = calloc((size_t)count, sizeof *r->blocks);
    r->branches = calloc(branches, sizeof *r->branches);
    r->saved_halves = calloc(branches, sizeof *r->saved_halves);
    r->weights = drift_allocate(r, branches * r->weight_floats * sizeof(float));
    r->gradient = drift_allocate(r, branches * r->weight_floats * sizeof(float));
    r->channel_sums = drift_allocate(r, branches * lines * 16 * sizeof(double));
    r->state = drift_allocate(r, 2 * r->half_bytes);
    r->dy = drift_allocate(r, 2 * r->half_bytes);
    r->saved = drift_allocate(r, branches * r->half_bytes);
    r->scratch = drift_allocate(r, r->scratch_bytes);
    for (int i = 0; i < 2 * count; i++) {
        drift_bind(r, i);
        r->saved_halves[i] = (float *)((char *)r->saved + (size_t)i * r->half_bytes);
    }
}

static inline void drift_close(struct drift_run *r)
{
    size_t branches = 2 * (size_t)r->count, lines = (size_t)r->half.channels / 8 + 1;
    r->kernels->release(r->weights, branches * r->weight_floats * sizeof(float));
    r->kernels->release(r->gradient, branches * r->weight_floats * sizeof(float));
    r->kernels->release(r->channel_sums, branches * lines * 16 * sizeof(double));
    r->kernels->release(r->state, 2 * r->half_bytes);
    r->kernels->release(r->dy, 2 * r->half_bytes);
    r->kernels->release(r->saved, branches * r->half_bytes);
    r->kernels->release(r->scratch, r->scratch_bytes);
    free(r->blocks);
    free(r->branches);
    free(r->saved_halves);
}

/* What a run leaves: the sequence's input, or its output where inputs are saved, and the gradients. */
struct drift_result {
    float *state, *dx, *gradient;
};

static inline float *drift_download(const struct drift_run *r, const float *tensor)
{
    struct shape whole = r->half;
    whole.streams = 2;
    float *packed = aligned_alloc(64, 2 * r->half_bytes),
          *plain = malloc((size_t)shape_channels(whole) * shape_voxels(whole) * sizeof *plain);
    r->kernels->download(packed, tensor, 2 * r->half_bytes);
    r->kernels->unpack(whole, packed, plain);
    free(packed);
    return plain;
}

static inline struct drift_result drift_run(struct drift_run *r, const float *x, const float *dy, int save)
{
    struct shape whole = r->half;
    whole.streams = 2;
    float *packed = aligned_alloc(64, 2 * r->half_bytes), *x2 = r->state + r->half_bytes / sizeof(float),
          *dy2 = r->dy + r->half_bytes / sizeof(float);
    size_t floats = 2 * (size_t)r->count * r->weight_floats;
    r->kernels->pack(whole, x, packed);
    r->kernels->upload(r->state, packed, 2 * r->half_bytes);
    r->kernels->pack(whole, dy, packed);
    r->kernels->upload(r->dy, packed, 2 * r->half_bytes);
    r->kernels->clear(r->gradient, floats * sizeof(float));
    struct saved_inputs saved = {r->saved_halves, drift_copy, r};
    if (save) {
        reversible_forward_saving(r->blocks, r->count, r->state, x2, &saved);
        reversible_backward_saved(r->blocks, r->count, r->state, &saved, r->dy, dy2);
    } else {
        reversible_forward(r->blocks, r->count, r->state, x2);
        reversible_backward(r->blocks, r->count, r->state, x2, r->dy, dy2, true);
    }
    free(packed);
    struct drift_result result = {drift_download(r, r->state), drift_download(r, r->dy),
                                  malloc(floats * sizeof(float))};
    r->kernels->download(result.gradient, r->gradient, floats * sizeof(float));
    return result;
}

static inline void drift_result_free(struct drift_result *result)
{
    free(result->state);
    free(result->dx);
    free(result->gradient);
}

static inline double drift_error(const struct drift_run *r, const struct drift_result *a,
                                 const struct drift_result *b)
{
    size_t plain = 2 * (size_t)r->half.channels * shape_voxels(r->half);
    return fmax(relative_error(plain, a->dx, b->dx),
                relative_error(2 * (size_t)r->count * r->weight_floats, a->gradient, b->gradient));
}

/* Drift of `count` blocks on two streams of the shape `half`, a group a channel; 0 when the backend fails. */
static inline int drift_measure(struct drift *drift, const struct kernels *kernels, struct shape half,
                                int count)
{
    if (kernels->open())
        return 0;
    struct drift_run run;
    size_t plain = 2 * (size_t)half.channels * shape_voxels(half);
    float *x = malloc(plain * sizeof *x), *dy = malloc(plain * sizeof *dy);
    for (size_t i = 0; i < plain; i++) {
        x[i] = (float)random_normal(5, i);
        dy[i] = (float)random_normal(6, i);
    }
    drift_open(&run, kernels, half, count);
    struct drift_result inverted = drift_run(&run, x, dy, 0), saved = drift_run(&run, x, dy, 1);
    drift->input = relative_error(plain, inverted.state, x);
    for (size_t i = 0; i < plain; i++)
        x[i] = nextafterf(x[i], i % 2 ? INFINITY : -INFINITY);
    struct drift_result moved = drift_run(&run, x, dy, 1);
    int good = !kernels->finish();
    drift->gradient = drift_error(&run, &inverted, &saved);
    drift->last_bit = drift_error(&run, &moved, &saved);
    drift_result_free(&inverted);
    drift_result_free(&saved);
    drift_result_free(&moved);
    drift_close(&run);
    free(x);
    free(dy);
    return good;
}

#endif
