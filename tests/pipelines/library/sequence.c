/* A reversible sequence of functions that the library knows nothing of, F and G being of different kinds and scratch:
 * its gradients are those of finite differences, and its inputs are rebuilt. */
#include "tests/check.h"
#include <prunet.h>

enum { HALF = 37, BLOCKS = 3, STATE = 2 * HALF };

/* F(u)[i] = tanh(a u[i - 1] + b u[i] + c u[i + 1]), around the ends. */
struct stencil {
    float w[3], dw[3];
};

/* G(u)[i] = p[i] u[i] u[i + 1]. */
struct product {
    float p[HALF], dp[HALF];
};

static int calls, misplaced;

static void place(const void *scratch, size_t alignment)
{
    calls++;
    misplaced += (size_t)scratch % alignment != 0;
}

static int next(int i, int by)
{
    return (i + by + HALF) % HALF;
}

static void activate(const struct stencil *s, const float *u, float *t)
{
    for (int i = 0; i < HALF; i++)
        t[i] = tanhf(s->w[0] * u[next(i, -1)] + s->w[1] * u[i] + s->w[2] * u[next(i, 1)]);
}

static void stencil_forward(void *self, const float *u, float sign, float *y, void *scratch)
{
    float *t = scratch;
    place(scratch, 64);
    activate(self, u, t);
    for (int i = 0; i < HALF; i++)
        y[i] += sign * t[i];
    poison(scratch, HALF * sizeof *t);
}

static void stencil_backward(void *self, const float *u, float *du, float *y, const float *dy, void *scratch)
{
    struct stencil *s = self;
    float *t = scratch;
    place(scratch, 64);
    activate(s, u, t);
    for (int i = 0; i < HALF; i++) {
        const float slope = dy[i] * (1 - t[i] * t[i]);
        for (int k = 0; k < 3; k++) {
            s->dw[k] += slope * u[next(i, k - 1)];
            du[next(i, k - 1)] += slope * s->w[k];
        }
        if (y)
            y[i] -= t[i];
    }
    poison(scratch, HALF * sizeof *t);
}

static void product_forward(void *self, const float *u, float sign, float *y, void *scratch)
{
    const struct product *g = self;
    place(scratch, 64);
    for (int i = 0; i < HALF; i++)
        y[i] += sign * (g->p[i] * u[i] * u[next(i, 1)]);
}

static void product_backward(void *self, const float *u, float *du, float *y, const float *dy, void *scratch)
{
    struct product *g = self;
    place(scratch, 64);
    for (int i = 0; i < HALF; i++) {
        const int j = next(i, 1);
        g->dp[i] += dy[i] * u[i] * u[j];
        du[i] += dy[i] * g->p[i] * u[j];
        du[j] += dy[i] * g->p[i] * u[i];
        if (y)
            y[i] -= g->p[i] * u[i] * u[j];
    }
}

static struct stencil stencils[BLOCKS];
static struct product products[BLOCKS];
static float input[STATE], direction[STATE], factor[STATE]; /* loss = sum of factor * output */

static float noise(void)
{
    static unsigned state = 7;
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / (1 << 23) - 1;
}

static double loss_of(struct prunet_sequence *sequence, const float *x)
{
    float y[STATE];
    double loss = 0;
    memcpy(y, x, sizeof y);
    prunet_sequence_forward(sequence, y, y + HALF);
    for (int i = 0; i < STATE; i++)
        loss += (double)factor[i] * y[i];
    return loss;
}

/* The slope of the loss along a direction in one array of parameters or in the input. */
static double slope_along(struct prunet_sequence *sequence, float *values, const float *along, int count)
{
    static float before[STATE];
    const float distance = 1e-2f;
    double loss[2];
    memcpy(before, values, (size_t)count * sizeof *values);
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < count; i++)
            values[i] = before[i] + (side ? distance : -distance) * along[i];
        loss[side] = loss_of(sequence, input);
    }
    memcpy(values, before, (size_t)count * sizeof *values);
    return (loss[1] - loss[0]) / (2 * (double)distance);
}

static void check_gradient(struct prunet_sequence *sequence, const char *of, float *values,
                           const float *gradient, int count)
{
    double said = 0;
    for (int i = 0; i < count; i++)
        said += (double)gradient[i] * direction[i];
    const double measured = slope_along(sequence, values, direction, count);
    check(fabs(said - measured) < 2e-3 * (fabs(measured) + 0.1),
          "the gradient of %s: %.5f, by differences %.5f", of, said, measured);
}

static void test_refusals(const struct prunet_block *blocks)
{
    struct prunet_sequence *sequence = NULL;
    struct prunet_block hollow = blocks[0];
    check(prunet_sequence_open(&sequence, blocks, 0) == PRUNET_USAGE && !sequence, "no blocks: %s",
          prunet_message());
    hollow.g.backward = NULL;
    check(prunet_sequence_open(&sequence, &hollow, 1) == PRUNET_USAGE && !sequence, "a NULL: %s",
          prunet_message());
    prunet_sequence_close(NULL);
}

int main(void)
{
    struct prunet_block blocks[BLOCKS];
    struct prunet_sequence *sequence;
    float y[STATE], dy[STATE], half[HALF];
    for (int b = 0; b < BLOCKS; b++) {
        blocks[b].f = (struct prunet_branch){stencil_forward, stencil_backward, &stencils[b], sizeof half};
        blocks[b].g = (struct prunet_branch){product_forward, product_backward, &products[b], 0};
        for (int i = 0; i < HALF; i++)
            products[b].p[i] = noise() / 2;
        for (int k = 0; k < 3; k++)
            stencils[b].w[k] = noise();
    }
    for (int i = 0; i < STATE; i++) {
        input[i] = noise();
        direction[i] = noise();
        factor[i] = noise();
    }
    test_refusals(blocks);
    if (prunet_sequence_open(&sequence, blocks, BLOCKS))
        return 1;
    memset(blocks, 0, sizeof blocks); /* they were copied */
    memcpy(y, input, sizeof y);
    prunet_sequence_forward(sequence, y, y + HALF);
    memcpy(dy, factor, sizeof dy);
    prunet_sequence_backward(sequence, y, y + HALF, dy, dy + HALF, 1);
    check(relative_error(STATE, y, input) < 1e-6, "the input is rebuilt within %.0e",
          relative_error(STATE, y, input));
    check_gradient(sequence, "the input", input, dy, STATE);
    for (int b = 0; b < BLOCKS; b++) {
        check_gradient(sequence, "F's parameters", stencils[b].w, stencils[b].dw, 3);
        check_gradient(sequence, "G's parameters", products[b].p, products[b].dp, HALF);
    }
    memcpy(y, input, sizeof y);
    prunet_sequence_forward(sequence, y, y + HALF);
    memcpy(dy, factor, sizeof dy);
    prunet_sequence_backward(sequence, y, y + HALF, dy, dy + HALF, 0);
    memcpy(half, input, sizeof half);
    activate(&stencils[0], input + HALF, y + HALF);
    for (int i = 0; i < HALF; i++)
        half[i] += y[HALF + i];
    check(relative_error(HALF, y, half) < 1e-6, "input not wanted: the first half is x1 + F(x2)");
    check(calls > 0 && !misplaced, "scratch is aligned in each of %d calls", calls);
    prunet_sequence_close(sequence);
    return check_exit();
}
