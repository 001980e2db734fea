#!/usr/bin/env bash
# The CUDA backend without a GPU: its kernels on fibers, cuDNN and cuBLAS as plain loops (tests/cuda/shim), driven by
# the same programs that test the other backends. Where there is no C++ compiler the Makefile has built none of them.
#
#   bash tests/cuda/on_cpu.sh [PROGRAM...]  (all but those of own_kernels.sh, minutes under sanitizers)
set -u
status=0
[ $# != 0 ] || set -- fibers device networks operations "int16 cuda-int16" fixed golden "network reversible_1_1" prefetch
for program; do
    if [ -x "$BUILD/shim/${program%% *}" ]; then
        # shellcheck disable=SC2086 # a program, or a program and its operand
        "$BUILD"/shim/$program || status=1
    else
        echo "ok - cuda on the CPU: $program # skip no g++ for x86-64"
    fi
done
exit $status
