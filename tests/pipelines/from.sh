#!/usr/bin/env bash
# A training that begins with a model's weights (FROM): what it begins with, that it goes on after a stop to the same bytes, and
# that the model is part of what the run is.
set -u
. tests/pipelines/_tiny.sh
make_tiny 2 || exit 1
train_whole
state=$TMPDIR/whole/epochs/0002/state.safetensors
model="$TMPDIR/a model's.safetensors"
prunet-model export -o "$model" "$state" || exit 1
begin() { # run, further words of make
    stages "$@" train CASES="$TMPDIR/whole/cases"
}
losses() { # run
    column loss "$1"/epochs/000[12]/steps.tsv
}

# --- what it begins with ---

begin "$TMPDIR/tuned" FROM="$model"
check "from a model" test -f "$TMPDIR/tuned/log.tsv" || show "$TMPDIR/tuned.out"
first=$(order-cases --seed 1 --epoch 1 "$TMPDIR/tuned/manifest/training" | sed -n 1p)
augment --seed 1 --epoch 1 "$TMPDIR/whole/cases/$first.nrrd" | prunet-step --state "$model" --fresh-optimizer --epoch 1 --learning-rate 1e-3 \
    -o "$TMPDIR/one.safetensors" >"$TMPDIR/one.tsv" || exit 1
check "its first step is one with the model's weights" \
    test "$(column loss "$TMPDIR/one.tsv")" = "$(column loss "$TMPDIR/tuned/epochs/0001/steps.tsv" | head -n 1)"
check "and not with drawn ones" test "$(losses "$TMPDIR/tuned")" != "$(losses "$TMPDIR/whole")"
tuned=$(fingerprint "$TMPDIR/tuned")

printf 'FROM=%s\n' "$TMPDIR/plain.safetensors" | cat "$config" - >"$TMPDIR/row"
cp "$model" "$TMPDIR/plain.safetensors"
begin "$TMPDIR/by-row" CONFIG="$TMPDIR/row"
check "FROM in a configuration is the same run" test "$(fingerprint "$TMPDIR/by-row")" = "$tuned" || show "$TMPDIR/by-row.out"

begin "$TMPDIR/by-state" FROM="$state"
check "a state gives its weights, and its optimizer begins anew" test "$(losses "$TMPDIR/by-state")" = "$(losses "$TMPDIR/tuned")" ||
    show "$TMPDIR/by-state.out"

# --- a stop in the first epoch and after it ---

slow=$TMPDIR/slow
slow_build "$slow"
run=$TMPDIR/stopped
BUILD=$slow start "$run" FROM="$model"
wait_for_step
kill -TERM -- "-$group" 2>/dev/null
wait "$group" 2>/dev/null
check "stopped within the first epoch" test -n "$(compgen -G "$run/epochs/.0001.at-*")" || show "$run.out"
begin "$run" FROM="$model"
check "goes on to the same bytes" test "$(fingerprint "$run")" = "$tuned" || show "$run.out"

begin "$TMPDIR/longer" FROM="$model" EPOCHS=1
begin "$TMPDIR/longer" FROM="$model"
check "a run that is gone on with has its optimizer's memory" test "$(fingerprint "$TMPDIR/longer")" = "$tuned"

# --- the model is part of what the run is ---

mv "$model" "$TMPDIR/moved.safetensors"
begin "$TMPDIR/tuned" FROM="$TMPDIR/moved.safetensors"
check "a model that was moved is the same" test $? = 0 || show "$TMPDIR/tuned.out"
prunet-model export --half -o "$model" "$state"
begin "$TMPDIR/tuned" FROM="$model"
check "another model is another run" test $? != 0
check "and the message says so" grep -q 'another run (manifest/run.tsv: FROM: ' "$TMPDIR/tuned.out" || show "$TMPDIR/tuned.out"
begin "$TMPDIR/tuned"
check "as none is" grep -q 'another run (manifest/run.tsv: FROM: .*, now none)' "$TMPDIR/tuned.out" || show "$TMPDIR/tuned.out"

# --- what is no model of this network ---

begin "$TMPDIR/none" FROM="$TMPDIR/no such"
check "a file that is not there" grep -q 'no such: no such file to begin a training with' "$TMPDIR/none.out" || show "$TMPDIR/none.out"
begin "$TMPDIR/text" FROM="$config"
check "a file of something else" grep -q 'tiny: ' "$TMPDIR/text.out" || show "$TMPDIR/text.out"
sed 's/^CHANNELS=.*/CHANNELS=4,8,8,8,16/' "$config" >"$TMPDIR/wide"
begin "$TMPDIR/wider" FROM="$model" CONFIG="$TMPDIR/wide"
check "another network" grep -q 'is a network with CHANNELS=4,8,8,8,8, the configuration.s has CHANNELS=4,8,8,8,16' "$TMPDIR/wider.out" ||
    show "$TMPDIR/wider.out"
check "nothing is begun" test ! -e "$TMPDIR/wider/epochs/0000"
