#!/usr/bin/env bash
# WINDOW, OVERLAP and GAUSSIAN: what validates, evaluates and segments goes by windows, and what was made by others is made anew.
set -u
. tests/pipelines/_tiny.sh
make_tiny 1 || exit 1
run=$TMPDIR/run
check "without windows" stages "$TMPDIR/whole" preprocess train evaluate || show "$TMPDIR/whole.out"
printf 'WINDOW=16x16x16\nOVERLAP=0.25\nGAUSSIAN=yes\n' >>"$config"
check "with windows" stages "$run" preprocess train evaluate segment || show "$run.out"
name=$(cat "$run/manifest/validation")
record=$run/cases/$name.nrrd
state=$run/best/state.safetensors
windows=(--window 16x16x16 --overlap 0.25 --gaussian)
by_hand() { # prunet-infer's options; the label map of the validation case
    prunet-infer -m "$state" --label-map "$@" "$record" | raw2nii -o "$TMPDIR/hand.nii.gz"
}
by_hand "${windows[@]}"
check "evaluate segments by them" cmp "$TMPDIR/hand.nii.gz" "$run/predictions/$name.nii.gz"
check "segment does, too" cmp "$TMPDIR/hand.nii.gz" "$run/segmentations/$name.nii.gz"
check "epochs are validated by them" cmp "$run/epochs/0001/validation.tsv" \
    <(prunet-infer -m "$state" --pass-label "${windows[@]}" "$record" | dice-eval -)
check "which is not how it was without" test "$(cut -f4 "$run/validation.tsv")" != "$(cut -f4 "$TMPDIR/whole/validation.tsv")"
check "training is that without" cmp "$run/epochs/0001/state.safetensors" "$TMPDIR/whole/epochs/0001/state.safetensors"
check "the manifest has the settings" test "$(grep -c -e '^WINDOW.16x16x16$' -e '^OVERLAP.0.25$' -e '^GAUSSIAN.yes$' "$run/manifest/run.tsv")" = 3

segment() { # words...
    pipelines/segment --data "$data" --run "$run" --output "$run/segmentations" "$@" 2>"$TMPDIR/err"
}
touch "$TMPDIR/then"
check "segment again" segment
check "makes nothing again" test -z "$(find "$run/segmentations" -name '*.nii.gz' -newer "$TMPDIR/then")"
check "--window none" segment --window none
by_hand
check "segments the whole crop, anew" cmp "$TMPDIR/hand.nii.gz" "$run/segmentations/$name.nii.gz"
check "--window 32x16x16 --overlap 0" segment --window 32x16x16 --overlap 0
by_hand --window 32x16x16 --overlap 0 --gaussian
check "goes by those, Gaussian as in the run" cmp "$TMPDIR/hand.nii.gz" "$run/segmentations/$name.nii.gz"
segment --window 20x16x16
check "a window that the network cannot halve: status 2" test $? = 2
check "says which would do" grep -q "multiples of 16 voxels, such as 32x16x16" "$TMPDIR/err" || show "$TMPDIR/err"
segment --overlap 1
check "an overlap of 1: status 2" test $? = 2

# A run of a version without these settings is segmented as a whole.
sed -i '/^WINDOW\t/d; /^OVERLAP\t/d; /^GAUSSIAN\t/d' "$TMPDIR/whole/manifest/run.tsv"
check "a run without the settings" pipelines/segment --data "$data" --run "$TMPDIR/whole" --output "$TMPDIR/old"
prunet-infer -m "$TMPDIR/whole/best/state.safetensors" --label-map "$record" | raw2nii -o "$TMPDIR/hand.nii.gz"
check "all at once" cmp "$TMPDIR/hand.nii.gz" "$TMPDIR/old/$name.nii.gz"

# Too little memory for the crop, enough for a window: the plan's figures, made large.
small=$TMPDIR/small
build_without "$small" prunet-plan
cat >"$small/bin/prunet-plan" <<FAKE
#!/bin/bash
"$BUILD/bin/prunet-plan" "\$@" | awk -F'\t' -v OFS='\t' '\$1 == "inference" || \$2 == "whole" { \$4 = "5000000000000" } 1'
FAKE
chmod +x "$small/bin/prunet-plan"
BUILD=$small pipelines/segment --data "$data" --run "$TMPDIR/whole" --output "$TMPDIR/new" 2>"$TMPDIR/err"
check "too little memory is said before the first case" grep -q "needs 5000.0 GB of memory.*--window" "$TMPDIR/err" || show "$TMPDIR/err"
check "by windows it goes" env BUILD="$small" pipelines/segment --data "$data" --run "$TMPDIR/whole" --output "$TMPDIR/new" --window 16x16x16
