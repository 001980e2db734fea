#!/usr/bin/env bash
# BATCH: a run in batches, stopped by a signal inside one of them, ends with the bytes of an undisturbed one. It is part of what a
# run is; a run of single cases has the manifest that it had before there were batches.
# shellcheck disable=SC2016 # the dollars are awk's
set -u
. tests/pipelines/_tiny.sh
make_tiny 1 || exit 1

stages "$TMPDIR/single" train
check "without BATCH nothing of it is noted" test "$(grep -c BATCH "$TMPDIR/single/manifest/run.tsv")" = 0
ln -s "$TMPDIR/single/cases" "$TMPDIR/cases"
echo BATCH=3 >>"$config"
stages "$TMPDIR/whole" train CASES="$TMPDIR/cases"
ln -sfn "$TMPDIR/single/cases" "$TMPDIR/whole/cases"
whole=$(fingerprint "$TMPDIR/whole")
check "the manifest says 3" grep -qx $'BATCH\t3' "$TMPDIR/whole/manifest/run.tsv" || show "$TMPDIR/whole.out"
check "the log counts steps: two for four cases" test "$(cell steps 1 "$TMPDIR/whole/log.tsv") $(cell steps 1 "$TMPDIR/whole/times.tsv")" = "2 2"
check "its loss is the mean of the cases'" test "$(cell loss 1 "$TMPDIR/whole/log.tsv")" = \
    "$(column loss "$TMPDIR/whole/epochs/0001/steps.tsv" | awk '{ sum += $1 } END { printf "%.6f", sum / NR }')"
check "single cases come to another loss" test "$(cell loss 1 "$TMPDIR/whole/log.tsv")" != "$(cell loss 1 "$TMPDIR/single/log.tsv")"

slow=$TMPDIR/slow
slow_build "$slow"
run=$TMPDIR/stopped
BUILD=$slow start "$run"
wait_for_step
kill -TERM -- "-$group" 2>/dev/null
wait "$group" 2>/dev/null
check "stopped inside a batch" grep -q "train: stopped in epoch 1 after [03] of its cases" "$run.out" || show "$run.out"
finish "$run"
same "stopped inside a batch" "$run"

refused() { # name, folder, text
    check "$1 is refused" test "$(stages "$2" train CASES="$TMPDIR/cases"; echo $?)" != 0
    check "$1: $3" grep -qF -- "$3" "$2.out" || show "$2.out"
}
refused "going on in batches" "$TMPDIR/single" "BATCH: 1, now 3"
sed -i /^BATCH/d "$config"
refused "going on without" "$TMPDIR/whole" "BATCH: 3, now 1"

for batch in 2 4 8 16; do
    check "batch-$batch: its size, and sqrt($batch) times the paper's rate" awk -v batch=$batch -F= '
        $1 == "BATCH" { size = $2 } $1 == "LEARNING_RATE" { rate = $2 }
        END { r = rate / (1e-4 * sqrt(batch)); exit !(size == batch && r > 0.99 && r < 1.01) }' "pipelines/configurations/batch-$batch"
    check "batch-$batch: said to be untested" grep -qi untested "pipelines/configurations/batch-$batch"
done
