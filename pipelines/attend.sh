# Running a tool so that a signal to the script reaches it, and so that it does not outlive the script. Sourced by train and retrain.
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

# A child's exit status, however often a signal interrupts the wait.
wait_for() { # pid
    local status
    while :; do
        status=0
        wait "$1" || status=$?
        kill -0 "$1" 2>/dev/null || return "$status"
    done
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
