#!/usr/bin/env bash
# A training that is killed, stopped or hung up at random ends, and goes on to the bytes of an undisturbed one; so do an
# evaluation and a retraining.
#
#   tests/run BUILD kills          PRUNET_TEST_KILLS (2): how often of each kind; PRUNET_TEST_SEED: of the random numbers
#
# The kinds: kill -9 at an instant, and at a call that changes a file (tests/faults/shim); TERM or INT at an instant, as a batch
# system or Ctrl-C stops it; HUP, as a terminal that is closed does. They go to make and everything below it, HUP also to the
# script alone. Then, twice as often as each of these, the stages themselves: a third of the times kill -9 at a call, else any
# signal at an instant.
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

wait_ms() { # milliseconds
    sleep "$(($1 / 1000)).$(printf %03d $(($1 % 1000)))"
}

# RANDOM is that of the seed outside of a $( ) only.
signal_at_instant() { # signal
    local ms=$((RANDOM % length))
    start "$run"
    wait_ms $ms
    kill "-$1" -- "-$group" 2>/dev/null
}

die_at_instant() {
    signal_at_instant KILL
}

# Sets `fault` to the environment in which a call kills its process group, one of all that change a file; 0 counts them only.
fault_at() { # call, file of the count
    head -c 112 /dev/zero >"$2"
    fault=(LD_PRELOAD="$BUILD/faults.so" FAULT_COUNTER="$2" FAULT_ACTION=kill FAULT_CLASS=change FAULT_AT="$1"
        ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0)
}

calls_in() { # file of the count
    od -An -tu8 -j104 "$1" | tr -d ' '
}

die_at_call() {
    local fault
    fault_at "${1:-$((1 + (RANDOM * 32768 + RANDOM) % calls))}" "$counter"
    start "$run" "${fault[@]}"
}

stop() {
    signal_at_instant $((RANDOM % 2 ? 2 : 15))
}

# Half the time only the script is told.
hang_up() {
    local pid ms=$((RANDOM % length / 2))
    if [ $((RANDOM % 2)) = 0 ]; then
        signal_at_instant HUP
        return
    fi
    start "$run"
    until pid=$(pgrep -g "$group" -f "^bash pipelines/train") || ! kill -0 -- "-$group" 2>/dev/null; do sleep 0.02; done
    wait_ms $ms
    # shellcheck disable=SC2086 # of the script and its subshells
    kill -HUP $pid 2>/dev/null
}

whole_again() {
    [ "$(fingerprint "$run" 2>/dev/null)" = "$whole" ]
}

# The instants follow the speed of the machine, which others may use: they move later where nothing was won before one, earlier
# where something was.
adapt_length() { # whether something was won
    if [ "$1" = yes ]; then length=$((length * 7 / 8 + 1)); else length=$((length * 17 / 16 + 1)); fi
}

epochs_of() { # run
    find "$1/epochs" -mindepth 1 -maxdepth 1 -name '0*' 2>/dev/null | wc -l
}

# Disturbs a run again and again until it is complete, then the next one, and lets the last one go on undisturbed.
disturb() { # name, function
    local i epochs runs=1 differ=0 hanging=0 noise=0
    rm -rf "$run"
    for ((i = 0; i < kills; i++)); do
        epochs=$(epochs_of "$run")
        "$2"
        group_ends "$group" || { hanging=$((hanging + 1)) && kill -KILL -- "-$group"; }
        wait "$group" 2>/dev/null
        adapt_length "$([ "$(epochs_of "$run")" = "$epochs" ] || echo yes)"
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
calls=$(calls_in "$counter")
check "counted, $calls calls: the same bytes" whole_again

disturb "killed at an instant" die_at_instant
disturb "killed at a call" die_at_call
disturb "stopped" stop
disturb "hung up" hang_up

# --- each stage by itself ------------------------------------------------------------------------------------------------------

judge_end() { # stage folder
    local left
    [ "$(stage_result "$1" "$2" 2>/dev/null)" = "$(stage_result "$1" "$2.whole")" ] || {
        differ=$((differ + 1))
        diff <(stage_result "$1" "$2" 2>&1) <(stage_result "$1" "$2.whole") | sed "s/^/# $1 differs: /"
    }
    left=$(stage_leftovers "$2" complete)
    [ -z "$left" ] || leaves=$((leaves + 1))
    printf %s "$left" | sed "s/^/# $1 leaves /"
}

disturb_stage() { # stage
    local home=$TMPDIR/$1 signals=(KILL TERM INT HUP QUIT PIPE) signal fault i begun runs=1 hanging=0 differ=0 leaves=0 statuses=0
    local length calls
    RANDOM=$((seed + ${#1}))
    stage_prepare "$1" "$home.whole"
    fault_at 0 "$home.counter"
    begun=$(now_ms)
    stage_start "$1" "$home.whole" "${fault[@]}"
    stage_end
    length=$(($(now_ms) - begun))
    calls=$(calls_in "$home.counter")
    check "$1, undisturbed, $calls calls" test "$status" = 0
    stage_prepare "$1" "$home"
    for ((i = 0; i < 2 * kills; i++)); do
        if [ $((i % 3)) = 1 ]; then
            signal=KILL
            fault_at $((1 + (RANDOM * 32768 + RANDOM) % calls)) "$home.counter"
            stage_start "$1" "$home" "${fault[@]}"
        else
            signal=${signals[RANDOM % 6]}
            stage_start "$1" "$home"
            stage_wait $((RANDOM % length))
            stage_signal "$signal" "$(script_or_group)"
        fi
        stage_end
        adapt_length "$([ "$status" != 0 ] || echo yes)"
        case $status in
        0)
            judge_end "$1" "$home"
            stage_prepare "$1" "$home"
            runs=$((runs + 1))
            ;;
        75) ;;
        137) [ "$signal" = KILL ] || statuses=$((statuses + 1)) ;;
        999) hanging=$((hanging + 1)) ;;
        *) statuses=$((statuses + 1)) && echo "# $1: $signal: status $status: $(tail -n 1 "$home.err")" ;;
        esac
    done
    stage_finish "$1" "$home"
    judge_end "$1" "$home"
    check "$1, $((2 * kills)) kills and signals in $runs runs: no other status than 0, 75 and that of kill -9" test $statuses = 0
    check "$1: no process stays" test $hanging = 0
    check "$1: the same bytes (PRUNET_TEST_SEED=$seed)" test $differ = 0
    check "$1: no temporary file stays" test $leaves = 0
}

side_by_side disturb_stage train evaluate retrain
