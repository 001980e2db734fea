#!/usr/bin/env bash
# A training that is killed, stopped or hung up at random ends, and goes on to the bytes of an undisturbed one; so do an
# evaluation and a retraining.
#
#   tests/run BUILD kills          PRUNET_TEST_KILLS (2): how often of each kind; PRUNET_TEST_SEED: of the random numbers
#
# The kinds: kill -9 at an instant, and at a call that changes a file (tests/faults/shim); TERM or INT at an instant, as a batch
# system or Ctrl-C stops it; HUP, as a terminal that is closed does. They go to make and everything below it, HUP also to the
# script alone. Then any of these signals to the stages themselves.
set -u
. tests/pipelines/_tiny.sh
. tests/pipelines/_stages.sh
make_tiny 4 || exit 1
kills=${PRUNET_TEST_KILLS:-2}
seed=${PRUNET_TEST_SEED:-$(($(date +%s) % 100000))}
RANDOM=$seed
run=$TMPDIR/run
counter=$TMPDIR/counter
train_whole

# Waits for all of the group to end, a minute at most.
await_end() {
    local i
    for ((i = 0; i < 600; i++)); do
        kill -0 -- "-$group" 2>/dev/null || return 0
        sleep 0.1
    done
    ps -o pid,ppid,stat,etime,wchan:20,args -g "$group" | sed 's/^/# hangs: /'
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

# --- any signal, any of the stages -------------------------------------------------------------------------------------------

judge_end() { # stage folder
    [ "$(stage_result "$1" "$2" 2>/dev/null)" = "$(stage_result "$1" "$2.whole")" ] || differ=$((differ + 1))
    [ -z "$(stage_leftovers "$2" complete)" ] || leaves=$((leaves + 1))
}

signal_stage() { # stage
    local folder=$TMPDIR/$1 signals=(KILL TERM INT HUP QUIT PIPE) i begun runs=1 hanging=0 differ=0 leaves=0 statuses=0
    RANDOM=$((seed + ${#1}))
    stage_prepare "$1" "$folder.whole"
    begun=$(now_ms)
    stage_finish "$1" "$folder.whole"
    length=$(($(now_ms) - begun))
    stage_prepare "$1" "$folder"
    for ((i = 0; i < 2 * kills; i++)); do
        local signal=${signals[RANDOM % 6]}
        stage_start "$1" "$folder"
        stage_wait $((RANDOM % length))
        stage_signal "$signal" "$(script_or_group)"
        stage_end
        case $status in
        0) judge_end "$1" "$folder" && stage_prepare "$1" "$folder" && runs=$((runs + 1)) ;;
        75) ;;
        137) [ "$signal" = KILL ] || statuses=$((statuses + 1)) ;;
        999) hanging=$((hanging + 1)) ;;
        *) statuses=$((statuses + 1)) && echo "# $1: $signal: status $status: $(tail -n 1 "$folder.err")" ;;
        esac
    done
    stage_finish "$1" "$folder"
    judge_end "$1" "$folder"
    check "$1, $((2 * kills)) signals in $runs runs: no other status than 0, 75 and that of kill -9" test $statuses = 0
    check "$1: no process stays" test $hanging = 0
    check "$1: the same bytes (PRUNET_TEST_SEED=$seed)" test $differ = 0
    check "$1: no temporary file stays" test $leaves = 0
}

for stage in train evaluate retrain; do
    signal_stage "$stage" >"$TMPDIR/$stage.tap" 2>"$TMPDIR/$stage.said" &
done
wait
cat "$TMPDIR"/*.tap
