/* The plans that this process has made, and the check of their first results. */
#include "kernels/cuda/convolution.h"
#include "kernels/cuda/convolution_check.h"
#include "kernels/cuda/gpu.h"
#include <stdio.h>
#include <stdlib.h>

enum { PLANS_MAX = 128 };

static struct entry {
    struct convolution_plan plan;
    int rank; /* of the plan: so many before it did not run */
    bool checked;
    const char *operation; /* that ran it first */
} * entries;
static int count, room; /* entries there are, and could be */
static int oldest;      /* the one to be forgotten next */

/* What the check needs on the device: old samples, and a word: 0, or 1 + the number of an entry whose result
 * is wrong. */
static float *saved;
static int *wrong;
static bool pending;

const char *convolution_open(cudaStream_t queue)
{
    const char *advice = convolution_plan_open(queue, gpu_capability());
    if (advice)
        return advice;
    if (cudaMalloc((void **)&saved, CHECK_SAMPLES * sizeof *saved) ||
        cudaMalloc((void **)&wrong, sizeof *wrong) || cudaMemsetAsync(wrong, 0, sizeof *wrong, queue))
        return "the CUDA device has no memory left: nvidia-smi says who holds it; or use --backend cpu";
    return NULL;
}

/* A place for a plan; NULL when the host has no memory. A process that meets more problems than a network has forgets the
 * oldest, but none while there is a recording, whose steps may use it. */
static struct entry *make_entry(void)
{
    if (count >= PLANS_MAX && !gpu_has_recordings()) {
        struct entry *entry = &entries[oldest++ % count];
        convolution_plan_release(&entry->plan);
        return entry;
    }
    if (count == room) {
        struct entry *larger = realloc(entries, (size_t)(room + PLANS_MAX) * sizeof *entries);
        if (!larger)
            return NULL;
        entries = larger;
        room += PLANS_MAX;
    }
    return &entries[count++];
}

/* The problem's plan, made when it is first asked for; NULL when there is none. */
static struct entry *find(const struct convolution *problem)
{
    struct convolution_plan plan;
    for (int i = 0; i < count; i++)
        if (entries[i].plan.problem.add == problem->add &&
            convolution_same(&entries[i].plan.problem, problem))
            return &entries[i];
    const char *failure = convolution_plan_make(*problem, 0, &plan);
    struct entry *entry = failure ? NULL : make_entry();
    if (!entry) {
        gpu_fail("convolution_plan_make", failure ? failure : "the host has no memory left");
        return NULL;
    }
    *entry = (struct entry){.plan = plan};
    return entry;
}

/* The first run: where cuDNN makes a plan and then cannot run it, the next one is tried, but not for lack of memory: the
 * results would depend on what else the card holds. NULL, or how the first failed. */
static const char *run_first(struct entry *entry, const void *x, const void *w, const void *y,
                             void *workspace, bool *memory)
{
    static char text[256];
    char remark[512];
    const struct convolution problem = entry->plan.problem;
    const char *failure = convolution_plan_run(&entry->plan, x, w, y, workspace, memory);
    if (!failure)
        return NULL;
    snprintf(text, sizeof text, "%s", failure);
    while (failure && !*memory) {
        (void)cudaGetLastError(); /* clears it: else it would look like an error of the next kernel */
        convolution_plan_release(&entry->plan);
        if (convolution_plan_make(problem, ++entry->rank, &entry->plan))
            return text;
        failure = convolution_plan_run(&entry->plan, x, w, y, workspace, memory);
    }
    if (*memory)
        return text;
    snprintf(remark, sizeof remark, "cuDNN's first plan for a convolution does not run, another does: %s",
             text);
    gpu_remark(remark);
    return NULL;
}

void convolve(struct convolution problem, const void *x, const void *w, const void *y, void *workspace)
{
    struct entry *entry = gpu_ok() ? find(&problem) : NULL;
    if (!entry)
        return;
    const void *result = problem.kind == CONVOLUTION_FORWARD ? y : problem.kind == CONVOLUTION_DATA ? x : w;
    bool check = !entry->checked && !gpu_recording(), memory;
    if (check)
        convolution_check_save(problem, result, saved);
    const char *failure = check ? run_first(entry, x, w, y, workspace, &memory)
                                : convolution_plan_run(&entry->plan, x, w, y, workspace, &memory);
    if (failure && memory) {
        (void)cudaGetLastError();
        gpu_fail_memory(failure);
    } else if (failure)
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
