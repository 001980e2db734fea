# The stages that signals.sh and kills.sh disturb: how each is called, what must be there before, what it must give in the end.
# Sourced, after _tiny.sh and train_whole.
# shellcheck shell=bash disable=SC2154

# What a stage finds in its folder.
stage_prepare() { # stage folder
    rm -rf "$2" && mkdir -p "$2"
    case $1 in
    evaluate)
        cp -r "$TMPDIR/whole/." "$2"
        rm -rf "$2/predictions" "$2/evaluation"
        ;;
    measure) cp -r "$TMPDIR/whole/cases" "$2" ;;
    phantoms) printf 'PHANTOM_CASES=3\nPHANTOM_SIZE=48x48x48\n' >"$TMPDIR/few" ;;
    esac
}

# Sets `command` to the stage's command; `all_stages` lists them.
# shellcheck disable=SC2034 # they are the callers'
all_stages=(phantoms preprocess train evaluate segment retrain compare measure)
# shellcheck disable=SC2034
stage_command() { # stage folder
    local cases=(--cases "$TMPDIR/whole/cases")
    case $1 in
    train) command=(pipelines/train --data "$data" "${cases[@]}" --run "$2" --config "$config") ;;
    phantoms) command=(pipelines/phantoms --config "$config+$TMPDIR/few" --output "$2/phantoms") ;;
    preprocess) command=(env MAKEFLAGS=-j2 pipelines/preprocess --data "$data" --cases "$2" --config "$config") ;;
    segment) command=(pipelines/segment --data "$data" --run "$TMPDIR/whole" --output "$2") ;;
    evaluate) command=(pipelines/evaluate --data "$data" "${cases[@]}" --run "$2") ;;
    retrain) command=(pipelines/retrain --data "$data" --home "$2" --config "$config" --epochs 2) ;;
    compare) command=(pipelines/compare --data "$data" --home "$2" --configs "$config" --epochs 1 --steps 1) ;;
    measure) command=(env TMPDIR="$2" pipelines/measure --config "$config" --cases "$2/cases" --steps 2) ;;
    esac
}

# What a stage must give, byte for byte, however often it was disturbed, without what depends on the time.
stage_result() { # stage folder
    case $1 in
    train) fingerprint "$2" ;;
    phantoms) (cd "$2/phantoms" && find . -type f | sort | xargs sha256sum && ls -A ..) ;;
    preprocess | segment) (cd "$2" && sha256sum -- *.n*[dz] && ls -A) ;;
    evaluate) (cd "$2" && find predictions evaluation -name '*.nii.gz' -o -name 'dice.tsv' -o -name 'hd95.tsv' | sort | xargs sha256sum) ;;
    retrain) (cd "$2" && cut -f2- history.tsv && sha256sum current/best/state.safetensors && ls -A . && ls -A runs/* | grep -v '^journal') ;;
    compare) (cd "$2" && cut -f1,2,5-10 compare.tsv && sha256sum tiny/best/state.safetensors && ls -A .) ;;
    esac
}

# Temporary files that are left in a stage's folder; with those of an epoch that was begun, when the stage is complete.
stage_leftovers() { # folder, "complete" or nothing
    find "$1" -name '*.part'
    [ "${2-}" != complete ] || find "$1" -name '.*' ! -name '.*lock' ! -name '.*.from' ! -name '.stamps'
}

# Whether a script has come so far that it stops in order: it catches SIGHUP, and is not a shell that is about to become it.
stage_listens() { # pid
    local caught
    { caught=$(sed -n 's/^SigCgt:\t.*\(.\)$/\1/p' "/proc/$1/status"); } 2>/dev/null
    [ -n "$caught" ] && [ $((0x$caught & 1)) = 1 ]
}

# Sets `command` to the same by another shell, which stops it before one of its commands.
stage_stops_before() { # stage folder
    local i
    stage_command "$1" "$2"
    for ((i = 0; i < ${#command[@]}; i++)); do
        [[ ${command[i]} != pipelines/* ]] || break
    done
    command=("${command[@]:0:i}" bash -c "$stop_before" "${command[@]:i}")
}

# Starts a stage in a process group of its own, with every signal as it is by default. Job control makes the group, and one
# that can be stopped by SIGTSTP: it has a parent in its session.
stage_start() { # stage folder [environment...]
    local command
    folder=$2
    stage_command "$1" "$2"
    set -m
    env --default-signal "${@:3}" "${command[@]}" >"$2.out" 2>"$2.err" </dev/null &
    group=$!
    set +m
}

# Waits until a stage that was started listens, and some milliseconds more.
stage_wait() { # milliseconds
    until stage_listens "$group" || ! kill -0 "$group" 2>/dev/null; do sleep 0.005; done
    sleep "$(awk -v ms="$1" 'BEGIN { print ms / 1000 }')"
}

# A signal to the script alone, or to its group.
stage_signal() { # signal, "group" or "script"
    kill "-$1" -- "$([ "$2" = script ] || echo -)$group" 2>/dev/null
}

script_or_group() {
    [ $((RANDOM % 2)) = 0 ] && echo script || echo group
}

now_ms() {
    echo $((${EPOCHREALTIME/./} / 1000))
}

# Lets the stage of `folder` that was started end; what is left of its group then is killed. Sets `status`, 999 where something had
# to be killed.
stage_end() {
    local i ended=yes
    group_ends "$group" "$group" || { ended= && kill -KILL -- "-$group"; }
    wait "$group" 2>/dev/null
    status=$?
    [ -n "$ended" ] || status=999
    # bash's fault, which stops.sh tells of: a stop like any other, but for the status
    [ "$status" != 2 ] || ! grep -q "trap: line .*matching" "$folder.err" || { status=75 && echo stopped >>"$folder.err"; }
    for ((i = 0; i < 100; i++)); do
        pgrep -g "$group" >/dev/null || return 0
        sleep 0.05
    done
    kill -KILL -- "-$group" 2>/dev/null
    status=999
}

# A stage from where it is to its end.
stage_finish() { # stage folder
    local command
    stage_command "$1" "$2"
    "${command[@]}" >"$2.out" 2>"$2.err" </dev/null || { show "$2.err" && return 1; }
}

# Calls a function for each stage, side by side: they wait most of the time. One that does not come to its end has failed.
side_by_side() { # function stages...
    local stage
    for stage in "${@:2}"; do
        { "$1" "$stage"; echo "# $stage: tried"; } >"$TMPDIR/$stage.tap" 2>"$TMPDIR/$stage.said" &
    done
    wait
    for stage in "${@:2}"; do
        cat "$TMPDIR/$stage.tap"
        check "$stage: tried to the end" grep -qx "# $stage: tried" "$TMPDIR/$stage.tap" || show "$TMPDIR/$stage.said"
    done
}
