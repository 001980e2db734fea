# Runs tools so that a stop of the script (catch_stops in common.sh) reaches them, and so that they do not outlive it. Sourced.
#
#   run_tool COMMAND...                 on the caller's standard input and output; the status is the command's
#   run_pipe COMMAND... '|' COMMAND...  the same for a pipe; all its tools are told of a stop. The status is that of the last
#                                       tool that failed
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
}

close_locks() {
    local descriptor
    for descriptor in "${lock_descriptors[@]}"; do
        exec {descriptor}>&-
    done
}

# A child's exit status, however often a signal interrupts the wait. The child may end just after such an interruption:
# bash remembers its status, so it is asked once more. 127: bash has forgotten its children, as it does when a signal ends it.
wait_for() { # pid
    local status=0 seen=
    until [ "$seen" = "$signals_seen" ]; do
        seen=$signals_seen
        status=0
        wait "$1" || status=$?
    done
    return "$status"
}

# The command becomes this process. With setpriv the kernel kills it when the script is killed.
become_tool() { # command...
    close_locks
    exec setpriv --pdeathsig KILL -- "${as_started[@]}" "$@"
}

# Ends when the tools that `running` lists have ended.
wait_for_tools() {
    local status=0
    [ -z "$stopping" ] || tell_running
    wait_for "${running[-1]}" || status=$?
    running=()
    busy=
    [ -z "$stopping" ] || [ "$stop_when" = later ] || exit 75
    return "$status"
}

# The file that keeps what tools say, where it is kept. The script itself speaks to its caller, also when it is stopped.
tools_say=

# For a script that does something else meanwhile, before it calls wait_for_tools.
start_tool() { # command...
    busy=yes
    (
        [ -z "$tools_say" ] || exec 2>>"$tools_say"
        become_tool "$@"
    ) <&0 &
    running=($!)
}

run_tool() { # command...
    start_tool "$@"
    wait_for_tools
}

run_function() { # function...
    busy=yes
    (close_locks && "$@") <&0 &
    running=($!)
    wait_for_tools
}

# bash runs a text that holds no word of the commands, only their places: "become_tool "${@:1:3}" | become_tool "${@:5:2}"".
run_pipe() { # commands, '|' between them
    local pipe='' begin=1 i
    for ((i = 1; i <= $# + 1; i++)); do
        [ $i -gt $# ] || [ "${!i}" = '|' ] || continue
        pipe+="${pipe:+ | }become_tool \"\${@:$begin:$((i - begin))}\"${tools_say:+ 2>>\"\$tools_say\"}"
        [ $begin != 1 ] || pipe+=' <&0'
        begin=$((i + 1))
    done
    busy=yes
    eval "$pipe &"
    mapfile -t running <<<"$(jobs -l %% | sed -n 's/^\(\[[0-9]*\][-+]\)\{0,1\} *\([0-9][0-9]*\) .*/\2/p')"
    wait_for_tools
}

# The tool that fails first says why, and those after it that nothing came: only the first line that is no warning counts, nor
# one of the launcher unless it alone has spoken. The warnings are passed on.
cause=
said_later=
run_pipe_of_case() { # file, commands, '|' between them
    local tools_say=$1 status=0 launcher=()
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
