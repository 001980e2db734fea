# Runs a tool so that a signal to the script reaches the tool, and so that the tool does not outlive the script. Sourced by
# train and retrain.
#
# Only the last tool of a pipe is told of a stop (SIGTERM, SIGINT, SIGHUP); it finishes the case it is at. The tools before it
# ignore these signals (trap '' INT TERM HUP) and end when their pipe is closed.
# shellcheck shell=bash

stopping= # yes once a signal has come
running=  # the process id of the tool that runs now

on_stop() {
    stopping=yes
    [ -z "$running" ] || kill -TERM "$running" 2>/dev/null || true
}

# A child's exit status, however often a signal interrupts the wait. The child may end just after such an interruption:
# bash remembers its status, so it is asked once more. 127: bash has forgotten its children, as it does when a signal ends it.
wait_for() { # pid
    local status=0
    while kill -0 "$1" 2>/dev/null; do
        wait "$1" || status=$?
        [ "$status" != 127 ] || return 127
    done
    status=0
    wait "$1" || status=$?
    return "$status"
}

# Runs a command on the caller's standard input and output. With setpriv the kernel kills it when this script is killed.
# It does not inherit the script's lock (descriptor 9).
run_tool() { # command...
    local status=0
    setpriv --pdeathsig KILL -- "$@" <&0 9>&- &
    running=$!
    [ -z "$stopping" ] || on_stop
    wait_for "$running" || status=$?
    running=
    return "$status"
}
