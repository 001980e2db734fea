#!/usr/bin/env bash
# make gpu-check on the CPU: its parts run, one that fails stops no other, the table has each, and time that is over is
# said. Parts that other tests are the same as, such as operations, are left out.
set -u
# shellcheck source=tests/check.sh
. tests/check.sh
if ! [ -x "$BUILD/shim/prunet-step" ]; then
    echo "ok - gpu-check # skip no g++ for x86-64"
    exit 0
fi

# Programs of C that the scripts name, and those that `make gpu-programs` links. Words stand for the toolkit's, so that
# there need be none.
named() {
    grep -ohE '(tests|bench)/[a-z_0-9/]+' tests/cuda/gpu-check tests/cuda/gpu-test tests/cuda/gpu-bench | sort -u |
        while read -r program; do
            ! [ -e "tests/${program#tests/}.c" ] || echo "$program"
        done
}
linked() {
    make -n V=1 CUDA=1 BUILD="$TMPDIR/none" TOOLKIT='NVCC=nvcc ARCHITECTURES=90 CUDART=cudart.a' gpu-programs |
        sed -n "s|.* -o $TMPDIR/none/\(.*\)|\1|p" | grep -E '^(tests|bench)/' | sort
}
named >"$TMPDIR/named"
linked >"$TMPDIR/linked"
check "what the scripts for a card run is what make gpu-programs makes" diff "$TMPDIR/named" "$TMPDIR/linked"

# compute-sanitizer's stand-in says how it was called.
compute-sanitizer() {
    echo "$2 ${PRUNET_TEST_UNTOUCHED:-0}"
}
# shellcheck source=tests/cuda/_sanitizer.sh
. tests/cuda/_sanitizer.sh
check "for initcheck alone memory is not poisoned" test "$(sanitize memcheck true) $(sanitize initcheck true)" = "memcheck 0 initcheck 1"

run() { # settings..., --, parts...
    local settings=()
    while [ "$1" != -- ]; do settings+=("$1") && shift; done
    rm -rf "$TMPDIR/out"
    env SHIM=1 OUT="$TMPDIR/out" "${settings[@]}" tests/cuda/gpu-check "$BUILD" "${@:2}" >"$TMPDIR/said" 2>&1
    code=$?
}

went() { # part, result
    grep -q "^$1	$2	" "$TMPDIR/out/table.tsv" || { show "$TMPDIR/said" && return 1; }
}

run -- determinism rows sizes inference choices kernels plans torch training sanitizer
check "all that a CPU can do goes well" test "$code" = 0 || show "$TMPDIR/said"
for part in determinism-cuda{,-bf16,-int16} rows-cuda{,-bf16,-int16} kernels-cuda{,-bf16,-int16} sizes inference choices plans training; do
    check "$part" went "$part" ok
done
for part in torch sanitizer-memcheck choice; do
    check "$part is skipped, and why is said" went "$part" skipped
done
check "the plans of each convolution are in their table" test \
    "$(grep -c '^forward	TF32	32	0	' "$TMPDIR/out/plans.tsv")" = 7 -a "$(grep -c '^# .* level 0: ' "$TMPDIR/out/plans.tsv")" = 6
check "bf16 first, and of the best plan how many there were and its engine" test "$(grep '^# .* level 0: ' "$TMPDIR/out/plans.tsv" | head -n 3 |
    grep -Ec 'in bf16, .*\(rank [0-9]+ of 7, engine [0-9]+\)')" = 3
printf '%s\n' 0 forward data weights forward,data forward,weights data,weights 1 >"$TMPDIR/choices"
check "an operation is timed with every choice before the next, in one table" diff "$TMPDIR/choices" \
    <(sed -n '9,16s/	.*//p' "$TMPDIR/out/choices.tsv")
check "the log has the output of each part, and the table is there as text" test \
    "$(grep -c '^== rows-cuda$' "$TMPDIR/out/log.txt")" = 1 -a \
    "$(grep -c '^| rows-cuda | ok | ' "$TMPDIR/out/table.md")" = 1 -a "$(grep -c '^- card: none' "$TMPDIR/out/table.md")" = 1
check "a row is the median of the steps after the second" grep -Eq '^reversible	cuda-bf16	[0-9.]+	[0-9.]+	' "$TMPDIR/out/log.txt"
check "the folder has eight files at most" test "$(find "$TMPDIR/out" -type f | wc -l)" -le 8

run SHIM_NO_ENGINES=1 PRUNET_TEST_OPERATION=conv -- operations rows plans sanitizer
check "a part that fails ends no other, and the whole fails" test "$code" = 1
check "which part it was" went rows-cuda failed
check "what it said" grep -q '^rows-cuda	failed	.*no deterministic plan' "$TMPDIR/out/table.tsv"
check "and those after it" went sanitizer-memcheck skipped
check "of operations that fail, the table has what the backend said" \
    grep -q '^operations	failed	.*not ok - cuda.*: conv3_forward: .*no deterministic plan' "$TMPDIR/out/table.tsv"
check "and those behind them run, in a process of their own" \
    grep -q '^ok - cuda-bf16: image_conv_forward: ' "$TMPDIR/out/log.txt" || show "$TMPDIR/out/log.txt"

run SHIM_CAPABILITY=7 -- plans training
check "with a card that cannot be used all is skipped with what prunet-doctor says" test "$code" = 1 -a \
    "$(grep -c '^\(plans\|training\)	skipped	0	.*is too old' "$TMPDIR/out/table.tsv")" = 2

run SECONDS_MAX=5 -- plans
check "no time is left: said" went plans skipped

# A program that hangs and that no TERM ends, in the place of one of the build's.
mkdir -p "$TMPDIR/hangs/shim"
ln -s "$BUILD/bin" "$TMPDIR/hangs/bin"
ln -s "$BUILD/shim/prunet-doctor" "$TMPDIR/hangs/shim/prunet-doctor"
cat >"$TMPDIR/hangs/shim/plan_race" <<'SCRIPT'
#!/bin/sh
trap '' TERM
echo $$ >"$TMPDIR/hanging"
while :; do sleep 1; done
SCRIPT
chmod +x "$TMPDIR/hangs/shim/plan_race"
SHIM=1 SECONDS_MAX=8 OUT="$TMPDIR/out" tests/cuda/gpu-check "$TMPDIR/hangs" plans >"$TMPDIR/said" 2>&1
check "a part whose time is over ends" went plans timeout
! grep -qs '^State:	[^ZX]' "/proc/$(cat "$TMPDIR/hanging")/status"
check_status $? "with all that it has started"

env OUT="$TMPDIR/out" PATH="$TMPDIR" /bin/bash tests/cuda/gpu-check "$BUILD" >"$TMPDIR/said" 2>&1
check "without a GPU and without SHIM=1 it is refused" test $? != 0
