# Locks: two scripts that would write the same folder take turns, or the second one is refused. Sourced, after common.sh,
# by scripts that have said catch_stops before they take a lock.
#
# A lock is flock's, on descriptor 9, which ends with the process however that ends. Where the file system has no such
# locks it is a folder, NAME.held, that names its owner: after a kill -9 it stays and must be removed by hand.
# shellcheck shell=bash

held= # the folder that is this script's lock

# Takes the lock FILE. "now": where another has it, ends with 75; "wait": says so and waits for it.
take_lock() { # file, "now" or "wait", what another one is doing there: "another training is running"
    local status=0
    mkdir -p "$(dirname "$1")"
    exec 9>"$1"
    flock --nonblock --conflict-exit-code 75 9 2>/dev/null || status=$?
    [ "$status" != 0 ] || return 0
    if [ "$status" = 75 ]; then
        [ "$2" = wait ] || die 75 "$(dirname "$1"): $3"
        say "$(dirname "$1"): $3: waiting until it is done"
        # a second at a time: a signal is heard between two tries
        while status=0 && { flock --wait 1 --conflict-exit-code 75 9 || status=$?; } && [ "$status" = 75 ]; do :; done
        [ "$status" != 0 ] || return 0
    fi
    take_folder_lock "$@"
}

take_folder_lock() { # as take_lock
    local owner said=
    until mkdir "$1.held" 2>/dev/null; do
        [ -d "$1.held" ] || die 1 "$1.held: cannot be made, and there are no other locks on this file system"
        owner=$(cat "$1.held/owner" 2>/dev/null || true)
        [ "$2" = wait ] || die 75 "$(dirname "$1"): $3 (${owner:-unknown}); if that has ended, remove $1.held"
        [ -n "$said" ] || say "$(dirname "$1"): $3 (${owner:-unknown}): waiting; if that has ended, remove $1.held"
        said=yes
        sleep 1 # a signal is heard between two tries
    done
    held=$1.held
    at_exit drop_lock
    printf 'process %s on %s since %s\n' "$$" "$(uname -n)" "$(date -u '+%F %T')" >"$held/owner"
}

drop_lock() {
    rm -rf -- "$held"
}
