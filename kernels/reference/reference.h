/* The functions of the reference backend. Its layout is plain: a tensor is a C-order array
 * [streams * channels][depth][height][width]. Other backends that live in host memory borrow
 * the functions of memory.c. */
#ifndef PRUNET_KERNELS_REFERENCE_REFERENCE_H
#define PRUNET_KERNELS_REFERENCE_REFERENCE_H

#include "kernels/kernels.h"

/* Host memory. */
void *reference_allocate(size_t bytes);
size_t reference_available(void);
void reference_release(void *memory, size_t bytes);
void reference_copy(void *to, const void *from, size_t bytes);
void reference_clear(void *memory, size_t bytes);
const char *reference_open(void);
const char *reference_finish(void);
void reference_prefetch_wait(void);
void reference_prefetch_release(void);
bool reference_record_begin(void);
void reference_record_end(void);
void reference_replay(void);

/* The part of a table that all backends in host memory share. */
#define REFERENCE_HOST_FUNCTIONS                                                                             \
    .open = reference_open, .allocate = reference_allocate, .release = reference_release,                    \
    .available = reference_available, .upload = reference_copy, .download = reference_copy,                  \
    .clear = reference_clear, .copy = reference_copy, .finish = reference_finish,                            \
    .allocate_host = reference_allocate, .release_host = reference_release,                                  \
    .prefetch_start = reference_copy, .prefetch_wait = reference_prefetch_wait,                              \
    .prefetch_release = reference_prefetch_release, .record_begin = reference_record_begin,                  \
    .record_end = reference_record_end, .replay = reference_replay

/* Mean and 1 / sqrt(variance + epsilon) of a group, from the sums [channels][2] of its channels (norm.h). */
struct group_statistics {
    double mean, scale;
};
struct group_statistics reference_group_statistics(int channels, size_t voxels, const double *channel_sums);

#define X(operation) operation##_function reference_##operation;
#include "kernels/operations.def"

/* 1x1x1 convolution, see resample.h: maps of `voxels` voxels; w [out][in], b [out]. */
void reference_conv1_forward(int in, int out, size_t voxels, const float *x, const float *w, const float *b,
                             float *y);
void reference_conv1_backward(int in, int out, size_t voxels, const float *x, const float *w, const float *dy,
                              float *dx, float *dw, float *db);

#endif
