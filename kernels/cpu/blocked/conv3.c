/* 3x3x3 convolution and its gradients in the blocked layout: see kernels/conv3.h. */
#include "kernels/cpu/blocked/winograd.h"

void blocked_conv3_forward(struct shape in, struct shape out, const float *x, const float *w, float *y,
                           void *scratch)
{
    struct winograd_forward f = {.in = in, .out = out, .x = x, .w = w, .to = {.store = STORE_SET, .y = y}};
    blocked_winograd_forward(&f, scratch);
}

void blocked_conv3_backward(struct shape in, struct shape out, const float *x, const float *w,
                            const float *dy, float *dx, float *dw, void *scratch)
{
    struct winograd_backward b = {
        .forward = {.in = in, .out = out, .x = x, .w = w},
        .dy = dy,
        .dx = {.store = STORE_SET, .y = dx},
        .dw = dw,
    };
    blocked_winograd_backward(&b, scratch);
}
