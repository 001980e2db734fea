# What a run is: its settings, seed, case lists and input checksums. A run folder keeps them, and a run that is continued
# must be the same run. Sourced by train and evaluate.
# shellcheck shell=bash

# What decides the results, a key and its value a line. The configuration's name has the key "row", as in the runs of every
# version. A batch of one case is not said: the manifests of such runs are those of versions without batches.
run_identity() { # configuration seed
    printf 'row\t%s\nseed\t%s\n' "$1" "$2"
    run_settings
}

# What does not decide them to the bit but helps to explain a difference.
run_circumstances() {
    printf 'version\t%s\n' "$(prunet-step --version | head -n 1)"
    printf 'host\t%s\n' "$(uname -n)"
    printf 'cpu\t%s\n' "$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>/dev/null | head -n 1 | grep . || uname -m)"
    printf 'backend\t%s\n' "${PRUNET_BACKEND:-cpu}${PRUNET_CUDA_KERNELS:+, PRUNET_CUDA_KERNELS=$PRUNET_CUDA_KERNELS}${PRUNET_CUDA_LEVEL0:+, PRUNET_CUDA_LEVEL0=$PRUNET_CUDA_LEVEL0}"
}

# The inputs, a line a case: its name, "training" or "validation", the checksum of its records.
run_inputs() { # cases, manifest with the lists
    local list name names digest
    for list in training validation; do
        read_lines names cat "$2/$list"
        for name in "${names[@]}"; do
            [ -f "$1/$name.nrrd" ] && [ -f "$1/$name.nrrd.sha256" ] ||
                die 65 "$name: has no record in $1, or none with a checksum: remove $1/$name.nrrd and preprocess, or say where the records are (--cases, CASES=)"
            read_line digest "$1/$name.nrrd.sha256"
            printf '%s\t%s\t%s\n' "$name" "$list" "$digest"
        done
    done
}

# A table of the manifest by its meaning, sorted. In run.tsv a setting that the version which wrote it did not have gets its
# default, with which the bytes are those of before; and the row's name is left out: its settings decide.
meaning() { # table
    case $1 in
    */run.tsv) (load_config defaults && run_identity - - | cat - "$1") | awk -F'\t' '
        $1 != "row" { value[$1] = $0 } END { for (key in value) print value[key] }' ;;
    *) cat "$1" ;;
    esac | sort
}

# A run of a later version may have a setting that this one does not know, and cannot heed.
refuse_later_settings() { # manifest, manifest of this version
    local unknown
    unknown=$(cut -f1 "$1/run.tsv" | grep -vxFf <(run_identity - - | cut -f1) | head -n 1) || return 0
    die 65 "${1%/*}: its setting $unknown is not known to $(sed -n 's/^version\t//p' "$2/circumstances.tsv");" \
        "the run is of $(sed -n 's/^version\t//p' "$1/circumstances.tsv")"
}

# The first line in which two tables differ by meaning, as "key: old, now new".
first_difference() { # old new
    diff <(meaning "$1") <(meaning "$2") | awk -F'\t' '
        /^[<>]/ { side = substr($1, 1, 1); key = substr($1, 3); value = $2 (NF > 2 ? " " $3 : "")
                  if (name == "") name = key
                  if (key == name && !(side in seen)) seen[side] = value }
        END { printf "%s: %s, now %s", name, "<" in seen ? seen["<"] : "absent", ">" in seen ? seen[">"] : "absent" }'
}

# Writes the manifest of a new run, or compares it with that of the run that is continued: another configuration, seed, list
# or input is refused, other circumstances are noted in the journal. `split` writes the lists.
check_manifest() { # run configuration seed cases
    local run=$1 new
    own_temporary new "$run/manifest"
    mkdir "$new"
    split "$new"
    run_identity "$2" "$3" | grep -vx $'BATCH\t1' >"$new/run.tsv"
    keep_scheme "$new"
    run_inputs "$4" "$new" >"$new/inputs.tsv"
    run_circumstances >"$new/circumstances.tsv"
    if [ -d "$run/manifest" ]; then
        compare_manifest "$run/manifest" "$new"
    elif [ -d "$run/epochs/0000" ]; then
        die 65 "$run/manifest: is missing: restore it, or give another RUN"
    else
        persist "$new"/*
        publish "$new" "$run/manifest"
    fi
}

compare_manifest() { # old new
    local table
    for table in run.tsv inputs.tsv training validation; do
        [ -s "$1/$table" ] || die 65 "$1/$table: is missing or empty: restore it, or give another RUN"
    done
    refuse_later_settings "$1" "$2"
    for table in run.tsv inputs.tsv; do
        cmp -s <(meaning "$1/$table") <(meaning "$2/$table") ||
            die 65 "${1%/*}: belongs to another run (manifest/$table: $(first_difference "$1/$table" "$2/$table"));" \
                "give another RUN, or remove it to begin anew"
    done
    for table in training validation; do
        same_bytes "$1/$table" "$2/$table" ||
            die 65 "$1/$table: is not the list that the run was begun with: restore it"
    done
    if [ ! -s "$1/circumstances.tsv" ]; then
        note "warning: $1/circumstances.tsv is missing"
    elif ! same_bytes "$1/circumstances.tsv" "$2/circumstances.tsv"; then
        note "warning: continued under other circumstances" \
            "($(first_difference "$1/circumstances.tsv" "$2/circumstances.tsv"))"
    fi
}

# The names of a list of a run's manifest, into an array. A list that has been changed since is not that of inputs.tsv.
read_list() { # array run "training" or "validation"
    local file=$2/manifest/$3
    read_names "$1" "$file"
    cmp -s <(sort "$file") <(awk -F'\t' -v list="$3" '$2 == list { print $1 }' "$2/manifest/inputs.tsv" | sort) ||
        die 65 "$file: is not the list that the run was begun with: restore it"
}
