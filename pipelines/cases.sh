# The cases of a data set, and what a product of each is made from. Sourced; case_lines needs made_from.sh, check_data run_tool.sh
# and a configuration.
# shellcheck shell=bash

# Their names, a line each, sorted.
case_names() { # data set
    list-cases --no-header "${scheme_options[@]}" -- "$1" | cut -f1
}

# Ends the script where that is no data set and the folder of what is made from it is not there yet: a mistyped DATA makes none.
require_cases() { # folder of what is made, data set, list-cases' options
    [ -d "$1" ] || run_tool list-cases "${@:3}" "${scheme_options[@]}" -- "$2" >/dev/null || exit
}

# Sums the data set up; status 65 where something forbids training.
check_data() { # data set, options...
    local options=()
    [ "$SPACING" = keep ] || options+=(--resampled)
    run_tool prunet-check --scheme "$scheme" --grid-of "$GRID_OF" "${options[@]}" "${@:2}" -- "$1"
}

# A line a case: its name, its folder, and what a product is made from: the settings, and the digest of each of the
# case's files under its modality's name ("crop=... t1=..."). Label maps count where the product is made from them.
case_lines() { # "images" or "labelled", settings, memory of digests, file for the table of cases, data set
    local options=() is_source='
        function is_source(i) { return $i != "-" && name[i] != "case" && name[i] != "folder" && \
                                       (name[i] != "label" || ENVIRON["KIND"] == "labelled") }
        header { split($0, name); next }'
    [ "$1" = images ] || options=(--labelled)
    list-cases "${options[@]}" "${scheme_options[@]}" -o "$4" -- "$5"
    [ -z "${shard-}" ] || keep_shard "$4"
    KIND=$1 table_awk "$is_source"'
        { for (i = 1; i <= NF; i++) if (is_source(i)) print $i }' "$4" | digests_of "$3" >"$4.digests"
    KIND=$1 SETTINGS=$2 DIGESTS=$4.digests table_awk "$is_source"'
        { line = ENVIRON["SETTINGS"]
          for (i = 1; i <= NF; i++)
              if (is_source(i)) {
                  if ((getline digest <ENVIRON["DIGESTS"]) <= 0) exit 1
                  line = line " " name[i] "=" digest
              }
          print field("case") "\t" field("folder") "\t" line }' "$4"
}

# --- shards: a stage that has --shard K/N does every N-th case, from the K-th on ---------------------------------------------

# Leaves those of a table.
keep_shard() { # table
    awk -v first="${shard%/*}" -v every="${shard#*/}" 'NR == 1 || (NR - 1 - first) % every == 0' "$1" >"$1.shard"
    mv -f -- "$1.shard" "$1"
}

# How the folder of what is made is locked: shards share it.
lock_kind() {
    if [ -n "${shard-}" ]; then echo shared; else echo wait; fi
}

# Where digests are remembered: each shard has a memory of its own.
stamps_of() { # folder of what is made
    printf '%s\n' "$1/.stamps${shard:+-${shard/\//-of-}}"
}
