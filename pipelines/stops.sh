# Stops and leftovers: how a script ends, by itself or by a signal, and what it leaves. Sourced by common.sh.
# shellcheck shell=bash
#
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
    case $status in # a tool of ours has met the signal instead of us, or before us where all of the group are told
    129) stopping=${stopping:-HUP} ;;
    130) stopping=${stopping:-INT} ;;
    131) stopping=${stopping:-QUIT} ;;
    141) stopping=${stopping:-PIPE} ;;
    143) stopping=${stopping:-TERM} ;;
    esac
    set +e
    tell_running # where an error, and no signal, ends the script beside its tools
    for ending in "${running[@]}"; do
        wait_for "$ending"
    done
    trap '' HUP INT QUIT TERM PIPE # one to the group would end the rm that tidies up
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

# When a process began; nothing where there is none, or one that has ended and that nobody has waited for.
process_start() { # pid
    local stat fields
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} == [ZX] ]] || printf %s "${fields[19]}"
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
