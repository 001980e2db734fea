#!/usr/bin/env bash
# Undoing is exact to the bit whatever way a tensor core rounds, which PTX leaves open of mma: the sums of -w need not be
# the negatives of those of w, and are not where what is cut off is cut towards minus infinity. Without a GPU (tests/cuda/shim).
set -u
# shellcheck source=tests/check.sh
. tests/check.sh
if ! [ -x "$BUILD/shim/int16" ]; then
    echo "ok - cuda-int16 by a tensor core that cuts off # skip no g++ for x86-64"
    exit 0
fi
status=0
for kernels in 1 0; do
    SHIM_MMA=2 PRUNET_CUDA_KERNELS=$kernels "$BUILD/shim/int16" cuda-int16 undoing >"$TMPDIR/out" 2>&1
    check_status $? "cuda-int16 is undone to the bit with sums cut off towards minus infinity, PRUNET_CUDA_KERNELS=$kernels" ||
        { grep -v '^ok' "$TMPDIR/out" | sed 's/^/# /'; status=1; }
done
exit $status
