#!/usr/bin/env bash
# The stages under signals: each stops in order, with status 75, leaves no process and no temporary file, and goes on to the bytes
# of an undisturbed run.
#
#   tests/run BUILD pipelines/signals          PRUNET_TEST_SEED: of the random instants; PRUNET_TEST_STAGES: only these;
#                                              PRUNET_TEST_STOPS (1): before how many commands each is stopped
#
# A signal goes to the script alone, as from kill, or to its process group, as from a terminal.
set -u
. tests/pipelines/_tiny.sh
. tests/pipelines/_stages.sh
make_tiny 2 || exit 1
seed=${PRUNET_TEST_SEED:-$(($(date +%s) % 100000))}
stops=${PRUNET_TEST_STOPS:-1}
RANDOM=$seed
train_whole

# A stage that has come to a random instant after it began to listen.
at_some_instant() { # stage folder
    stage_start "$1" "$2"
    stage_wait $((RANDOM % length))
}

# One line for a stage and a signal: what is wrong with what came of it, or nothing.
judge() { # stage folder statuses...
    local left
    [[ " ${*:3} " == *" $status "* ]] || echo "status $status, not ${*:3}: $(tail -n 2 "$2.err")"
    left=$(stage_leftovers "$2" "$([ "$status" != 0 ] || echo complete)")
    [ -z "$left" ] || echo "leaves $left"
    [ "$(wc -c <"$2.err")" -lt 100000 ] || echo "floods its messages"
    [ "$status" != 75 ] || grep -q stopped "$2.err" || echo "does not say that it stopped"
}

goes_on() { # stage folder
    stage_finish "$1" "$2"
    check "$1: goes on to the same bytes" test "$(stage_result "$1" "$2")" = "$(stage_result "$1" "$2.whole")" ||
        diff <(stage_result "$1" "$2") <(stage_result "$1" "$2.whole") | sed 's/^/# /'
    check "$1: leaves nothing" test -z "$(stage_leftovers "$2" complete)" || stage_leftovers "$2" complete | sed 's/^/# /'
}

stopped() { # stage folder
    local signal whom wrong
    for signal in HUP INT QUIT TERM PIPE; do
        whom=$(script_or_group)
        at_some_instant "$1" "$2"
        stage_signal "$signal" "$whom"
        stage_end
        wrong=$(judge "$1" "$2" 75 0)
        check "$1: $signal to the $whom: stops in order" test -z "$wrong" || echo "# $wrong"
        [ "$status" != 0 ] || stage_prepare "$1" "$2"
    done
    goes_on "$1" "$2"
}

# Before some of the script's commands: there is none after which a stop is lost, or waits for what waits for it.
stopped_between() { # stage folder
    local command all at i wrong
    stage_stops_before "$1" "$2"
    STOP_COUNT=$2.count "${command[@]}" >"$2.out" 2>"$2.err" </dev/null
    all=$(<"$2.count")
    for ((i = 0; i < stops; i++)); do
        stage_prepare "$1" "$2"
        at=$((1 + (RANDOM * 32768 + RANDOM) % all))
        stage_stops_before "$1" "$2"
        STOP_BEFORE=$at timeout -k 1 60 "${command[@]}" >"$2.out" 2>"$2.err" </dev/null
        status=$?
        wrong=$(judge "$1" "$2" 75 0)
        check "$1: TERM before command $at of $all: stops in order" test -z "$wrong" || echo "# $wrong"
        goes_on "$1" "$2"
    done
}

# Nothing happens to a script that is told of these.
untouched() { # stage folder
    local states
    at_some_instant "$1" "$2"
    stage_signal XFSZ script
    stage_signal TSTP group
    sleep 0.1
    states=$(ps -o stat= --ppid "$group" -p "$group" 2>/dev/null | cut -c1 | tr -d 'TZ\n')
    check "$1: XFSZ is nothing, TSTP stops it and its tools" test -z "$states" || echo "# states $states"
    stage_signal CONT group
    stage_end
    check "$1: CONT lets it go on to its end" test -z "$(judge "$1" "$2" 0)" || judge "$1" "$2" 0 | sed 's/^/# /'
    goes_on "$1" "$2"
}

# A signal that comes while it is stopped, and the end of the script alone while its tools are.
stopped_twice() { # stage folder
    at_some_instant "$1" "$2"
    stage_signal TSTP group
    stage_signal TERM script
    stage_signal CONT group
    stage_end
    check "$1: TERM while it is stopped" test -z "$(judge "$1" "$2" 75 0)" || judge "$1" "$2" 75 0 | sed 's/^/# /'
    [ "$status" != 0 ] || stage_prepare "$1" "$2"
    at_some_instant "$1" "$2"
    stage_signal TSTP group
    stage_signal KILL script
    stage_signal CONT group
    stage_end
    check "$1: kill -9 while its tools are stopped: they end, too" test "$status" != 999
    goes_on "$1" "$2"
}

# What nohup starts: SIGHUP stays ignored.
ignored() { # stage folder
    local command
    stage_command "$1" "$2"
    set -m
    env --default-signal --ignore-signal=HUP "${command[@]}" >"$2.out" 2>"$2.err" </dev/null &
    group=$!
    set +m
    stage_wait $((length / 2))
    stage_signal HUP group
    stage_end
    check "$1: a signal that it was started to ignore" test "$status" = 0 || show "$2.err"
}

# Nobody reads what it says. It ends by itself, when it has something to say.
unread() { # stage folder
    local command
    stage_command "$1" "$2"
    set -m
    {
        env --default-signal "${command[@]}"
        echo $? >"$2.status"
    } 2>&1 >"$2.out" </dev/null | true &
    group=$!
    set +m
    wait "$group"
    for ((i = 0; i < 600; i++)); do
        [ ! -s "$2.status" ] || break
        sleep 0.05
    done
    check "$1: nobody reads its messages: 75, or what it does is done" grep -qx -e 75 -e 0 "$2.status" || show "$2.status"
}

limited() { # stage folder
    local command
    stage_command "$1" "$2"
    (ulimit -f 4 && exec "${command[@]}") 2>&1 >"$2.out" </dev/null | cat >"$2.err"
    status=${PIPESTATUS[0]}
    check "$1: ulimit -f: fails, and says why" test "$status" != 0 -a "$status" != 75 || echo "# status $status"
    check "$1: ulimit -f: File too large" grep -q "File too large" "$2.err" || show "$2.err"
    goes_on "$1" "$2"
}

# All that happens to a stage.
try_stage() { # stage
    local folder=$TMPDIR/$1 begun trial
    RANDOM=$((seed + ${#1}))
    stage_prepare "$1" "$folder.whole"
    begun=$(now_ms)
    stage_finish "$1" "$folder.whole"
    length=$(($(now_ms) - begun))
    for trial in stopped stopped_between untouched stopped_twice ignored unread limited; do
        stage_prepare "$1" "$folder"
        "$trial" "$1" "$folder"
    done
}

# shellcheck disable=SC2086 # the names of stages
side_by_side try_stage ${PRUNET_TEST_STAGES:-${all_stages[*]}}
echo "# PRUNET_TEST_SEED=$seed"

# --- pipes of a script's own -------------------------------------------------------------------------------------------
# A stop closes descriptors 3 and 4; who writes there would wait for ever were such a pipe the script's standard input, too.

cat >"$TMPDIR/reader" <<'SCRIPT'
#!/usr/bin/env bash
set -euo pipefail
. pipelines/common.sh
. "$here/run_tool.sh"
catch_stops later
exec 3< <(ignore_stops && exec yes)
writer=$!
run_tool_from 3 bash -c 'read -r word && echo "$word $(readlink "/proc/$PPID/fd/0")" && exec sleep 60' || true
wait_for "$writer" || echo "writer $?"
SCRIPT
bash "$TMPDIR/reader" </dev/null >"$TMPDIR/said" &
reader=$!
for ((i = 0; i < 200; i++)); do
    [ ! -s "$TMPDIR/said" ] || break
    sleep 0.05
done
check "a tool reads from the script's pipe, the script from where it did" test "$(<"$TMPDIR/said")" = "y /dev/null"
kill -TERM $reader
wait $reader
check "a stop ends who writes to it" test "$(tail -n 1 "$TMPDIR/said")" = "writer 141"
check "no tool gets such a pipe by a redirection of the script's" \
    test -z "$(grep -nE '^ *(run_tool|run_pipe|run_function|step) .*<&' pipelines/* 2>/dev/null)"
