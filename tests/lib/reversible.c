/* The reversible sequence as others may use it: with a dense layer of their own for F and G, its gradient
 * against finite differences; and how far the network's own branches drift when they are undone. */
#include "lib/network/reversible.h"
#include "kernels/kernels.h"
#include "lib/base/random.h"
#include "tests/check.h"
#include <stdbool.h>

/* A dense layer: F(u) = tanh(W u + b) ---------------------------------------------------------------- */

enum { N = 6, BLOCKS = 3, PARAMETERS = N * N + N };

struct dense {
    const float *weights; /* W by rows, then b */
    float *gradient;
};

static double dense_sum(const struct dense *d, const float *u, int row)
{
    double sum = d->weights[N * N + row];
    for (int i = 0; i < N; i++)
        sum += (double)d->weights[row * N + i] * u[i];
    return sum;
}

static void dense_forward(void *self, const float *u, float sign, float *y)
{
    for (int row = 0; row < N; row++)
        y[row] += sign * (float)tanh(dense_sum(self, u, row));
}

static void dense_backward(void *self, const float *u, float *du, float *y, const float *dy)
{
    struct dense *d = self;
    for (int row = 0; row < N; row++) {
        double value = tanh(dense_sum(d, u, row)), slope = (1 - value * value) * dy[row];
        d->gradient[N * N + row] += (float)slope;
        for (int i = 0; i < N; i++) {
            d->gradient[row * N + i] += (float)(slope * u[i]);
            du[i] += (float)(slope * d->weights[row * N + i]);
        }
        if (y)
            y[row] -= (float)value;
    }
}

/* The same sequence in doubles, with nothing reversed: sum of c y over parameters and input. */
static double plain_loss(const double *weights, const double *x, const float *c)
{
    double half[2][N];
    for (int i = 0; i < N; i++) {
        half[0][i] = x[i];
        half[1][i] = x[N + i];
    }
    for (int branch = 0; branch < 2 * BLOCKS; branch++, weights += PARAMETERS) {
        const double *u = half[1 - branch % 2];
        double *y = half[branch % 2];
        for (int row = 0; row < N; row++) {
            double sum = weights[N * N + row];
            for (int i = 0; i < N; i++)
                sum += weights[row * N + i] * u[i];
            y[row] += tanh(sum);
        }
    }
    double loss = 0;
    for (int i = 0; i < N; i++)
        loss += c[i] * half[0][i] + c[N + i] * half[1][i];
    return loss;
}

static double finite_difference(double *at, const double *weights, const double *x, const float *c)
{
    double kept = *at, step = 1e-5;
    *at = kept + step;
    double up = plain_loss(weights, x, c);
    *at = kept - step;
    double down = plain_loss(weights, x, c);
    *at = kept;
    return (up - down) / (2 * step);
}

static void test_dense(void)
{
    static float weights[2 * BLOCKS * PARAMETERS], gradient[2 * BLOCKS * PARAMETERS];
    static double precise[2 * BLOCKS * PARAMETERS];
    enum { ALL = 2 * BLOCKS * PARAMETERS };
    float x[2 * N], state[2 * N], c[2 * N], dx[2 * N], expected[2 * N], again[ALL];
    double precise_x[2 * N];
    for (int i = 0; i < ALL; i++)
        precise[i] = weights[i] = (float)(0.5 * random_normal(1, (uint64_t)i));
    for (int i = 0; i < 2 * N; i++) {
        precise_x[i] = x[i] = state[i] = (float)random_normal(2, (uint64_t)i);
        c[i] = dx[i] = (float)random_normal(3, (uint64_t)i);
    }

    struct dense layers[2 * BLOCKS];
    struct reversible_block blocks[BLOCKS] = {0};
    for (int b = 0; b < 2 * BLOCKS; b++) {
        layers[b] = (struct dense){weights + b * PARAMETERS, gradient + b * PARAMETERS};
        *(b % 2 ? &blocks[b / 2].g : &blocks[b / 2].f) =
            (struct branch_function){dense_forward, dense_backward, &layers[b]};
    }
    reversible_forward(blocks, BLOCKS, state, state + N);
    double loss = 0;
    for (int i = 0; i < 2 * N; i++)
        loss += (double)c[i] * state[i];
    check(fabs(loss - plain_loss(precise, precise_x, c)) < 1e-5, "dense: forward");

    float output[2 * N];
    memcpy(output, state, sizeof state);
    reversible_backward(blocks, BLOCKS, state, state + N, dx, dx + N, true);
    check(largest_difference(2 * N, state, x) < 1e-6, "dense: the input comes back");
    for (int i = 0; i < 2 * N; i++)
        expected[i] = (float)finite_difference(&precise_x[i], precise, precise_x, c);
    check(relative_error(2 * N, dx, expected) < 1e-5, "dense: gradient of the input");
    for (int i = 0; i < ALL; i++)
        again[i] = (float)finite_difference(&precise[i], precise, precise_x, c);
    check(relative_error(ALL, gradient, again) < 1e-5, "dense: gradients of all parameters");

    /* Where the input is not wanted its first part stays as the first block left it. */
    float dx2[2 * N];
    memcpy(again, gradient, sizeof again);
    memset(gradient, 0, sizeof gradient);
    memcpy(dx2, c, sizeof dx2);
    reversible_backward(blocks, BLOCKS, output, output + N, dx2, dx2 + N, false);
    check(!memcmp(dx2, dx, sizeof dx) && !memcmp(again, gradient, sizeof again),
          "dense: the same gradients when the input is not wanted");
    check(largest_difference(N, output + N, x + N) < 1e-6 && largest_difference(N, output, x) > 1e-2,
          "dense: then the first part is left as it is");
}

/* The network's branch ------------------------------------------------------------------------------- */

static const struct shape half = {.parts = 1, .channels = 30, .depth = 6, .height = 10, .width = 18};

struct conv_branch {
    const struct kernels *kernels;
    struct branch_weights weights;
    struct branch_gradients gradients;
    double *moments;
    void *scratch;
};

static void gather(const struct conv_branch *b, const float *u)
{
    b->kernels->moments(half, u, b->moments, b->scratch);
}

static void conv_forward(void *self, const float *u, float sign, float *y)
{
    struct conv_branch *b = self;
    gather(b, u);
    b->kernels->branch_forward(half, &b->weights, b->moments, u, sign, y, NULL, b->scratch);
}

static void conv_backward(void *self, const float *u, float *du, float *y, const float *dy)
{
    struct conv_branch *b = self;
    gather(b, u);
    b->kernels->branch_backward(half, &b->weights, &b->gradients, b->moments, u, du, y, dy, b->scratch);
}

/* PyTorch's default weights. */
static void make_weights(float *conv, float *gamma, float *beta, uint64_t key)
{
    double bound = 1 / sqrt(27.0 * half.channels);
    for (int i = 0; i < half.channels * half.channels * 27; i++)
        conv[i] = (float)(bound * (2 * random_uniform(key, (uint64_t)i) - 1));
    for (int c = 0; c < half.channels; c++) {
        gamma[c] = 1;
        beta[c] = 0;
    }
}

static double drift(const struct kernels *k, int count)
{
    enum { CHANNELS = 30 };
    const size_t conv = CHANNELS * CHANNELS * 27, plain = 2 * CHANNELS * shape_voxels(half),
                 part = k->tensor_bytes(half) / sizeof(float);
    size_t scratch_branch = k->scratch_bytes(OPERATION_BRANCH, half, half),
           scratch_norm = k->scratch_bytes(OPERATION_NORM, half, half);
    void *scratch = poisoned(scratch_branch > scratch_norm ? scratch_branch : scratch_norm);
    struct reversible_block *blocks = calloc((size_t)count, sizeof *blocks);
    struct conv_branch *branches = calloc(2 * (size_t)count, sizeof *branches);
    float *weights = poisoned(2 * (size_t)count * (conv + 64) * sizeof(float));
    float *gradient = poisoned((conv + 64) * sizeof(float));
    memset(gradient, 0, (conv + 64) * sizeof(float));
    double *moments = poisoned(CHANNELS * 2 * sizeof(double));
    for (int b = 0; b < 2 * count; b++) {
        float *w = weights + (size_t)b * (conv + 64);
        make_weights(w, w + conv, w + conv + 32, random_key_number(7, (uint64_t)b));
        branches[b] = (struct conv_branch){k,
                                           {CHANNELS, w + conv, w + conv + 32, w},
                                           {gradient + conv, gradient + conv + 32, gradient},
                                           moments,
                                           scratch};
        *(b % 2 ? &blocks[b / 2].g : &blocks[b / 2].f) =
            (struct branch_function){conv_forward, conv_backward, &branches[b]};
    }
    float *x = poisoned(plain * sizeof *x), *back = poisoned(plain * sizeof *back);
    float *state = poisoned(2 * part * sizeof *state), *dy = poisoned(2 * part * sizeof *dy);
    struct shape whole = half;
    whole.parts = 2;
    for (size_t i = 0; i < plain; i++)
        x[i] = (float)random_normal(5, i);
    k->pack(whole, x, state);
    k->pack(whole, x, dy);
    reversible_forward(blocks, count, state, state + part);
    reversible_backward(blocks, count, state, state + part, dy, dy + part, true);
    k->unpack(whole, state, back);
    double error = relative_error(plain, back, x);
    void *all[] = {scratch, blocks, branches, weights, gradient, moments, x, back, state, dy};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    return error;
}

static void test_drift(void)
{
    int count;
    const struct kernels *const *list = kernels_list(&count);
    for (int i = 0; i < count; i++) {
        double four = drift(list[i], 4);
        check(four < 1e-5, "%s: undoing 4 blocks gives the input back within %.1e", list[i]->name, four);
        if (i == 0)
            continue; /* the reference is slow */
        double many = drift(list[i], 16);
        check(many < 1e-5, "%s: 16 blocks within %.1e", list[i]->name, many);
    }
}

int main(void)
{
    test_dense();
    test_drift();
    return check_exit();
}
