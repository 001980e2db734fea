#!/usr/bin/env bash
# What a training needs of the machine, memory, disk and backend, is looked at before it begins: too little of it ends the
# run at once, whatever is finished stays, and where there is room again it goes on.
set -u
# shellcheck source=tests/pipelines/_tiny.sh
. tests/pipelines/_tiny.sh
# shellcheck source=pipelines/room.sh
. pipelines/room.sh

# --- how much memory is free ---

# shellcheck disable=SC2034 # of room.sh
proc=$TMPDIR/proc control_groups=$TMPDIR/groups
mkdir -p "$proc/self" "$control_groups"
free_is() { # name, bytes
    check "$1: $2 bytes" test "$(free_memory)" = "$2" || free_memory | sed 's/^/# /'
}
limit() { # group, limit, used, cached
    mkdir -p "$control_groups/$1"
    printf '%s\n' "$2" >"$control_groups/$1/memory.max"
    printf '%s\n' "$3" >"$control_groups/$1/memory.current"
    printf 'anon 7\nfile 100000\ninactive_file %s\nactive_file 1\n' "$4" >"$control_groups/$1/memory.stat"
}
free_is "a machine that does not tell" ""
printf 'MemTotal: 9000 kB\nMemFree: 10 kB\nMemAvailable: 4000 kB\nSwapTotal: 500 kB\nSwapFree: 96 kB\n' >"$proc/meminfo"
free_is "what is available and in swap" 4194304
printf '0::/jobs/7/step\n' >"$proc/self/cgroup"
limit jobs/7/step max 5000 0
limit jobs/7 1000000 900000 799999
limit jobs 3000000 100000 0
free_is "the group above leaves the least; its cached pages are free" 900000
limit jobs 500000 400000 0
free_is "the group above that" 100001
limit jobs 500000 600000 0
free_is "a group that is full" 0
printf '0::/../elsewhere\n' >"$proc/self/cgroup"
limit . 2000000 1000000 9
free_is "a container sees its group as the root" 1000010
printf '12:cpu,cpuacct:/\n4:memory:/slurm/job\n0::/none\n' >"$proc/self/cgroup"
limit . max 0 0
mkdir -p "$control_groups/memory/slurm/job"
echo 800000 >"$control_groups/memory/slurm/job/memory.limit_in_bytes"
echo 300000 >"$control_groups/memory/slurm/job/memory.usage_in_bytes"
printf 'inactive_file 3\ntotal_inactive_file 5\ntotal_active_file 6\n' >"$control_groups/memory/slurm/job/memory.stat"
free_is "control groups of version 1" 500011
rm "$proc/self/cgroup"
printf 'MemAvailable: 4000000 kB\n' >"$proc/meminfo"
free_is "no control groups" 4096000000
check "ulimit -v" test "$(ulimit -v 1000000; free_memory)" = 1024000000

# --- a run ---

make_tiny 3 || exit 1
check "an undisturbed run" stages "$TMPDIR/whole" train || show "$TMPDIR/whole.out"
whole=$(fingerprint "$TMPDIR/whole")
run=$TMPDIR/run
refused() { # name, text, build
    local before=
    [ ! -d "$run/epochs/0001" ] || before=$(fingerprint "$run")
    check "$1: make fails" test "$(stages "$run" train EPOCHS=3 BUILD="$3"; echo $?)" != 0
    check "$1: says $2" grep -q -- "$2" "$run.out" || show "$run.out"
    check "$1: nothing is trained" test -z "$(compgen -G "$run/epochs/.*")"
    [ -z "$before" ] || check "$1: nothing is lost" test "$(fingerprint "$run")" = "$before"
}
large=$TMPDIR/large # a build where a step needs 5 TB
build_without "$large" prunet-plan
cat >"$large/bin/prunet-plan" <<FAKE
#!/bin/bash
set -o pipefail
"$BUILD/bin/prunet-plan" "\$@" | awk -F'\t' -v OFS='\t' '\$1 == "training" && /total\tallocated/ { \$4 = "5000000000000" } 1'
FAKE
full=$TMPDIR/full # a machine with a nearly full disk
build_without "$full"
printf '#!/bin/sh\nprintf "Avail\\n100000\\n"\n' >"$full/bin/df"
chmod +x "$large/bin/prunet-plan" "$full/bin/df"
cp -r "$TMPDIR/whole/cases" "$TMPDIR/cases"
stages() { # as in _tiny.sh, with records that are there
    local run=$1
    shift
    make --no-print-directory -f pipelines/brats.mk BUILD="$BUILD" DATA="$data" CONFIG="$config" RUN="$run" SEED=1 \
        CASES="$TMPDIR/cases" "$@" >"$run.out" 2>&1
}
refused "too little memory" "a training step needs 5000.0 GB of memory, and .* are free: .*MEMORY=min" "$large"
refused "too little disk" "the states of a run need .* and 0.1 MB are free there" "$full"
check "with room it begins" stages "$run" train EPOCHS=2
refused "too little memory for the next epoch" "a training step needs 5000.0 GB" "$large"
refused "too little disk for the next epoch" "the states of a run need" "$full"
check "with room it goes on" stages "$run" train
check "to the same bytes" test "$(fingerprint "$run")" = "$whole" || diff <(fingerprint "$run") <(echo "$whole") | sed 's/^/# /'
check "a complete run needs no room" stages "$run" train BUILD="$full"

# --- preprocessing ---

vast=$TMPDIR/vast # a build whose check finds a vast case
build_without "$vast" prunet-check
cat >"$vast/bin/prunet-check" <<FAKE
#!/bin/bash
"$BUILD/bin/prunet-check" "\$@" || exit
while [ \$# != 0 ] && [ "\$1" != -o ]; do shift; done
sed -i 's/^grid\t[0-9x]*/grid\t40000x40000x1000/' "\$2"
FAKE
chmod +x "$vast/bin/prunet-check"
check "a vast case: make fails" test "$(stages "$TMPDIR/vast.run" preprocess CASES="$TMPDIR/vast.cases" BUILD="$vast"; echo $?)" != 0
check "a vast case: says what it needs" grep -q "preprocessing 1 at a time needs 81600.0 GB of memory, and .* are free: fewer" \
    "$TMPDIR/vast.run.out" || show "$TMPDIR/vast.run.out"
check "a vast case: nothing is made" test -z "$(compgen -G "$TMPDIR/vast.cases/*.nrrd")"
check "where there is room it is made" stages "$TMPDIR/vast.run" preprocess CASES="$TMPDIR/vast.cases"

# --- a backend that is not there, for a run that has nothing left to do ---

refused_words() { # name, text, make's words...
    check "$1 on a complete run: make fails" test "$(stages "$run" train "${@:3}"; echo $?)" != 0
    check "$1: status 2" grep -q "Error 2" "$run.out"
    check "$1: says $2" grep -q -- "$2" "$run.out" || show "$run.out"
}
refused_words "no such backend" 'no backend "nope" in this build' BACKEND=nope
refused_words "threads that are no number" "PRUNET_THREADS: 'abc'" THREADS=abc
refused_words "a seed that is no number" "SEED=abc is not valid: a whole number" SEED=abc
check "a seed that is no number: said before anything is made" test ! -e "$TMPDIR/early/cases" -a \
    "$(mkdir "$TMPDIR/early"; stages "$TMPDIR/early" preprocess train SEED=abc; grep -c "SEED=abc is not valid" "$TMPDIR/early.out")" = 1
refused_words "no epochs" "EPOCHS=0 is not valid: a whole number, 1 to" EPOCHS=0
