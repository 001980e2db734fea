# What must hold before a run is gone on with: its epochs are whole, none is missing and nothing else is taken for one.
# Sourced by train, after epoch.sh.
# shellcheck shell=bash disable=SC2154

# Ends the script where the folder of epochs holds what the run cannot be gone on from; removes what is left of the
# unfinished forms of complete epochs.
check_epochs() {
    local unfinished=()
    find_epochs
    check_names
    check_unfinished
    [ ${#complete[@]} = 0 ] || check_state "${complete[-1]}"
    check_tables "${complete[@]:1}" "${unfinished[@]}"
}

# Ends the script: what is wrong with a file of an epoch, and what to do.
die_damaged() { # file: what
    case ${1#"$epochs/"} in
    .*) die 65 "$1: restore it, or remove its folder: the epoch is then begun anew" ;;
    *) die 65 "$1: restore it, or give another RUN" ;;
    esac
}

# The epochs are 0000, 0001, ...; another number, or what begins like one, is refused, files of file managers and the like
# are not looked at.
check_names() {
    local path number expected
    for path in "$epochs"/[-0-9]*; do
        [ -e "$path" ] || [ -L "$path" ] || continue
        [[ -d $path && ${path##*/} =~ ^([0-9]{4}|[1-9][0-9]{4,6})$ ]] ||
            die 65 "$path: is not the folder of an epoch: move it out of $epochs"
    done
    for ((number = 0; number < ${#complete[@]}; number++)); do
        printf -v expected %04d "$number"
        [ "${complete[number]}" = "$epochs/$expected" ] ||
            die 65 "$epochs/$expected: is missing, and ${complete[number]##*/} is there: restore $expected, or move" \
                "${complete[number]##*/} and what follows it out of $epochs"
    done
}

# Sets `unfinished` to the folders that the next epoch goes on from (epoch.sh has their names).
check_unfinished() {
    local path name
    for path in "$epochs"/.[0-9]*; do
        [ -e "$path" ] || [ -L "$path" ] || continue
        name=${path##*/}
        [[ -d $path && $name =~ ^\.([0-9]{4,7})\.(at-[0-9]{5,}|trained)$ ]] ||
            die 65 "$path: is not the folder of an unfinished epoch: move it out of $epochs"
        if [ $((10#${BASH_REMATCH[1]})) -lt ${#complete[@]} ]; then
            rm -rf -- "$path"
        elif [ $((10#${BASH_REMATCH[1]})) = ${#complete[@]} ]; then
            check_state "$path"
            unfinished+=("$path")
        else
            die 65 "$path: is an unfinished epoch that is not due: move it out of $epochs"
        fi
    done
}

check_state() { # folder
    [ -s "$1/state.safetensors" ] || die_damaged "$1/state.safetensors: is missing or empty"
}

check_tables() { # folders...
    local folder table tables=() said
    for folder in "$@"; do
        tables+=("$folder/steps.tsv")
        [[ ${folder##*/} == .* ]] || tables+=("$folder/validation.tsv")
    done
    [ ${#tables[@]} != 0 ] || return 0
    for table in "${tables[@]}"; do
        [ -s "$table" ] || die_damaged "$table: is missing or empty"
    done
    if [ "$(tail -q -c 1 -- "${tables[@]}" | tr -d '\n' | wc -c)" != 0 ]; then
        for table in "${tables[@]}"; do
            [ -z "$(tail -c 1 -- "$table" | tr '\0' x)" ] || die_damaged "$table: is damaged: its last line is cut"
        done
    fi
    said=$(table_of_cases | awk -f "$here/columns.awk" -f "$here/check_tables.awk" - "${tables[@]}") || die_damaged "$said"
}

table_of_cases() {
    printf 'case\tlist\n'
    printf '%s\ttraining\n' "${training[@]}"
    printf '%s\tvalidation\n' "${validation[@]}"
}
