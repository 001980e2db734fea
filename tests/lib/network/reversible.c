/* The reversible sequence as others may use it: with a dense layer of their own for F and G, its gradient
 * against finite differences; and how far the network's own branches drift when they are inverted. */
#include "lib/network/reversible.h"
#include "tests/lib/network/drift.h"
#include <stdbool.h>

/* --- a dense layer: F(u) = tanh(W u + b) --- */

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

static void copy_dense(void *self, float *to, const float *from)
{
    (void)self;
    memcpy(to, from, N * sizeof *to);
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
    double before = *at, step = 1e-5;
    *at = before + step;
    double up = plain_loss(weights, x, c);
    *at = before - step;
    double down = plain_loss(weights, x, c);
    *at = before;
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

    /* With the branches' inputs saved: the same numbers, but for the last bits. */
    float halves[2 * BLOCKS - 1][N], *saved_halves[2 * BLOCKS - 1], saved_y[2 * N], saved_dx[2 * N],
        saved_gradient[ALL];
    for (int i = 0; i < 2 * BLOCKS - 1; i++)
        saved_halves[i] = halves[i];
    const struct saved_inputs inputs = {saved_halves, copy_dense, NULL};
    memcpy(saved_y, x, sizeof saved_y);
    memcpy(saved_dx, c, sizeof saved_dx);
    memcpy(saved_gradient, gradient, sizeof saved_gradient);
    memset(gradient, 0, sizeof gradient);
    reversible_forward_saving(blocks, BLOCKS, saved_y, saved_y + N, &inputs);
    check(!memcmp(saved_y, output, sizeof saved_y), "dense: saving changes nothing going forward");
    reversible_backward_saved(blocks, BLOCKS, saved_y, &inputs, saved_dx, saved_dx + N);
    check(relative_error(2 * N, saved_dx, dx) < 1e-6 && relative_error(ALL, gradient, saved_gradient) < 1e-6,
          "dense: the same gradients from saved inputs");
    check(!memcmp(saved_y, output, sizeof saved_y), "dense: and the output is only read");

    /* Where the input is not wanted its first part stays as the first block left it. */
    float dx2[2 * N];
    memcpy(again, saved_gradient, sizeof again);
    memset(gradient, 0, sizeof gradient);
    memcpy(dx2, c, sizeof dx2);
    reversible_backward(blocks, BLOCKS, output, output + N, dx2, dx2 + N, false);
    check(!memcmp(dx2, dx, sizeof dx) && !memcmp(again, gradient, sizeof again),
          "dense: the same gradients when the input is not wanted");
    check(largest_difference(N, output + N, x + N) < 1e-6 && largest_difference(N, output, x) > 1e-2,
          "dense: then the first part is left as it is");
}

/* --- the network's branch --- */

static void test_drift(const struct kernels *kernels, int blocks)
{
    const struct shape half = {.streams = 1, .channels = 30, .depth = 6, .height = 10, .width = 18};
    struct drift drift;
    if (!drift_measure(&drift, kernels, half, blocks)) {
        check(false, "%s: %d blocks run", kernels->name, blocks);
        return;
    }
    double rounding = 8 * kernels->rounding;
    check(drift.input < 1e-5 + rounding, "%s: inverting %d blocks gives the input back within %.1e",
          kernels->name, blocks, drift.input);
    /* 5e-3: a few of 65,000 values have changed their sign */
    check(drift.gradient < (blocks > 1 ? 5e-3 : 1e-5) + rounding,
          "%s: %d blocks' gradient within %.1e of the one from saved inputs; their last bit: %.1e",
          kernels->name, blocks, drift.gradient, drift.last_bit);
}

int main(void)
{
    int count;
    const struct kernels *const *list = kernels_list(&count);
    test_dense();
    for (int i = 0; i < count; i++) {
        test_drift(list[i], 1);
        test_drift(list[i], i ? 8 : 2); /* the reference is slow */
    }
    return check_exit();
}
