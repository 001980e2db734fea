/* 1x1x1 convolution with bias: see resample.h. Sums are double, in the order of the channels or voxels. */
#include "kernels/reference/conv1.h"

void reference_conv1_forward(int in, int out, size_t voxels, const float *x, const float *w, const float *b,
                             float *y)
{
#pragma omp parallel for schedule(static)
    for (int o = 0; o < out; o++)
        for (size_t v = 0; v < voxels; v++) {
            double sum = b[o];
            for (int i = 0; i < in; i++)
                sum += (double)w[o * in + i] * x[(size_t)i * voxels + v];
            y[(size_t)o * voxels + v] = (float)sum;
        }
}

void reference_conv1_backward(int in, int out, size_t voxels, const float *x, const float *w, const float *dy,
                              float *dx, float *dw, float *db)
{
#pragma omp parallel for schedule(static)
    for (int i = 0; i < in; i++)
        for (size_t v = 0; v < voxels; v++) {
            double sum = 0;
            for (int o = 0; o < out; o++)
                sum += (double)w[o * in + i] * dy[(size_t)o * voxels + v];
            dx[(size_t)i * voxels + v] = (float)sum;
        }
#pragma omp parallel for schedule(static)
    for (int o = 0; o < out; o++) {
        const float *gradient = dy + (size_t)o * voxels;
        double bias = 0;
        for (size_t v = 0; v < voxels; v++)
            bias += gradient[v];
        db[o] = (float)(db[o] + bias);
        for (int i = 0; i < in; i++) {
            double sum = 0;
            for (size_t v = 0; v < voxels; v++)
                sum += (double)gradient[v] * x[(size_t)i * voxels + v];
            dw[o * in + i] = (float)(dw[o * in + i] + sum);
        }
    }
}
