#include "lib/network/reversible.h"
#include <stddef.h>

static void forward(const struct branch_function *branch, const float *u, float *y)
{
    branch->forward(branch->self, u, +1, y);
}

static void backward(const struct branch_function *branch, const float *u, float *du, float *y,
                     const float *dy)
{
    branch->backward(branch->self, u, du, y, dy);
}

void reversible_forward(const struct reversible_block *blocks, int count, float *x1, float *x2)
{
    for (int b = 0; b < count; b++) {
        forward(&blocks[b].f, x2, x1); /* y1 = x1 + F(x2) */
        forward(&blocks[b].g, x1, x2); /* y2 = x2 + G(y1) */
    }
}

void reversible_backward(const struct reversible_block *blocks, int count, float *y1, float *y2, float *dy1,
                         float *dy2, bool input_wanted)
{
    for (int b = count - 1; b >= 0; b--) {
        backward(&blocks[b].g, y1, dy1, y2, dy2); /* x2 = y2 - G(y1), dx1 = dy1 + G'(y1)^T dy2 */
        backward(&blocks[b].f, y2, dy2, b > 0 || input_wanted ? y1 : NULL, dy1); /* x1, dx2 likewise */
    }
}

static void save(const struct saved_inputs *saved, int index, const float *half)
{
    saved->copy(saved->self, saved->u[index], half);
}

void reversible_forward_saving(const struct reversible_block *blocks, int count, float *x1, float *x2,
                               const struct saved_inputs *saved)
{
    for (int b = 0; b < count; b++) {
        save(saved, 2 * b, x2);
        forward(&blocks[b].f, x2, x1);
        if (b < count - 1)
            save(saved, 2 * b + 1, x1);
        forward(&blocks[b].g, x1, x2);
    }
}

void reversible_backward_saved(const struct reversible_block *blocks, int count, const float *y1,
                               const struct saved_inputs *saved, float *dy1, float *dy2)
{
    for (int b = count - 1; b >= 0; b--) {
        backward(&blocks[b].g, b < count - 1 ? saved->u[2 * b + 1] : y1, dy1, NULL, dy2);
        backward(&blocks[b].f, saved->u[2 * b], dy2, NULL, dy1);
    }
}
