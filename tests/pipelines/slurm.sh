#!/usr/bin/env bash
# A real Slurm of two nodes on this machine: job arrays that are preempted and go on, scancel, cases as job steps on several
# nodes, a table of tasks and its comparison. ranks as one job step. PRUNET_TEST_LONG=1: the table has 90 tasks. PRUNET_TEST_PMI:
# how srun and the MPI that is built with meet (pmix).
set -u
# shellcheck source=tests/pipelines/_tiny.sh
. tests/pipelines/_tiny.sh
# shellcheck source=tests/pipelines/_slurm.sh
. tests/pipelines/_slurm.sh
lacks=$(slurm_lacks)
[ -z "$lacks" ] || { echo "ok - job arrays # skip $lacks" && exit; }
make_tiny 1 || exit 1
trap stop_slurm EXIT
start_slurm "$TMPDIR/slurm" 2 >"$TMPDIR/start.out" 2>&1 ||
    { echo "ok - job arrays # skip no Slurm can be started here: $(tail -n 1 "$TMPDIR/start.out")" && exit; }
echo "ok - a Slurm of two nodes"

folds=3 seeds="1 2"
[ -z "${PRUNET_TEST_LONG-}" ] || { folds=5 seeds=$(seq -s ' ' 18) patience=3600; }
export DATA=$data RUNS=$TMPDIR/runs TABLE=$TMPDIR/tasks.tsv PRUNET_THREADS=1 OMP_WAIT_POLICY=passive
pipelines/compare --tasks --configs "$config" --folds "$folds" --seeds "$seeds" >"$TABLE"
tasks=$(wc -l <"$TABLE")

submit() { # sbatch's options and script
    sbatch --parsable --export=ALL --output="$TMPDIR/%A_%a.out" "$@"
}
state_of() { # job
    squeue -h -t all -o %T -j "$1" 2>/dev/null
}
all_are() { # state, job, how many
    [ "$(state_of "$2" | grep -cx "$1")" = "$3" ]
}
# shellcheck disable=SC2317 # by wait_until
has_ended() { # job
    ! state_of "$1" | grep -qvx -e COMPLETED -e FAILED -e CANCELLED -e TIMEOUT
}
ended() { # name, state, job, how many tasks
    wait_until "$1" has_ended "$3"
    check "$1" all_are "$2" "$3" "$4" || { squeue -t all -j "$3" && cat "$TMPDIR/$3"_*.out; } | sed 's/^/# /'
}

# --- records by shards, then a run a task ---

records=$(submit --array=1-2 pipelines/slurm/preprocess.sbatch)
array=$(submit -c1 --array="1-$tasks" --dependency="afterok:$records" pipelines/slurm/train.sbatch)
ended "the tasks of a table" COMPLETED "$array" "$tasks"
pipelines/compare --collect --home "$RUNS" --configs "$config" --folds "$folds" --seeds "$seeds" >"$TMPDIR/out" 2>"$TMPDIR/err"
check "all are in one comparison" grep -q "deviation, $tasks of $tasks" "$TMPDIR/out" || cat "$TMPDIR/out" "$TMPDIR/err" | sed 's/^/# /'
check "a row each" test "$(grep -c "^$config" "$RUNS/runs.tsv")" = "$tasks"
nodes=$(sed -n 's/.*restart 0, on //p' "$TMPDIR/${array}"_*.out | sort -u | paste -s)
check "on both nodes" test "$nodes" = $'n1\tn2'

# --- a task that is preempted, requeued and goes on ---

place=$RUNS/tiny/fold-1-of-$folds/seed-1
mv "$place" "$TMPDIR/undisturbed"
whole=$(fingerprint "$TMPDIR/undisturbed")
slow_build "$TMPDIR/slow"
is_in_step() {
    [ -d "$place/epochs/.0001.running" ] && [ -s "$place/epochs/.0001.running/now" ]
}
# shellcheck disable=SC2317
is_requeued() { # job
    state_of "$1" | grep -qx PENDING
}
array=$(BUILD=$TMPDIR/slow submit -N1 --exclusive --array=1 pipelines/slurm/train.sbatch)
wait_until "the task trains" is_in_step
urgent=$(sbatch --parsable --partition=high -N2 --exclusive --output=/dev/null --wrap "sleep 1")
wait_until "the task is back in the queue" is_requeued "$array"
check "a preempted task is back in the queue" is_requeued "$array" || sed 's/^/# /' "$TMPDIR/${array}_1.out"
check "and has stopped in order" grep -q "stopped in epoch 1 after" "$place/journal.txt"
ended "what is urgent" COMPLETED "$urgent" 1
scontrol update JobId="${array}_1" StartTime=now # instead of two minutes
ended "it goes on to its end" COMPLETED "$array" 1
check "after one restart" grep -q "restart 1, on" "$TMPDIR/${array}_1.out"
same "a task that was preempted" "$place"
check "and scores" cmp "$place/evaluation/dice.tsv" "$TMPDIR/undisturbed/evaluation/dice.tsv"

# --- scancel ---

rm -rf "$place"
array=$(BUILD=$TMPDIR/slow submit --array=1 pipelines/slurm/train.sbatch)
wait_until "the task trains" is_in_step
scancel "$array"
ended "a task that is cancelled is not put back" CANCELLED "$array" 1
# shellcheck disable=SC2317
is_kept() {
    compgen -G "$place/epochs/.0001.at-*" >/dev/null
}
wait_until "its step is kept" is_kept
check "its last step is kept" is_kept

# --- cases as steps on two nodes ---

cat >"$TMPDIR/note" <<NOTE
#!/bin/bash
echo "\$SLURMD_NODENAME" >>"$TMPDIR/placed"
exec "\$@"
NOTE
chmod +x "$TMPDIR/note"
salloc -Q -N2 -n4 make --no-print-directory -j4 -f pipelines/brats.mk BUILD="$BUILD" DATA="$data" CONFIG="$config" \
    RUN="$TMPDIR/each" EACH="srun -N1 -n1 -c1 --exact $TMPDIR/note" preprocess >"$TMPDIR/out" 2>&1
check "cases as job steps" test $? = 0 || show "$TMPDIR/out"
check "a step for each" test "$(wc -l <"$TMPDIR/placed")" = 5
check "on both nodes" test "$(sort -u "$TMPDIR/placed" | paste -s)" = $'n1\tn2'
check "the same records" diff <(cat "$RUNS"/cases-*/*.sha256) <(cat "$TMPDIR"/each/cases/*.sha256)

# --- a batch's cases shared by the ranks of a job step: on both nodes, but pmix cannot be at work twice on one machine ---

if [ -x "$BUILD/ranks/prunet-step" ]; then
    mpi=$TMPDIR/mpi pmi=${PRUNET_TEST_PMI:-pmix} nodes=2
    [ "$pmi" != pmix ] || nodes=1
    launch="srun --quiet --mpi=$pmi -N$nodes -n2 -c1 --kill-on-bad-exit=1"
    export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 # MPI's own
    build_without "$mpi" prunet-step
    ln -s "$BUILD/ranks/prunet-step" "$mpi/bin/"
    printf 'BATCH=2\nFOLD=1/2\n' >>"$config"
    stages "$TMPDIR/one" train CASES="$TMPDIR/each/cases"
    BUILD=$mpi stages "$TMPDIR/two" train CASES="$TMPDIR/each/cases" LAUNCH="$launch"
    check "ranks as a job step: the same bytes" test "$(fingerprint "$TMPDIR/one")" = "$(fingerprint "$TMPDIR/two")" ||
        show "$TMPDIR/two.out"

    build_without "$TMPDIR/pausing" augment prunet-step
    ln -s "$BUILD/ranks/prunet-step" "$TMPDIR/pausing/bin/"
    cp "$TMPDIR/slow/bin/augment" "$TMPDIR/pausing/bin/"
    BUILD=$TMPDIR/pausing start "$TMPDIR/stopped" CASES="$TMPDIR/each/cases" LAUNCH="$launch"
    # shellcheck disable=SC2317
    is_in_launched_step() {
        [ -s "$TMPDIR/stopped/epochs/.0001.running/now" ]
    }
    wait_until "the ranks train" is_in_launched_step
    kill -TERM "$(pgrep -g "$group" -o -f 'pipelines/train')"
    wait "$group"
    check "a stop reaches the ranks" compgen -G "$TMPDIR/stopped/epochs/.0001.at-*" >"$TMPDIR/kept" || show "$TMPDIR/stopped.out"
    BUILD=$mpi stages "$TMPDIR/stopped" train CASES="$TMPDIR/each/cases" LAUNCH="${launch/-N? -n2/-N1 -n1}"
    check "and they go on, as one" test "$(fingerprint "$TMPDIR/one")" = "$(fingerprint "$TMPDIR/stopped")" || show "$TMPDIR/stopped.out"
else
    echo "ok - ranks as a job step # skip ${PRUNET_TEST_STRICT:+needs }an MPI to build with"
fi
