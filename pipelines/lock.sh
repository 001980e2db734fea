# Locks: two scripts that would write the same folder take turns, or the second one is refused. Sourced, after common.sh,
# by scripts that have said catch_stops before they take a lock.
#
# A lock is flock's, on descriptor 9, which ends with the process however that ends. Where the file system has no such
# locks it is a folder, NAME.held, that names its owner: after a kill -9 it stays and must be removed by hand. Whether an owner
# on another machine still runs nobody knows; then the status is 1, not 75, which a queue would try again for ever. With LOCK=none
# in the environment there are no locks: for who sees to it otherwise that one script at a time writes a folder.
# shellcheck shell=bash

held= # the folder that is this script's lock

# Takes the lock FILE. "now": where another has it, ends with 75; "wait": says so and waits for it; "shared": as "wait", beside
# others that share it.
take_lock() { # file, "now", "wait" or "shared", what another one is doing there: "another training is running"
    local status=0 kind=--exclusive
    mkdir -p "$(dirname "$1")"
    case ${LOCK-} in
    '') ;;
    none) return ;;
    *) die 2 "LOCK=$LOCK is not valid: none, or nothing" ;;
    esac
    [ "$2" != shared ] || kind=--shared
    exec 9<>"$1" # NFS shares a lock of a file that may be read
    flock $kind --nonblock --conflict-exit-code 75 9 2>/dev/null || status=$?
    [ "$status" != 0 ] || return 0
    if [ "$status" = 75 ]; then
        [ "$2" != now ] || die 75 "$(dirname "$1"): $3"
        say "$(dirname "$1"): $3: waiting until it is done"
        # a second at a time: a signal is heard between two tries
        while status=0 && { flock $kind --wait 1 --conflict-exit-code 75 9 || status=$?; } && [ "$status" = 75 ]; do :; done
        [ "$status" != 0 ] || return 0
    fi
    take_folder_lock "$@"
}

# One that is shared is as any other here: the scripts take turns.
no_locks="there are no other locks on this file system: mount it with flock, or set LOCK=none and see to it that one at a time \
writes there (sbatch --dependency=singleton)"
take_folder_lock() { # as take_lock
    local owner said=
    until mkdir "$1.held" 2>/dev/null; do
        [ -d "$1.held" ] || die 1 "$1.held: cannot be made, and $no_locks"
        owner=$(cat "$1.held/owner" 2>/dev/null) || sleep 1 # just made, or removed
        [ -n "$owner" ] || owner=$(cat "$1.held/owner" 2>/dev/null) || [ -d "$1.held" ] || continue
        owner_runs "$owner" ||
            die 1 "$(dirname "$1"): $3 (${owner:-unknown}), or has been; if that has ended, remove $1.held; $no_locks"
        [ "$2" != now ] || die 75 "$(dirname "$1"): $3 ($owner)"
        [ -n "$said" ] || say "$(dirname "$1"): $3 ($owner): waiting until it is done"
        said=yes
        sleep 1 # a signal is heard between two tries
    done
    held=$1.held
    at_exit drop_lock
    printf 'process %s on %s since %s\n' "$$" "$(process_space)" "$(date -u '+%F %T')" >"$held/owner"
}

# Whether the process that made a folder is one of this machine's, and runs.
owner_runs() { # "process PID on HOST-SPACE since DATE"
    [[ $1 =~ ^process\ ([0-9]+)\ on\ (.*)\ since\  ]] && [ "${BASH_REMATCH[2]}" = "$(process_space)" ] &&
        [ -n "$(process_start "${BASH_REMATCH[1]}")" ]
}

drop_lock() {
    rm -rf -- "$held"
}
