# Runs tools so that a stop of the script (catch_stops in stops.sh) reaches them, and so that they do not outlive it. Sourced.
#
#   run_tool COMMAND...                 on the caller's standard input and output; the status is the command's
#   run_tool_from N COMMAND...          the same with the script's descriptor N, 3 or 4, as its input
#   run_pipe COMMAND... '|' COMMAND...  the same for a pipe; all its tools are told of a stop. The status is that of the first
#                                       tool that failed, but for those that nobody listened to any more (SIGPIPE): the tools
#                                       after it call what it left unfinished bad input
#   run_pipe_of_case FILE COMMAND...    a pipe of one of many cases: what its tools say is kept in FILE while they run. When they
#                                       have failed, `cause` is the line that says why, else it is all passed on. With EACH in
#                                       the environment, the words of a launcher (srun -n1), that starts the pipe, anywhere.
#                                       Lines of a pipe that went well that match `said_later` stay in FILE alone
#   run_function FUNCTION...            the same for a function, in a process of its own, which a stop ends. Where it takes long,
#                                       in a pipe, it begins with become_tool: that goes with it
#
# A stop (SIGTERM to the tools) is for all of them or, where a tool finishes what it is at, for the last of a pipe alone: the
# tools before it then ignore the signals, by ignore_stops, and end when their pipe is closed.
#
# Tools do not inherit the script's locks: `lock_descriptors` lists those.
# shellcheck shell=bash disable=SC2154,SC2034

lock_descriptors=(9)

# For a process that is started in a pipe of the script's own making.
ignore_stops() {
    trap '' HUP INT QUIT TERM USR1
    as_started=()
    end_with_reader
}

# What writes to a pipe of the script's own making ends without a word when nobody reads it any more, also where the
# script itself was started with SIGPIPE ignored, as systemd starts its services: a broken pipe is no failure of its own.
end_with_reader() {
    [ "$(trap -p PIPE)" = "trap -- '' SIGPIPE" ] && env --default-signal=PIPE true 2>/dev/null || return 0
    [ ${#as_started[@]} != 0 ] || as_started=(env)
    as_started+=(--default-signal=PIPE)
}

close_locks() {
    local descriptor
    for descriptor in "${lock_descriptors[@]}"; do
        exec {descriptor}>&-
    done
}

# A child's exit status, however often signals interrupt the wait, which then gives 128 and more; two that come as one are counted
# once. The child may end just after such an interruption: bash remembers its status, so it is asked once more. 127: bash has
# forgotten its children, as it does when a signal ends it. 255: bash 5.2 was interrupted as it took the status, and has lost it.
wait_for() { # pid
    local status=0 last=0 seen=
    until [ "$seen" = "$signals_seen" ] && { [ "$status" -le 128 ] || ! kill -0 "$1" 2>/dev/null; }; do
        seen=$signals_seen
        status=0
        wait "$1" || status=$?
    done
    if [ "$status" -lt 0 ] || [ "$status" -gt 128 ]; then
        wait "$1" || last=$?
        [ "$last" = 127 ] || status=$last
    fi
    return "$status"
}

# The command becomes this process. With setpriv the kernel kills it when the script is killed.
become_tool() { # command...
    close_locks
    exec setpriv --pdeathsig KILL -- "${as_started[@]}" "$@"
}

# Ends when the tools that `running` lists have ended.
wait_for_tools() {
    local status=0 one tool
    [ -z "$stopping" ] || tell_running
    for tool in "${running[@]}"; do
        one=0
        wait_for "$tool" || one=$?
        case $status in
        0 | 141) [ $one = 0 ] || status=$one ;;
        esac
    done
    running=()
    busy=
    [ -z "$stopping" ] || [ "$stop_when" = later ] || exit 75
    return "$status"
}

# The file that keeps what tools say, where it is kept. The script itself speaks to its caller, also when it is stopped.
tools_say=

# A tool beside those that run, with its input and output; `close` is what else it must not keep open.
add_tool() { # input output close, descriptors or nothing; command...
    (
        [ -z "$tools_say" ] || exec 2>>"$tools_say"
        close_own "${@:1:3}"
        [ -z "$2" ] || end_with_reader
        become_tool "${@:4}"
    ) <&"${1:-0}" >&"${2:-1}" &
    running+=($!)
}

close_own() { # descriptors of a pipe, or nothing
    local descriptor
    for descriptor; do
        [ -z "$descriptor" ] || exec {descriptor}>&-
    done
}

# For a script that does something else meanwhile, before it calls wait_for_tools.
start_tool() { # command...
    busy=yes
    running=()
    add_tool '' '' '' "$@"
}

run_tool() { # command...
    start_tool "$@"
    wait_for_tools
}

# The same with its input from one of the script's own pipes. The script must not hold that as its own input meanwhile, as it
# would by a redirection: a stop closes 3 and 4, or who writes there waits for ever.
run_tool_from() { # 3 or 4, command...
    busy=yes
    running=()
    add_tool "$1" '' $((7 - $1)) "${@:2}"
    wait_for_tools
}

run_function() { # function...
    busy=yes
    (close_locks && "$@") <&0 &
    running=($!)
    wait_for_tools
}

# The ends of a new pipe, in `next` and `output` of the caller. bash has no call for it: it is that of an ended :.
make_pipe() {
    local both=
    exec {both}<> <(:) && exec {next}</dev/fd/"$both" && exec {output}>/dev/fd/"$both" && exec {both}>&- && return
    close_own "$both" "$next" "$output"
    return 1
}

# bash keeps one status for a pipe of its own making: here each tool is started by itself. Where no pipe can be made those that
# run meet the end of theirs.
run_pipe() { # commands, '|' between them
    local input='' output next begin=1 i
    busy=yes
    running=()
    for ((i = 1; i <= $# + 1; i++)); do
        [ $i -gt $# ] || [ "${!i}" = '|' ] || continue
        output='' next=''
        if [ $i -le $# ] && ! make_pipe; then
            close_own "$input"
            wait_for_tools || true
            return 1
        fi
        add_tool "$input" "$output" "$next" "${@:begin:i-begin}"
        close_own "$input" "$output"
        input=$next
        begin=$((i + 1))
    done
    wait_for_tools
}

# The tool that fails first says why, and those after it that nothing came: only the first line that is no warning counts, nor
# one of the launcher unless it alone has spoken. The warnings are passed on.
cause=
said_later=
run_pipe_of_case() { # file, commands, '|' between them
    local tools_say=$1 status=0 signal launcher=()
    cause=
    : >"$1"
    IFS=$' \t\n' read -rd '' -a launcher <<<"${EACH-}" || true
    if [ ${#launcher[@]} = 0 ]; then
        run_pipe "${@:2}" || status=$?
    else
        run_tool "${launcher[@]}" "$here/pipe" -- "${@:2}" </dev/null || status=$?
    fi
    if [ "$status" = 0 ] && [ -n "$said_later" ]; then
        grep -v -e "$said_later" -- "$1" >&2 || true
    elif [ "$status" = 0 ]; then
        cat -- "$1" >&2
    else
        cause=$(cause_in "$1" "${launcher[0]+${launcher[0]##*/}}") || true
        [ -n "$cause" ] || cause="its tools could not be started"
        [ "$status" -le 128 ] || ! signal=$(kill -l "$status" 2>/dev/null) || cause="one of its tools was ended by SIG$signal"
        grep '^[a-z0-9-]*: warning: ' "$1" >&2 || true
    fi
    return "$status"
}

cause_in() { # file, the launcher's name or nothing
    grep -v '^[a-z0-9-]*: warning: ' "$1" | awk -v own="$2: " '
        $0 == "" { next }
        first == "" { first = $0 }
        index($0, own) != 1 { first = $0; exit }
        END { print first }'
}
