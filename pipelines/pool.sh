# Several functions of a script at a time, each for one of many things. Sourced, after run_tool.sh, by scripts that have said
# catch_stops now: a stop is passed on to all that run, and the script ends when they have ended.
# shellcheck shell=bash disable=SC2154,SC2034,SC2030,SC2031

# How many at a time: as make's -j says, else one.
pool_size() {
    local flags=${MAKEFLAGS-}
    if [[ $flags =~ (^|\ )-j([0-9]+) ]]; then
        printf '%s\n' "${BASH_REMATCH[2]}"
    elif [[ $flags =~ (^|\ )-j(\ |$) ]]; then
        nproc
    else
        printf '1\n'
    fi
}

# The same for a stage whose cases run one after another where they share a machine: more at a time only where EACH starts them.
pool_size_of_each() {
    if [ -n "${EACH-}" ]; then pool_size; else printf '1\n'; fi
}

pool_failed=0 # how many have failed
pool_status=0 # of the last one that failed for another reason than bad input (65): there is nothing to go on with

# Runs a function beside the others; where there are as many as may be, after one of them has ended. It is a process of its
# own, with the script's open files and its own stops, endings and temporary files.
pool_run() { # size, function and its words...
    while [ ${#running[@]} -ge "$1" ]; do
        pool_wait
    done
    [ -z "$stopping" ] || pool_finish
    [ "$pool_status" = 0 ] || return 0
    busy=yes
    (
        running=() busy='' endings=() temporaries=()
        catch_stops now
        "${@:2}"
    ) &
    running+=($!)
}

# Waits until one ends, or a signal comes. A bash that has forgotten its children says 127 of all: then they are asked for one
# by one.
pool_wait() {
    local ended='' status=0 still=() pid
    wait -n -p ended "${running[@]}" || status=$?
    if [ -z "$ended" ] && [ "$status" = 127 ]; then
        ended=${running[0]}
        status=0
        wait_for "$ended" || status=$?
    fi
    [ -n "$ended" ] || return 0
    [ "$status" = 0 ] || pool_failed=$((pool_failed + 1))
    [ "$status" = 0 ] || [ "$status" = 65 ] || pool_status=$status
    for pid in "${running[@]}"; do
        [ "$pid" = "$ended" ] || still+=("$pid")
    done
    running=("${still[@]}")
}

# Waits for all that run.
pool_finish() {
    while [ ${#running[@]} != 0 ]; do
        pool_wait
    done
    busy=
    [ -z "$stopping" ] || exit 75
}
