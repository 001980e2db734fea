#!/usr/bin/env bash
# The CUDA backend without a GPU: its kernels on fibers, cuDNN and cuBLAS as plain loops (tests/cuda/shim), driven by
# the same programs that test the other backends. Where there is no C++ compiler the Makefile has built none of them.
set -u
status=0
for program in fibers device networks own_kernels operations fixed golden "network reversible_1_1" prefetch; do
    if [ -x "$BUILD/shim/${program%% *}" ]; then
        # shellcheck disable=SC2086 # a program, or a program and its operand
        "$BUILD"/shim/$program || status=1
    else
        echo "ok - cuda on the CPU: $program # skip no g++ for x86-64"
    fi
done
exit $status
