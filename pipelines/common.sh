# What the pipeline's scripts share: messages, stops, options, configurations, tables, whole-file writes. Sourced.
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
    tools=$BUILD/bin
else
    unset BUILD
    tools=$(realpath -m -- "$here/../../../libexec/prunet")
fi
PATH=$tools:$PATH
export PATH
# shellcheck source=pipelines/scheme.sh
. "$here/scheme.sh"

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

# --- stops and leftovers ---------------------------------------------------------------------------------------------
# A script that says catch_stops is stopped in order by SIGHUP, SIGINT, SIGQUIT, SIGTERM and SIGPIPE: the tools that it runs by
# run_tool or run_pipe (run_tool.sh) are told, and when they have ended so does the script, with status 75. A signal that the
# script was started with as ignored stays so (nohup). SIGXFSZ is ignored, here and in all that is started here: a file that
# may not grow is a failed write with a message.
#
#   catch_stops now         before there is anything to clear up. The script ends as soon as its tools have
#   catch_stops later       the script goes on: it looks at $stopping and ends by itself, in its own good time
#   at_exit FUNCTION        calls it when the script ends, however it does, save by kill -9; the last one first
#   own_temporary NAME FILE sets NAME to the name of a temporary file or folder beside FILE, to be published as FILE. It is no
#                           other process's, is removed when the script ends, and, after kill -9, by whoever writes FILE next
#
# A process of the script's own making writes to descriptor 3 or 4 and ends when that is closed. A signal closes both: a tool
# that reads from them has its own, and a bash that is interrupted just as a child ends may lose the child's status and then
# waits for all its children, none of which may wait for the script. Such a process closes what it inherits of the other one.
#
# What takes longer than a moment is run by run_tool or run_pipe, or a signal to the script alone waits for it. None of this is
# for subshells: there a signal has its usual effect, and the script's tidying is the script's.
#
# bash 5.2 cannot read a trap's command when the signal comes just as it reads a $( ): once in a thousand times, of a script that
# does little else. The script then ends with status 2 and a message of bash's, as tidily.

stopping=      # the signal's name once one has come
signals_seen=0 # how many have come
busy=          # yes while run_tool waits for its tools
running=()     # their process ids
tools_stop=TERM # the signal that tells them
# shellcheck disable=SC2034
as_started=() # the command by which a tool gets the signals of the terminal, too
stop_when=now
stop_said=     # yes where the script has said itself that it was stopped
endings=()
temporaries=()
temporary_count=0
temporary_space= # HOST-SPACE of this process

catch_stops() { # "now" or "later"
    local signal
    stop_when=$1
    trap '' XFSZ
    for signal in HUP INT QUIT TERM PIPE; do
        # shellcheck disable=SC2064 # the name is that of now
        trap "on_stop $signal" "$signal"
    done
    trap 'finish $?' EXIT
    # What bash starts in the background ignores SIGINT and SIGQUIT, unless they are set back; where this script ignores them
    # itself they stay ignored.
    if [ -n "$(trap -p INT)" ] && env --default-signal=INT,QUIT true 2>/dev/null; then
        # shellcheck disable=SC2034,SC2054
        as_started=(env --default-signal=INT,QUIT)
    fi
}

on_stop() { # signal
    signals_seen=$((signals_seen + 1))
    stopping=$1
    exec 3<&- 4<&-
    tell_running
    [ -n "$busy" ] || [ "$stop_when" = later ] || finish 75
}

tell_running() {
    [ ${#running[@]} = 0 ] || kill "-$tools_stop" "${running[@]}" 2>/dev/null || true
}

at_exit() { # function
    endings=("$1" "${endings[@]}")
}

# The end of a script. A signal that comes when it has ended, but not begun this, ends it by this.
finish() { # status
    local status=$1 ending
    stop_when=later # a signal does not end the ending
    trap - EXIT
    [ "$status" != 141 ] || stopping=${stopping:-PIPE} # a tool of ours spoke to nobody, instead of us
    set +e
    tell_running # where an error, and no signal, ends the script beside its tools
    for ending in "${running[@]}"; do
        wait_for "$ending"
    done
    for ending in "${endings[@]}"; do
        "$ending"
    done
    [ ${#temporaries[@]} = 0 ] || rm -rf -- "${temporaries[@]}"
    [ -n "$stopping" ] || exit "$status"
    [ -n "$stop_said" ] || say "stopped by SIG$stopping; the same command goes on from there"
    exit 75
}

# Temporary files are called .NAME.HOST-SPACE-PID-START-COUNT.part, as those of the tools (lib/base/temporary.h): SPACE is that
# of the process ids, START when the process began, in the kernel's ticks. They say whether the writer still runs.
own_temporary() { # variable, final name
    local folder=. name=${2##*/}
    case $2 in */*) folder=${2%/*}/ ;; *) folder= ;; esac
    [ -n "$temporary_space" ] || temporary_space=$(process_space)
    sweep_temporaries "$folder.${name:0:100}.$temporary_space-"
    temporary_count=$((temporary_count + 1))
    printf -v "$1" '%s.%s.%s-%s-%s-%s.part' "$folder" "${name:0:100}" "$temporary_space" $$ "$(process_start $$)" $temporary_count
    temporaries+=("${!1}")
}

process_space() {
    local space host
    space=$(readlink /proc/self/ns/pid) || space=0
    host=$(uname -n)
    printf '%s-%s' "${host//\//_}" "${space//[!0-9]/}"
}

# When a process began; nothing where there is none.
process_start() { # pid
    local stat fields
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    read -ra fields <<<"${stat##*) }"
    printf %s "${fields[19]}"
}

# Removes temporary files of one's own whose writer, on this host, runs no more.
sweep_temporaries() { # how their names begin
    local old
    for old in "$1"*.part; do
        # of a link to nothing -O knows no owner
        [ -O "$old" ] || { [ -L "$old" ] && [ "$(stat -c %u -- "$old")" = "$EUID" ]; } || continue
        [[ ${old#"$1"} =~ ^([0-9]+)-([0-9]+)-[0-9]+\.part$ ]] || continue
        [ "$(process_start "${BASH_REMATCH[1]}")" = "${BASH_REMATCH[2]}" ] || rm -rf -- "$old"
    done
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
        -?*) die_usage "no option is called $option" ;;
        *) operands+=("$option") && continue ;;
        esac
        name=${option#--}
        case $name in row | rows) name=config${name#row} ;; esac
        [[ $known != *" $name! "* ]] || { printf -v "$name" yes && continue; }
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

# --- configurations --------------------------------------------------------------------------------------------------

# Reads the settings of a configuration: defaults, then each of those joined by + (small+no-augmentation). A name with a
# slash is a file of one's own. Every setting becomes a variable, after settings.awk has checked it; `setting_names`
# lists them in order; find_scheme (scheme.sh) has made of SCHEME what it is.
load_config() { # configuration
    local name file names=() assignments=()
    setting_names=() scheme_is_named=
    [[ $1 != *[$'\t\n']* ]] || die 2 "configuration '$1': a tab or a line break in its name" # it is a cell of tables
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
    check_settings "${assignments[@]}"
    find_scheme
}

# Ends the script unless all are valid and fit each other.
check_settings() { # "KEY value where" with tabs between, where: "FILE: line 3" or "--seed"
    local wrong
    wrong=$(printf '%s\n' $'setting\tvalue\twhere' "$@" |
        awk -f "$here/columns.awk" -f "$here/settings.awk" "$here/settings.tsv" -) || die 2 "$wrong"
}

# The same of options that are given: check_options seed epochs.
check_options() { # names of options
    local name options=()
    for name in "$@"; do
        [ -z "${!name}" ] || options+=("${name^^}"$'\t'"${!name}"$'\t'"--$name")
    done
    [ ${#options[@]} = 0 ] || check_settings "${options[@]}"
}

# The fold that an option gives takes the place of the configuration's.
choose_fold() { # K/N, none or nothing; folder of lists or nothing
    [ -z "$2" ] || [[ ${1:-none} == none ]] || die_usage "--fold and --lists: the lists are the split"
    FOLD=${1:-$FOLD}
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
        [[ $line =~ ^([A-Z_]+)=([A-Za-z0-9.,:+/_-]*)$ ]] || die 2 "$1: line $number is not KEY=value: $line"
        key=${BASH_REMATCH[1]}
        if [ "$2" = new ]; then
            setting_names+=("$key")
        else
            [[ " ${setting_names[*]} " == *" $key "* ]] || die 2 "$1: line $number: no setting is called $key"
            case $key in SCHEME | LABELS) scheme_is_named=yes ;; esac
        fi
        printf -v "$key" %s "${BASH_REMATCH[2]}"
        assignments+=("$key"$'\t'"${BASH_REMATCH[2]}"$'\t'"$1: line $number")
    done
}

# The settings that decide a run's results, a key and its value a line. EPOCHS is not among them: a run may be trained for
# longer.
run_settings() {
    local key
    for key in "${setting_names[@]}"; do
        case $key in EPOCHS | PHANTOM_* | DRAWN_*) continue ;; esac
        printf '%s\t%s\n' "$key" "${!key}"
    done
}

# The options of prunet-init and prunet-plan for the configuration's network, one a line.
network_options() {
    printf '%s\n' --kind "$KIND" --channels "$CHANNELS"
    [ "$KIND" = baseline ] || printf '%s\n' --encoder-blocks "$ENCODER_BLOCKS" --decoder-blocks "$DECODER_BLOCKS"
    [ ${#scheme_options[@]} = 0 ] || printf '%s\n' "${scheme_options[@]}"
}

# The options of augment for intensities and modalities, one a line.
intensity_options() {
    [ "$AUGMENT" = no ] || printf '%s\n' --chance "$AUGMENT_CHANCE" --gamma "$AUGMENT_GAMMA" --contrast "$AUGMENT_CONTRAST" \
        --blur "$AUGMENT_BLUR" --low-resolution "$AUGMENT_LOW_RESOLUTION" --noise "$AUGMENT_NOISE"
    printf '%s\n' --drop-modality "$DROP_MODALITY"
}

# The options of prunet-infer for the windows that it segments by, one a line.
window_options() {
    [ "$WINDOW" != none ] || return 0
    printf '%s\n' --window "$WINDOW" --overlap "$OVERLAP"
    [ "$GAUSSIAN" = no ] || printf '%s\n' --gaussian
}

# Sets a variable to what settings without effect by default add to a product's note, as " window=16x16x16": those that differ
# from the default.
note_settings() { # variable settings...
    local key status words=
    for key in "${@:2}"; do
        status=0
        grep -qxF "$key=${!key}" "$here/configurations/defaults" || status=$?
        [ "$status" -le 1 ] || die 1 "$here/configurations/defaults: cannot be read"
        [ "$status" = 0 ] || words+=" ${key,,}=${!key}"
    done
    printf -v "$1" %s "$words"
}

# Sets `infer_options` to the options of prunet-infer that make a label map, and `to_map` to what then stands in the pipe, with
# bars: the label map of a case that was resampled is made of its probabilities on its own grid.
choose_map_tools() {
    read_lines infer_options window_options
    to_map=()
    if [ "$SPACING" = keep ]; then
        infer_options+=(--label-map)
    else
        to_map=('|' resample --to-source '|' regions --inverse)
    fi
}

# Sets a setting's variable to what a run has; a run of an older version that does not have it has the default.
load_run_setting() { # run, setting...
    local key value
    for key in "${@:2}"; do
        value=$(sed -n "s/^$key\t//p" "$1/manifest/run.tsv")
        [ -n "$value" ] || value=$(sed -n "s/^$key=//p" "$here/configurations/defaults")
        printf -v "$key" %s "$value"
    done
}

# The options of prunet-step and prunet-plan that decide the memory of a training step, one a line.
memory_options() {
    printf '%s\n' --memory "$MEMORY" --loss "$LOSS" --weight-average "$WEIGHT_AVERAGE" --batch "$BATCH"
}

# The options of prunet-step that the configuration decides, but for the learning rate.
step_options() {
    memory_options
    printf '%s\n' --weight-decay "$WEIGHT_DECAY" --loss-divisor "$LOSS_DIVISOR" --loss-dice-weight "$LOSS_DICE_WEIGHT" \
        --loss-bce-weight "$LOSS_BCE_WEIGHT" --loss-smooth "$LOSS_SMOOTH"
}

# The bytes that prunet-plan allocates for a training step or for an inference.
planned_bytes() { # "training" or "inference", prunet-plan's options
    prunet-plan "${@:2}" |
        table_awk -v run="$1" 'field("run") == run && field("item") == "total" && field("name") == "allocated" {
            print field("bytes") }'
}

# The bytes of memory that segmenting a volume takes.
segment_bytes() { # "whole" or "window", prunet-plan's options
    prunet-plan "${@:2}" |
        table_awk -v item="$1" 'field("run") == "segment" && field("item") == item { print field("bytes") }'
}

# A name of a file in a configuration is one in the project's folder; what is in data/ there lies beside the stages in an
# installed copy.
file_of_project() { # name
    local file=$here/../$1
    [ -e "$file" ] || file=$here/../${1#data/}
    printf '%s\n' "$file"
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

