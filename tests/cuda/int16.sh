#!/usr/bin/env bash
# Trainings by cuda-int16 on the stand-in for a card: undoing loses no bit, whatever --memory and the order of the threads; the
# plan has half of the activations and gradients; losses are near those of cuda-bf16 and cpu-int16.
. tests/tools/_network.sh
if ! [ -x "$BUILD/shim/prunet-step" ]; then
    echo "ok - cuda-int16 # skip no g++ for x86-64"
    exit 0
fi
shim=$BUILD/shim
make_cases 2 || exit 1
make_state "$work/start" || exit 1
make_state "$work/wide" --channels 64,72 --groups 2 || exit 1 # 32 channels a stream: our own kernels'
folders=("$work"/raw/*/)
for number in 0 1; do
    nii2raw --dir "${folders[number]}" | crop --quiet --size 16x16x8 | standardize -o "$work/small$number.nrrd" || exit 1
done

# An epoch as the options say, from a state.
step() { # name, state, prunet-step, options...
    local records=("$work"/[01].nrrd)
    [ "$2" = start ] || records=("$work"/small[01].nrrd)
    "$3" --state "$work/$2" -o "$work/$1" "${@:4}" -- "${records[@]}" >"$work/$1.tsv" 2>"$work/$1.err"
}

int16=("$shim/prunet-step" --backend cuda-int16)
step one start "${int16[@]}"
check "an epoch by cuda-int16" test -s "$work/one"
check "without a wrap" test ! -s "$work/one.err" || show "$work/one.err"
step order start "${int16[@]}" --threads 3 # of a stand-in: another order
check "the same bytes with the threads in another order" cmp -s "$work/one" "$work/order"
for memory in min 64G; do
    step $memory start "${int16[@]}" --memory $memory
    check "the same weights with --memory $memory: what is undone is as it was" \
        cmp -s <(behind_header "$work/one") <(behind_header "$work/$memory")
done
step bf16 start "$shim/prunet-step" --backend cuda-bf16
step cpu start prunet-step --backend cpu-int16
check "losses as of cuda-bf16 within 0.02" close 0.02 one bf16
check "losses as of cpu-int16 within 0.02" close 0.02 one cpu
check "the state says who computed it" grep -q 'streams int16' <(metadata "$work/one" prunet.backend)
prunet-step --quiet --state "$work/one" -o "$work/two" --epoch 2 --backend cpu "$work/0.nrrd" >/dev/null
check "and is one that the CPU goes on with" test -s "$work/two"

export PRUNET_CUDA_KERNELS=1
for memory in min 64G; do
    step own-$memory wide "${int16[@]}" --memory $memory
done
check "our own kernels at the finest level: the same weights with any --memory" \
    cmp -s <(behind_header "$work/own-min") <(behind_header "$work/own-64G")
step own-bf16 wide "$shim/prunet-step" --backend cuda-bf16
check "losses as of cuda-bf16 within 0.02" close 0.02 own-min own-bf16

# Bytes of A or G on all levels, in training.
on_levels() { # letter backend
    "$shim/prunet-plan" --size 160x192x160 --backend "$2" --buffers --tsv | awk -F '\t' -v letter="$1" '
        $1 == "training" && $2 == "buffer" && $3 ~ "^" letter " [0-9]" { bytes += $4 } END { printf "%.0f", bytes }'
}
for letter in A G; do
    all=$(on_levels $letter cuda-bf16)
    check "$letter takes half of the memory" test "$all" -gt 0 -a $((2 * $(on_levels $letter cuda-int16))) = "$all"
done
# MiB of a training of the paper's network.
allocated() { # backend
    "$shim/prunet-plan" --size 160x192x160 --backend "$1" --tsv |
        awk -F '\t' '$1 == "training" && $3 == "allocated" { printf "%.0f", $4 / 2 ^ 20 }'
}
int16_mib=$(allocated cuda-int16) bf16_mib=$(allocated cuda-bf16)
check "a training of the paper's network takes $int16_mib MiB of $bf16_mib" test "$int16_mib" -gt 0 -a $((100 * int16_mib)) -lt $((60 * bf16_mib))
fails "a network without streams is refused" 2 "reversible networks" "$shim/prunet-plan" --kind baseline --backend cuda-int16

# Louder than an image that is standardized.
nii2raw --dir "${folders[0]}" | crop --quiet --size 32x32x16 >"$work/loud.nrrd"
"${int16[@]}" --state "$work/start" -o "$work/loud" "$work/loud.nrrd" >"$work/loud.tsv" 2>"$work/err"
check "what wraps is said" grep -q 'warning: [0-9]* sums of activations left the range of 16 bits' "$work/err" || show "$work/err"
