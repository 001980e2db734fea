#!/usr/bin/env bash
# Segmentation: geometry kept, any size, label maps as regions --inverse makes them.
. tests/tools/_network.sh
make_cases 2 || exit 1
make_state "$work/state" || exit 1
infer=(prunet-infer -m "$work/state")

header() { # record key
    head -c 4096 "$1" | grep -a "^$2" | head -n 1
}

"${infer[@]}" -o "$work/prob" "$work/0.nrrd"
for key in 'space origin' 'space directions' prunet.grid prunet.affine prunet.case; do
    check "$key is the image's" test "$(header "$work/prob" "$key")" = "$(header "$work/0.nrrd" "$key")"
done
check "role prob" test "$(header "$work/prob" prunet.role)" = "prunet.role:=prob"
check "channels WT TC ET" test "$(header "$work/prob" prunet.channels)" = "prunet.channels:=WT TC ET"
check "the record is the last of its case" test "$(header "$work/prob" prunet.last)" = "prunet.last:=1"
check "three floats a voxel and nothing else" test "$(stat -c %s "$work/prob")" = $((4096 + 3 * 4 * 32 * 32 * 16))
for threads in 1 3 7; do
    "${infer[@]}" --threads $threads "$work/0.nrrd" >"$work/threads"
    check "the same bytes with $threads threads" cmp -s "$work/prob" "$work/threads"
done
"${infer[@]}" --label-map "$work/0.nrrd" >"$work/labels"
regions --inverse "$work/prob" >"$work/inverse"
check "--label-map is regions --inverse" cmp -s "$work/labels" "$work/inverse"
"${infer[@]}" --pass-label "$work/0.nrrd" "$work/1.nrrd" >"$work/pairs"
check "--pass-label copies the label behind the result" test \
    "$(grep -a '^prunet.role' "$work/pairs" | tr '\n' ' ')" = \
    "prunet.role:=prob prunet.role:=label prunet.role:=prob prunet.role:=label "
check "which is then not the last of its case" test "$(header "$work/pairs" prunet.last)" = "prunet.last:=0"
check "the label's bytes are the same" cmp -s <(tail -c $((32 * 32 * 16)) "$work/pairs") \
    <(tail -c $((32 * 32 * 16)) "$work/1.nrrd")

# A size that must be padded: 37 x 33 x 21 to 48 x 48 x 32 and back; then other sizes in the same stream.
nii2raw --dir "$work"/raw/*1 --no-label | crop --size 37x33x21 | standardize >"$work/odd.nrrd"
"${infer[@]}" "$work/odd.nrrd" >"$work/odd.prob"
check "an odd size is cut again" test "$(header "$work/odd.prob" sizes:)" = "sizes: 37 33 21 3"
cat "$work/0.nrrd" "$work/odd.nrrd" | "${infer[@]}" >"$work/both"
check "sizes may change in a stream" cmp -s "$work/both" <(cat "$work/prob" "$work/odd.prob")
nii2raw --dir "$work"/raw/*1 --no-label | standardize | "${infer[@]}" --label-map | raw2nii >"$work/uncropped.nii"
check "without crop, back on the source grid" test "$(stat -c %s "$work/uncropped.nii")" -gt $((40 * 40 * 24))

fails "no model" 2 "-m" prunet-infer "$work/0.nrrd"
fails "no such model" 1 "nothing" prunet-infer -m "$work/nothing" "$work/0.nrrd"
fails "a model that is none" 65 "0.nrrd" prunet-infer -m "$work/0.nrrd" "$work/0.nrrd"
fails "an empty stream" 65 "empty" "${infer[@]}" -o "$work/never"
while IFS='|' read -r bytes text; do
    printf "%b%0200d" "$bytes" 0 >"$work/foreign"
    fails "a model that looks like something else: $text" 65 "$text" prunet-infer -m "$work/foreign" "$work/0.nrrd"
    fails "as an input" 65 "$text" "${infer[@]}" "$work/foreign"
    fails "through a pipe" 65 "$text" "${infer[@]}" < <(cat "$work/foreign")
    fails "as a modality" 65 "$text" nii2raw "$work/foreign" "$work/foreign" "$work/foreign" "$work/foreign" --case x
done <<'END'
version https://git-lfs.github.com/spec/v1\noid sha256:|Git LFS
PK\0003\0004\0024\0000\0000\0000\0010\0010\0000\0000|PyTorch's .pt
\0200\0002\0212\0012l\0374\0234F\0371 j\0250P|Python pickle
<!DOCTYPE html>|page of the web
END
# the same bytes as twice as many halves
LC_ALL=C sed 's/"firstConv.weight":{"dtype":"F32","shape":\[4,/"firstConv.weight":{"dtype":"F16","shape":[8,/' "$work/state" >"$work/half"
fails "weights of half precision" 65 "firstConv.weight: its type is F16, not F32" prunet-infer -m "$work/half" "$work/0.nrrd"
head -c 100000 "$work/0.nrrd" >"$work/cut"
fails "a stream cut in a payload" 65 "$(sed -n 1p "$work/names")" "${infer[@]}" -o "$work/never" "$work/cut"
fails "probabilities are not segmented again" 65 "a prob record" "${infer[@]}" -o "$work/never" "$work/prob"
make_state "$work/seven" --inputs 7
fails "a network of other inputs" 65 "4 channels, the network takes 7" \
    prunet-infer -m "$work/seven" -o "$work/never" "$work/0.nrrd"
cp "$work/0.nrrd" "$work/nan.nrrd"
printf '\377\377\377\377' | dd of="$work/nan.nrrd" bs=1 seek=8096 conv=notrunc status=none
fails "an image with a NaN" 65 "not finite" "${infer[@]}" -o "$work/never" "$work/nan.nrrd"
header=$(($(head -c 8 "$work/state" | od -An -t u8) + 8))
cp "$work/state" "$work/nan.state"
printf '\0\0\300\177' | dd of="$work/nan.state" bs=1 seek=$header conv=notrunc status=none
fails "a weight that is not finite: the model is named" 65 "$work/nan.state: firstConv.weight: 1 of its" \
    prunet-infer -m "$work/nan.state" -o "$work/never" "$work/0.nrrd"
fails "also as the second of two" 65 "$work/nan.state: firstConv.weight: 1 of its" \
    prunet-infer -m "$work/state" -m "$work/nan.state" -o "$work/never" "$work/0.nrrd"
# How probabilities compare with the label maps.
"${infer[@]}" --label-map --assess "$work/assessed.tsv" "$work/0.nrrd" "$work/1.nrrd" >"$work/assessed" &&
    cat "$work/0.nrrd" "$work/1.nrrd" | "${infer[@]}" --label-map | cmp -s - "$work/assessed"
check "--assess leaves the result as it is" test $? = 0
check "both cases are assessed" test "$(cut -f1 "$work/assessed.tsv" | uniq | tr '\n' ' ')" = "case $(tr '\n' ' ' <"$work/names")"
nested=$(printf 'outside\tET\tTC outside\tTC\tWT ')
check "what lies outside of the region around it" test "$(cut -f2-4 "$work/assessed.tsv" | grep outside | sort -u | tr '\n' ' ')" = "$nested"
# Every voxel of the box is in one bin of each region.
check "as many voxels in the bins of each region" test "$(awk -F'\t' '$2 == "calibration" { split($5, n, " "); voxels[$1 " " $3] += n[1] }
    END { for (key in voxels) print voxels[key], key }' "$work/assessed.tsv" | awk '{ print $1, $2 }' | sort -u | wc -l)" = 2
"${infer[@]}" --assess "$work/unlabelled.tsv" "$work/odd.nrrd" >/dev/null
check "a case without a label map has no rows" test "$(cat "$work/unlabelled.tsv")" = "$(printf 'case\titem\tregion\tkey\tvalue')"
make_state "$work/five" --outputs 5
fails "a network of other regions is not assessed" 65 "--assess" prunet-infer -m "$work/five" -o "$work/never" --assess "$work/never" "$work/0.nrrd"
fails "a folder that is not there" 1 "nowhere" "${infer[@]}" -o "$work/never" --assess "$work/nowhere/table" "$work/0.nrrd"
check "none of these left an output" test ! -e "$work/never"
fails "a full disk" 1 "No space left" "${infer[@]}" -o /dev/full "$work/0.nrrd"
