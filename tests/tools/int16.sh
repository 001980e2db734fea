#!/usr/bin/env bash
# Activations and their gradients in 16 bits, --backend cpu-int16 and reference-int16: memory, bytes, and what wraps is
# said.
. tests/tools/_network.sh
make_cases 2 || exit 1
make_state "$work/start" || exit 1
records=("$work"/[01].nrrd)

# An epoch by cpu-int16, or as the options say.
step() { # name, options...
    local name=$1
    shift
    prunet-step --state "$work/start" -o "$work/$name" --backend cpu-int16 "$@" -- "${records[@]}" >"$work/$name.tsv" 2>"$work/$name.err"
}

# --- training ---

step one --threads 1
check "an epoch by cpu-int16" test -s "$work/one"
check "without a wrap" test ! -s "$work/one.err"
step three --threads 3
check "the same bytes with 3 threads" cmp -s "$work/one" "$work/three"
for memory in min 64G; do
    step "$memory" --memory "$memory"
    check "the same weights with --memory $memory: what is undone is as it was" \
        cmp -s <(behind_header "$work/one") <(behind_header "$work/$memory")
done
step fp32 --backend cpu
step reference --backend reference-int16
check "losses as of fp32 within 0.01" close 0.01 one fp32
check "losses as of reference-int16 within 1e-3" close 1e-3 one reference
check "but other ones than of fp32" test "$(cut -f4 "$work/one.tsv")" != "$(cut -f4 "$work/fp32.tsv")"
check "the state says who computed it" grep -q int16 <(metadata "$work/one" prunet.backend)
prunet-step --quiet --state "$work/one" -o "$work/two" --epoch 2 --backend cpu "${records[0]}" >/dev/null
check "and is one that fp32 goes on with" test -s "$work/two"
fails "a network without streams is refused" 2 "reversible networks" prunet-plan --kind baseline --backend cpu-int16
fails "by reference-int16, too" 2 "reversible networks" prunet-plan --kind baseline --backend reference-int16

# --- memory ---

# Bytes of A or G on all levels, in training.
on_levels() { # letter backend
    prunet-plan --size 160x192x160 --backend "$2" --buffers --tsv | awk -F '\t' -v letter="$1" '
        $1 == "training" && $2 == "buffer" && $3 ~ "^" letter " [0-9]" { bytes += $4 } END { printf "%.0f", bytes }'
}
for letter in A G; do
    all=$(on_levels $letter reference)
    for backend in cpu-int16 reference-int16; do
        check "$backend: $letter takes half of the memory" test "$all" -gt 0 -a $((2 * $(on_levels $letter $backend))) = "$all"
    done
done
allocated=$(prunet-plan --size 160x192x160 --backend cpu-int16 --tsv | awk -F '\t' '$1 == "training" && $3 == "allocated" { printf "%.0f", $4 / 2 ^ 20 }')
check "a training of the paper's network takes less than 2000 MiB: $allocated" test "$allocated" -lt 2000

# --- wraps ---

for backend in cpu-int16 reference-int16; do
    prunet-infer -m "$work/start" --backend $backend "$work/0.nrrd" >"$work/p" 2>"$work/err"
    check "$backend: nothing is said where nothing wraps" test ! -s "$work/err"
    nii2raw --dir "$(find "$work/raw" -mindepth 1 -maxdepth 1 | head -n 1)" | crop --size 32x32x16 >"$work/loud.nrrd"
    prunet-infer -m "$work/start" --backend $backend "$work/loud.nrrd" >"$work/p" 2>"$work/err"
    check "$backend: an image that is not standardized wraps, and that is said" \
        grep -q 'warning: [0-9]* sums of activations left the range of 16 bits' "$work/err"
done
