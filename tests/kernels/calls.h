/* Every operation of the table as a `drive`: its arguments in the order of its prototype, and the call. */
#ifndef PRUNET_TESTS_KERNELS_CALLS_H
#define PRUNET_TESTS_KERNELS_CALLS_H

#include "tests/kernels/calls_branch.h"
#include "tests/kernels/calls_ends.h"
#include "tests/kernels/calls_levels.h"

#endif
