/* Choices of our own tensor-core kernels, by the variable that makes them, for the tests of the choice and of the
 * kernels. */
#ifndef PRUNET_TESTS_CUDA_OWN_CHOICE_H
#define PRUNET_TESTS_CUDA_OWN_CHOICE_H

#include "kernels/cuda/own_kernels.h"
#include "tests/kernels/calls.h"

static const char *const choices[] = {
    "0", "forward", "data", "weights", "forward,data", "forward,weights", "data,weights", "1"};
enum { CHOICES = sizeof choices / sizeof choices[0], ALL = CHOICES - 1 };

static const struct kernels *cuda;

/* What a tool does at its start with this choice; NULL when it is refused. */
static const struct kernels *start(const char *choice, const char **why)
{
    setenv("PRUNET_CUDA_KERNELS", choice, 1);
    return kernels_find("cuda-bf16", (int[]){60}, 1, 2, why);
}

static void choose(int choice)
{
    const char *why;
    if (!start(choices[choice], &why))
        abort();
}

#endif
