#!/usr/bin/env bash
# Training here beside training in PyTorch, a few steps of it: tests/bench/learning-curve.sh.
set -u
. tests/pipelines/_tiny.sh

# --- what compares the curves ---

losses() { # of case a, case b, case a...: a table of steps
    local step=0 loss
    printf 'epoch\tstep\tcase\tloss\n'
    for loss; do
        printf '%d\t%d\t%s\t%s\n' $((step / 2 + 1)) $((step + 1)) "$([ $((step % 2)) = 0 ] && echo a || echo b)" "$loss"
        step=$((step + 1))
    done
}
losses 1 3 0.5 0.25 >"$TMPDIR/here"
losses 1 3.003 0.5 0.125 >"$TMPDIR/there"
losses 1 3 0.5 >"$TMPDIR/short"
sed 's/b/c/' "$TMPDIR/here" >"$TMPDIR/others"

curve() { # awk's arguments, then two tables
    awk "${@:1:$#-2}" -f pipelines/columns.awk -f tests/bench/curve.awk name=here "${@: -2:1}" name=there "${@: -1:1}" 2>&1
}
curve -v by=step -v limit=1e-9 "$TMPDIR/here" "$TMPDIR/here" >"$TMPDIR/out"
check "equal curves are within any limit" test $? = 0
! curve -v by=step -v first=3 -v limit=9e-4 "$TMPDIR/here" "$TMPDIR/there" >"$TMPDIR/out"
check "a loss beyond the limit is a failure" test $? = 0
check "the largest relative difference of the first steps" grep -q ' there 1.0e-03$' "$TMPDIR/out"
check "each step is shown" grep -Eq '^ +2 3.00000000 3.00300000$' "$TMPDIR/out"
curve -v by=epoch "$TMPDIR/here" "$TMPDIR/there" >"$TMPDIR/out"
check "without a limit there is none" test $? = 0
check "an epoch's mean" grep -Eq '^ +2 0.37500000 0.31250000$' "$TMPDIR/out"
check "the largest relative difference of an epoch" grep -q ' there 1.7e-01$' "$TMPDIR/out"
! curve -v by=step "$TMPDIR/here" "$TMPDIR/short" >"$TMPDIR/out"
check "a step that is missing is a failure" test $? = 0
check "which says so" grep -q '^curve: there: 3 steps, not 4$' "$TMPDIR/out"
! curve -v by=step "$TMPDIR/here" "$TMPDIR/others" >"$TMPDIR/out"
check "another case is a failure" test $? = 0
check "which names both" grep -q '^curve: there: step 2 is c, not b$' "$TMPDIR/out"

# --- a few steps, beside PyTorch ---

if ! "${PRUNET_TEST_PYTHON:-python3}" -c 'import torch, numpy, safetensors' 2>/dev/null; then
    echo "ok - learning curve beside PyTorch # skip without torch, numpy and safetensors"
    exit 0
fi
make_tiny 5 || exit 1
tests/bench/learning-curve.sh "$data" "$TMPDIR/run" 5 "$config" >"$TMPDIR/out" 2>&1
check "the losses of 20 steps agree with PyTorch's in double precision" test $? = 0 || show "$TMPDIR/out"
check "of 20 steps at least" grep -q '^  20 ' "$TMPDIR/out"
check "the epochs beside PyTorch's in single precision" grep -q '^epoch    pytorch     prunet$' "$TMPDIR/out"
