#!/usr/bin/env bash
# The same training by several backends: equal weights, cases, order and augmentation.
#
#   tests/bench/curves.sh RUN ROW EPOCHS BACKEND...
#
# DATA has the cases; without it, ROW's phantoms are made: demo+tests/bench/tiny.row are small enough for the reference,
# demo+tests/bench/tiny.row+tests/bench/wide.row suits the winograd tables. RUN/BACKEND is the run of each. Prints the mean
# losses of each epoch side by side and how far each backend is at the most from the first.
set -euo pipefail
export LC_ALL=C
program=curves
# shellcheck source=pipelines/common.sh
. pipelines/common.sh

[ $# -ge 5 ] || die 2 "usage: tests/bench/curves.sh RUN ROW EPOCHS BACKEND BACKEND..."
run=$1 row=$2 epochs=$3 seed=${SEED:-1} data=${DATA:-}
shift 3

stages() { # run, goals and variables...
    make --no-print-directory -f pipelines/brats.mk BUILD="$BUILD" RUN="$1" ROW="$row" SEED="$seed" EPOCHS="$epochs" \
        THREADS="${THREADS:-}" CASES="$run/cases" "${@:2}" >&2
}

stages "$run" preprocess DATA="$data"
inputs=()
for backend; do
    stages "$run/$backend" train DATA="${data:-$run/phantoms}" BACKEND="$backend"
    inputs+=(name="$backend" "$run/$backend"/epochs/[0-9]*/steps.tsv)
done
awk -v by=epoch -f tests/bench/curve.awk "${inputs[@]}"
