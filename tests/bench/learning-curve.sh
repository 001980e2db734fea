#!/usr/bin/env bash
# The same training here and in PyTorch: equal network, initial weights, order of cases, no augmentation.
#
#   tests/bench/learning-curve.sh DATA RUN [EPOCHS [ROW]]
#
# ROW (small, with a centre crop of 96x96x96 so that PyTorch has the memory and the time) gives network, crop and rate;
# PRUNET_TEST_PYTHON has torch, numpy and safetensors; THREADS is of both (2), SEED of weights and order.
#
# Prints the losses of the first 20 steps beside PyTorch's in double precision and in single, then the mean losses of each
# epoch beside PyTorch's in single. Fails if one of the former is further than 1e-4 from double precision. Single precision
# is no measure of that: PyTorch's GroupNorm sums a channel's gradient over all voxels in single on a CPU, whose gradients
# here are 1e-4 to 2e-3 from those in double in most tensors (with that one layer in double, 1e-5), and what has parted
# grows with every step.
set -euo pipefail
export LC_ALL=C
program=learning-curve
# shellcheck source=pipelines/common.sh
. pipelines/common.sh

[ $# -ge 2 ] || die 2 "usage: tests/bench/learning-curve.sh DATA RUN [EPOCHS [ROW]]"
data=$1 run=$2 epochs=${3:-60} seed=${SEED:-1} threads=${THREADS:-2}
load_row "${4:-small}"
# shellcheck disable=SC2034 # by its name, below
[ $# -ge 4 ] || CROP=96x96x96
mkdir -p "$run"
for key in "${setting_names[@]}"; do
    case $key in
    AUGMENT) echo AUGMENT=no ;;
    PATIENCE) echo PATIENCE=none ;;
    RATE_DROPS) echo RATE_DROPS=none ;;
    *) echo "$key=${!key}" ;;
    esac
done >"$run/row"

make --no-print-directory -f pipelines/brats.mk preprocess train BUILD="$BUILD" DATA="$data" RUN="$run" ROW="$run/row" \
    SEED="$seed" EPOCHS="$epochs" THREADS="$threads" >&2

mapfile -t network < <(network_options)
prunet-init --seed "$seed" --output-bias "$OUTPUT_BIAS" "${network[@]}" -o "$run/start.safetensors"
for ((epoch = 1; epoch <= epochs; epoch++)); do
    order-cases --seed "$seed" --epoch "$epoch" "$run/manifest/training"
done >"$run/order"
head -n 20 "$run/order" >"$run/order-first"
sed "s|.*|$run/cases/&.nrrd|" "$run/manifest/training" | xargs cat >"$run/records"

# RUN/NAME.tsv, the losses in PyTorch, unless they are there.
witness() { # name order options...
    ! awk -F'\t' '$1 + 0 { print $2 }' "$run/$1.tsv" 2>/dev/null | cmp -s - "$2" || return 0
    "${PRUNET_TEST_PYTHON:-python3}" tests/bench/torch_step.py "$run/start.safetensors" "$run/records" --order "$2" \
        --learning-rate "$LEARNING_RATE" --threads "$threads" "${@:3}" >"$run/$1.tsv"
}

witness pytorch-double "$run/order-first" --double --keep
witness pytorch "$run/order"
rm "$run/records"

status=0
awk -v by=step -v first=20 -v limit=1e-4 -f tests/bench/curve.awk name=pytorch-double "$run/pytorch-double.tsv" \
    name=pytorch "$run/pytorch.tsv" name=prunet "$run"/epochs/[0-9]*/steps.tsv || status=$?
echo
awk -v by=epoch -f tests/bench/curve.awk name=pytorch "$run/pytorch.tsv" name=prunet "$run"/epochs/[0-9]*/steps.tsv
exit "$status"
