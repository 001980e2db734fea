#!/usr/bin/env bash
# The choice of our own kernels for the branches of the finer levels: what gpu-bench says at its end, from made-up tables
# of times, and how a state notes the choice (with tests/cuda/shim).
set -u
# shellcheck source=tests/check.sh
. tests/check.sh

# Makes the table: a line a choice, from its name, level, ms forward, ms backward; each runs four times a step.
measured() {
    while read -r choice level forward backward; do
        printf '%s\t%s\tbranch_forward +1\t4\t%s\t600\n' "$choice" "$level" "$forward"
        printf '%s\t%s\tbranch_backward\t4\t%s\t600\n' "$choice" "$level" "$backward"
    done >"$TMPDIR/table"
    brief=$(awk -v brief=1 -f tests/cuda/own_kernels.awk "$TMPDIR/table")
    awk -f tests/cuda/own_kernels.awk "$TMPDIR/table" >"$TMPDIR/said"
}

measured <<'TABLE'
0 0 1.0 3.0
0 1 0.5 1.5
0 2 0.3 1.0
forward 0 0.8 2.8
forward 1 0.4 1.4
forward 2 0.4 1.0
data 0 1.0 3.3
data 1 0.5 1.4
weights 0 1.0 2.5
weights 1 0.5 1.6
forward,weights 0 0.8 2.2
1 0 0.8 2.4
1 1 0.4 1.3
1 2 0.4 1.2
TABLE
[ "$brief" = forward@32,weights@32,forward@64,data@64,weights@64 ] &&
    [ "$(tail -n 1 "$TMPDIR/said")" = \
        "set PRUNET_CUDA_KERNELS=$brief on this card: levels 0 to 2 take 24.0 ms a step, with cuDNN 29.2" ]
check_status $? "the fastest choice of each level is named" || show "$TMPDIR/said"
grep -qx 'level 0, forward: own kernel 0.20 ms faster than cuDNN, of 1.00 ms of the branch forward' "$TMPDIR/said" &&
    grep -qx 'level 0, data: own kernel 0.30 ms slower than cuDNN, of 3.00 ms of the branch backward' "$TMPDIR/said" &&
    grep -qx 'level 1, weights: own kernel 0.10 ms slower than cuDNN, of 1.50 ms of the branch backward' "$TMPDIR/said"
check_status $? "each operation is compared" || show "$TMPDIR/said"

measured <<'TABLE'
0 0 1.0 3.0
0 1 0.5 1.5
0 2 0.3 1.0
1 0 0.5 2.0
1 1 0.4 1.3
1 2 0.2 0.9
TABLE
check "all own kernels at all levels are 1" test "$brief" = 1

measured <<'TABLE'
0 0 1.0 3.0
0 1 0.5 1.5
0 2 0.3 1.0
forward 0 0.99 2.99
data 0 1.0 3.3
weights 0 1.0 3.1
1 0 0.98 2.95
1 1 0.5 1.5
1 2 0.4 0.9
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

train forward@32,data@32
test ! -s "$TMPDIR/said" && head -c 4096 "$TMPDIR/state" | grep -qaF 'level 0 by hand: forward,data"'
check_status $? "a state notes which own kernels ran" || show "$TMPDIR/said"
train data@32,forward@32
test ! -s "$TMPDIR/said"
check_status $? "going on with the same choice warns of nothing" || show "$TMPDIR/said"
train 1
test "$(wc -l <"$TMPDIR/said")" = 1 && grep -q "forward,data', now it is '.*forward,data,weights, of 64 channels: forward,data,weights, of 128 " "$TMPDIR/said"
check_status $? "going on with another warns" || show "$TMPDIR/said"
