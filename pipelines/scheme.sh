# The scheme of a run: which modalities, labels and regions there are. Sourced by common.sh.
# shellcheck shell=bash disable=SC2034,SC2154

# Sets, from the settings SCHEME and LABELS, its older name,
#
#   scheme          what the tools' --scheme takes
#   scheme_options  --scheme and that, or nothing for 2018's, which is the tools' default
#   records_options the same for what reads records alone, whose labels are 2018's for 2023 and msd, too
#   number_options  the same for what writes a label map of such a record: it has the numbers of the data's own
#   numbers         what notes say of a label map in other numbers than its record's: " numbers=msd", or nothing
#   scheme_source   what of it shapes a product: "labels=2018", "scheme=NAME"; of a file its digest
#
# SCHEME and LABELS become what decides the run: not where the file lies, and one name for each.
find_scheme() {
    case $SCHEME in
    none) ;;
    2018 | 2023 | msd) LABELS=$SCHEME SCHEME=none ;;
    brats-2018 | brats-2023) LABELS=${SCHEME#brats-} SCHEME=none ;;
    msd-brain) LABELS=msd SCHEME=none ;;
    esac
    case $SCHEME in
    none) scheme=$LABELS scheme_source="labels=$LABELS" ;;
    */*)
        case $SCHEME in
        /*) scheme=$SCHEME ;;
        *) scheme=$(file_of_project "$SCHEME") ;;
        esac
        [ -f "$scheme" ] || die 65 "$scheme: no such file with a scheme"
        SCHEME=$(file-digest --no-header -- "$scheme" | cut -f1) || die 1 "$scheme: cannot be read"
        scheme_source="scheme=$SCHEME"
        ;;
    *) scheme=$SCHEME scheme_source="scheme=$SCHEME" ;;
    esac
    scheme_options=() records_options=() number_options=() numbers=
    [ "$scheme" = 2018 ] || scheme_options=(--scheme "$scheme")
    case $scheme in
    2023 | msd) number_options=("${scheme_options[@]}") numbers=" numbers=$scheme" ;;
    *) records_options=("${scheme_options[@]}") ;;
    esac
}

# Label maps had 2018's numbers for 2023 and msd, too, before notes said numbers. Where a finished one is that, of the same sources,
# it stays, and the folder goes on as it was begun: one folder never has two numberings.
keep_older_numbers() { # folder; file and note's line without numbers, of each label map
    local folder=$1 note
    shift
    while [ -n "$numbers" ] && [ $# != 0 ]; do
        note=${1%/*}/.${1##*/}.from
        if [ -f "$1" ] && [ -f "$note" ] && [[ $(<"$note") == "$2"?( made=*) ]]; then
            say "$folder: label maps of an earlier version have 2018's numbers: the others get those, too"
            number_options=() numbers=
        fi
        shift 2
    done
}

# The same by DATA's own dataset.json, where no configuration names a scheme, the default cannot read it and nothing was made by
# the default before.
find_scheme_of_data() { # data set, folder of what is made from it: a run or records, or nothing
    local file by_default=
    [ -z "$scheme_is_named" ] || return 0
    [ -z "${2-}" ] || by_default=$(is_of_default_scheme "$2") || die 1 "$2: its scheme cannot be read"
    [ "$by_default" != yes ] || return 0
    file=$(list-cases --own-scheme -- "$1") || exit
    [ -n "$file" ] || return 0
    SCHEME=$(realpath -- "$file")
    say "the scheme is $SCHEME: DATA's layout says it"
    find_scheme
}

# Whether a run, or a folder of records, was begun by the default scheme.
is_of_default_scheme() { # run or cases
    if [ -f "$1/manifest/run.tsv" ]; then
        awk -F'\t' '($1 == "SCHEME" && $2 != "none") || ($1 == "LABELS" && $2 != "2018") { other = 1 }
            END { if (!other) print "yes" }' "$1/manifest/run.tsv"
    elif grep -qs -e "labels[= ]2018" -- "$1"/.*.nrrd.from "$1/recipe"; then
        echo yes
    fi
}

# The same of a run, by its manifest.
find_scheme_of_run() { # run
    local file
    LABELS=$(sed -n 's/^LABELS\t//p' "$1/manifest/run.tsv")
    SCHEME=$(sed -n 's/^SCHEME\t//p' "$1/manifest/run.tsv")
    for file in "$1"/manifest/scheme{,.json}; do
        [ ! -f "$file" ] || SCHEME=$file
    done
    SCHEME=${SCHEME:-none} # before there was one
    find_scheme
}

# A scheme that is a file becomes part of the manifest.
keep_scheme() { # manifest
    case $scheme in
    *.json) cp -- "$scheme" "$1/scheme.json" ;;
    */*) cp -- "$scheme" "$1/scheme" ;;
    esac
}
