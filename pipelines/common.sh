# What the pipeline's scripts share: speech, settings, whole-file writes. Sourced, with `program` set to the script's name.
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${program:?}"

# The tools of this build come first.
case ${BUILD:=build} in
/*) ;;
*) BUILD=$here/../$BUILD ;;
esac
PATH=$BUILD/bin:$PATH
export BUILD PATH

# Exit statuses, as the tools': 1 failure, 2 usage, 65 bad input, 75 try again later.
say() {
    printf '%s: %s\n' "$program" "$*" >&2
}

die() { # status message...
    local status=$1
    shift
    say "$@"
    exit "$status"
}

# Reads the settings of a row: defaults, then each of the joined rows (small+no-augmentation). A name with a slash is a
# file of one's own. Every setting becomes a variable; `setting_names` lists them in order.
load_row() { # row
    local name file key names=()
    setting_names=()
    read_settings "$here/rows/defaults" new
    IFS=+ read -ra names <<<"$1"
    [ ${#names[@]} != 0 ] || die 2 "no row is named; rows: $(row_names)"
    for name in "${names[@]}"; do
        case $name in
        */*) file=$name ;;
        *) file=$here/rows/$name ;;
        esac
        [ -f "$file" ] || die 2 "row '$name': no such file $file; rows: $(row_names)"
        read_settings "$file" known
    done
    for key in "${setting_names[@]}"; do
        [ -n "${!key}" ] || die 2 "row '$1': $key has no value"
    done
}

# prunet-init's and prunet-plan's options for the row's network, one a line.
network_options() {
    printf '%s\n' --kind "$KIND" --channels "$CHANNELS"
    [ "$KIND" = baseline ] || printf '%s\n' --encoder-blocks "$ENCODER_BLOCKS" --decoder-blocks "$DECODER_BLOCKS"
}

row_names() {
    (cd "$here/rows" && printf '%s ' *)
}

read_settings() { # file, "new" where any key may appear or "known"
    local line number=0 key
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        case $line in '' | '#'*) continue ;; esac
        [[ $line =~ ^([A-Z_]+)=([A-Za-z0-9.,/-]*)$ ]] || die 2 "$1: line $number is not KEY=value: $line"
        key=${BASH_REMATCH[1]}
        if [ "$2" = new ]; then
            setting_names+=("$key")
        else
            [[ " ${setting_names[*]} " == *" $key "* ]] || die 2 "$1: line $number: no setting is called $key"
        fi
        printf -v "$key" %s "${BASH_REMATCH[2]}"
    done <"$1"
}

# Makes what FILE... hold survive a power loss.
persist() {
    sync -- "$@"
}

# Gives a file its final name, whole or not at all, after its bytes are on the disk.
publish() { # temporary final
    persist "$1" && mv -fT -- "$1" "$2" && persist "$(dirname "$2")"
}

# The folder of every case of DATA, one a line, sorted by name.
case_folders() { # data
    "$here/cases" "$1"
}
