# What the pipeline's scripts share: messages, options, configurations, tables, whole-file writes. Sourced.
#
# A script begins with a comment that --help prints; its usage is the line there that holds the script's own path.
# shellcheck shell=bash

program=${0##*/}
program=${program%.sh}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The tools of this build come first.
case ${BUILD:=build} in
/*) ;;
*) BUILD=$here/../$BUILD ;;
esac
PATH=$BUILD/bin:$PATH
export BUILD PATH

# --- messages --------------------------------------------------------------------------------------------------------
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

# --- options ---------------------------------------------------------------------------------------------------------

# Sets a variable for each option: --seed 7 or --seed=7 sets `seed`. What is not an option is added to `operands`.
# --row and --rows are older names of --config and --configs.
parse_options() { # "seed epochs...", the options that there are; "$@"
    local known=" $1 " option name
    shift
    operands=()
    while [ $# != 0 ]; do
        option=$1
        shift
        case $option in
        --help)
            print_help
            exit 0
            ;;
        --)
            operands+=("$@")
            return
            ;;
        --*=*) set -- "${option#*=}" "$@" && option=${option%%=*} ;;
        --*) ;;
        -?*) die_usage "no option is called $option" ;;
        *) operands+=("$option") && continue ;;
        esac
        name=${option#--}
        case $name in row | rows) name=config${name#row} ;; esac
        [[ $known == *" $name "* ]] || die_usage "no option is called $option"
        [ $# != 0 ] || die_usage "$option: its value is missing"
        printf -v "$name" %s "$1"
        shift
    done
}

# Ends the script unless each of these options was given, and as many operands.
require() { # "data run...", count of operands
    local name
    for name in $1; do
        [ -n "${!name}" ] || die_usage "--$name is missing"
    done
    [ ${#operands[@]} = "${2:-0}" ] || die_usage "${#operands[@]} operands, not ${2:-0}"
}

# The comment at the head of the script.
print_help() {
    sed -n '1d; /^#/!q; s/^# \{0,1\}//p' "$0"
}

die_usage() { # message
    say "$1"
    die 2 "usage: $(print_help | sed -n "s|^ *\([a-z/]*/$program\(\.sh\)\{0,1\}\( .*\)*\)\$|\1|p" | head -n 1)"
}

# --- configurations --------------------------------------------------------------------------------------------------

# Reads the settings of a configuration: defaults, then each of those joined by + (small+no-augmentation). A name with a
# slash is a file of one's own. Every setting becomes a variable; `setting_names` lists them in order.
load_config() { # configuration
    local name file key names=()
    setting_names=()
    read_settings "$here/configurations/defaults" new
    IFS=+ read -ra names <<<"$1"
    [ ${#names[@]} != 0 ] || die 2 "no configuration is named; there are: $(config_names)"
    for name in "${names[@]}"; do
        case $name in
        */*) file=$name ;;
        *) file=$here/configurations/$name ;;
        esac
        [ -f "$file" ] || die 2 "configuration '$name': no such file $file; there are: $(config_names)"
        read_settings "$file" known
    done
    for key in "${setting_names[@]}"; do
        [ -n "${!key}" ] || die 2 "configuration '$1': $key has no value"
    done
}

config_names() {
    (cd "$here/configurations" && printf '%s ' *)
}

read_settings() { # file, "new" where any key may appear or "known"
    local line number=0 key text
    text=$(cat -- "$1") || die 1 "$1: cannot be read" # at once: read takes an error for the end of the file
    while [ -n "$text" ]; do
        line=${text%%$'\n'*} text=${text#"$line"} text=${text#$'\n'}
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
    done
}

# The options of prunet-init and prunet-plan for the configuration's network, one a line.
network_options() {
    printf '%s\n' --kind "$KIND" --channels "$CHANNELS"
    [ "$KIND" = baseline ] || printf '%s\n' --encoder-blocks "$ENCODER_BLOCKS" --decoder-blocks "$DECODER_BLOCKS"
}

# The bytes that prunet-plan allocates for a training step.
planned_bytes() { # prunet-plan's options
    prunet-plan "$@" |
        table_awk 'field("run") == "training" && field("item") == "total" && field("name") == "allocated" {
            print field("bytes") }'
}

# --- tables ----------------------------------------------------------------------------------------------------------

# awk over tables whose columns go by name: pipelines/columns.awk.
table_awk() { # awk's options, program, tables
    local options=()
    while [ "$1" = -v ]; do
        options+=("$1" "$2")
        shift 2
    done
    awk "${options[@]}" "$(<"$here/columns.awk") $1" "${@:2}"
}

# A column of a table, a value a line.
column() { # name table
    table_awk -v name="$1" '!header { print field(name) }' "${@:2}"
}

# --- files -----------------------------------------------------------------------------------------------------------

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
