#!/usr/bin/env bash
# A file of a kilobyte that claims gigabytes or more is refused with status 65, by every reader, in a small memory: what is
# allocated goes by the bytes that are there, not by what a header says.
set -u
. tests/check.sh
cd "$TMPDIR" || exit 1
if grep -q __asan_init "$BUILD/bin/crop"; then
    echo "ok - limits of memory # skip the sanitizers take terabytes of addresses"
    exit
fi
limit=400000 # KiB of address space, the programs and their libraries included

# A record header of those sizes and that grid, and 500 bytes of payload.
record() { # sizes, grid
    printf '%s\n' NRRD0005 'type: uint8' 'dimension: 3' 'space: right-anterior-superior' "sizes: $1" \
        'space directions: (-1,0,0) (0,-1,0) (0,0,1)' 'encoding: raw' 'space origin: (0,0,0)' prunet.version:=1 \
        prunet.role:=label prunet.case:=liar "prunet.grid:=$2" 'prunet.affine:=-1 0 0 0 0 -1 0 0 0 0 1 0' prunet.last:=1 ''
    head -c 500 /dev/zero
}

# A number of 8 bytes, little endian, of hexadecimal digits.
bytes8() { # digits
    local i
    for ((i = 14; i >= 0; i -= 2)); do
        printf %b "\\x${1:i:2}"
    done
}

refused() { # name, stdin, command...
    local name=$1 input=$2 status
    shift 2
    (ulimit -v "$limit" && OMP_NUM_THREADS=1 timeout 20 "$@" <"$input" >out 2>err)
    status=$?
    if ! grep -qE 'ends inside the data|more than the limit|takes [0-9]+ bytes, the limit|is more than 16 MiB|outside the file' err; then
        status="$status, for another reason"
    fi
    check "$name: refused in $limit KiB" test "$status" = 65 -a "$(wc -c <out)" -lt 100000 || sed "s/^/# status $status: /" err
}

record '4096 4096 200' '4096 4096 200' >giga.nrrd
record '4096 4096 4096' '4096 4096 4096' >tera.nrrd
record '10 10 5' '4096 4096 4096' >grid.nrrd
prunet-init -q --seed 1 --channels 2,2 --groups 1 --inputs 1 --outputs 3 -o state
prunet-init -q --seed 1 --channels 2,2 --groups 1 -o four
for file in giga tera; do
    printf '%s\ttraining\t%s\n' "$file" "$(sha256sum $file.nrrd | cut -d ' ' -f 1)"
done >digests
for file in giga tera; do
    for tool in crop standardize rawinfo regions raw2nii 'resample --spacing 1x1x1' 'resample --to-source' \
        'augment --seed 1 --epoch 1' 'prunet-infer -m state' 'prunet-step --state state -o new' \
        dice-eval hd95 brats-eval postprocess; do
        # shellcheck disable=SC2086 # the tool's options
        refused "${tool%% *}, $file bytes in a file" /dev/null $tool $file.nrrd
        # shellcheck disable=SC2086
        refused "${tool%% *}, $file bytes on stdin" <(cat $file.nrrd) $tool -
    done
done
refused "raw2nii, a grid of 64 GiB" /dev/null raw2nii grid.nrrd
for file in giga tera; do
    refused "augment, $file bytes and their digest" /dev/null augment --seed 1 --epoch 1 --digests digests $file.nrrd
    refused "prunet-step, $file bytes and their digest" /dev/null prunet-step --state state -o new --digests digests $file.nrrd
    refused "prunet-infer, $file bytes and their digest" /dev/null prunet-infer -m state --digests digests $file.nrrd
    refused "postprocess --search, $file bytes" /dev/null postprocess --search $file.nrrd
    echo "$PWD/$file.nrrd" >files
    refused "threshold-baseline, $file bytes" /dev/null threshold-baseline --train files --validation files
    printf 'a\t%s\t%s\n' "$PWD/$file.nrrd" "$PWD/$file.nrrd" >pairs
    for tool in dice-eval hd95 brats-eval 'postprocess --search'; do
        # shellcheck disable=SC2086
        refused "${tool%% *} --pairs, $file bytes" /dev/null $tool --pairs pairs
    done
done

# NIfTI-1: the sizes are 16-bit numbers at byte 40; NIfTI-2: 64-bit numbers at byte 24, here of 32 GiB.
record '10 10 5' '10 10 5' | raw2nii >good.nii
{ head -c 42 good.nii && printf '\xe8\x03\xe8\x03\xe8\x03' && tail -c +49 good.nii; } >liar.nii
nifti2() {
    local number
    printf '\x1c\x02\0\0n+2\0\r\n\x1a\n\x02\0\x08\0' # 540 bytes of header; uint8
    for number in 3 1000 1000 800 1 1 1 1; do
        bytes8 "$(printf %016d $number)"
    done
    head -c 24 /dev/zero
    for _ in {0..7}; do
        bytes8 3ff0000000000000 # a spacing of 1
    done
    bytes8 0000000000000220 # where the voxels begin
    head -c $((544 - 176 + 500)) /dev/zero
}
nifti2 >liar2.nii
gzip -k liar.nii liar2.nii
for file in liar.nii liar.nii.gz liar2.nii liar2.nii.gz; do
    refused "nii2raw, $file" /dev/null nii2raw $file $file $file $file
    mkdir -p case-$file/case
    for modality in t1 t1ce t2 flair seg; do
        cp $file "case-$file/case/case_$modality.nii${file##*.nii}"
    done
    refused "nii2raw --dir, $file" /dev/null nii2raw --dir case-$file/case
    refused "prunet-segment, $file" /dev/null prunet-segment -m four -o segmented case-$file/case
    for tool in dice-eval hd95 brats-eval; do
        refused "$tool, $file" /dev/null $tool $file $file
    done
done

# Checkpoints: the header's length, and an offset inside of it.
{ bytes8 0fffffffffffffff && tail -c +9 state; } >length
{ head -c 8 state && tail -c +9 state | sed 's/"data_offsets":\[0,[0-9]*\]/"data_offsets":[0,9999999999999]/'; } >offset
for file in length offset; do
    refused "prunet-plan, $file of a checkpoint" /dev/null prunet-plan -m $file
    refused "prunet-model, $file of a checkpoint" /dev/null prunet-model export -o new $file
    refused "prunet-infer, $file of a checkpoint" /dev/null prunet-infer -m $file giga.nrrd
    refused "prunet-segment, $file of a checkpoint" /dev/null prunet-segment -m $file -o segmented case-liar.nii/case
    refused "prunet-step, $file of a checkpoint" /dev/null prunet-step --state $file -o new giga.nrrd
done
