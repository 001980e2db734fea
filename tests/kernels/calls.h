/* Every operation as a `drive`: its arguments in the order of its prototype, and the call. */
#ifndef PRUNET_TESTS_KERNELS_CALLS_H
#define PRUNET_TESTS_KERNELS_CALLS_H

#include "tests/kernels/calls_conv3.h"
#include "tests/kernels/calls_head.h"
#include "tests/kernels/calls_resample.h"

#endif
