#!/usr/bin/env bash
# Temporary files of the stages (own_temporary of pipelines/stops.sh): which of those that their writers have left are swept,
# and that none is left where a signal comes as they are removed.
set -u
# shellcheck source=tests/check.sh
. tests/check.sh
# shellcheck source=pipelines/stops.sh
. pipelines/stops.sh
cd "$TMPDIR" || exit 1

# A file of a process, or of the one that had its id before.
left() { # pid, start
    left=.target.$(process_space)-$1-$2-1.part
    touch "$left"
}

is_swept() {
    sweep_temporaries ".target.$(process_space)-"
    ! [ -e "$left" ]
}

start_of() { # pid, a zombie's as well
    sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20
}

left $$ "$(start_of $$)"
check "a file of a process that runs stays" test "$(is_swept; echo $?)" = 1
rm "$left"
left $$ 1
check "one of a process that had this id before goes" is_swept
left 4194304 1 # above the most that Linux gives
check "one of a process that is gone goes" is_swept
bash -c 'sleep 0.3 & echo $! >zombie; exec sleep 60' & # which waits for nobody
parent=$!
for _ in $(seq 300); do
    [ -s zombie ] && grep -q ') Z ' "/proc/$(<zombie)/stat" && break
    sleep 0.02
done
left "$(<zombie)" "$(start_of "$(<zombie)")"
check "one of a process that nobody has waited for goes" is_swept
kill "$parent"

# Its rm takes a moment, in which the group gets a signal.
mkdir slow && printf '#!/bin/sh\ntouch removes\nsleep 0.5\nexec %s "$@"\n' "$(command -v rm)" >slow/rm && chmod +x slow/rm
for signal in HUP INT QUIT TERM PIPE; do
    # shellcheck disable=SC2016 # the other shell's
    PATH=$PWD/slow:$PATH setsid bash -c '. "$0"/pipelines/stops.sh && catch_stops now
        own_temporary work target && mkdir "$work"' "$OLDPWD" 2>err &
    group=$!
    for _ in $(seq 300); do
        [ -e removes ] && break
        sleep 0.02
    done
    kill -$signal -- -$group
    wait $group
    check "$signal to the group as a script tidies up: it does, and has ended well" test $? = 0 -a -z "$(find . -name '*.part')" || show err
    rm removes
done
