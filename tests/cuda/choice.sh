#!/usr/bin/env bash
# The choice of our own kernels for the finest level: what gpu-bench says at its end, from made-up tables of times, and
# how a state notes the choice (with tests/cuda/shim).
set -u
# shellcheck source=tests/check.sh
. tests/check.sh

# Makes the table: a line a choice, from its name, ms forward, ms backward; each runs four times a step.
measured() {
    while read -r choice forward backward; do
        printf '%s\tbranch_forward +1\t4\t%s\t600\n' "$choice" "$forward"
        printf '%s\tbranch_backward\t4\t%s\t600\n' "$choice" "$backward"
    done >"$TMPDIR/table"
    brief=$(awk -v brief=1 -f tests/cuda/own_kernels.awk "$TMPDIR/table")
    awk -f tests/cuda/own_kernels.awk "$TMPDIR/table" >"$TMPDIR/said"
}

measured <<'TABLE'
0 1.0 3.0
forward 0.8 2.8
data 1.0 3.3
weights 1.0 2.5
forward,weights 0.8 2.2
1 0.8 2.4
TABLE
[ "$brief" = forward,weights ] &&
    [ "$(tail -n 1 "$TMPDIR/said")" = \
        "set PRUNET_CUDA_KERNELS=forward,weights on this card: level 0 takes 12.0 ms a step, with cuDNN 16.0" ]
check_status $? "the fastest choice is named" || show "$TMPDIR/said"
grep -qx 'forward: own kernel 0.20 ms faster than cuDNN, of 1.00 ms of the branch forward' "$TMPDIR/said" &&
    grep -qx 'data: own kernel 0.30 ms slower than cuDNN, of 3.00 ms of the branch backward' "$TMPDIR/said" &&
    grep -qx 'weights: own kernel 0.50 ms faster than cuDNN, of 3.00 ms of the branch backward' "$TMPDIR/said"
check_status $? "each operation is compared" || show "$TMPDIR/said"

measured <<'TABLE'
0 1.0 3.0
forward 0.99 2.99
data 1.0 3.3
weights 1.0 3.1
1 0.98 2.95
TABLE
[ "$brief" = 0 ] && tail -n 1 "$TMPDIR/said" | grep -q '^cuDNN is as fast .*leave PRUNET_CUDA_KERNELS unset$'
check_status $? "less than two per cent is no reason" || show "$TMPDIR/said"

measured </dev/null 2>/dev/null
check "without measurements nothing is said" test -z "$brief" -a ! -s "$TMPDIR/said"

step=$BUILD/shim/prunet-step
if ! [ -x "$step" ]; then
    echo "ok - the choice in a state # skip no g++ for x86-64"
    exit 0
fi
phantom --seed 1 --cases 1 --size 32x32x32 -o "$TMPDIR/cases" >/dev/null 2>&1
nii2raw --dir "$TMPDIR/cases/phantom_00001" | crop --size 16x16x16 | standardize >"$TMPDIR/record.nrrd"
prunet-init --seed 1 --channels 4,8 --groups 2 -o "$TMPDIR/state"

train() { # choice
    PRUNET_CUDA_KERNELS=$1 "$step" --backend cuda-bf16 --state "$TMPDIR/state" "$TMPDIR/record.nrrd" \
        2>"$TMPDIR/said" >"$TMPDIR/steps"
}

train forward,data
test ! -s "$TMPDIR/said" && head -c 4096 "$TMPDIR/state" | grep -qaF 'level 0 by hand: forward,data"'
check_status $? "a state notes which own kernels ran" || show "$TMPDIR/said"
train forward,data
test ! -s "$TMPDIR/said"
check_status $? "going on with the same choice warns of nothing" || show "$TMPDIR/said"
train 1
test "$(wc -l <"$TMPDIR/said")" = 1 && grep -q "forward,data', now it is '.*forward,data,weights'" "$TMPDIR/said"
check_status $? "going on with another warns" || show "$TMPDIR/said"
