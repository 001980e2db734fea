#!/usr/bin/env bash
# Which cases are trained on: the visits of a patient are in one list, a run that was begun before that goes on with its own
# lists, and a user's lists are taken.
set -u
# shellcheck source=tests/pipelines/_tiny.sh
. tests/pipelines/_tiny.sh
make_tiny 1 || exit 1

# Three patients: two visits, two visits, one visit.
visits=(BraTS-GLI-00001-100 BraTS-GLI-00001-101 BraTS-GLI-00002-100 BraTS-GLI-00002-101 BraTS-GLI-00003-100)
for i in 1 2 3 4 5; do
    mkdir "$data/${visits[i - 1]}"
    for file in "$data/phantom_0000$i"/*; do
        mv "$file" "$data/${visits[i - 1]}/${visits[i - 1]}${file##*/phantom_0000?}"
    done
    rmdir "$data/phantom_0000$i"
done
in_both() { # run
    comm -12 <(sed 's/-[0-9]*$//' "$1/manifest/training" | sort -u) <(sed 's/-[0-9]*$//' "$1/manifest/validation" | sort -u)
}
run=$TMPDIR/run
for seed in 1 2 3; do
    rm -rf "$run"
    stages "$run" train SEED=$seed CASES="$TMPDIR/cases"
    check "seed $seed: trains" test $? = 0 || show "$run.out"
    check "seed $seed: no patient is in both lists" test -z "$(in_both "$run")"
done

# A run of an older version.
split-cases --seed 1 --by-case --train "$TMPDIR/training" --validation "$TMPDIR/validation" < <(printf '%s\n' "${visits[@]}")
run=$TMPDIR/old
mkdir "$TMPDIR/lists"
cp "$TMPDIR/training" "$TMPDIR/validation" "$TMPDIR/lists"
check "a list of one's own" stages "$run" train LISTS="$TMPDIR/lists" CASES="$TMPDIR/cases" || show "$run.out"
check "is the run's training" cmp "$run/manifest/training" "$TMPDIR/training"
check "and its validation" cmp "$run/manifest/validation" "$TMPDIR/validation"
check "where a patient is in both lists" test -n "$(in_both "$run")"
check "a run that was begun with such lists goes on" stages "$run" train EPOCHS=2 CASES="$TMPDIR/cases" || show "$run.out"
check "with those" cmp "$run/manifest/training" "$TMPDIR/training"

# Some of the cases, in an order of one's own.
run=$TMPDIR/few
printf '%s\n' "${visits[4]}" "${visits[0]}" >"$TMPDIR/lists/training"
printf '%s\n' "${visits[2]}" >"$TMPDIR/lists/validation"
check "a list that leaves cases out" stages "$run" train LISTS="$TMPDIR/lists" CASES="$TMPDIR/cases" || show "$run.out"
check "trains on those" test "$(wc -l <"$run/epochs/0001/steps.tsv")" = 3
check "goes on with the same lists" stages "$run" train EPOCHS=2 LISTS="$TMPDIR/lists" CASES="$TMPDIR/cases" || show "$run.out"
check "is refused without them" test "$(stages "$run" train EPOCHS=3 CASES="$TMPDIR/cases"; echo $?)" != 0
check "as another run" grep -q "belongs to another run" "$run.out" || show "$run.out"
check "another run's manifest is such a folder" stages "$TMPDIR/like" train LISTS="$run/manifest" CASES="$TMPDIR/cases"
check "with the same steps" cmp <(cut -f1-7 "$run/epochs/0001/steps.tsv") <(cut -f1-7 "$TMPDIR/like/epochs/0001/steps.tsv")

refused() { # name, text, lines of training, lines of validation
    printf '%b' "$3" >"$TMPDIR/lists/training"
    printf '%b' "$4" >"$TMPDIR/lists/validation"
    pipelines/train --data "$data" --cases "$TMPDIR/cases" --run "$TMPDIR/refused" --config "$config" --lists "$TMPDIR/lists" 2>"$TMPDIR/err"
    check "$1: status 65" test $? = 65
    check "$1: says $2" grep -q -- "$2" "$TMPDIR/err" || show "$TMPDIR/err"
    check "$1: nothing is begun" test ! -e "$TMPDIR/refused/manifest"
}
refused "a case in both lists" "lists: ${visits[0]} is listed twice" "${visits[0]}\n${visits[1]}\n" "${visits[0]}\n"
refused "a case twice in one list" "lists: ${visits[1]} is listed twice" "${visits[1]}\n${visits[1]}\n" "${visits[0]}\n"
refused "a case that is not there" "lists: nobody is no case of " "${visits[1]}\nnobody\n" "${visits[0]}\n"
refused "a name that is none" "lists/validation: '../x' is no name of a case" "${visits[1]}\n" "../x\n"
refused "an empty list" "lists/validation: names no case" "${visits[1]}\n" ""
rm "$TMPDIR/lists/validation"
pipelines/train --data "$data" --cases "$TMPDIR/cases" --run "$TMPDIR/refused" --config "$config" --lists "$TMPDIR/lists" 2>"$TMPDIR/err"
check "no list: an error" test $? != 0
check "no list: it is named" grep -q "lists/validation" "$TMPDIR/err" || show "$TMPDIR/err"
