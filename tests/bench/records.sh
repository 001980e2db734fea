#!/usr/bin/env bash
# Training from records of 16 bits beside training from floats: the same cases, weights and order, a few seeds.
#
#   tests/bench/records.sh RUN CONFIG EPOCHS SEED...
#
# DATA (environment) has the cases; without it the phantoms of CONFIG are made. The runs are RUN/FORM-SEED. Prints for each
# epoch the mean loss of the seeds, how far they lie apart (largest less smallest, from floats), and how far half is from
# float at the most, seed by seed; then the same of the best validation Dice.
set -euo pipefail
export LC_ALL=C
# shellcheck source=pipelines/common.sh
. pipelines/common.sh

parse_options "" "$@"
[ ${#operands[@]} -ge 5 ] || die_usage "two seeds are compared at least"
run=$1 config=$2 epochs=$3 data=${DATA:-$1/phantoms}
shift 3

[ -n "${DATA:-}" ] || pipelines/phantoms --config "$config" --output "$data"
mkdir -p "$run"
for form in float half; do
    echo "RECORDS=$form" >"$run/$form.config"
    for seed; do
        make --no-print-directory -f pipelines/brats.mk BUILD="$BUILD" DATA="$data" RUN="$run/$form-$seed" SEED="$seed" \
            CONFIG="$config+$(realpath "$run")/$form.config" EPOCHS="$epochs" CASES="$run/$form" preprocess train >&2
    done
done
{
    printf 'form\tseed\tepoch\tloss\tdice\n'
    for form in float half; do
        for seed; do
            table_awk -v form="$form" -v seed="$seed" '
                header { next }
                { print form "\t" seed "\t" field("epoch") "\t" field("loss") "\t" field("validation") }' "$run/$form-$seed/log.tsv"
        done
    done
} >"$run/curves.tsv"
table_awk '
    function show(what, of,    k, n, sum, low, high, away, d) {
        for (k = 1; k in seeds; k++) {
            d = value[of, "float", seeds[k]]
            sum += d
            low = k == 1 || d < low ? d : low
            high = k == 1 || d > high ? d : high
            d -= value[of, "half", seeds[k]]
            away = d * d > away * away ? d : away
        }
        printf "| %s | %.5f | %.5f | %.5f |\n", what, sum / (k - 1), high - low, away < 0 ? -away : away
    }
    header { next }
    {
        form = field("form"); seed = field("seed"); epoch = field("epoch") + 0
        value["loss" epoch, form, seed] = field("loss")
        if (!(("dice", form, seed) in value) || field("dice") > value["dice", form, seed])
            value["dice", form, seed] = field("dice")
        if (!(seed in known)) { known[seed]; seeds[++count] = seed }
        last = epoch > last ? epoch : last
    }
    END {
        print "| | mean of the seeds, float | seeds apart | half from float, at most |"
        print "|---|---|---|---|"
        for (epoch = 1; epoch <= last; epoch++)
            show("loss of epoch " epoch, "loss" epoch)
        show("best validation Dice", "dice")
    }' "$run/curves.tsv"
