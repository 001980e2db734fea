#include "lib/network/state_tensor.h"
#include "lib/base/error.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

const char *const state_prefix[STATE_VECTORS] = {"", "optimizer.exp_avg.", "optimizer.exp_avg_sq.",
                                                 "average."};

void state_tensor_name(char name[TENSOR_NAME_SIZE], enum state_vector vector,
                       const struct parameter *parameter)
{
    snprintf(name, TENSOR_NAME_SIZE, "%s%s", state_prefix[vector], parameter->name);
}

/* Reads bytes, which may be unaligned. */
static size_t count_not_finite(const void *floats, size_t count)
{
    const uint32_t exponent = 0x7f800000; /* all ones in infinities and NaN */
    const char *at = floats;
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, at + i * sizeof bits, sizeof bits);
        found += (bits & exponent) == exponent;
    }
    return found;
}

int state_check_finite(int status, enum state_vector vector, const struct parameter *parameter,
                       const void *values)
{
    const size_t found = count_not_finite(values, parameter->count);
    if (!found)
        return STATUS_OK;
    char name[TENSOR_NAME_SIZE];
    state_tensor_name(name, vector, parameter);
    return fail(status, "%s: %zu of its %zu values %s not finite", name, found, parameter->count,
                found == 1 ? "is" : "are");
}
