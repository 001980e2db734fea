/* 3x3x3 convolution and its gradients in the blocked layout: see kernels/conv3.h. The image's convolution is
 * one more, which reads plain maps. */
#include "kernels/cpu/blocked/winograd.h"

static void forward(struct input in, struct shape out, const float *w, float *y, void *scratch)
{
    struct winograd_forward f = {.in = in, .out = out, .w = w, .to = {.store = STORE_SET, .y = y}};
    blocked_winograd_forward(&f, scratch);
}

static void backward(struct input in, struct shape out, const float *w, const float *dy, float *dx, float *dw,
                     void *scratch)
{
    struct winograd_backward b = {
        .forward = {.in = in, .out = out, .w = w},
        .dy = dy,
        .dx = {.store = STORE_SET, .y = dx},
        .dw = dw,
    };
    blocked_winograd_backward(&b, scratch);
}

void blocked_conv3_forward(struct shape in, struct shape out, const float *x, const float *w, float *y,
                           void *scratch)
{
    forward((struct input){.shape = in, .x = x}, out, w, y, scratch);
}

void blocked_conv3_backward(struct shape in, struct shape out, const float *x, const float *w,
                            const float *dy, float *dx, float *dw, void *scratch)
{
    backward((struct input){.shape = in, .x = x}, out, w, dy, dx, dw, scratch);
}

static struct input image_input(int channels, struct shape out, const float *image)
{
    return (struct input){.shape = {1, channels, out.depth, out.height, out.width}, .x = image, .image = 1};
}

void blocked_image_conv_forward(int channels, struct shape out, const float *image, const float *w, float *y,
                                void *scratch)
{
    forward(image_input(channels, out, image), out, w, y, scratch);
}

void blocked_image_conv_backward(int channels, struct shape out, const float *image, const float *dy,
                                 float *dw, void *scratch)
{
    backward(image_input(channels, out, image), out, NULL, dy, NULL, dw, scratch);
}
