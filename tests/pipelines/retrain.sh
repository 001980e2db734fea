#!/usr/bin/env bash
# Retraining from cron: lock, nothing to do, promotion, refusal to promote, crash half-way, disk full, pruning.
set -u
. tests/pipelines/_tiny.sh
make_tiny 1 || exit 1
home=$TMPDIR/home
mkdir "$TMPDIR/cases"
for n in 1 2 3; do ln -s "$data"/phantom_0000$n "$TMPDIR/cases/"; done

retrain() { # options...
    BUILD=$BUILD pipelines/retrain --data "$TMPDIR/cases" --home "$home" --config "$config" --keep 2 "$@" >"$TMPDIR/out" 2>&1
}
runs() {
    find "$home/runs" -mindepth 1 -maxdepth 1 | wc -l
}
last() { # column of the history's last row
    tail -n 1 "$home/history.tsv" | cut -f"$1"
}
another_second() { # runs are named by the second
    sleep 1.1
}
check "the first run" retrain || show "$TMPDIR/out"
check "is promoted" test "$(last 10)" = promoted
check "current is that run" test "$(readlink "$home/current")" = "runs/$(last 1)"
check "the weights are there" test -s "$home/current/best/state.safetensors"
check "it is evaluated" test -s "$home/current/evaluation/dice.tsv"
check "no run is pending" test ! -e "$home/pending"

# What remembers digests (.stamps) does not yet know a source that changed a moment ago.
files_of_home() {
    find "$home" -type f ! -name .stamps | sort | xargs sha256sum
}
before=$(files_of_home)
check "nothing has changed: nothing is done" retrain
check "not a byte" test "$before" = "$(files_of_home)"
touch "$data"/*/*.nii.gz
check "touched, but the same cases" retrain
check "no new run" test "$(runs)" = 1

(flock 8 && retrain) 8>"$home/.lock"
check "locked: 75" test $? = 75
check "and says so" grep -q "another retraining" "$TMPDIR/out"

# From here on the two models score what the test wants: prunet-infer notes which model it was given.
fake=$TMPDIR/fake
build_without "$fake" prunet-infer dice-eval
cat >"$fake/bin/prunet-infer" <<FAKE
#!/bin/sh
case " \$* " in *current*) echo current ;; *) echo new ;; esac >"$TMPDIR/model"
exec "$BUILD/bin/prunet-infer" "\$@"
FAKE
cat >"$TMPDIR/set.awk" <<'AWK'
!header { $column["dice"] = dice }
{ print }
AWK
cat >"$fake/bin/dice-eval" <<FAKE
#!/bin/sh
case " \$* " in *--pairs*) exec "$BUILD/bin/dice-eval" "\$@" ;; esac
"$BUILD/bin/dice-eval" "\$@" >"$TMPDIR/table" || exit
awk -v dice="\$(cat "$TMPDIR/dice.\$(cat "$TMPDIR/model")")" -f "$PWD/pipelines/columns.awk" -f "$TMPDIR/set.awk" "$TMPDIR/table"
FAKE
chmod +x "$fake/bin/prunet-infer" "$fake/bin/dice-eval"
faked() { # new current options...
    echo "$1" >"$TMPDIR/dice.new"
    echo "$2" >"$TMPDIR/dice.current"
    another_second
    BUILD=$fake retrain "${@:3}"
}

served=$(readlink "$home/current")
ln -s "$data/phantom_00004" "$TMPDIR/cases/"
check "a case more: a new run" faked 0.794 0.8 || show "$TMPDIR/out"
check "worse by more than the margin: kept" test "$(last 10)" = kept
check "both scores are in the history" test "$(last 7)" = 0.794000 -a "$(last 8)" = 0.800000
check "compared on cases the current model has not seen" test "$(last 6)" -ge 1
check "current stays" test "$(readlink "$home/current")" = "$served"
check "a row a run" test "$(wc -l <"$home/history.tsv")" = 3
check "what was kept back is not trained again" faked 0.9 0.8
check "no third run" test "$(wc -l <"$home/history.tsv")" = 3

ln -s "$data/phantom_00005" "$TMPDIR/cases/"
check "another case: a new run" faked 0.795 0.8 || show "$TMPDIR/out"
check "worse by the margin, not more: promoted" test "$(last 10)" = promoted
check "current moves" test "$(readlink "$home/current")" = "runs/$(last 1)"
check "the last two runs are kept" test "$(runs)" = 2

# Crash: killed as soon as the run is there, and after the outcome is written; then started again.
another_second
BUILD=$fake setsid pipelines/retrain --data "$TMPDIR/cases" --home "$home" --config "$config" --keep 2 --seed 7 >"$TMPDIR/out" 2>&1 &
victim=$!
for _ in $(seq 300); do
    [ -e "$home/pending/epochs/0000" ] && break
    sleep 0.02
done
kill -KILL -- "-$victim"
wait "$victim" 2>/dev/null
check "killed half-way: pending" test -L "$home/pending"
pending=$(basename "$(readlink "$home/pending")")
rows=$(wc -l <"$home/history.tsv")
check "started again" faked 0.8 0.8 --seed 7 || show "$TMPDIR/out"
check "the same run is finished" test "$(last 1)" = "$pending"
check "with one row" test "$(wc -l <"$home/history.tsv")" = $((rows + 1))
ln -s "runs/$pending" "$home/pending"
check "killed after the outcome: started again" faked 0.1 0.9 --seed 7 || show "$TMPDIR/out"
check "no second row, no second verdict" test "$(wc -l <"$home/history.tsv")" = $((rows + 1)) -a "$(last 10)" = promoted

# It dies as soon as there is an outcome, and before its run is pending.
mkdir "$TMPDIR/deadly"
cat >"$TMPDIR/deadly/mv" <<'DEADLY'
#!/bin/sh
case "${DIES_AT-} $*" in "pending "*/pending) kill -KILL $PPID && exit ;; esac
/bin/mv "$@" || exit
case "$*" in */outcome.tsv) kill -KILL $PPID ;; esac
DEADLY
chmod +x "$TMPDIR/deadly/mv"
another_second
DIES_AT=pending PATH=$TMPDIR/deadly:$PATH faked 0.8 0.8 --seed 71
check "killed before it is pending: a link to its run is left" test -n "$(find "$home" -name '.pending.*.part')"
PATH=$TMPDIR/deadly:$PATH faked 0.8 0.8 --seed 71
check "killed at the outcome: pending, with it" test -f "$home/pending/outcome.tsv"
check "killed at the outcome: started again" faked 0.1 0.9 --seed 71 || show "$TMPDIR/out"
check "nothing unfinished is left of it" test -z "$(find "$home" -name '*.part')" || find "$home" -name '*.part' | sed 's/^/# /'

# A signal: 75, and the next start goes on.
another_second
BUILD=$fake pipelines/retrain --data "$TMPDIR/cases" --home "$home" --config "$config" --keep 2 --seed 8 --epochs 40 >"$TMPDIR/out" 2>&1 &
victim=$!
for _ in $(seq 300); do
    [ -e "$home/pending/epochs/0001" ] && break
    sleep 0.02
done
kill -TERM "$victim"
wait "$victim"
check "SIGTERM: 75" test $? = 75 || show "$TMPDIR/out"
check "SIGTERM: pending" test -L "$home/pending"

# A full disk: writing the checkpoint fails, nothing is promoted, the next start goes on.
served=$(readlink "$home/current")
mv "$fake/bin/prunet-step" "$fake/bin/real-step"
full_disk_step "$fake"
check "a full disk fails" test "$(faked 0.9 0.8 --seed 8 --epochs 2; echo $?)" != 0
check "says so" grep -q -e "File too large" -e "No space" "$TMPDIR/out" || show "$TMPDIR/out"
check "nothing is promoted" test "$(readlink "$home/current")" = "$served"
mv "$fake/bin/real-step" "$fake/bin/prunet-step"
check "with room again it is finished" faked 0.9 0.8 --seed 8 --epochs 2 || show "$TMPDIR/out"
check "and promoted" test "$(last 10)" = promoted

# The crontab's line, with the configuration of this test: nothing has changed since the run above.
line=$(sed -n 's/^30 2 \* \* \*  //p' pipelines/crontab.example | sed "s|--config small|--config $config --seed 8|")
env BUILD="$BUILD" PRUNET="$PWD" DATA="$TMPDIR/cases" MODELS="$home" bash -c "$line" >"$TMPDIR/out" 2>&1
check "the crontab line runs" test $? = 0
check "and is silent when nothing has changed" test ! -s "$TMPDIR/out" || show "$TMPDIR/out"
(flock 8 && env BUILD="$BUILD" PRUNET="$PWD" DATA="$TMPDIR/cases" MODELS="$home" bash -c "$line") 8>"$home/.lock" 2>/dev/null
check "and content when it is locked" test $? = 0

# The clock is set back: the latest run is that of the history's last row, and none is taken for an older one.
printf '#!/bin/sh\ncase $* in *T*) echo 2001-01-01T000000 ;; *) exec /bin/date "$@" ;; esac\n' >"$fake/bin/date"
chmod +x "$fake/bin/date"
mkdir "$home/runs/my notes" && : >"$home/runs/my notes/file"
check "a clock that is set back" faked 0.9 0.8 --seed 9 || show "$TMPDIR/out"
check "the new run is promoted" test "$(last 1)" = 2001-01-01T000000 -a "$(readlink "$home/current")" = runs/2001-01-01T000000
check "it is not pruned as if it were old" test -s "$home/current/best/state.safetensors"
check "the same again" faked 0.9 0.8 --seed 9
check "is nothing to do" test "$(last 1)" = 2001-01-01T000000 -a ! -e "$home/runs/2001-01-01T000000-2"
check "another run within the same second" faked 0.7 0.8 --seed 10 || show "$TMPDIR/out"
check "has a folder of its own" test "$(last 1)" = 2001-01-01T000000-2 -a "$(readlink "$home/current")" = runs/2001-01-01T000000
rm "$fake/bin/date"
check "the last two of the history are kept" test "$(find "$home/runs" -maxdepth 1 -name '2*' | wc -l)" = 2
check "what is no run is not touched" test -f "$home/runs/my notes/file"
mkdir "$TMPDIR/elsewhere" && ln -s ../elsewhere "$home/pending"
check "a pending link to elsewhere: 65" test "$(faked 0.9 0.8 --seed 11; echo $?)" = 65
check "is named" grep -q "pending: links to no run" "$TMPDIR/out"
check "and nothing is removed there" test -d "$TMPDIR/elsewhere"
rm "$home/pending"
check "nothing unfinished is left" test -z "$(find "$home" -name '*.part')"

check "a seed that is none: 2" test "$(retrain --seed x; echo $?)" = 2
check "a margin that is none: 2" test "$(retrain --margin 1.2.3; echo $?)" = 2
check "no DATA: 2" test "$(pipelines/retrain --home "$home" 2>/dev/null; echo $?)" = 2
