#!/usr/bin/env bash
# compare: configurations with one split and one set of records, the columns of Table 1, a comparison that goes on.
set -u
. tests/pipelines/_tiny.sh
make_tiny 1 || exit 1
sed 's/^CHANNELS=.*/CHANNELS=8,8,8,8,8\nENCODER_BLOCKS=2/' "$config" >"$TMPDIR/wider"
home=$TMPDIR/compared

compare() {
    pipelines/compare --data "$data" --home "$home" --configs "$config $TMPDIR/wider" --steps 2 >"$TMPDIR/out" 2>"$TMPDIR/err"
}
check "two configurations" compare || show "$TMPDIR/err"
check "a row each" test "$(wc -l <"$home/compare.tsv")" = 3
check "one split" cmp -s "$home/tiny/manifest/validation" "$home/wider/manifest/validation"
check "one set of records" test "$(find "$home" -name '*.nrrd' | wc -l)" = 5
for name in planned_mib measured_mib seconds_a_step dice_et dice_wt dice_tc hd95_et hd95_wt hd95_tc; do
    check "column $name" sh -c "echo '$(cell $name 1 "$home/compare.tsv") $(cell $name 2 "$home/compare.tsv")' | grep -q '^[0-9.]* [0-9.]*$'"
done
check "configurations of one's own have no figures of the paper" test "$(cell paper_mib 1 "$home/compare.tsv")" = -
check "the reader is told what the paper's figures are" grep -q "other cases.*another scorer" "$TMPDIR/out"
touch "$TMPDIR/then"
check "again" compare
check "nothing is trained again" test -z "$(find "$home" -name state.safetensors -newer "$TMPDIR/then")"

printf 'KIND=baseline\nCHANNELS=4,8,8,8,8\nCROP=32x32x32\n' >"$TMPDIR/baseline-128"
pipelines/compare --data "$data" --home "$home" --configs "$TMPDIR/baseline-128" --epochs 0 --steps 1 >"$TMPDIR/out" 2>&1
check "measured only" test $? = 0 || show "$TMPDIR/out"
check "is not scored" test "$(cell dice_wt 1 "$home/compare.tsv")" = -
check "nothing was trained" test ! -e "$home/baseline-128/epochs"

# --- what is refused, and when ---

refused() { # name, status, part of the message, options...
    local status
    pipelines/compare --data "$data" --home "$TMPDIR/refused" --configs "$config" "${@:4}" >"$TMPDIR/out" 2>"$TMPDIR/err"
    status=$?
    check "$1: status $2" test $status = "$2" || show "$TMPDIR/err"
    check "$1: said" grep -qF -- "$3" "$TMPDIR/err" || show "$TMPDIR/err"
    check "$1: nothing is begun" test ! -e "$TMPDIR/refused"
}
printf 'AUGMENT=Yes\n' >"$TMPDIR/wrong"
mkdir "$TMPDIR/more" && cp "$config" "$TMPDIR/more/"
refused "a wrong setting of the last configuration" 2 "wrong: line 1: AUGMENT=Yes is not valid" --configs "$config $TMPDIR/wrong"
refused "two configurations of one name" 2 "two are called tiny" --configs "$config $TMPDIR/more/tiny"
refused "no configuration" 2 "names no configuration" --configs ' '
refused "a pattern is no list of files" 2 "no such file" --configs "$TMPDIR/t*"
refused "steps" 2 "--steps x is not a whole number" --steps x
(flock 8 && compare) 8>"$home/.lock"
check "a second comparison: 75" test $? = 75
check "and said" grep -q "another comparison is running there" "$TMPDIR/err"

# A record that cannot be read: no figure is made of the steps before it.
mkdir "$TMPDIR/records" && cp "$home/cases-32x32x32-2018/"*1.nrrd "$home/cases-32x32x32-2018/"*2.nrrd "$TMPDIR/records/"
truncate -s -100 "$TMPDIR/records/phantom_00002.nrrd"
pipelines/measure --config "$config" --cases "$TMPDIR/records" --steps 2 >"$TMPDIR/out" 2>"$TMPDIR/err"
check "measure with a cut record: 65" test $? = 65 || show "$TMPDIR/err"
check "no row" test ! -s "$TMPDIR/out"
pipelines/measure --config "$config" --cases "$TMPDIR/records" --steps 1 >"$TMPDIR/out" 2>"$TMPDIR/err"
check "without it: a row" test $? = 0 -a "$(wc -l <"$TMPDIR/out")" = 1
check "nothing is left" test -z "$(find "$TMPDIR/records" "$home" -name '*.part')"
PRUNET_BACKEND=nope pipelines/measure --config "$config" --cases "$TMPDIR/records" --steps 1 >/dev/null 2>"$TMPDIR/err"
check "measure heeds the backend" test $? != 0
