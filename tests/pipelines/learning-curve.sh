#!/usr/bin/env bash
# Training and PyTorch, side by side for a few steps; tests/bench/learning-curve.sh is the long form.
set -u
. tests/pipelines/_tiny.sh
if ! "${PRUNET_TEST_PYTHON:-python3}" -c 'import torch, numpy, safetensors' 2>/dev/null; then
    echo "ok - learning curve beside PyTorch # skip without torch, numpy and safetensors"
    exit 0
fi
make_tiny 6 || exit 1
tests/bench/learning-curve.sh "$data" "$TMPDIR/run" 6 "$row" >"$TMPDIR/out" 2>&1
check "the losses of 20 steps agree with PyTorch's" test $? = 0 || sed 's/^/# /' "$TMPDIR/out"
check "of 20 steps at least" test "$(wc -l <"$TMPDIR/run/curve.tsv")" -ge 21
