/* The plans that this process has made, and the check of their first results. */
#include "kernels/cuda/convolution.h"
#include "kernels/cuda/convolution_check.h"
#include "kernels/cuda/gpu.h"
#include <stdio.h>

enum { PLANS_MAX = 128 };

static struct entry {
    struct convolution_plan plan;
    int rank; /* of the plan: so many before it did not run */
    bool checked;
    const char *operation; /* that ran it first */
} entries[PLANS_MAX];
static int count; /* made so far */

/* What the check needs on the device: old samples, and a word: 0, or 1 + the number of an entry whose result
 * is wrong. */
static float *saved;
static int *wrong;
static bool pending;

const char *convolution_open(cudaStream_t queue)
{
    const char *advice = convolution_plan_open(queue);
    if (advice)
        return advice;
    if (cudaMalloc((void **)&saved, CHECK_SAMPLES * sizeof *saved) ||
        cudaMalloc((void **)&wrong, sizeof *wrong) || cudaMemsetAsync(wrong, 0, sizeof *wrong, queue))
        return "the CUDA device has no memory left: nvidia-smi says who holds it; or use --backend cpu";
    return NULL;
}

static bool same(const struct convolution *a, const struct convolution *b)
{
    return a->kind == b->kind && a->add == b->add && a->bf16 == b->bf16 && a->tf32 == b->tf32 &&
           a->in == b->in && a->out == b->out && a->depth == b->depth && a->height == b->height &&
           a->width == b->width;
}

/* The problem's plan, made when it is first asked for; NULL when there is none. A process that meets more
 * problems than a network has forgets the oldest. */
static struct entry *find(const struct convolution *problem)
{
    for (int i = 0; i < count && i < PLANS_MAX; i++)
        if (same(&entries[i].plan.problem, problem))
            return &entries[i];
    struct entry *entry = &entries[count % PLANS_MAX];
    if (count >= PLANS_MAX)
        convolution_plan_release(&entry->plan);
    *entry = (struct entry){.checked = false};
    const char *failure = convolution_plan_make(*problem, 0, &entry->plan);
    if (failure) {
        gpu_fail("convolution_plan_make", failure);
        return NULL;
    }
    count++;
    return entry;
}

/* The first run: where cuDNN makes a plan and then cannot run it, the next one is tried. NULL, or how the first
 * failed. */
static const char *run_first(struct entry *entry, const void *x, const void *w, const void *y,
                             void *workspace)
{
    static char text[256];
    const struct convolution problem = entry->plan.problem;
    const char *failure = convolution_plan_run(&entry->plan, x, w, y, workspace);
    if (!failure)
        return NULL;
    snprintf(text, sizeof text, "%s", failure);
    while (failure) {
        (void)cudaGetLastError(); /* clears it: else it would look like an error of the next kernel */
        convolution_plan_release(&entry->plan);
        if (convolution_plan_make(problem, ++entry->rank, &entry->plan))
            return text;
        failure = convolution_plan_run(&entry->plan, x, w, y, workspace);
    }
    return NULL;
}

void convolve(struct convolution problem, const void *x, const void *w, const void *y, void *workspace)
{
    struct entry *entry = gpu_ok() ? find(&problem) : NULL;
    if (!entry)
        return;
    const void *result = problem.kind == CONVOLUTION_FORWARD ? y : problem.kind == CONVOLUTION_DATA ? x : w;
    bool check = !entry->checked && !gpu_recording();
    if (check)
        convolution_check_save(problem, result, saved);
    const char *failure =
        check ? run_first(entry, x, w, y, workspace) : convolution_plan_run(&entry->plan, x, w, y, workspace);
    if (failure)
        gpu_fail("convolution_plan_run", failure);
    if (check) {
        convolution_check_compare(problem, x, w, y, saved, 1 + (int)(entry - entries), wrong);
        entry->checked = pending = true;
        entry->operation = gpu_operation();
    }
}

void convolution_finish_checks(void)
{
    int entry = 0;
    if (!pending)
        return;
    pending = false;
    gpu_download(&entry, wrong, sizeof entry);
    if (entry && gpu_begin(entries[entry - 1].operation))
        gpu_fail("cuDNN",
                 "a 3-D convolution came out wrong when it was checked on its first use: this version of "
                 "cuDNN cannot be trusted on this card; install another or use --backend cpu");
}
