#!/usr/bin/env bash
# A training that is stopped by a signal, within an epoch or in a validation, ends with the same bytes as an undisturbed one;
# one that lacks a record says which. Random kills and stops are in kills.sh.
set -u
. tests/pipelines/_tiny.sh
make_tiny 4 || exit 1
printf '%s\n' LOSS=dice+bce LOSS_BCE_WEIGHT=0.5 WEIGHT_AVERAGE=0.9 AUGMENT_CHANCE=0.5 AUGMENT_NOISE=0.5 AUGMENT_BLUR=1 \
    DROP_MODALITY=0.3 >>"$config"

train_whole
last_state=$TMPDIR/whole/epochs/0004/state.safetensors
check "with an average of the weights" grep -qa '"prunet.average_decay":"0.9"' "$last_state"
for setting in LOSS AUGMENT_ DROP_MODALITY; do
    sed "/^$setting/d" "$config" >"$TMPDIR/less"
    stages "$TMPDIR/less-$setting" train CASES="$TMPDIR/whole/cases" CONFIG="$TMPDIR/less" EPOCHS=1
    check "$setting decides the first epoch" test "$(cell loss 1 "$TMPDIR/less-$setting/log.tsv")" != "$(cell loss 1 "$TMPDIR/whole/log.tsv")"
done
check "the validation is that of the average" cmp -s <(prunet-infer -m "$last_state" --pass-label \
    "$TMPDIR/whole/cases/$(head -n 1 "$TMPDIR/whole/manifest/validation").nrrd" | dice-eval - | head -n 4) \
    <(head -n 4 "$TMPDIR/whole/epochs/0004/validation.tsv")

# --- SIGTERM and SIGINT: the step is finished, its state kept, training goes on inside the epoch ---

slow=$TMPDIR/slow
slow_build "$slow"
run=$TMPDIR/stopped
suspended=0
for signal in TERM INT TERM INT; do
    BUILD=$slow start "$run"
    wait_for_step
    kill "-$signal" -- "-$group" 2>/dev/null
    wait "$group" 2>/dev/null
    [ -z "$(compgen -G "$run/epochs/.*.at-*")" ] || suspended=$((suspended + 1))
    check "$signal: says that it stopped" grep -q "train: stopped" "$run.out" || show "$run.out"
done
check "stopped inside an epoch" test "$suspended" -gt 0
finish "$run"
same "stopped by signals" "$run"

# Started with SIGPIPE ignored, as by systemd: what feeds the step ends with it, without a word.
run=$TMPDIR/ignored
(trap '' PIPE && exec setsid env --default-signal=INT,QUIT BUILD="$slow" pipelines/train --data "$data" --cases "$TMPDIR/whole/cases" \
    --run "$run" --config "$config") >"$run.out" 2>&1 &
group=$!
wait_for_step
kill -INT -- "-$group" 2>/dev/null
wait "$group"
check "SIGPIPE ignored: stopped, status 75" test $? = 75 || show "$run.out"
check "nobody speaks of a broken pipe" test "$(grep -ci 'broken pipe' "$run.out")" = 0 || show "$run.out"
# shellcheck disable=SC2016 # the other shell's
said=$(trap '' PIPE && bash -c '. pipelines/common.sh && . pipelines/run_tool.sh && run_pipe yes "|" sh -c "exit 3"' pipelines/pipe 2>&1)
check "a tool's status is not that of who feeds it, who says nothing" test "$? $said" = "3 " || echo "# $said"

# --- records that end early ---

fake=$TMPDIR/fake # a build whose augment ends in the middle of its second case
build_without "$fake" augment
cat >"$fake/bin/augment" <<FAKE
#!/bin/sh
"$BUILD/bin/augment" "\$@" | head -c 700000
FAKE
chmod +x "$fake/bin/augment"
run=$TMPDIR/cut
make --no-print-directory -f pipelines/brats.mk BUILD="$fake" DATA="$data" CONFIG="$config" RUN="$run" SEED=1 train >"$run.out" 2>&1
check "augment dies after some case: make fails" test $? != 0
check "no epoch is committed" test -z "$(compgen -G "$run/epochs/0001*")"
missing=$(order-cases --seed 1 --epoch 1 "$run/manifest/training" | sed -n 2p)
check "the message names the missing case" grep -q "$missing" "$run.out" || show "$run.out"

# --- prefetching: the next epoch's records are begun while an epoch is validated; a stop leaves nothing of them ---

early=$TMPDIR/early # a build whose dice-eval does not end before the next epoch's augment has begun
build_without "$early" augment dice-eval
cat >"$early/bin/augment" <<EARLY
#!/bin/bash
[[ "\$*" =~ --epoch\ ([0-9]+) ]] && echo "\${BASH_REMATCH[1]}" >>"$TMPDIR/begun"
exec "$BUILD/bin/augment" "\$@"
EARLY
cat >"$early/bin/dice-eval" <<EARLY
#!/bin/bash
"$BUILD/bin/dice-eval" "\$@" || exit
epoch=\$(tail -n 1 "$TMPDIR/validated")
for ((i = 0; i < 200 && epoch < 4; i++)); do
    grep -qx \$((epoch + 1)) "$TMPDIR/begun" && break
    sleep 0.05
done
[ "\$i" = 200 ] || echo \$((epoch + 1)) >>"$TMPDIR/validated"
[ "\$epoch" != 2 ] || sleep "\${PAUSE:-0}"
EARLY
chmod +x "$early/bin/augment" "$early/bin/dice-eval"
run=$TMPDIR/ahead
echo 1 >"$TMPDIR/validated"
BUILD=$early start "$run"
wait "$group"
check "epochs 2 to 4 are begun before the validation before them ends" test "$(tail -n 1 "$TMPDIR/validated")" = 5 || show "$run.out"
check "each of them once, and none after the last" test "$(tr '\n' ' ' <"$TMPDIR/begun")" = "1 2 3 4 "
same "prefetched" "$run"

run=$TMPDIR/dropped
echo 1 >"$TMPDIR/validated"
: >"$TMPDIR/begun"
BUILD=$early start "$run" PAUSE=10
until [ "$(tail -n 1 "$TMPDIR/validated")" = 3 ] || ! kill -0 "$group" 2>/dev/null; do sleep 0.05; done
kill -TERM -- "-$group"
wait "$group"
check "stopped in a validation" grep -q "stopped in the validation of epoch 2" "$run.out" || show "$run.out"
for ((i = 0; i < 100; i++)); do
    pgrep -g "$group" >/dev/null || break
    sleep 0.05
done
check "what was begun for the next epoch ends" test "$i" -lt 100
finish "$run"
same "stopped in a validation" "$run"

# --- another run, a second run, a damaged run ---

refused() { # name, expected text, make's words...
    local name=$1 text=$2
    shift 2
    check "$name is refused" test "$(stages "$TMPDIR/timed" train CASES="$TMPDIR/whole/cases" "$@"; echo $?)" != 0
    check "$name: Error 65" grep -q "Error 65" "$TMPDIR/timed.out"
    check "$name: says $text" grep -q -- "$text" "$TMPDIR/timed.out" || show "$TMPDIR/timed.out"
}
check "a run to go on with" stages "$TMPDIR/timed" train CASES="$TMPDIR/whole/cases"
refused "another seed" "seed: 1, now 2" SEED=2
sed 's/^LEARNING_RATE=.*/LEARNING_RATE=2e-3/' "$config" >"$TMPDIR/tiny2"
refused "another configuration" "another run" CONFIG="$TMPDIR/tiny2"
cp -r "$TMPDIR/whole/cases" "$TMPDIR/changed"
for name in $(<"$TMPDIR/whole/manifest/training"); do break; done
echo 0000 >"$TMPDIR/changed/$name.nrrd.sha256"
touch "$TMPDIR/changed/"*.nrrd
refused "another input" "$name" CASES="$TMPDIR/changed"
mkdir "$TMPDIR/fewer" && ln -s "$data"/*[1-4] "$TMPDIR/fewer/"
refused "another list" "another run" DATA="$TMPDIR/fewer" CASES="$TMPDIR/fewer-cases"

sed -i 's/^host\t.*/host\telsewhere/' "$TMPDIR/timed/manifest/circumstances.tsv"
check "another host goes on" stages "$TMPDIR/timed" train EPOCHS=5 CASES="$TMPDIR/whole/cases"
check "and is noted" grep -q "host: elsewhere" "$TMPDIR/timed/journal.txt"
check "more EPOCHS train on" test "$(wc -l <"$TMPDIR/timed/log.tsv")" = 6

(
    flock 8
    stages "$TMPDIR/timed" train EPOCHS=6 CASES="$TMPDIR/whole/cases"
) 8>"$TMPDIR/timed/.lock"
check "a second training in the same folder: 75" grep -q "Error 75" "$TMPDIR/timed.out"

# --- a step that was stopped, whose status bash has lost ---

lost=$TMPDIR/lost
slow_build "$lost"
rm -f "$lost/bin/prunet-step"
printf '#!/bin/bash\ntrap : TERM\n"%s" "$@"\nexit 255\n' "$BUILD/bin/prunet-step" >"$lost/bin/prunet-step"
chmod +x "$lost/bin/prunet-step"
run=$TMPDIR/lost-run
BUILD=$lost start "$run"
wait_for_step
kill -TERM -- "-$group" 2>/dev/null
wait "$group" 2>/dev/null
check "the state says that it is one inside the epoch" test -n "$(compgen -G "$run/epochs/.0001.at-*")" || show "$run.out"
finish "$run"
same "a stop whose status was lost" "$run"
