#!/usr/bin/env bash
# How often a training loses a region: trains each configuration with each seed, and counts.
#
#   tests/bench/collapses.sh HOME EPOCHS "CONFIG..." SEED...
#
# DATA (environment) has the cases; without it the phantoms of the first configuration are made. The runs are HOME/CONFIG/SEED, and
# are gone on with. Prints a row a configuration: runs, those whose journal says that a region has collapsed, those whose training
# Dice of the enhancing tumour is below 0.05 at the end, and, of the last epoch, the runs' mean and least training Dice of that and
# of the validation Dice.
set -euo pipefail
export LC_ALL=C
# shellcheck source=pipelines/common.sh
. pipelines/common.sh

parse_options "" "$@"
[ ${#operands[@]} -ge 4 ] || die_usage "a folder, epochs, configurations and seeds are expected"
home=$1 epochs=$2 read_configs=$3
shift 3
read -ra configs <<<"$read_configs"
data=${DATA:-$home/phantoms}
[ -n "${DATA:-}" ] || pipelines/phantoms --config "${configs[0]}" --output "$data"

train() { # configuration, seed
    make --no-print-directory -f pipelines/brats.mk BUILD="$BUILD" DATA="$data" RUN="$home/$1/$2" SEED="$2" CONFIG="$1" \
        EPOCHS="$epochs" CASES="$home/cases" preprocess train >&2
}

rows() { # configuration, seed...
    local seed told
    for seed in "${@:2}"; do
        told=0
        ! grep -q "has collapsed" "$home/$1/$seed/journal.txt" || told=1
        table_awk -v config="$1" -v seed="$seed" -v told="$told" 'header { next }
            { row = config "\t" seed "\t" told "\t" field("train_et") "\t" field("validation") }
            END { print row }' "$home/$1/$seed/log.tsv"
    done
}

for config in "${configs[@]}"; do
    for seed; do
        train "$config" "$seed"
    done
done
{
    printf 'config\tseed\ttold\tet\tvalidation\n'
    for config in "${configs[@]}"; do
        rows "$config" "$@"
    done
} >"$home/collapses.tsv"
table_awk '
    header { print "config\truns\tcollapsed\tlost_at_end\ttrain_et\tleast\tvalidation\tleast"; next }
    {
        c = field("config"); et = field("et"); dice = field("validation")
        if (!(c in runs)) { order[++n] = c; least_et[c] = least[c] = 2 }
        runs[c]++; told[c] += field("told"); lost[c] += et < 0.05; sum_et[c] += et; sum[c] += dice
        if (et < least_et[c]) least_et[c] = et
        if (dice < least[c]) least[c] = dice
    }
    END {
        for (i = 1; i <= n; i++) {
            c = order[i]
            printf "%s\t%d\t%d\t%d\t%.3f\t%.3f\t%.3f\t%.3f\n", c, runs[c], told[c], lost[c], sum_et[c] / runs[c], least_et[c],
                sum[c] / runs[c], least[c]
        }
    }' "$home/collapses.tsv"
