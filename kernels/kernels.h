/* The table of operations: what a backend is.
 *
 * `reference` is complete and is the definition: plain loops, double sums. Any other backend starts as a copy
 * of a complete one and overrides what pays. Which backends exist is decided at link time (make CUDA=1),
 * which one is used at run time; nothing falls back silently.
 *
 * Rules for every function of the table:
 *   - it does not allocate, print or exit; scratch comes from the caller, `scratch_bytes` says how much;
 *   - its result does not depend on the number of threads, and is the same from run to run;
 *   - pointers are in the backend's memory (`allocate`, `upload`, `download`), 64-byte aligned, tensors and
 *     scratch to `alignment`; that holds for images, targets, weights, channel sums, Dice sums and Adam's
 *     settings too, so that a recorded step can be replayed with new ones. Only shapes and the structs of
 *     pointers in branch.h are the caller's;
 *   - `=` overwrites (the old contents may be poison), `+=` accumulates; each header says which;
 *   - padding that a layout needs is the backend's: it may hold anything before `=` and must not leak. */
#ifndef PRUNET_KERNELS_KERNELS_H
#define PRUNET_KERNELS_KERNELS_H

#include "kernels/adam.h"
#include "kernels/average.h"
#include "kernels/branch.h"
#include "kernels/conv3.h"
#include "kernels/fixed.h"
#include "kernels/head.h"
#include "kernels/norm.h"
#include "kernels/resample.h"
#include "kernels/shape.h"
#include <stdbool.h>

enum operation {
    OPERATION_IMAGE_CONV, /* in: image, streams 1 */
    OPERATION_CONV3,
    OPERATION_NORM,
    OPERATION_BRANCH,
    OPERATION_DOWN, /* in fine, out coarse */
    OPERATION_UP,   /* in coarse, out fine */
    OPERATION_HEAD, /* out: channels = regions */
};

/* A step of one network: its owner zeroes it and hands it to the functions below, which alone look into it. */
struct recording {
    bool seen;   /* the step has run once, so that all that it needs is made and checked */
    void *steps; /* NULL: not recorded */
};

struct kernels {
    const char *name;        /* "reference", "cpu", "cuda" */
    const char *description; /* "cpu: planar, AVX2", for logs and checkpoints' history */

    /* What convolutions and conv1s multiply is rounded to this, relatively: 0 when fp32 is, 2^-10 for TF32,
     * which may be cut off, 2^-9 for bf16. Sums and tensors are fp32 everywhere. */
    double rounding;

    /* Bytes at whose multiples tensors and scratch begin: 64, or more where the backend's libraries want it. */
    size_t alignment;

    /* Acquires what the backend computes with: a device, its libraries. Returns NULL, or why it cannot, in
     * one line. Called before everything but tensor_bytes and scratch_bytes, which a plan asks on any
     * machine. Tables of one backend may share what they compute with: where a process uses several, it
     * opens the one whose operations come next, which costs nothing when it has been open before. */
    const char *(*open)(void);

    /* Memory. allocate returns NULL when there is not enough, and then `finish` says what would help;
     * bytes may be 0. release waits for whatever still uses the memory. */
    bool on_host; /* the backend's memory is the host's, which may read and write it between two `finish` */
    void *(*allocate)(size_t bytes);
    void (*release)(void *memory, size_t bytes);
    size_t (*available)(void); /* bytes that could be allocated now; SIZE_MAX where nobody knows */
    void (*upload)(void *to, const void *from_host, size_t bytes);
    void (*download)(void *to_host, const void *from, size_t bytes);
    void (*clear)(void *memory, size_t bytes);              /* = 0 */
    void (*copy)(void *to, const void *from, size_t bytes); /* within the backend */

    /* Waits for all work. NULL when all went well, else what failed and in which operation. */
    const char *(*finish)(void);

    /* What the user should know and what is no failure: one line a call, each said once, then NULL. `machine`: what it
     * computes with, in words. Either is NULL where there is nothing to say. */
    const char *(*remark)(void);
    const char *(*machine)(void);

    /* Prefetching: the next input is copied while a step runs. In the order of time:
     *
     *     prefetch_release()        all work asked for so far may still read `to`; what follows does not
     *     prefetch_start(to, from)  the copy begins when that work is done, and runs beside all later work
     *     prefetch_wait()           all work asked for from now on finds the copied bytes in `to`
     *     finish()                  `from_host` may be changed again
     *
     * One copy at a time. Only prefetch_start may come from another thread, at any time between
     * prefetch_release and prefetch_wait, also while a step is recorded; when it fails, `finish` says so
     * after prefetch_wait. `overlaps` is false where a copy would gain nothing: then nobody needs memory to
     * copy to. */
    bool overlaps;
    void *(*allocate_host)(size_t bytes);
    void (*release_host)(void *memory, size_t bytes);
    void (*prefetch_start)(void *to, const void *from_host, size_t bytes);
    void (*prefetch_wait)(void);
    void (*prefetch_release)(void);

    /* A step that repeats. Operations called between the two are recorded instead of done, and `replay`
     * does all of them: same operations, same pointers. Recording again replaces what was recorded.
     * record_begin is false where nothing is gained, or not yet (a GPU runs one step before it records
     * the next): then the caller calls every operation, and may try again at the next step. Nothing may
     * be allocated, released, uploaded, downloaded or finished in between. record_end is false where the step could
     * not be recorded: nothing was done, and the caller calls every operation again. record_release is due before
     * the memory that the step uses is released. */
    bool (*record_begin)(struct recording *recording);
    bool (*record_end)(struct recording *recording);
    void (*replay)(const struct recording *recording);
    void (*record_release)(struct recording *recording);

    /* Layout. pack: tensor = plain [streams*channels][D][H][W]; unpack the other way. Host to host;
     * tests use it, the network does not. */
    size_t (*tensor_bytes)(struct shape shape);

    /* The activations of reversible sequences, which branch, down, up, head, image_conv_forward and channel_sums
     * read and write, may be stored otherwise than all else, and so may their gradients, in branch, down, up, head
     * and image_conv_backward: kernels/int16.h. Their pointers are float * in name only. `wraps`: how many sums of
     * activations have wrapped around, going forward, since it was last called, after `finish`; NULL where none
     * can. */
    size_t (*stream_bytes)(struct shape shape);
    size_t (*gradient_bytes)(struct shape shape);
    int64_t (*wraps)(void);

    void (*pack)(struct shape shape, const float *plain, float *tensor);
    void (*unpack)(struct shape shape, const float *tensor, float *plain);

    /* Scratch that forward and backward of an operation want at these shapes; 0 is common. */
    size_t (*scratch_bytes)(enum operation operation, struct shape in, struct shape out);

    /* The operations, as operations.def lists them: conv3_forward_function *conv3_forward; ... */
#define X(operation) operation##_function *operation;
#include "kernels/operations.def"
};

extern const struct kernels kernels_reference, kernels_reference_int16;

/* Every backend that this build has and this machine can run: `reference` first; *count is set. The CPU
 * backends have names such as "planar-avx2" and "winograd-avx512" (layout and instruction set). */
const struct kernels *const *kernels_list(int *count);

/* A backend by name: one of kernels_list, or "cpu", which chooses the layout and instruction set that pay for
 * a network with these `channels` by level, `streams` streams (2: reversible, 1: baseline), or, for reversible
 * networks alone, "cpu-int16", "cuda-int16" and "reference-int16" (kernels/int16.h), which are not in the list;
 * PRUNET_CPU=portable, avx2 or avx512 in the environment limits the choice. NULL with *why set to one line of
 * advice when it does not exist in this build or on this machine. */
const struct kernels *kernels_find(const char *name, const int *channels, int levels, int streams,
                                   const char **why);

/* The number, from 0, of the device that a backend with devices will open; 0 until this is called. A process stays
 * with the first that it opens. Processes that share the devices of a machine, numbered from 0, open the ones that
 * follow on it in turn: kernels_share_devices; -1, the default, is a process by itself. */
void kernels_set_device(int device);
int kernels_device(void);
void kernels_share_devices(int process);
int kernels_process(void);

/* Number of threads that CPU backends use from now on. */
void kernels_set_threads(int threads);

#endif
