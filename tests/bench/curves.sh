#!/usr/bin/env bash
# The same training by several backends: equal weights, cases, order and augmentation.
#
#   tests/bench/curves.sh RUN CONFIG EPOCHS BACKEND BACKEND...
#
# DATA (environment) has the cases; without it the phantoms of CONFIG are made: those of demo+tests/bench/tiny.config
# are small enough for the reference, demo+tests/bench/tiny.config+tests/bench/wide.config is wide enough for winograd.
# The run of each backend is RUN/BACKEND. Prints the mean losses of each epoch side by side, and how far each backend is
# at the most from the first.
set -euo pipefail
export LC_ALL=C
# shellcheck source=pipelines/common.sh
. pipelines/common.sh

parse_options "" "$@"
[ ${#operands[@]} -ge 5 ] || die_usage "two backends are compared at least"
run=$1 config=$2 epochs=$3 seed=${SEED:-1} data=${DATA:-}
shift 3

stages() { # run, goals and variables...
    make --no-print-directory -f pipelines/brats.mk BUILD="$BUILD" RUN="$1" CONFIG="$config" SEED="$seed" EPOCHS="$epochs" \
        THREADS="${THREADS:-}" CASES="$run/cases" "${@:2}" >&2
}

stages "$run" preprocess DATA="$data"
inputs=()
for backend; do
    stages "$run/$backend" train DATA="${data:-$run/phantoms}" BACKEND="$backend"
    inputs+=(name="$backend" "$run/$backend"/epochs/[0-9]*/steps.tsv)
done
awk -v by=epoch -f pipelines/columns.awk -f tests/bench/curve.awk "${inputs[@]}"
