#!/usr/bin/env bash
# What stops a training: a loss that is not finite, a full disk, a damaged record. Complete epochs stay, and the run
# goes on when the cause is removed.
set -u
. tests/pipelines/_tiny.sh
make_tiny 3 || exit 1
run=$TMPDIR/run
kept() { # name, epochs
    check "$1: the epochs before it are kept" test "$(ls "$run/epochs")" = "$(printf '%04d\n' $(seq 0 "$2"))"
    check "$1: the last of them has its state" test -s "$run/epochs/$(printf %04d "$2")/state.safetensors"
}
fails() { # name, text, make's words...
    check "$1: make fails" test "$(stages "$run" train "${@:3}"; echo $?)" != 0
    check "$1: says $2" grep -q -- "$2" "$run.out" || show "$run.out"
}

# The rate of epoch 2 is 1e27.
printf 'RATE_DROPS=1\nRATE_DIVISOR=1e-30\nAUGMENT=no\n' >>"$config"
fails "a loss that is not finite" "phantom_0000[1-5].*\(finite\|NaN\)"
kept "a loss that is not finite" 1
check "the log has the complete epoch" test "$(wc -l <"$run/log.tsv")" = 2

make_tiny 3
run=$TMPDIR/full
check "two epochs" stages "$run" train EPOCHS=2
fake=$TMPDIR/fake
build_without "$fake" prunet-step
full_disk_step "$fake"
fails "a full disk" "File too large" BUILD="$fake"
kept "a full disk" 2
check "with room again it goes on" stages "$run" train
check "to the end" test "$(wc -l <"$run/log.tsv")" = 4

scorer=$TMPDIR/scorer # a build whose dice-eval ends before it has read anything
build_without "$scorer" dice-eval
printf '#!/bin/sh\necho "dice-eval: it has failed" >&2\nexit 1\n' >"$scorer/bin/dice-eval"
chmod +x "$scorer/bin/dice-eval"
fails "a scorer that fails" "epoch 4 cannot be validated" BUILD="$scorer" EPOCHS=4
check "a scorer that fails is no stop" test "$(grep -c stopped "$run.out")" = 0 || show "$run.out"
kept "a scorer that fails" 3
check "with a scorer the epoch is complete" stages "$run" train EPOCHS=4

mkdir "$TMPDIR/failing"
printf '#!/bin/sh\ncase "$*" in *name=best*) exit 2 ;; esac\nexec "%s" "$@"\n' "$(command -v awk)" >"$TMPDIR/failing/awk"
chmod +x "$TMPDIR/failing/awk"
first=$TMPDIR/first
check "the best epoch cannot be looked up: make fails" test "$(PATH=$TMPDIR/failing:$PATH stages "$first" train EPOCHS=1; echo $?)" != 0
check "and no other one is called the best" test ! -e "$first/best"
check "the run goes on" stages "$first" train EPOCHS=1
check "with its best epoch" test "$(readlink "$first/best")" = epochs/0001

record=$run/cases/$(head -n 1 "$run/manifest/training").nrrd
cp "$record" "$TMPDIR/whole" && truncate -s -1000 "$record"
fails "a cut record" "${record##*/}" EPOCHS=5
kept "a cut record" 4
mv "$TMPDIR/whole" "$record"
rm "$record.sha256"
check "a record without its checksum is made again" stages "$run" train EPOCHS=5
check "and the run goes on" test "$(wc -l <"$run/log.tsv")" = 6
