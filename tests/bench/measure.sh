# How the benchmark measures: runs a command, watches its memory and makes rows of the table. Sourced by `bench`, which
# sets FOLDER (of the results), SCRATCH, BUILD and THREADS.
# shellcheck shell=bash disable=SC2034  # the scripts share their variables

# A row of the table: part network size threads who mode measure value unit samples; the command follows from RUN.
row() {
    local IFS=$'\t'
    printf '%s\t%s\t%s\n' "$*" "$COMMIT" "${RUN//"$PWD/"/}" >>"$SCRATCH/rows"
}

# Runs a measurement unless its rows are there already. They appear together, so that an interrupted benchmark goes on
# after them. What was left out is tried again the next time.
measure() { # name function argument...
    local name=$1 start=$SECONDS
    shift
    [ ! -f "$FOLDER/rows/$name.tsv" ] || return 0
    say "$name"
    : >"$SCRATCH/rows"
    RUN=
    if "$@"; then
        mv "$SCRATCH/rows" "$FOLDER/rows/$name.tsv"
        say "$name: $((SECONDS - start)) s"
    else
        left_out "$name" "${reason:-failed}: $(tail -n 1 "$SCRATCH/errors" 2>/dev/null | cut -f 2)"
    fi
    reason=
}

left_out() { # name why
    say "$1: left out: $2"
    : >"$SCRATCH/rows"
    RUN=
    row left-out "$1" - - - - reason "$2" - 0
    mv "$SCRATCH/rows" "$FOLDER/rows/$1.absent"
}

# Runs a command, its standard error to SCRATCH/errors with a time before each line, and sets PEAK: the most memory that
# was resident, less file-mapped pages, in MiB. The kernel keeps the peak (VmHWM); it is read until the process has
# ended. WATCHED is the process id as long as it runs.
watched() {
    local pid stamper key value status=0 high=0 mapped=0
    RUN=$*
    [ -p "$SCRATCH/stderr" ] || mkfifo "$SCRATCH/stderr"
    stamp <"$SCRATCH/stderr" >"$SCRATCH/errors" &
    stamper=$!
    "$@" 2>"$SCRATCH/stderr" &
    pid=$! WATCHED=$!
    while [ -d "/proc/$pid" ] && kill -0 "$pid"; do
        while read -r key value _; do
            case $key in
            VmHWM:) high=$value ;;
            RssFile:) mapped=$value ;;
            esac
        done <"/proc/$pid/status" || break
        sleep 0.2
    done 2>/dev/null
    wait "$pid" || status=$?
    WATCHED=
    wait "$stamper"
    PEAK=$(((high - mapped) / 1024))
    [ "$status" = 0 ] || reason="exit status $status"
    return "$status"
}

stamp() {
    local line
    while IFS= read -r line; do printf '%s\t%s\n' "$EPOCHREALTIME" "$line"; done
}

# The seconds between the messages that a tool prints after each case. The first case is the warm-up.
stamps_apart() {
    awk -F '\t' '/: case [0-9]/ { if (n++) print $1 - last; last = $1 }' "$SCRATCH/errors"
}

# The seconds of each step but the first, the warm-up.
seconds_of() { # table
    column seconds "$1" | tail -n +2
}

median() {
    sort -g | awk '{ x[NR] = $1 } END { if (!NR) exit 1; print (x[int((NR + 1) / 2)] + x[int(NR / 2) + 1]) / 2 }'
}

# The value of a measure that is there already; fails where there is none.
value_of() { # name measure
    [ -f "$FOLDER/rows/$1.tsv" ] &&
        awk -F '\t' -v m="$2" '$7 == m { print $8; found = 1; exit } END { exit !found }' "$FOLDER/rows/$1.tsv"
}

voxels() { # XxYxZ
    echo $((${1//x/*}))
}

# How many steps to take: a warm-up and 5, or 3 where a step takes over 10 s. That is estimated from the time at a
# smaller size; as a voxel takes less time at the larger size, an estimate of 16 s stands for 10 s.
steps_for() { # name measure smaller size
    local known
    known=$(value_of "$1" "$2") || known=0
    awk -v s="$known" -v a="$(voxels "$3")" -v b="$(voxels "$4")" 'BEGIN { print((s * b / a > 16) ? 4 : 6) }'
}

# Whether the memory that is free suffices at a size, estimated from the peak at a smaller one.
fits() { # name measure smaller size
    local known free
    known=$(value_of "$1" "$2") || return 0
    free=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
    awk -v m="$known" -v a="$(voxels "$3")" -v b="$(voxels "$4")" -v free="$free" 'BEGIN { exit !(1.1 * m * b / a < free) }' ||
        { reason="does not fit into the $free MiB that are free" && return 1; }
}

repeated() { # count word...
    local i
    for ((i = 0; i < $1; i++)); do printf '%s\n' "${@:2}"; done
}
