#!/usr/bin/env bash
# SPACING: cases of several spacings are refused without it, and with it resampled to one; predictions come back.
set -u
. tests/pipelines/_tiny.sh
# shellcheck source=tests/tools/_spacing.sh
. tests/tools/_spacing.sh
make_tiny 1 || exit 1
run=$TMPDIR/run
make_coarse "$data/phantom_00003"
check "cases of 1 and 2 mm are refused" test "$(stages "$TMPDIR/mixed" preprocess train; echo $?)" != 0
check "with status 65, in one sentence that names both and says what to do" \
    grep -q "phantom_00003: voxels of 2x2x2 mm, where others of the data set have 1x1x1: SPACING=1x1x1 in the configuration" "$TMPDIR/mixed.out" ||
    show "$TMPDIR/mixed.out"
check "nothing is trained" test ! -e "$TMPDIR/mixed/epochs"
grep -q "Error 65" "$TMPDIR/mixed.out"
check_status $? "status 65"
cp -r "$data" "$TMPDIR/broken" && gzip -dc "$data/phantom_00001/phantom_00001_t1.nii.gz" | head -c 300 >"$TMPDIR/cut" &&
    rm -r "$TMPDIR/broken/phantom_00003" && gzip -c "$TMPDIR/cut" >"$TMPDIR/broken/phantom_00001/phantom_00001_t1.nii.gz"
check "a header that cannot be read" test "$(stages "$TMPDIR/cut-run" preprocess DATA="$TMPDIR/broken"; echo $?)" != 0
check "does not keep the other cases from being made" test "$(find "$TMPDIR/cut-run" -name '*.nrrd' | wc -l)" = 3

printf 'SPACING=2x2x2\n' >>"$config"
sed -i s/CROP=.*/CROP=16x16x16/ "$config"
check "with SPACING they are taken" stages "$run" preprocess train evaluate segment || show "$run.out"
check "to one spacing" test "$(rawinfo --no-header "$run"/cases/*.nrrd | cut -f 5 | sort -u)" = 2x2x2
nii2raw --dir "$data/phantom_00001" | resample --spacing 2x2x2 | crop --size 16x16x16 2>/dev/null | standardize -o "$TMPDIR/hand.nrrd"
check "as by the tools" cmp "$TMPDIR/hand.nrrd" "$run/cases/phantom_00001.nrrd"
nii2raw --dir "$data/phantom_00003" | crop --size 16x16x16 2>/dev/null | standardize -o "$TMPDIR/hand.nrrd"
check "what has it already is only cropped" cmp "$TMPDIR/hand.nrrd" "$run/cases/phantom_00003.nrrd"
state=$run/best/state.safetensors
check "the state says its spacing" test "$(prunet-model show "$state" | sed -n 's/^prunet.spacing\t//p')" = 2x2x2
for case in "$data"/*; do
    name=${case##*/}
    check "$name: on its own grid" test "$(gzip -dc "$run/segmentations/$name.nii.gz" | wc -c)" = $((352 + 48 * 48 * 48))
done
check "segment is prunet-segment with the run's state" prunet-segment -q -m "$state" --crop 16x16x16 -o "$TMPDIR/out" "$data" >"$TMPDIR/table" 2>"$TMPDIR/err"
for name in phantom_00001 phantom_00003; do
    check "$name: the same map" cmp "$TMPDIR/out/$name.nii.gz" "$run/segmentations/$name.nii.gz"
done
name=$(cat "$run/manifest/validation")
check "evaluate's is the same" cmp "$TMPDIR/out/$name.nii.gz" "$run/predictions/$name.nii.gz"
sed -i s/SPACING=.*/SPACING=1.5x1.5x1.5/ "$config"
touch "$TMPDIR/then"
check "another spacing" stages "$run" preprocess
check "makes the records anew" test "$(find "$run/cases" -name '*.nrrd' -newer "$TMPDIR/then" | wc -l)" = 5
