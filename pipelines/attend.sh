# Running a tool so that a signal to the script reaches it, and so that it does not outlive the script. Sourced by
# train and retrain.
#
# The tool at the end of a pipe is told of SIGTERM and SIGINT and finishes what it does; whatever feeds it is kept from
# seeing them (trap '' INT TERM) and ends with the pipe.
# shellcheck shell=bash

stopping= # yes once a signal has come
attended= # the tool that runs now

on_stop() {
    stopping=yes
    [ -z "$attended" ] || kill -TERM "$attended" 2>/dev/null || true
}

# A child's exit status, however often a signal interrupts the wait. The child may end just after such an interruption:
# bash remembers its status, so it is asked once more.
wait_for() { # pid
    local status=0
    while kill -0 "$1" 2>/dev/null; do
        wait "$1" || true
    done
    wait "$1" || status=$?
    return "$status"
}

# Runs a command on the caller's standard input and output; setpriv has the kernel end it if this script is killed, and the
# script's lock (descriptor 9) is not passed on.
attend() { # command...
    local status=0
    setpriv --pdeathsig KILL -- "$@" <&0 9>&- &
    attended=$!
    [ -z "$stopping" ] || on_stop
    wait_for "$attended" || status=$?
    attended=
    return "$status"
}
