#!/usr/bin/env bash
# A training that is killed, stopped or hung up at random ends, and goes on to the bytes of an undisturbed one.
#
#   tests/run BUILD kills          PRUNET_TEST_KILLS (2): how often of each kind; PRUNET_TEST_SEED: of the random numbers
#
# The kinds: kill -9 at an instant, and at a call that changes a file (tests/faults/shim); TERM or INT at an instant, as a batch
# system or Ctrl-C stops it; HUP, as a terminal that is closed does. They go to make and everything below it, HUP also to the
# script alone.
set -u
. tests/pipelines/_tiny.sh
make_tiny 4 || exit 1
kills=${PRUNET_TEST_KILLS:-2}
seed=${PRUNET_TEST_SEED:-$(($(date +%s) % 100000))}
RANDOM=$seed
run=$TMPDIR/run
counter=$TMPDIR/counter
train_whole

now_ms() {
    echo $((${EPOCHREALTIME/./} / 1000))
}

# Waits for all of the group to end, a minute at most.
await_end() {
    local i
    for ((i = 0; i < 600; i++)); do
        kill -0 -- "-$group" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL -- "-$group" 2>/dev/null
    return 1
}

signal_at_instant() { # signal
    start "$run"
    sleep "$(awk -v ms=$((RANDOM % length)) 'BEGIN { print ms / 1000 }')"
    kill "-$1" -- "-$group" 2>/dev/null
}

die_at_instant() {
    signal_at_instant KILL
}

# A call of all that the programs of a run make.
die_at_call() {
    head -c 112 /dev/zero >"$counter"
    start "$run" LD_PRELOAD="$BUILD/faults.so" FAULT_COUNTER="$counter" FAULT_ACTION=kill FAULT_CLASS=change \
        FAULT_AT="${1:-$((1 + (RANDOM * 32768 + RANDOM) % calls))}" ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
}

stop() {
    signal_at_instant $((RANDOM % 2 ? 2 : 15))
}

# Half the time only the script is told.
hang_up() {
    local pid
    if [ $((RANDOM % 2)) = 0 ]; then
        signal_at_instant HUP
        return
    fi
    start "$run"
    until pid=$(pgrep -g "$group" -f "^bash pipelines/train") || ! kill -0 -- "-$group" 2>/dev/null; do sleep 0.02; done
    sleep "$(awk -v ms=$((RANDOM % length)) 'BEGIN { print ms / 2000 }')"
    # shellcheck disable=SC2086 # of the script and its subshells
    kill -HUP $pid 2>/dev/null
}

whole_again() {
    [ "$(fingerprint "$run" 2>/dev/null)" = "$whole" ]
}

# Disturbs a run again and again until it is complete, then the next one, and lets the last one go on undisturbed.
disturb() { # name, function
    local i runs=1 differ=0 hanging=0 noise=0
    rm -rf "$run"
    for ((i = 0; i < kills; i++)); do
        "$2"
        await_end || hanging=$((hanging + 1))
        wait "$group" 2>/dev/null
        [ "$(wc -c <"$run.out")" -lt 100000 ] || noise=$((noise + 1))
        if [ "$(grep -c . "$run/log.tsv" 2>/dev/null)" = 5 ]; then
            finish "$run"
            whole_again || differ=$((differ + 1))
            rm -rf "$run"
            runs=$((runs + 1))
        fi
    done
    finish "$run"
    whole_again || differ=$((differ + 1))
    check "$1, $kills times in $runs runs: each ends" test $hanging = 0
    check "$1: none floods its messages" test $noise = 0
    check "$1: the same bytes (PRUNET_TEST_SEED=$seed)" test $differ = 0
}

started=$(now_ms)
start "$run"
wait "$group"
length=$(($(now_ms) - started))
check "started by another shell: the same bytes" whole_again
rm -rf "$run"
die_at_call 0
wait "$group"
calls=$(od -An -tu8 -j104 "$counter" | tr -d ' ')
check "counted, $calls calls: the same bytes" whole_again

disturb "killed at an instant" die_at_instant
disturb "killed at a call" die_at_call
disturb "stopped" stop
disturb "hung up" hang_up
