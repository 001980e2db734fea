# The choice of our own kernels for the finest level: what gpu-bench says at its end, from tables of times that no card
# has given, and the note of it in a state (with tests/cuda/shim).
set -u
status=0

check() { # what, condition's status
    if [ "$2" = 0 ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        sed 's/^/# /' "$TMPDIR/said"
        status=1
    fi
}

# A line a choice: its name, ms forward, ms backward; each four times a step.
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
check "the fastest choice is named" $?
grep -qx 'forward: own kernel 0.20 ms faster than cuDNN, of 1.00 ms of the branch forward' "$TMPDIR/said" &&
    grep -qx 'data: own kernel 0.30 ms slower than cuDNN, of 3.00 ms of the branch backward' "$TMPDIR/said" &&
    grep -qx 'weights: own kernel 0.50 ms faster than cuDNN, of 3.00 ms of the branch backward' "$TMPDIR/said"
check "each operation is compared" $?

measured <<'TABLE'
0 1.0 3.0
forward 0.99 2.99
data 1.0 3.3
weights 1.0 3.1
1 0.98 2.95
TABLE
[ "$brief" = 0 ] && tail -n 1 "$TMPDIR/said" | grep -q '^cuDNN is as fast .*leave PRUNET_CUDA_KERNELS unset$'
check "less than two per cent is no reason" $?

measured </dev/null 2>/dev/null
check "without measurements nothing is said" "$(test -z "$brief" -a ! -s "$TMPDIR/said"; echo $?)"

step=$BUILD/shim/prunet-step
if ! [ -x "$step" ]; then
    echo "ok - the choice in a state # skip no g++ for x86-64"
    exit $status
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
check "a state notes which own kernels ran" $?
train forward,data
test ! -s "$TMPDIR/said"
check "going on with the same choice is no news" $?
train 1
test "$(wc -l <"$TMPDIR/said")" = 1 && grep -q "forward,data', now it is '.*forward,data,weights'" "$TMPDIR/said"
check "going on with another is said" $?
exit $status
