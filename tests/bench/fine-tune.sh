#!/usr/bin/env bash
# What a few cases of one's own bring: trains on N of a folder of cases, from a model and from random weights, and scores the others.
#
#   DATA=CASES tests/bench/fine-tune.sh HOME "N..." "STEPS..." SEED... < CONFIGURATIONS
#
# CONFIGURATIONS: a line each, a name for the table and what CONFIG is (laptop+at-2mm, a file). A seed is a split, too: of its order of
# the cases the first N are trained on, a case a step; the others are segmented on their images' grids after each of STEPS, which are
# multiples of every N. A configuration that has FROM is scored with no step, too; "NAME, mean" is the mean of the trained
# weights and FROM's. The runs are HOME/NAME/N/SEED, and are gone on with; HOME/scores.tsv has a row a case, and what is printed is
# the mean Dice over cases, then splits.
set -euo pipefail
export LC_ALL=C
# shellcheck source=pipelines/common.sh
. pipelines/common.sh

parse_options "" "$@"
[ ${#operands[@]} -ge 4 ] || die_usage "a folder, numbers of cases, of steps, and seeds are expected"
home=$1
read -ra trained_on <<<"$2"
read -ra steps_of <<<"$3"
shift 3
mkdir -p "$home"
read_lines cases list-cases --no-header "$DATA"
cases=("${cases[@]%%$'\t'*}")

split() { # N, seed
    local lists=$home/lists/$1/$2
    [ ! -f "$lists/training" ] || return 0
    mkdir -p "$lists"
    printf '%s\n' "${cases[@]}" | split-cases --seed "$2" --fraction "$(awk -v n="$1" -v all=${#cases[@]} 'BEGIN { print n / all }')" \
        --train "$lists/training" --validation "$lists/others"
    head -n 1 "$lists/others" >"$lists/validation"
}

# The rows of the others' scores by a model.
score() { # name, N, seed, steps, model
    local scored=$home/$1/$2/$3.$4 case
    if [ ! -f "$scored/scores.tsv" ]; then
        mkdir -p "$scored"
        while IFS= read -r case; do
            prunet-segment -q -m "$5" -o "$scored/$case.nii.gz" "$DATA/$case" >&2
            printf '%s\t%s\t%s\n' "$case" "$scored/$case.nii.gz" "$(echo "$DATA/$case"/*_seg.nii*)"
        done <"$home/lists/$2/$3/others" >"$scored/pairs"
        brats-eval --no-summary --pairs "$scored/pairs" -o "$scored/scores.tsv"
    fi
    table_awk -v row="$1	$2	$3	$4" 'header { next } { print row "\t" field("case") "\t" field("region") "\t" field("dice") }' \
        "$scored/scores.tsv"
}

# Of the mean of a model's weights and of those that it began with.
score_mean() { # name, N, seed, steps, model
    local mean=${5%/*}/mean.safetensors
    prunet-model export -q -o "$mean" "$5" "$from"
    score "${@:1:4}" "$mean"
}

train() { # name, configuration, N, seed
    local run=$home/$1/$3/$4 steps epoch model
    for steps in "${steps_of[@]}"; do
        epoch=$((steps / $3))
        model=$run.$steps/model.safetensors
        if [ ! -f "$model" ]; then
            make --no-print-directory -f pipelines/brats.mk BUILD="$BUILD" DATA="$DATA" RUN="$run" SEED="$4" CONFIG="$2" \
                EPOCHS="$epoch" LISTS="$home/lists/$3/$4" CASES="$home/cases" preprocess train >&2
            mkdir -p "$run.$steps"
            prunet-model export -q -o "$model" "$run/epochs/$(printf %04d "$epoch")/state.safetensors"
        fi
        score "$1" "$3" "$4" "$steps" "$model"
        [ "$from" = none ] || score_mean "$1, mean" "$3" "$4" "$steps" "$model"
    done
}

printf 'name\tcases\tseed\tsteps\tcase\tregion\tdice\n' >"$home/scores.part"
while IFS=$'\t' read -r name config; do
    load_config "$config"
    from=$FROM
    for n in "${trained_on[@]}"; do
        for seed; do
            split "$n" "$seed"
            [ "$from" = none ] || score "$name" "$n" "$seed" 0 "$from"
            train "$name" "$config" "$n" "$seed"
        done
    done
done >>"$home/scores.part"
mv "$home/scores.part" "$home/scores.tsv"
table_awk '
    header { next }
    {
        key = field("cases") "\t" field("name") "\t" field("steps")
        split_key = key "\t" field("seed") "\t" field("region")
        if (!(key in known)) { known[key]; order[++keys] = key }
        if (!((key, field("seed")) in splits)) { splits[key, field("seed")]; seeds[key] = seeds[key] " " field("seed") }
        sum[split_key] += field("dice"); count[split_key]++
    }
    END {
        print "cases\tfrom\tsteps\tdice_et\tdice_wt\tdice_tc"
        regions = split("ET WT TC", region, " ")
        for (i = 1; i <= keys; i++) {
            printf "%s", order[i]
            n = split(seeds[order[i]], seed, " ")
            for (r = 1; r <= regions; r++) {
                mean = 0
                for (s = 1; s <= n; s++)
                    mean += sum[order[i] "\t" seed[s] "\t" region[r]] / count[order[i] "\t" seed[s] "\t" region[r]] / n
                printf "\t%.2f", mean
            }
            print ""
        }
    }' "$home/scores.tsv"
