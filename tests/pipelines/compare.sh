#!/usr/bin/env bash
# compare: configurations with one split and one set of records, the columns of Table 1, a comparison that goes on.
set -u
. tests/pipelines/_tiny.sh
make_tiny 1 || exit 1
sed 's/^CHANNELS=.*/CHANNELS=8,8,8,8,8\nENCODER_BLOCKS=2/' "$config" >"$TMPDIR/wider"
home=$TMPDIR/compared

compare() {
    pipelines/compare --data "$data" --home "$home" --configs "$config $TMPDIR/wider" --steps 2 "$@" >"$TMPDIR/out" 2>"$TMPDIR/err"
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
