#!/usr/bin/env bash
# What the stages say: how far they are, one cause a failure, in the end those that are left out; commands only when asked for.
set -u
. tests/pipelines/_tiny.sh
make_tiny 1 || exit 1
run=$TMPDIR/run
stages "$run" preprocess train evaluate
check "a run" test $? = 0 || show "$run.out"
check "a line a case, with its number" test "$(grep -c '^preprocess: [1-5] of 5.*: phantom_0000[1-5]$' "$run.out")" = 5 || show "$run.out"
check "no command is shown" test "$(grep -c 'pipelines/' "$run.out")" = 0
name=$(<"$run/manifest/validation")
prunet-segment -q -m "$run" -o "$TMPDIR/alone.nii.gz" "$data/$name" >"$TMPDIR/said"
check "prunet-segment -m RUN: the map that the stage makes, by the run's crop and spacing" cmp "$TMPDIR/alone.nii.gz" "$run/predictions/$name.nii.gz"
check "a folder that is no run" test "$(prunet-segment -m "$data" -o "$TMPDIR/none.nii.gz" "$data/$name" 2>&1)" = \
    "prunet-segment: $data: is a folder without best/state.safetensors: no run that has trained"
rm -rf "$run/predictions"
stages "$run" evaluate V=1
check "V=1 shows them" test "$(grep -c '^pipelines/.* --data' "$run.out")" = 3 || show "$run.out"
check "evaluate numbers its cases" grep -q '^evaluate: segmenting 1 of 1: phantom_' "$run.out"

# A DATA that is none: each says why, and leaves nothing.
mkdir "$TMPDIR/empty" "$TMPDIR/unlabelled"
cp -r "$data/phantom_00001" "$TMPDIR/unlabelled/" && rm "$TMPDIR/unlabelled/phantom_00001"/*_seg.nii.gz
leaves_nothing() { # status, text, command...
    "${@:3}" >"$run.out" 2>&1
    check "${*:3}: status $1" test $? = "$1" || show "$run.out"
    check "${*:3}: says why" grep -q -- "$2" "$run.out" || show "$run.out"
    check "${*:3}: leaves nothing" test ! -e "$TMPDIR/new" -a -z "$(find "$TMPDIR/empty" -mindepth 1)" || find "$TMPDIR/new" | sed 's/^/# /'
}
: >"$TMPDIR/file"
while IFS='|' read -r wrong status text; do
    wrong=$TMPDIR/$wrong
    leaves_nothing "$status" "$text" pipelines/stages train "$wrong" "$TMPDIR/new" --config "$config"
    leaves_nothing "$status" "$text" pipelines/preprocess --data "$wrong" --cases "$TMPDIR/new/cases" --config "$config"
    [ "$wrong" = "$TMPDIR/unlabelled" ] || {
        leaves_nothing "$status" "$text" pipelines/train --data "$wrong" --cases "$run/cases" --run "$TMPDIR/new" --config "$config"
        leaves_nothing "$status" "$text" pipelines/segment --data "$wrong" --run "$run" --output "$TMPDIR/new"
    }
done <<'END'
nowhere|1|cannot read the folder: No such file
file|1|cannot read the folder: Not a directory
empty|65|no folder in it has .nii or .nii.gz files
unlabelled|65|no label map
END
leaves_nothing 2 "no backend \"cuda-none\"" pipelines/stages train "$data" "$TMPDIR/new" --config "$config" --backend cuda-none
leaves_nothing 2 "no backend \"cuda-none\"" make --no-print-directory -f pipelines/brats.mk BUILD="$BUILD" DATA="$data" CONFIG="$config" \
    RUN="$TMPDIR/new" BACKEND=cuda-none train

# A tool that fails for another reason than its input: the tools after it call what it leaves bad input, the stages do not.
lacking=$TMPDIR/lacking
broken=$TMPDIR/broken
build_without "$lacking" nii2raw prunet-infer
cp -r "$run" "$broken"
rm -r "$broken/predictions" "$broken/cases"
ends() { # name status text stage...
    BUILD=$lacking "pipelines/$4" "${@:5}" >"$run.out" 2>&1
    check "$1: status $2, not that of the tools after it" test $? = "$2" || show "$run.out"
    check "$1: says why" grep -q "$3" "$run.out" || show "$run.out"
    check "$1: no case is left out for it" test "$(grep -c 'left out' "$run.out")" = 0
}
while IFS='|' read -r how status text; do
    for tool in nii2raw prunet-infer; do
        printf '#!/bin/bash\n"%s" "$@" | head -c 3000\n%s\n' "$BUILD/bin/$tool" "$how" >"$lacking/bin/$tool"
        chmod +x "$lacking/bin/$tool"
    done
    ends "preprocess, $text" "$status" "$text" preprocess --data "$data" --cases "$broken/cases" --config "$config"
    ends "evaluate, $text" "$status" "$text" evaluate --data "$data" --cases "$run/cases" --run "$broken"
    ends "segment, $text" "$status" "$text" segment --data "$data" --run "$run" --output "$TMPDIR/lost"
    ends "segment of one case, $text" "$status" "$text" segment "$data/phantom_00001" "$run" "$TMPDIR/one.nii.gz"
done <<'END'
echo nii2raw: out of memory >&2; exit 1|1|out of memory
kill -9 $$|137|SIGKILL
END

# A digest that cannot be made is no empty one.
rm -r "$lacking" && build_without "$lacking" file-digest
printf '#!/bin/sh\ncase "$*" in *predictions*) exit 1 ;; esac\nexec "%s" "$@"\n' "$BUILD/bin/file-digest" >"$lacking/bin/file-digest"
chmod +x "$lacking/bin/file-digest"
rm -rf "$broken/predictions" "$broken/evaluation"
BUILD=$lacking pipelines/evaluate --data "$data" --cases "$run/cases" --run "$broken" >"$run.out" 2>&1
check "evaluate without a digest of its prediction: status 1" test $? = 1 || show "$run.out"
check "nothing is noted of it" test -z "$(find "$broken/predictions" -name '.*.from')"
pipelines/evaluate --data "$data" --cases "$run/cases" --run "$broken" >"$run.out" 2>&1
check "it is made again, and scored" cmp "$broken/evaluation/dice.tsv" "$run/evaluation/dice.tsv"

# A default that cannot be read is no other setting.
mkdir "$TMPDIR/failing"
printf '#!/bin/sh\ncase "$*" in *configurations/defaults*) exit 2 ;; esac\nexec /bin/grep "$@"\n' >"$TMPDIR/failing/grep"
chmod +x "$TMPDIR/failing/grep"
records=$(cd "$run/cases" && sha256sum -- .*.from)
PATH=$TMPDIR/failing:$PATH pipelines/preprocess --data "$data" --cases "$run/cases" --config "$config" >"$run.out" 2>&1
check "preprocess without the defaults: status 1" test $? = 1 || show "$run.out"
check "no record is made anew for it" test "$(cd "$run/cases" && sha256sum -- .*.from)" = "$records"

# Nor is a file that cannot be compared another one.
printf '#!/bin/sh\ncase "$*" in *circumstances.tsv*) echo "cmp: Input/output error" >&2; exit 2 ;; esac\nexec /usr/bin/cmp "$@"\n' >"$TMPDIR/failing/cmp"
chmod +x "$TMPDIR/failing/cmp"
PATH=$TMPDIR/failing:$PATH pipelines/train --data "$data" --cases "$run/cases" --run "$run" --config "$config" >"$run.out" 2>&1
check "a run whose circumstances cannot be compared: status 1" test $? = 1 || show "$run.out"
check "and no other ones are said" test "$(grep -c "other circumstances" "$run.out")" = 0 || show "$run.out"
check "nor noted" test -z "$(grep -s "other circumstances" "$run/journal.txt")"

# Two cases of five cannot be read.
printf 'no gzip' >"$data/phantom_00002/phantom_00002_t1.nii.gz"
truncate -s 200 "$data/phantom_00004/phantom_00004_seg.nii.gz"
bad=$TMPDIR/bad
for jobs in 1 3; do
    rm -rf "$bad"
    stages "$bad" -j "$jobs" preprocess train
    check "-j$jobs: make fails" test $? != 0
    for name in phantom_00002 phantom_00004; do
        check "-j$jobs: the cause of $name is said once" test "$(grep -c "${name}_.*: " "$bad.out")" = 1 || show "$bad.out"
        check "in the list at the end" grep -q "^  $name: nii2raw: .*${name}_" "$bad.out"
    done
    check "-j$jobs: no tool complains of another's failure" test "$(grep -c -e '^crop: .*empty' -e '^standardize: ' -e '^raw2nii: ' "$bad.out")" = 0 || show "$bad.out"
    check "-j$jobs: a heading, and what to do" test "$(grep -c -e '^preprocess: 2 of 5 cases are left out:$' -e '^preprocess: mend their files' "$bad.out")" = 2
    check "-j$jobs: the others are made" test "$(find "$bad/cases" -name '*.nrrd' | wc -l)" = 3
    check "-j$jobs: nothing is trained" test ! -e "$bad/epochs"
done
check "make itself adds two lines at most" test "$(grep -c '^make' "$bad.out")" -le 2 || show "$bad.out"

pipelines/segment --data "$data" --run "$run" --output "$TMPDIR/maps" >"$run.out" 2>&1
check "segment: status 65" test $? = 65
check "the cause once, in the list" test "$(grep -c "phantom_00002_t1" "$run.out")" = 1 -a "$(grep -c "^  phantom_00002: nii2raw: " "$run.out")" = 1 || show "$run.out"
check "the other cases are segmented" test "$(find "$TMPDIR/maps" -name '*.nii.gz' | wc -l)" = 4
pipelines/segment "$data/phantom_00002" "$run" "$TMPDIR/one.nii.gz" >"$run.out" 2>&1
check "segment of one case: status 65, one line" test $? = 65 -a "$(wc -l <"$run.out")" = 1 || show "$run.out"

# How long it takes.
. pipelines/tell.sh
while IFS='|' read -r arguments expected; do
    # shellcheck disable=SC2086 # four numbers
    check "progress_of $arguments" test "$(progress_of $arguments)" = "$expected"
done <<'END'
1 5 0 100|1 of 5
5 5 5 100|5 of 5
12 285 12 10|12 of 285, 3 min left
10 20 10 9|10 of 20, 9 s left
10 20 10 3|10 of 20
1 285 1 100|1 of 285, 7:53 h left
END
