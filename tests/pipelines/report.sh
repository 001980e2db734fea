#!/usr/bin/env bash
# What evaluate notes for reports, and the report of a run: a new one, one of an earlier version, one that still trains.
set -u
. tests/pipelines/_tiny.sh
make_tiny 2 || exit 1
run=$TMPDIR/run
report() { # further options
    prunet report "$run" "$@" >"$run.said" 2>&1
}
has() { # text...
    local text
    for text in "$@"; do
        grep -q -e "$text" "$run/report.html" || return
    done
}

check "preprocess, train, evaluate" stages "$run" preprocess train evaluate || show "$run.out"
held=$(<"$run/manifest/validation")
check "the goal, and the memory of each epoch" test "$(cat "$run/goal.tsv")" = "epochs	2" -a -s "$run/epochs/0001/usage.tsv" -a -s "$run/epochs/0002/usage.tsv"
check "planned and measured" test "$(cell planned 1 "$run/epochs/0002/usage.tsv")" -gt 0 -a "$(cell measured 1 "$run/epochs/0002/usage.tsv")" -gt 0
check "probabilities were assessed" grep -q "calibration	WT" "$run/evaluation/assessments/$held.tsv"
check "a summary of the case" grep -q "^$held	calibration	WT" "$run/evaluation/cases.tsv"
check "with pictures" grep -q "^$held	picture	WT	axial:" "$run/evaluation/cases.tsv"
check "with remarks on its records" grep -q "^$held	case	-	image	ok" "$run/evaluation/cases.tsv"
check "the scores are those of dice.tsv" test \
    "$(awk -F'\t' '$2 == "score" && $4 == "dice" { printf "%s %s,", $3, $5 }' "$run/evaluation/cases.tsv")" = \
    "$(table_awk -v held="$held" '!header && field("case") == held { printf "%s %s,", field("region"), field("dice") }' "$run/evaluation/dice.tsv")"
check "a report" report || show "$run.said"
check "of this run" has "$held" "planned" "expected calibration error" "best: epoch" "data:image/png"
check "it is whole" test "$(grep -c '<section' "$run/report.html")" = 12 -a "$(tail -n 1 "$run/report.html")" = "</html>"
check "nothing is evaluated anew" stages "$run" evaluate
check "with a report there, too" test -z "$(grep -e segmenting "$run.out")"
check "watch ends where training has" grep -q '^epoch 2 of 2: loss' <(prunet-watch "$run")

# One of an earlier version: predictions without an assessment stay, the rest is noted.
rm -r "$run/evaluation/assessments" "$run/evaluation/cases.tsv" "$run/evaluation/.cases.tsv.from" "$run/goal.tsv" "$run"/epochs/*/usage.tsv
check "a report of a run without all this" report
check "says what is not noted" has "make evaluate of this version" "not noted: the run is of an earlier version"
cp -p "$run/predictions/$held.nii.gz" "$TMPDIR/prediction"
check "it is evaluated" stages "$run" evaluate
check "the prediction stays as it is" cmp -s "$TMPDIR/prediction" "$run/predictions/$held.nii.gz"
check "a summary is made" grep -q "^$held	picture" "$run/evaluation/cases.tsv"
check "and a report, which says that probabilities are not noted" report
check "in one line" has "The probabilities are not noted"
rm "$run/predictions/$held.nii.gz"
check "segmented again" stages "$run" evaluate
check "the same prediction, to the byte" cmp -s "$TMPDIR/prediction" "$run/predictions/$held.nii.gz"
check "the probabilities are noted, though no score is another" grep -q "^$held	calibration" "$run/evaluation/cases.tsv"

check "beside another run, into another file" report --beside "$run" -o "$TMPDIR/page.html"
check "is compared" grep -q "signed ranks" "$TMPDIR/page.html"
check "and by the older form" pipelines/report --run "$run" --beside "$run" --output "$TMPDIR/older.html"
check "the same page" cmp "$TMPDIR/page.html" "$TMPDIR/older.html"
rm "$run/report.html"
pipelines/report --run "$run" >"$run.said" 2>&1
check "which writes RUN/report.html, too" has "$held"
rm -rf "$run/evaluation" "$run/log.tsv"
check "of a run that has just begun" report
pipelines/report --run "$TMPDIR/none" >"$run.said" 2>&1
check "and of none" test $? = 1 -a "$(grep -c "none: no such run" "$run.said")" = 1
pipelines/report >"$run.said" 2>&1
check "and of nothing" test $? = 2
make -n report BUILD="$BUILD" RUN="a run" OUT="a file" BESIDE="another" 2>/dev/null >"$run.said"
check "make report" grep -q "bin/prunet-report .*-o .*--beside .*-- " "$run.said"
