#!/usr/bin/env bash
# The same training here and in PyTorch: equal network, initial weights, order of cases, no augmentation.
#
#   tests/bench/learning-curve.sh DATA RUN [EPOCHS [CONFIG]]
#
# CONFIG gives network, crop and learning rate (the default is `small` with a centre crop of 96x96x96, for which PyTorch
# has the memory and the time). In the environment: PRUNET_TEST_PYTHON, a python with torch, numpy and safetensors;
# THREADS (2) of both; SEED (1) of weights and order.
#
# Prints the losses of the first 20 steps beside PyTorch's in double and in single precision, then the mean losses of
# each epoch beside PyTorch's in single precision. Fails if one of our first 20 is further than 1e-4 from double
# precision. Single precision is no measure: on a CPU, PyTorch's GroupNorm sums a channel's gradient over all voxels in
# single precision, and most of its gradients are therefore 1e-4 to 2e-3 from those in double (1e-5 with that one layer
# in double). Such a difference grows with every step.
set -euo pipefail
export LC_ALL=C
# shellcheck source=pipelines/common.sh
. pipelines/common.sh

parse_options "" "$@"
[ ${#operands[@]} -ge 2 ] || die_usage "DATA and RUN are needed"
data=$1 run=$2 epochs=${3:-60} seed=${SEED:-1} threads=${THREADS:-2}
load_config "${4:-small}"
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
done >"$run/config"

make --no-print-directory -f pipelines/brats.mk preprocess train BUILD="$BUILD" DATA="$data" RUN="$run" CONFIG="$run/config" \
    SEED="$seed" EPOCHS="$epochs" THREADS="$threads" >&2

mapfile -t network < <(network_options)
prunet-init --seed "$seed" --output-bias "$OUTPUT_BIAS" "${network[@]}" -o "$run/start.safetensors"
for ((epoch = 1; epoch <= epochs; epoch++)); do
    order-cases --seed "$seed" --epoch "$epoch" "$run/manifest/training"
done >"$run/order"
head -n 20 "$run/order" >"$run/order-first"
sed "s|.*|$run/cases/&.nrrd|" "$run/manifest/training" | xargs cat >"$run/records"

# Writes RUN/NAME.tsv, the losses in PyTorch, unless it is there with these cases in this order.
torch_losses() { # name order options...
    ! column case "$run/$1.tsv" 2>/dev/null | cmp -s - "$2" || return 0
    "${PRUNET_TEST_PYTHON:-python3}" tests/bench/torch_step.py "$run/start.safetensors" "$run/records" --order "$2" \
        --learning-rate "$LEARNING_RATE" --threads "$threads" "${@:3}" >"$run/$1.tsv"
}

torch_losses pytorch-double "$run/order-first" --double --keep
torch_losses pytorch "$run/order"
rm "$run/records"

status=0
awk -v by=step -v first=20 -v limit=1e-4 -f pipelines/columns.awk -f tests/bench/curve.awk name=pytorch-double "$run/pytorch-double.tsv" \
    name=pytorch "$run/pytorch.tsv" name=prunet "$run"/epochs/[0-9]*/steps.tsv || status=$?
echo
awk -v by=epoch -f pipelines/columns.awk -f tests/bench/curve.awk name=pytorch "$run/pytorch.tsv" name=prunet "$run"/epochs/[0-9]*/steps.tsv
exit "$status"
