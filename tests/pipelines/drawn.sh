#!/usr/bin/env bash
# A training on drawn heads: the same bytes however it is disturbed; what it refuses.
set -u
# shellcheck source=tests/pipelines/_tiny.sh
. tests/pipelines/_tiny.sh
cat >"$config" <<'CONFIG'
CHANNELS=4,8
LEARNING_RATE=1e-3
DRAWN_STEPS=6
DRAWN_HEADS=2
DRAWN_EARLY=8:2,7:1
DRAWN_LATE=6:1
CONFIG

drawn() { # home, options and environment...
    local home=$1
    shift
    pipelines/drawn --home "$home" --config "$config" "$@" >"$home.out" 2>&1
}
bytes() { # home
    (cd "$1" && find parts -name state.safetensors -exec sha256sum {} + && cut -f1-8 steps.tsv && cat recipe.tsv && ls -A parts)
}
home=$TMPDIR/whole
check "from nothing to the end" drawn "$home" || show "$home.out"
check "only the last part keeps its state" test "$(find "$home/parts" -name state.safetensors)" = "$home/parts/0003/state.safetensors"
check "a row a part" test "$(cut -f1-3 "$home/steps.tsv" | tail -n 1)" = $'3\t6\t6'
check "its time left is said" grep -q "part 2 of 3: .* h left" "$home.out"
check "nothing unfinished is left" test -z "$(find "$home" -name '.*' ! -name .lock)"
whole=$(bytes "$home")
touch "$TMPDIR/then"
check "again" drawn "$home"
check "nothing is done" test -z "$(find "$home" -type f -newer "$TMPDIR/then" ! -name journal.txt ! -name .lock)"
check "another thread count: the same bytes" env PRUNET_THREADS=3 pipelines/drawn --home "$TMPDIR/threads" --config "$config"
check "same" test "$(bytes "$TMPDIR/threads")" = "$whole"

for signal in TERM INT KILL; do
    home=$TMPDIR/$signal
    setsid env --default-signal=INT pipelines/drawn --home "$home" --config "$config" >"$home.out" 2>&1 &
    victim=$!
    for _ in $(seq 500); do
        [ ! -d "$home/parts/0001" ] || break
        sleep 0.02
    done
    kill "-$signal" "$victim"
    wait "$victim"
    status=$?
    [ "$signal" = KILL ] || check "$signal: status 75" test "$status" = 75 || { echo "# $status" && show "$home.out"; }
    check "$signal: it was stopped before its end" test ! -d "$home/parts/0003"
    check "$signal: goes on" drawn "$home" || show "$home.out"
    check "$signal: the same bytes" test "$(bytes "$home")" = "$whole" || diff <(bytes "$home") <(echo "$whole") | sed "s/^/# /"
    check "$signal: nothing unfinished is left" test -z "$(find "$home" -name '.*' ! -name .lock)"
done

# A stop at a command of the script: between its steps there is no moment at which it waits for what waits for it.
# shellcheck disable=SC2016 # the script's own text
for at in 'run_tool phantom' 'exec 3<&4' 'draw_ahead $((' 'run_tool' 'busy=yes' 'wait_for_tools' 'exec 3>&-' 'wait_for "$steps"'     'keep_part "$1"'; do
    home=$TMPDIR/at
    rm -rf "$home"
    STOP_BEFORE=$at timeout -k 1 60 bash -c "$stop_before" pipelines/drawn --home "$home" --config "$config" >"$home.out" 2>&1
    check "stopped at $at: status 75" test $? = 75 || show "$home.out"
    check "stopped at $at: the same bytes" drawn "$home"
    check "same" test "$(bytes "$home")" = "$whole"
done

# A step that fails before it has read all.
build_without "$TMPDIR/failing" prunet-step
printf '#!/bin/sh\nexit 7\n' >"$TMPDIR/failing/bin/prunet-step"
chmod +x "$TMPDIR/failing/bin/prunet-step"
home=$TMPDIR/failed
BUILD=$TMPDIR/failing timeout -k 1 60 pipelines/drawn --home "$home" --config "$config" >"$home.out" 2>&1
check "a step that fails: its status" test $? = 7 || show "$home.out"
check "a step that fails: goes on" drawn "$home"
check "a step that fails: the same bytes" test "$(bytes "$home")" = "$whole"

refused() { # name, status, text, home, options...
    drawn "${@:4}"
    check "$1: status $2" test $? = "$2"
    check "$1: says $3" grep -q -- "$3" "$4.out" || show "$4.out"
}
home=$TMPDIR/whole
refused "another seed" 65 "another recipe.*seed 1.*seed 2" "$home" --seed 2
sed -i 's/DRAWN_STEPS=6/DRAWN_STEPS=8/' "$config"
refused "another number of steps" 65 "DRAWN_STEPS 6" "$home"
sed -i 's/DRAWN_STEPS=8/DRAWN_STEPS=6/' "$config"
build_without "$TMPDIR/other" phantom
printf '#!/bin/sh\nexec "%s/bin/phantom" "$@" --size 16x16x16\n' "$BUILD" >"$TMPDIR/other/bin/phantom"
chmod +x "$TMPDIR/other/bin/phantom"
BUILD=$TMPDIR/other refused "another version's heads" 65 "another recipe.*heads" "$home"
refused "maps that are not there" 1 "nowhere" "$TMPDIR/maps" --anatomy nowhere,nowhere
exec 8>"$home/.lock" && flock 8
refused "while another one works there" 75 "another training on drawn heads" "$home"
exec 8>&-
refused "no configuration" 2 "usage: pipelines/drawn" "$home" --config

# --- a model's weights to begin with ---

model=$TMPDIR/model.safetensors
prunet-model export -o "$model" "$TMPDIR/whole/parts/0003/state.safetensors"
home=$TMPDIR/further
check "--from" drawn "$home" --from "$model" --seed 2 || show "$home.out"
# shellcheck disable=SC2016 # awk's
check "its first head is learned by the model's weights" awk -F'\t' '
    FNR == 2 { loss[FILENAME] = $4 } END { for (name in loss) sum += loss[name] * (name ~ /further/ ? 1 : -1); exit !(sum < 0) }' \
    "$home/parts/0001/steps.tsv" "$TMPDIR/whole/parts/0001/steps.tsv"
further=$(bytes "$home")
printf 'FROM=%s\n' "$model" | cat "$config" - >"$TMPDIR/from"
check "the same by a setting" pipelines/drawn --home "$TMPDIR/setting" --config "$TMPDIR/from" --seed 2
check "the same bytes" test "$(bytes "$TMPDIR/setting")" = "$further"
prunet-model export --half -o "$model" "$TMPDIR/whole/parts/0003/state.safetensors"
refused "another model" 65 "another recipe.*from" "$home" --from "$model" --seed 2
