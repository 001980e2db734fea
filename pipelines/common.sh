# What the pipeline's scripts share: messages, options, tables, whole-file writes; stops (stops.sh) and configurations
# (configuration.sh). Sourced.
#
# A script begins with a comment that --help prints; its usage is the line there that holds the script's own path.
# shellcheck shell=bash

# Whatever the environment has set, bash is bash. What changes the shell itself (posix mode forgets the status of children,
# noclobber refuses to write a file again, nullglob drops words, a file of one's own is read first) is taken out and the
# script begins anew; a function may have a command's name, CDPATH makes cd print, TMOUT ends a read before its end.
if [ ${#BASH_SOURCE[@]} -gt 1 ] &&
    [[ ${SHELLOPTS@a}${BASHOPTS@a} == *x* || -n ${BASH_ENV+set}${BASH_COMPAT+set}${POSIXLY_CORRECT+set} ]]; then
    exec env -u SHELLOPTS -u BASHOPTS -u BASH_ENV -u BASH_COMPAT -u POSIXLY_CORRECT "$BASH" "${BASH_SOURCE[-1]}" "$@"
fi
unset CDPATH GLOBIGNORE EXECIGNORE GREP_OPTIONS TMOUT
while read -r _ _ name; do
    unset -f "$name"
done < <(declare -Fx)

program=${0##*/}
program=${program%.sh}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The tools come first: those of this build, or those that were installed with this folder.
if [ -e "$here/../Makefile" ]; then
    case ${BUILD:=build} in
    /*) ;;
    *) BUILD=$here/../$BUILD ;;
    esac
    export BUILD
    tools=$BUILD/bin door=$BUILD/bin/prunet
else
    unset BUILD
    tools=$(realpath -m -- "$here/../../../libexec/prunet") door=$here/../../../bin/prunet
fi
PATH=$tools:$PATH
export PATH
# shellcheck source=pipelines/scheme.sh
. "$here/scheme.sh"
# shellcheck source=pipelines/stops.sh
. "$here/stops.sh"
# shellcheck source=pipelines/configuration.sh
. "$here/configuration.sh"

# --- messages --------------------------------------------------------------------------------------------------------
# Exit statuses, as the tools': 1 failure, 2 usage, 65 bad input, 75 try again later.

# Where nobody listens any more (a terminal that is closed) the work counts, not the message.
say() {
    printf '%s: %s\n' "$program" "$*" >&2 || true
}

# The same, kept in the file that the script has named as its `journal`.
note() {
    say "$@"
    printf '%s  %s\n' "$(date -u '+%Y-%m-%d %H:%M:%S')" "$*" >>"$journal"
}

die() { # status message...
    local status=$1
    shift
    say "$@"
    exit "$status"
}

# What was probably meant by a name that is not known: "; did you mean small?", or nothing.
meant_by() { # name, known names...
    "$door" --nearest "$1" -- "${@:2}" 2>/dev/null || true
}

# Whether two files are there and hold the same. One that cannot be read ends the script: it is not another one.
same_bytes() { # file file
    local status=0
    [ -e "$1" ] && [ -e "$2" ] || return 1
    cmp -s -- "$1" "$2" || status=$?
    [ "$status" -le 1 ] || { cat -- "$1" "$2" >/dev/null || true; } # which says why
    [ "$status" -le 1 ] || die 1 "$1 and $2: cannot be compared"
    return "$status"
}

# --- options ---------------------------------------------------------------------------------------------------------

# Sets a variable for each option: --seed 7 or --seed=7 sets `seed`. What is not an option is added to `operands`.
# An option that the list has as "tasks!" takes no value: its variable becomes yes. --row and --rows are older names of --config
# and --configs.
parse_options() { # "seed epochs...", the options that there are; "$@"
    local known=" $1 " option name
    shift
    operands=()
    while [ $# != 0 ]; do
        option=$1
        shift
        case $option in
        --help | --help=options)
            print_help | if [ "$option" = --help ]; then cat; else table_of_help; fi
            exit 0
            ;;
        --)
            operands+=("$@")
            return
            ;;
        --*=*) set -- "${option#*=}" "$@" && option=${option%%=*} ;;
        --*) ;;
        -?*) die_no_option ;;
        *) operands+=("$option") && continue ;;
        esac
        name=${option#--}
        case $name in row | rows) name=config${name#row} ;; esac
        [[ $known != *" $name! "* ]] || { printf -v "$name" yes && continue; }
        [[ $known == *" $name "* ]] || die_no_option
        [ $# != 0 ] || die_usage "$option: its value is missing"
        printf -v "$name" %s "$1"
        shift
    done
}

# Of parse_options.
die_no_option() {
    local names
    read -ra names <<<"${known//!/}"
    die_usage "no option is called $option$(meant_by "$option" "${names[@]/#/--}" --help)"
}

# Ends the script unless each of these options was given, and as many operands.
require() { # "data run...", count of operands
    local name
    for name in $1; do
        [ -n "${!name}" ] || die_usage "--$name is missing"
    done
    [ ${#operands[@]} = "${2:-0}" ] || die_usage "${#operands[@]} operands, not ${2:-0}"
}

# Ends the script unless these options, where they are given, are whole numbers.
require_naturals() { # "seed epochs..."
    local name
    for name in $1; do
        [[ ${!name} =~ ^[0-9]{0,20}$ ]] || die_usage "--$name ${!name} is not a whole number"
    done
}

# The comment at the head of the script.
print_help() {
    sed -n '1d; /^#/!q; s/^# \{0,1\}//p' "$0"
}

# The same as --help=options of the tools has it (lib/base/options_help.h): an option has a line that begins with it.
table_of_help() {
    awk -v name="$program" -v OFS='\t' '
        BEGIN { print "name", name }
        $1 == "pipelines/" name { sub(/^ *[^ ]* ?/, ""); print "usage", $0; next }
        /^  --/ {
            option = substr($1, 3); argument = $2 ~ /^[A-Z,]+$/ ? $2 : "-"
            sub(argument == "-" ? "^ *[^ ]* *" : "^ *[^ ]* *[^ ]* *", "")
            print "option", option, "-", argument, $0
            next
        }
        { print "summary", $0 }'
    printf 'common\t%s\t-\t-\t%s\n' help "this text"
}

die_usage() { # message
    say "$1"
    die 2 "usage: $(print_help | sed -n "s|^ *\([a-z/]*/$program\(\.sh\)\{0,1\}\( .*\)*\)\$|\1|p" | head -n 1)"
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

# The lines that a command prints, into an array. An error of the command, or in reading, is not taken for the end.
read_lines() { # array command...
    local -n lines_read=$1
    mapfile -t lines_read < <("${@:2}" && echo end)
    [ ${#lines_read[@]} != 0 ] && [ "${lines_read[-1]}" = end ] || die 1 "${*:2}: its lines could not be read"
    unset 'lines_read[-1]'
}

# The line that a file holds, into a variable. It is never empty.
read_line() { # variable file
    read -r "$1" <"$2" && [ -n "${!1}" ] || die 1 "$2: cannot be read"
}

# The names of cases in a list, a line each, into an array. Names become paths: what is no name of a case is refused.
read_names() { # array list
    read_lines "$1" cat -- "$2"
    local -n names_read=$1
    local name
    for name in "${names_read[@]}"; do
        [[ $name =~ ^[A-Za-z0-9._][A-Za-z0-9._-]{0,63}$ ]] || die 65 "$2: '$name' is no name of a case"
    done
}

# --- files -----------------------------------------------------------------------------------------------------------

# Makes what FILE... hold survive a power loss. A file system that cannot do that for a folder (some of networks and
# containers) says EINVAL or ENOTSUP, which is passed over, as lib/base/output.c does.
persist() {
    local said
    said=$(sync -- "$@" 2>&1) && return
    said=$(printf '%s\n' "$said" | grep -v -e ': Invalid argument$' -e ': \(Operation n\|N\)ot supported$') || return 0
    say "$said"
    return 1
}

# Gives a file its final name, whole or not at all, after its bytes are on the disk.
publish() { # temporary final
    persist "$1" && mv -fT -- "$1" "$2" && persist "$(dirname "$2")"
}

