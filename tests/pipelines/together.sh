#!/usr/bin/env bash
# Two of anything in one folder: they take turns, or one is refused with 75; what they leave is what one alone leaves, and nothing
# finished is deleted.
set -u
. tests/pipelines/_tiny.sh
make_tiny 3 || exit 1
printf 'PHANTOM_CASES=5\nPHANTOM_SIZE=48x48x48\nPHANTOM_SEED=5\n' >>"$config" # those of DATA
run=$TMPDIR/run
cases=$TMPDIR/cases

digests() { # folder
    (cd "$1" && find . -type f ! -name '.*' ! -name pairs.tsv ! -name 'check.*' | sort | xargs sha256sum)
}
no_leftovers() { # name, folders...
    check "$1: nothing unfinished is left" test -z "$(find "${@:2}" -name '.*' ! -name '.*lock' ! -name .stamps ! -name '*.from')" ||
        find "${@:2}" -name '.*' | sed 's/^/# /'
}

# N of a command at once; their statuses, sorted, are in `ended`, what they said in $TMPDIR/said.1, ...
at_once() { # N command...
    local pids=() i pid status statuses=()
    for ((i = 1; i <= $1; i++)); do
        "${@:2}" >"$TMPDIR/said.$i" 2>&1 &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do
        wait "$pid"
        statuses+=($?)
    done
    ended=$(printf '%s\n' "${statuses[@]}" | sort -n | paste -sd ' ')
}
succeed() { # name
    check "$1: all succeed" test -z "${ended//[0 ]/}" || { echo "# $ended" && cat "$TMPDIR"/said.* | sed 's/^/# /'; }
}

stages "$TMPDIR/whole" train evaluate segment
check "one alone" test -f "$TMPDIR/whole/evaluation/hd95.tsv" -a -f "$TMPDIR/whole/segmentations/phantom_00005.nii.gz" || show "$TMPDIR/whole.out"
whole=$(fingerprint "$TMPDIR/whole")
records=$(digests "$TMPDIR/whole/cases")
evaluation=$(digests "$TMPDIR/whole/predictions" && digests "$TMPDIR/whole/evaluation")
label_maps=$(digests "$TMPDIR/whole/segmentations")

# --- preprocess ------------------------------------------------------------------------------------------------------------

preprocess() { # configuration
    pipelines/preprocess --data "$data" --cases "$cases" --config "$1"
}
at_once 3 preprocess "$config"
succeed "three preprocesses at once"
check "three preprocesses at once: the records are right" test "$(digests "$cases")" = "$records"
check "three preprocesses at once: each case is made once" test "$(cat "$TMPDIR"/said.* | grep -c '^preprocess: [1-5] of 5.*: phantom_')" = 5
check "three preprocesses at once: the others say that they wait" test "$(cat "$TMPDIR"/said.* | grep -c 'another preprocess.*waiting')" = 2
no_leftovers "three preprocesses at once" "$cases"

# One of them meets a case that cannot be read: what the other one has made stays.
cp "$data/phantom_00003/phantom_00003_t1.nii.gz" "$TMPDIR/t1" && echo damaged >"$data/phantom_00003/phantom_00003_t1.nii.gz"
at_once 2 preprocess "$config"
check "an image is damaged: both say so with 65" test "$ended" = "65 65" || echo "# $ended"
check "the other records stay" test "$(digests "$cases")" = "$records"
cp "$TMPDIR/t1" "$data/phantom_00003/phantom_00003_t1.nii.gz"
preprocess "$config" >"$TMPDIR/said.1" 2>&1
check "repaired: the records are right" test $? = 0 -a "$(digests "$cases")" = "$records"

# With two configurations one has the last word, in all records.
sed 's/^CROP=.*/CROP=16x48x32/' "$config" >"$TMPDIR/wide"
preprocess "$config" >/dev/null 2>&1 &
preprocess "$TMPDIR/wide" >"$TMPDIR/said.1" 2>&1
status=$?
wait $!
check "two configurations at once" test $? = 0 -a $status = 0
check "all records are of one" test "$(for n in 1 2 3 4 5; do rawinfo "$cases/phantom_0000$n.nrrd" | grep -o -e 32x32x32 -e 16x48x32 | sort -u; done | sort -u | wc -l)" = 1
preprocess "$config" >/dev/null 2>&1
check "and can be made again" test "$(digests "$cases")" = "$records"

# The one that works is killed: the one that waits takes over.
rm -rf "$cases"
setsid pipelines/preprocess --data "$data" --cases "$cases" --config "$config" >/dev/null 2>&1 &
victim=$!
until compgen -G "$cases/.*.part" >/dev/null; do sleep 0.01; done
preprocess "$config" >"$TMPDIR/said.1" 2>&1 &
waiting=$!
until grep -q waiting "$TMPDIR/said.1" || ! kill -0 "$victim" 2>/dev/null; do sleep 0.01; done
kill -KILL -- "-$victim" 2>/dev/null
wait "$victim" 2>/dev/null
wait "$waiting"
check "one is killed: the other one takes over" test $? = 0 -a "$(digests "$cases")" = "$records" || show "$TMPDIR/said.1"
no_leftovers "one is killed" "$cases"

# --- everything, in a new folder ---------------------------------------------------------------------------------------------

everything() { # goals...
    make --no-print-directory --keep-going -f pipelines/brats.mk BUILD="$BUILD" DATA= CONFIG="$config" RUN="$run" SEED=1 "$@"
}
at_once 3 everything train
check "three makes in a new RUN: one trains" grep -q "epoch 3 of 3" "$TMPDIR"/said.* || cat "$TMPDIR"/said.* | sed 's/^/# /'
check "three makes in a new RUN: the others are refused with 75, or have nothing to do" test -z \
    "$(grep -h 'Error [0-9]' "$TMPDIR"/said.* | grep -v 'train\] Error 75')"
check "three makes in a new RUN: the bytes are right" test "$(fingerprint "$run")" = "$whole"
check "three makes in a new RUN: five phantoms" test "$(list-cases --no-header "$run/phantoms" | wc -l)" = 5
check "three makes in a new RUN: one folder of them" test "$(find "$run" -maxdepth 1 -name '*phantom*' ! -name .phantoms.lock | wc -l)" = 1
no_leftovers "three makes in a new RUN" "$run"

rm -rf "$run"
everything -j 8 preprocess train evaluate segment >"$run.out" 2>&1
check "make -j 8 of all stages" test $? = 0 || show "$run.out"
check "make -j 8: the bytes are right" test "$(fingerprint "$run")" = "$whole"
check "make -j 8: the scores are right" test "$(digests "$run/predictions" && digests "$run/evaluation")" = "$evaluation"
check "make -j 8: the label maps are right" test "$(digests "$run/segmentations")" = "$label_maps"
rm -rf "$run"
at_once 2 everything -j 4 preprocess segment evaluate
check "two makes -j of all stages: one succeeds" test "${ended%% *}" = 0 || cat "$TMPDIR"/said.* | sed 's/^/# /'
check "two makes -j of all stages: the bytes are right" test "$(fingerprint "$run")" = "$whole"
check "two makes -j of all stages: the scores are right" test "$(digests "$run/predictions" && digests "$run/evaluation")" = "$evaluation"
check "two makes -j of all stages: the label maps are right" test "$(digests "$run/segmentations")" = "$label_maps"

# --- evaluate, segment --------------------------------------------------------------------------------------------------------

evaluate() {
    pipelines/evaluate --data "$data" --cases "$run/cases" --run "$run"
}
segment() {
    pipelines/segment --data "$data" --run "$run" --output "$TMPDIR/out"
}
rm -rf "$run/predictions" "$run/evaluation"
at_once 3 evaluate
succeed "three evaluates at once"
check "three evaluates at once: the scores are right" test "$(digests "$run/predictions" && digests "$run/evaluation")" = "$evaluation"
check "three evaluates at once: all print them" test "$(cat "$TMPDIR"/said.* | grep -c '^WT ')" = 3
no_leftovers "three evaluates at once" "$run/evaluation" "$run/predictions"
at_once 3 segment
succeed "three segments at once"
check "three segments at once: the label maps are right" test "$(digests "$TMPDIR/out")" = "$label_maps"
no_leftovers "three segments at once" "$TMPDIR/out"

# Beside a training: the best weights change and their files are removed while cases are segmented.
rm -rf "$run" "$TMPDIR/out"
stages "$run" train EPOCHS=1
stages "$run" train EPOCHS=12 &
training=$!
count=0 failed=0
while kill -0 $training 2>/dev/null; do
    evaluate >"$TMPDIR/said.1" 2>&1 || { failed=$((failed + 1)) && show "$TMPDIR/said.1"; }
    segment >"$TMPDIR/said.2" 2>&1 || { failed=$((failed + 1)) && show "$TMPDIR/said.2"; }
    count=$((count + 1))
done
wait $training
check "a training of 12 epochs beside $count evaluates and segments" test $? = 0 || show "$run.out"
check "all of them succeed" test $failed = 0 -a $count != 0
cp -r "$run" "$TMPDIR/again" && rm -rf "$TMPDIR/again/predictions" "$TMPDIR/again/evaluation"
evaluate >"$TMPDIR/said.1" 2>&1 && segment >"$TMPDIR/said.2" 2>&1
pipelines/evaluate --data "$data" --cases "$run/cases" --run "$TMPDIR/again" >/dev/null 2>&1
pipelines/segment --data "$data" --run "$TMPDIR/again" --output "$TMPDIR/out again" >/dev/null 2>&1
check "the scores are those of the best epoch" diff -r -x '.*' -x pairs.tsv "$run/evaluation" "$TMPDIR/again/evaluation"
check "the label maps, too" diff -r -x '.*' "$TMPDIR/out" "$TMPDIR/out again"
no_leftovers "beside a training" "$run/evaluation" "$run/predictions" "$TMPDIR/out"
