#!/usr/bin/env bash
# RECORDS: records of 16 bits or compressed ones through all stages; a run is of the form that it was begun with.
set -u
. tests/pipelines/_tiny.sh
make_tiny 2 || exit 1
run=$TMPDIR/run
check "records of floats" stages "$run" preprocess train || show "$run.out"
floats=$(fingerprint "$run")
bytes() { # run
    cat "$1"/cases/*.nrrd | wc -c
}
printf 'RECORDS=half\n' >>"$config"
check "records of 16 bits" stages "$TMPDIR/half" preprocess train evaluate segment || show "$TMPDIR/half.out"
check "are half as large" test "$(bytes "$TMPDIR/half")" -lt $((55 * $(bytes "$run") / 100))
check "rawinfo says so" test "$(rawinfo --no-header "$TMPDIR/half"/cases/*.nrrd | cut -f 3 | sort -u | paste -s -d ' ')" = "half uint8"
name=$(cat "$TMPDIR/half/manifest/validation")
nii2raw --dir "$data/$name" | crop --size 32x32x32 2>/dev/null | standardize --half -o "$TMPDIR/hand.nrrd"
check "as by the tools" cmp "$TMPDIR/hand.nrrd" "$TMPDIR/half/cases/$name.nrrd"
check "the manifest has their digests" grep -q "$(file-digest --no-header "$TMPDIR/hand.nrrd" | cut -f 1)" "$TMPDIR/half/manifest/inputs.tsv"
check "evaluate segments from them" test -s "$TMPDIR/half/predictions/$name.nii.gz"
# shellcheck disable=SC2016 # awk's
check "losses are within 1e-3 of those with floats" awk -v other="$run/log.tsv" '
    NR > 1 { getline line <other; if (NR == 2) getline line <other; split(line, was); d = $4 - was[4]; bad += d * d > 1e-6 }
    END { exit bad || NR != 3 }' "$TMPDIR/half/log.tsv"

# Another form in the same folder: the records are made anew, and the run that was begun with the other is refused.
touch "$TMPDIR/then"
check "the other form" test "$(stages "$run" preprocess train; echo $?)" != 0
check "makes the records anew" test "$(find "$run/cases" -name '*.nrrd' -newer "$TMPDIR/then" | wc -l)" = 5
check "is not the run that was begun" grep -q "belongs to another run" "$run.out"
sed -i /^RECORDS/d "$config"
check "back again" stages "$run" preprocess train
check "it goes on as it was" test "$(fingerprint "$run")" = "$floats"

# The study of tests/bench/records.md, one epoch of it.
sed -i 's/CROP=.*/CROP=16x16x16/' "$config"
DATA=$data tests/bench/records.sh "$TMPDIR/study" "$config" 1 1 2 >"$TMPDIR/table" 2>"$TMPDIR/err"
check "the study trains both forms" test $? = 0 || show "$TMPDIR/err"
check "and prints a row an epoch and the Dice" test "$(wc -l <"$TMPDIR/table")" = 4
# shellcheck disable=SC2016 # awk's
check "half is closer to float than a seed to another" awk -F'|' 'NR == 3 { exit !($5 + 0 < $4 + 0) }' "$TMPDIR/table" ||
    show "$TMPDIR/table"
sed -i 's/CROP=.*/CROP=32x32x32/' "$config"

if standardize --zstd "$run/cases/$name.nrrd" 2>/dev/null | cmp -s - /dev/null; then
    printf 'RECORDS=half+zstd\n' >>"$config"
    check "compressed records without the library fail" test "$(stages "$TMPDIR/zstd" preprocess; echo $?)" != 0
    check "and say why" grep -q "built without that library" "$TMPDIR/zstd.out"
    echo "ok - compressed records # skip built without zstd"
else
    printf 'RECORDS=half+zstd\n' >>"$config"
    check "compressed records" stages "$TMPDIR/zstd" preprocess train evaluate
    check "train the same as those of 16 bits" cmp "$TMPDIR/half/epochs/0002/state.safetensors" "$TMPDIR/zstd/epochs/0002/state.safetensors"
    check "are smaller" test "$(bytes "$TMPDIR/zstd")" -lt $(($(bytes "$TMPDIR/half") * 3 / 4))
    sed -i s/half+zstd/float+zstd/ "$config"
    check "floats, compressed" stages "$TMPDIR/exact" preprocess train
    check "train the same as plain floats" cmp "$run/epochs/0002/state.safetensors" "$TMPDIR/exact/epochs/0002/state.safetensors"
fi
