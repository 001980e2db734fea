# What the pipeline's tests share: a data set and a configuration so small that an epoch takes a moment. Sourced.
# shellcheck shell=bash
# shellcheck source=tests/check.sh
. tests/check.sh
# shellcheck source=pipelines/common.sh
. pipelines/common.sh

# Five phantoms of 48 voxels a side, cropped to 32.
data=$TMPDIR/data
config=$TMPDIR/tiny
make_tiny() { # epochs
    phantom --seed 5 --cases 5 --size 48x48x48 -o "$data" >/dev/null || return
    cat >"$config" <<CONFIG
CHANNELS=4,8,8,8,8
CROP=32x32x32
LEARNING_RATE=1e-3
EPOCHS=$1
CONFIG
}

# The stages, in a folder of their own; what they say goes to RUN.out. Not by the top-level Makefile, which would look
# at every source file first.
stages() { # run, goals and variables...
    local run=$1
    shift
    make --no-print-directory --keep-going -f pipelines/brats.mk BUILD="$BUILD" DATA="$data" CONFIG="$config" RUN="$run" SEED=1 "$@" >"$run.out" 2>&1
}

# A build without some tools, in whose place a test puts others.
build_without() { # folder, tools...
    mkdir -p "$1/bin"
    ln -s "$BUILD"/bin/* "$1/bin/"
    (cd "$1/bin" && rm -f -- "${@:2}")
}

# A build whose augment pauses in the middle of its second case.
slow_build() { # folder
    build_without "$1" augment
    cat >"$1/bin/augment" <<SLOW
#!/bin/sh
"$BUILD/bin/augment" "\$@" | { head -c 700000; sleep 2; exec cat; }
SLOW
    chmod +x "$1/bin/augment"
}

# A prunet-step that meets a full disk: its files end at 8 KiB.
full_disk_step() { # folder of a build without prunet-step
    cat >"$1/bin/prunet-step" <<FAKE
#!/bin/bash
ulimit -f 8
trap '' XFSZ
exec "$BUILD/bin/prunet-step" "\$@"
FAKE
    chmod +x "$1/bin/prunet-step"
}

# A value of a table; rows count from 1.
cell() { # column row [table]
    column "$1" "${@:3}" | sed -n "$2p"
}

# What a repeated run must give again, byte for byte: the last and the best state, the log and every case's Dice.
fingerprint() { # run
    (cd "$1" && find epochs -name state.safetensors | sort | xargs sha256sum &&
        sha256sum log.tsv validation.tsv manifest/inputs.tsv && readlink best && ls -A epochs)
}

# An undisturbed training in $TMPDIR/whole, and what it gives.
train_whole() {
    stages "$TMPDIR/whole" train
    check "an undisturbed run" test -f "$TMPDIR/whole/log.tsv" || sed 's/^/# /' "$TMPDIR/whole.out"
    whole=$(fingerprint "$TMPDIR/whole")
}

same() { # name, run
    check "$1: the same bytes" test "$(fingerprint "$2")" = "$whole" || diff <(fingerprint "$2") <(echo "$whole") | sed 's/^/# /'
}

# make in its own process group, so that all of it can be killed at once, with the cases of the undisturbed run. SIGINT, which
# a shell has its background commands ignore, works there.
# shellcheck disable=SC2034 # group is the caller's
start() { # run, environment and make's words...
    local run=$1
    shift
    setsid env --default-signal "$@" make --no-print-directory -f pipelines/brats.mk BUILD="$BUILD" DATA="$data" CONFIG="$config" RUN="$run" SEED=1 \
        CASES="$TMPDIR/whole/cases" train >"$run.out" 2>&1 &
    group=$! # of processes, for the caller
}

# A line for each process of a group that has not ended: its id and the ticks that it has computed. The first one may be on its way
# into it still.
group_ticks() { # group
    local pid stat fields
    for pid in "$1" $(pgrep -g "$1"); do
        { read -r stat <"/proc/$pid/stat"; } 2>/dev/null || continue
        read -ra fields <<<"${stat##*) }"
        [ "${fields[0]}" = Z ] || echo "$pid $((fields[11] + fields[12]))"
    done
}

# Waits for all of a group to end, or for a process of it. Not the clock decides, which says nothing on a busy machine: it is in
# vain when none of them has computed anything for a minute (a hang), or one for two minutes (a spin). Then it says which.
group_ends() { # group [process]
    local idle=0 i ticks before=
    while [ $idle -lt 60 ]; do
        for ((i = 0; i < 20; i++)); do
            kill -0 -- "${2:--$1}" 2>/dev/null || kill -0 "$1" 2>/dev/null || return 0
            sleep 0.05
        done
        ticks=$(group_ticks "$1")
        [ -n "$ticks" ] || return 0
        idle=$((idle + 1))
        [ "$ticks" = "$before" ] || idle=0
        before=$ticks
        ! awk '$2 > 12000 { spins = 1 } END { exit !spins }' <<<"$ticks" || break
    done
    ps -o pid,ppid,stat,etime,time,wchan:20,args -p "$1,$(pgrep -d, -g "$1")" | sed 's/^/# hangs: /'
    return 1
}

# For bash -c "$stop_before" SCRIPT...: the script, which gets SIGTERM before a command of its own. STOP_BEFORE: how many it has
# begun since catch_stops, or how the command begins. STOP_COUNT: a file that gets their number.
# shellcheck disable=SC2016,SC2034 # the other shell's; the caller's
stop_before='set -T
stop_count=-1
trap '"'"'if [[ $BASHPID = "$$" && ( $stop_count != -1 || $BASH_COMMAND = "trap "*finish* ) ]]; then
    stop_count=$((stop_count + 1))
    [ -z "${STOP_COUNT-}" ] || echo "$stop_count" >"$STOP_COUNT"
    if [[ $stop_count = "${STOP_BEFORE-}" || $BASH_COMMAND = "${STOP_BEFORE--}"* ]]; then
        STOP_BEFORE=-
        kill -TERM "$$"
    fi
fi'"'"' DEBUG
. "$0"'

# Until the group that `start` made is within a step.
wait_for_step() {
    for _ in $(seq 400); do
        pgrep -g "$group" -x prunet-step >/dev/null && break
        sleep 0.02
    done
    sleep 1
}

# Lets a run go on to its end.
finish() { # run
    stages "$1" train CASES="$TMPDIR/whole/cases" || sed 's/^/# /' "$1.out"
}
