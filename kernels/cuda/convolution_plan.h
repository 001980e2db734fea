/* Plans for 3x3x3 convolutions by cuDNN's graph interface.
 *
 * The plan is the one that was the fastest when all were timed on such a card (chosen_plans.h), or else the first in
 * cuDNN's own order; it is deterministic, keeps to the workspace and to the precision, and runs. A residual branch and its recomputation use one plan (the recomputation subtracts with negated
 * weights, which changes nothing but the sign of the result), so they come out the same to the bit. */
#ifndef PRUNET_KERNELS_CUDA_CONVOLUTION_PLAN_H
#define PRUNET_KERNELS_CUDA_CONVOLUTION_PLAN_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of workspace that a plan may use: what the memory plan counts for each convolution. */
#ifndef CONVOLUTION_PLAN_WORKSPACE
#define CONVOLUTION_PLAN_WORKSPACE (64 << 20)
#endif

enum convolution_kind {
    CONVOLUTION_FORWARD, /* y = conv(x, w) */
    CONVOLUTION_DATA,    /* x = conv^T(y, w) */
    CONVOLUTION_WEIGHTS  /* w = sum over voxels of x y */
};

/* x [voxels][in], y [voxels][out], w [out][27][in], all floats or all bf16. Sums are floats. */
struct convolution {
    enum convolution_kind kind;
    bool add;    /* the result is +=, else = */
    bool bf16;   /* what x, w and y are made of */
    bool tf32;   /* floats may be rounded to TF32 on the way in */
    int in, out; /* channels, padded */
    int depth, height, width;
};

/* The same problem, but for `add`. */
static inline bool convolution_same(const struct convolution *a, const struct convolution *b)
{
    return a->kind == b->kind && a->bf16 == b->bf16 && a->tf32 == b->tf32 && a->in == b->in &&
           a->out == b->out && a->depth == b->depth && a->height == b->height && a->width == b->width;
}

/* What cuDNN makes a plan from: the number of its engine, and what the engine's knobs are set to. */
enum { KNOBS_MAX = 32 };
struct plan_choice {
    int64_t engine;
    int knob_count;
    struct knob {
        int type; /* cudnnBackendKnobType_t */
        int64_t value;
    } knobs[KNOBS_MAX];
};

struct convolution_plan {
    struct convolution problem;
    void *descriptor;
    size_t workspace;
    struct plan_choice choice;
    bool tensor_cores;
};

/* Starts cuDNN, which libraries_open has opened, on a card of this compute capability (gpu_capability). NULL, or one line
 * of advice: it does not start. */
const char *convolution_plan_open(cudaStream_t queue, int capability);

/* As convolution_plan_open without a device: plans can be made for the card that a JSON text describes
 * (cuDNN's device properties), and not run. */
const char *convolution_plan_open_without_device(const char *device_json);

/* Makes a plan of the problem: of those that qualify, chosen_plans.h's before cuDNN's, the one before which there are
 * `rank` others. NULL, or what failed. */
const char *convolution_plan_make(struct convolution problem, int rank, struct convolution_plan *plan);

/* Makes this plan of the problem; false where cuDNN cannot, or it does not qualify. */
bool convolution_plan_make_chosen(struct convolution problem, const struct plan_choice *choice,
                                  struct convolution_plan *plan);

void convolution_plan_release(struct convolution_plan *plan);

/* NULL, or what failed; *memory: for lack of it. */
const char *convolution_plan_run(const struct convolution_plan *plan, const void *x, const void *w,
                                 const void *y, void *workspace, bool *memory);

#ifdef __cplusplus
}
#endif

#endif
