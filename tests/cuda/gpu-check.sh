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

run -- determinism rows plans torch training sanitizer
check "all that a CPU can do goes well" test "$code" = 0 || show "$TMPDIR/said"
for part in determinism-cuda{,-bf16,-int16} rows-cuda{,-bf16,-int16} plans training; do
    check "$part" went "$part" ok
done
for part in torch sanitizer-memcheck; do
    check "$part is skipped, and why is said" went "$part" skipped
done
check "the plans of each convolution are in their table" test \
    "$(grep -c '^forward	TF32	32	0	' "$TMPDIR/out/plans.tsv")" = 7 -a "$(grep -c '^#' "$TMPDIR/out/plans.tsv")" = 6
check "the folder has the output of each part, and the table as text" test -s "$TMPDIR/out/rows-cuda.log" -a \
    "$(grep -c '^| rows-cuda | ok | ' "$TMPDIR/out/table.md")" = 1 -a "$(grep -c '^- card: none' "$TMPDIR/out/table.md")" = 1

run SHIM_NO_ENGINES=1 -- rows plans sanitizer
check "a part that fails ends no other, and the whole fails" test "$code" = 1
check "which part it was" went rows-cuda failed
check "what it said" grep -q '^rows-cuda	failed	.*no deterministic plan' "$TMPDIR/out/table.tsv"
check "and those after it" went sanitizer-memcheck skipped

run SECONDS_MAX=5 -- plans
check "no time is left: said" went plans skipped
env OUT="$TMPDIR/out" PATH="$TMPDIR" /bin/bash tests/cuda/gpu-check "$BUILD" >"$TMPDIR/said" 2>&1
check "without a GPU and without SHIM=1 it is refused" test $? != 0
