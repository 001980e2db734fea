/* The 1x1x1 convolution of which down, up and the head are made. */
#ifndef PRUNET_KERNELS_REFERENCE_CONV1_H
#define PRUNET_KERNELS_REFERENCE_CONV1_H

#include <stddef.h>

/* 1x1x1 convolution, see resample.h: maps of `voxels` voxels; w [out][in], b [out]. */
void reference_conv1_forward(int in, int out, size_t voxels, const float *x, const float *w, const float *b,
                             float *y);
void reference_conv1_backward(int in, int out, size_t voxels, const float *x, const float *w, const float *dy,
                              float *dx, float *dw, float *db);

#endif
