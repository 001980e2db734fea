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
    check "$name: refused in $limit KiB" test $status = 65 -a "$(wc -c <out)" -lt 100000 || sed "s/^/# status $status: /" err
}

record '4096 4096 200' '4096 4096 200' >giga.nrrd
record '4096 4096 4096' '4096 4096 4096' >tera.nrrd
record '10 10 5' '4096 4096 4096' >grid.nrrd
prunet-init -q --seed 1 --channels 2,2 --groups 1 --inputs 1 --outputs 1 -o state
for file in giga tera; do
    for tool in crop standardize rawinfo regions raw2nii 'augment --seed 1 --epoch 1' 'prunet-infer -m state' 'prunet-step --state state -o new' \
        dice-eval hd95 brats-eval postprocess; do
        # shellcheck disable=SC2086 # the tool's options
        refused "${tool%% *}, $file bytes in a file" /dev/null $tool $file.nrrd
        # shellcheck disable=SC2086
        refused "${tool%% *}, $file bytes on stdin" <(cat $file.nrrd) $tool -
    done
done
refused "raw2nii, a grid of 64 GiB" /dev/null raw2nii grid.nrrd

# NIfTI: the sizes are 16-bit numbers at byte 40.
record '10 10 5' '10 10 5' | raw2nii >good.nii
{ head -c 42 good.nii && printf '\xe8\x03\xe8\x03\xe8\x03' && tail -c +49 good.nii; } >liar.nii
gzip -k liar.nii
for file in liar.nii liar.nii.gz; do
    refused "nii2raw, $file" /dev/null nii2raw $file $file $file $file
    refused "dice-eval, $file" /dev/null dice-eval $file $file
done

# Checkpoints: the header's length, and an offset inside of it.
{ bytes8 0fffffffffffffff && tail -c +9 state; } >length
{ head -c 8 state && tail -c +9 state | sed 's/"data_offsets":\[0,[0-9]*\]/"data_offsets":[0,9999999999999]/'; } >offset
for file in length offset; do
    refused "prunet-plan, $file of a checkpoint" /dev/null prunet-plan -m $file
    refused "prunet-infer, $file of a checkpoint" /dev/null prunet-infer -m $file giga.nrrd
done
