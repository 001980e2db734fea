#!/usr/bin/env bash
# The same training here and in PyTorch: equal network, initial weights, order of cases, no augmentation.
#
#   tests/bench/learning-curve.sh DATA RUN [EPOCHS [ROW]]
#
# ROW (small, with a centre crop of 96x96x96 so that PyTorch has the memory and the time) gives network, crop and rate;
# PRUNET_TEST_PYTHON has torch, numpy and safetensors. RUN/curve.tsv gets both losses of each step and their relative
# difference. Prints the largest difference of the first 20 steps and the mean losses of each epoch. Fails if the former is
# over 1e-4: later the two part slowly, as any two orders of summation do.
set -euo pipefail
export LC_ALL=C
program=learning-curve
# shellcheck source=pipelines/common.sh
. pipelines/common.sh

[ $# -ge 2 ] || die 2 "usage: tests/bench/learning-curve.sh DATA RUN [EPOCHS [ROW]]"
data=$1 run=$2 epochs=${3:-60} seed=${SEED:-1}
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
    SEED="$seed" EPOCHS="$epochs" >&2

mapfile -t network < <(network_options)
prunet-init --seed "$seed" --output-bias "$OUTPUT_BIAS" "${network[@]}" -o "$run/start.safetensors"
for ((epoch = 1; epoch <= epochs; epoch++)); do
    order-cases --seed "$seed" --epoch "$epoch" "$run/manifest/training"
done >"$run/order"
sed "s|.*|$run/cases/&.nrrd|" "$run/manifest/training" | xargs cat >"$run/records"
"${PRUNET_TEST_PYTHON:-python3}" tests/bench/torch_step.py "$run/start.safetensors" "$run/records" --order "$run/order" \
    --learning-rate "$LEARNING_RATE" >"$run/torch.tsv"
rm "$run/records"

awk -F'\t' -v OFS='\t' '
    FNR == 1 || /^#/ { next }
    FILENAME ~ /torch.tsv$/ { torch[++there] = $3; next }
    { epoch[++here] = $1; name[here] = $3; loss[here] = $4 }
    END {
        print "epoch", "step", "case", "loss", "loss_torch", "difference"
        for (i = 1; i <= here; i++) {
            difference = (loss[i] - torch[i]) / torch[i]
            print epoch[i], i, name[i], loss[i], torch[i], sprintf("%.2e", difference < 0 ? -difference : difference)
        }
        exit here != there
    }' "$run/torch.tsv" "$run"/epochs/[0-9]*/steps.tsv >"$run/curve.tsv"
awk -F'\t' '
    NR == 1 { next }
    NR <= 21 && $6 + 0 > largest { largest = $6 + 0 }
    { ours[$1] += $4; theirs[$1] += $5; steps[$1]++; last = $1 }
    END {
        printf "epoch  mean loss  in PyTorch\n"
        for (e = 1; e <= last; e++)
            printf "%5d  %9.5f  %10.5f\n", e, ours[e] / steps[e], theirs[e] / steps[e]
        printf "largest relative difference of the first 20 steps: %.1e\n", largest
        exit largest > 1e-4
    }' "$run/curve.tsv"
