# The runs of a comparison by configurations, folds and seeds, and where each has its place. A line a run, a task of a job array:
# configuration, fold, seed, with tabs between. Sourced, after common.sh.
# shellcheck shell=bash disable=SC2154

# The folder of a run below that of all; with the configuration's own fold and one seed the pipelines have no such folders.
task_run() { # configuration fold seed
    printf '%s/fold-%s/seed-%s\n' "${1##*/}" "${2//\//-of-}" "$3"
}

# Where the records of the configuration that is loaded lie: those with equal records share them.
records_of() { # how the folder's name begins: "HOME/cases"
    local folder=$1-$CROP-${SCHEME/#none/$LABELS}
    [ "$GRID_OF" = label ] || folder+=-$GRID_OF
    [ "$SPACING" = keep ] || folder+=-$SPACING
    [ "$RECORDS" = float ] || folder+=-$RECORDS
    printf '%s\n' "$folder"
}

# Ends the script unless these are a number of folds and seeds; sets `seed_list`.
check_tasks() { # folds, or nothing; "SEED..."
    local seed wrong=()
    [ -z "$1" ] || wrong+=(FOLD$'\t'"1/$1"$'\t'"--folds $1")
    IFS=$' \t\n' read -rd '' -a seed_list <<<"$2" || true
    [ ${#seed_list[@]} != 0 ] || die 2 "--seeds names no seed"
    for seed in "${seed_list[@]}"; do
        wrong+=(SEED$'\t'"$seed"$'\t'"--seeds")
    done
    check_settings "${wrong[@]}"
    [ -z "$(printf '%s\n' "${seed_list[@]}" | sort | uniq -d)" ] || die 2 "--seeds $2: one is there twice"
}

# The table. Without a number of folds each configuration has its own.
list_tasks() { # folds, or nothing; configurations...
    local config fold seed of_config
    for config in "${@:2}"; do
        load_config "$config"
        of_config=("$FOLD")
        [ -z "$1" ] || mapfile -t of_config < <(seq -f "%.0f/$1" "$1")
        for fold in "${of_config[@]}"; do
            for seed in "${seed_list[@]}"; do
                printf '%s\t%s\t%s\n' "$config" "$fold" "$seed"
            done
        done
    done
}

# Sets `config`, `fold` and `seed` to those of a line.
read_task() { # table, number of the line
    local line
    line=$(sed -n "$2p" -- "$1") || die 1 "$1: cannot be read"
    [[ $line =~ ^([^$'\t']+)$'\t'([^$'\t']+)$'\t'([^$'\t']+)$ ]] ||
        die 65 "$1: line $2 is no configuration, fold and seed with tabs between: $line"
    config=${BASH_REMATCH[1]} fold=${BASH_REMATCH[2]} seed=${BASH_REMATCH[3]}
}
