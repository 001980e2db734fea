#!/usr/bin/env bash
# Many runs and many cases without a cluster: the table of tasks, what one of them does, the comparison of what is there; a
# launcher in front of each case, shards, file systems without locks. tests/pipelines/slurm.sh has a real queue.
set -u
# shellcheck source=tests/pipelines/_tiny.sh
. tests/pipelines/_tiny.sh
# shellcheck source=pipelines/cases.sh
. pipelines/cases.sh
make_tiny 1 || exit 1
sed 's/^CHANNELS=.*/CHANNELS=8,8,8,8,8/' "$config" >"$TMPDIR/wider"
home=$TMPDIR/runs

ends_with() { # name, status, part of the message, command...
    local status=0
    "${@:4}" >"$TMPDIR/out" 2>"$TMPDIR/err" || status=$?
    check "$1: status $2" test "$status" = "$2" || show "$TMPDIR/err"
    [ -z "$3" ] || check "$1: said" grep -qF -- "$3" "$TMPDIR/err" || show "$TMPDIR/err"
}

# --- the table of tasks ---

tasks() { # options...
    pipelines/compare --tasks --configs "$config $TMPDIR/wider" "$@"
}
tasks --folds 2 --seeds "1 2 3" >"$TMPDIR/tasks.tsv"
check "a line for each configuration, fold and seed" test "$(sort -u "$TMPDIR/tasks.tsv" | wc -l)" = 12
check "configuration, fold, seed" test "$(sed -n 5p "$TMPDIR/tasks.tsv")" = "$config"$'\t2/2\t2'
check "without folds: the configuration's own" test "$(tasks | cut -f2,3 | uniq)" = $'none\t3'
ends_with "one fold" 2 "fold K of N" tasks --folds 1
ends_with "folds that are no number" 2 "--folds x" tasks --folds x
ends_with "a seed that is no number" 2 "--seeds" tasks --seeds "1 x"
ends_with "a seed twice" 2 "one is there twice" tasks --seeds "1 2 1"
ends_with "no seed" 2 "names no seed" tasks --seeds " "
ends_with "folds of an ordinary comparison" 2 "go with --tasks or --collect" \
    pipelines/compare --data "$data" --home "$home" --configs "$config" --folds 2
ends_with "tasks and collect" 2 "one of them" tasks --collect --home "$home"
ends_with "no folder of runs" 65 "no such folder" pipelines/compare --collect --home "$TMPDIR/nothing" --configs "$config"
check "nothing was made" test ! -e "$home"

# --- a task, by a queue that starts it at once ---

mkdir "$TMPDIR/queue"
cat >"$TMPDIR/queue/srun" <<FAKE
#!/bin/bash
echo "srun \$*" >>"$TMPDIR/asked"
while [[ \$1 == -* ]]; do shift; done
[ ! -f "$TMPDIR/stop" ] || exit 75
exec "\$@"
FAKE
cat >"$TMPDIR/queue/scontrol" <<FAKE
#!/bin/bash
[ "\$1" = requeue ] && echo "requeue \$2" >>"$TMPDIR/asked" && exit
echo "JobId=\$3 ArrayJobId=7"
echo "   Command=\${PIPELINES:-$PWD/pipelines}/slurm/\$SCRIPT with words"
FAKE
chmod +x "$TMPDIR/queue/srun" "$TMPDIR/queue/scontrol"
batch() { # script, number, environment...
    rm -f "$TMPDIR/asked"
    cp "pipelines/slurm/$1" "$TMPDIR/slurm_script" # as slurmd does
    env PATH="$TMPDIR/queue:$PATH" SCRIPT="$1" SLURM_JOB_ID=9 SLURM_JOB_NAME=prunet SLURM_ARRAY_TASK_ID="$2" SLURM_CPUS_PER_TASK=2 \
        DATA="$data" RUNS="$home" TABLE="$TMPDIR/tasks.tsv" "${@:3}" bash "$TMPDIR/slurm_script" >"$TMPDIR/out" 2>"$TMPDIR/err"
}
array() { # how many
    printf '%s\n' "SLURM_ARRAY_TASK_COUNT=$1" SLURM_ARRAY_TASK_MIN=1 "SLURM_ARRAY_TASK_MAX=$1"
}
mapfile -t of_two < <(array 2)
for k in 1 2; do
    batch preprocess.sbatch $k "${of_two[@]}"
    check "a shard is preprocessed" test $? = 0 || show "$TMPDIR/err"
    check "once for both configurations" test "$(grep -c "preprocess --data .*--shard $k/2" "$TMPDIR/asked")" = 1
done
check "the shards make all records" test "$(find "$home/cases-32x32x32-2018" -name '*.nrrd' | wc -l)" = 5
check "half of them each" test "$(grep -c '^preprocess: ' "$TMPDIR/err")" = 2
ends_with "an array that is a part" 2 "--array=1-N" env SLURM_ARRAY_TASK_COUNT=2 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=4 \
    SLURM_JOB_NAME=x SLURM_ARRAY_TASK_ID=4 bash -c 'pipelines=pipelines; . pipelines/slurm/job.sh; choose_shard'
batch train.sbatch 5
check "a task trains and evaluates" test $? = 0 || show "$TMPDIR/err"
one=$home/tiny/fold-2-of-2/seed-2
check "in the folder of its configuration, fold and seed" test -f "$one/evaluation/dice.tsv"
check "with the cores of its job" grep -q "^srun --ntasks=1 --cpus-per-task=2 .*pipelines/train " "$TMPDIR/asked"
check "the fold is part of the run" grep -qx $'FOLD\t2/2' "$one/manifest/run.tsv"
check "and is as with the setting" cmp -s "$one/manifest/run.tsv" \
    <(echo FOLD=2/2 | cat "$config" - >"$TMPDIR/folded" && load_config "$TMPDIR/folded" && . pipelines/manifest.sh && run_identity "$config" 2 | grep -vx $'BATCH\t1')
case_names "$data" >"$TMPDIR/names"
split-cases --seed 2 --fold 2/2 --train "$TMPDIR/training" --validation "$TMPDIR/validation" -- "$TMPDIR/names"
check "the fold decides the lists" cmp -s "$one/manifest/validation" "$TMPDIR/validation"
touch "$TMPDIR/stop"
batch train.sbatch 5
check "a stop: status 75" test $? = 75
check "is put back into the queue" grep -qx "requeue 9" "$TMPDIR/asked"
check "and nothing is evaluated" test "$(grep -c evaluate "$TMPDIR/asked")" = 0
batch train.sbatch 5 SLURM_RESTART_COUNT=200
check "not for ever" test $? = 75 -a "$(grep -c requeue "$TMPDIR/asked")" = 0
rm "$TMPDIR/stop"
batch train.sbatch 99
check "no such line: status 65" test $? = 65 || show "$TMPDIR/err"
check "and said" grep -q "line 99 is no configuration, fold and seed" "$TMPDIR/err"
batch train.sbatch 1 DATA=
check "a variable that is missing: status 2" test $? = 2 || show "$TMPDIR/err"
check "and named" grep -q "DATA is not set" "$TMPDIR/err"

# --- the same by an installed copy, from a folder of one's own ---

packaging/install "$BUILD" "$TMPDIR/installed copy" && mkdir "$TMPDIR/elsewhere"
copy="$TMPDIR/installed copy/share/prunet/pipelines"
(cd "$TMPDIR/elsewhere" && "$copy/compare" --tasks --configs "$config" --folds 2 --seeds 2) >"$TMPDIR/by-copy.tsv"
check "the table by an installed copy" cmp "$TMPDIR/by-copy.tsv" <(grep "^$config.*2$" "$TMPDIR/tasks.tsv")
cp "$copy/slurm/train.sbatch" "$TMPDIR/slurm_script"
(
    unset BUILD
    cd "$TMPDIR/elsewhere" && env PATH="$TMPDIR/queue:$PATH" PIPELINES="$copy" SCRIPT=train.sbatch SLURM_JOB_ID=9 SLURM_JOB_NAME=prunet \
        SLURM_ARRAY_TASK_ID=2 DATA="$data" RUNS=mine TABLE="$TMPDIR/by-copy.tsv" CASES="$home/cases" bash "$TMPDIR/slurm_script"
) >"$TMPDIR/out" 2>&1
check "a task by an installed copy" test $? = 0 || show "$TMPDIR/out"
check "gives the same bytes" cmp "$one/best/state.safetensors" "$TMPDIR/elsewhere/mine/tiny/fold-2-of-2/seed-2/best/state.safetensors"

# --- the fold of a training ---

train() { # options...
    pipelines/train --data "$data" --cases "$home/cases-32x32x32-2018" --config "$config" "$@"
}
ends_with "another fold of a run" 65 "FOLD: 2/2, now 1/2" train --run "$one" --seed 2 --fold 1/2
ends_with "a fold that is none" 2 "fold K of N" train --run "$TMPDIR/none" --fold 3/2
ends_with "a fold beside lists" 2 "the lists are the split" train --run "$TMPDIR/none" --fold 1/2 --lists "$one/manifest"
check "make has it, too" stages "$TMPDIR/by-make" train FOLD=2/2 SEED=2 CASES="$home/cases-32x32x32-2018" || show "$TMPDIR/by-make.out"
check "with the same lists" cmp -s "$one/manifest/training" "$TMPDIR/by-make/manifest/training"
check "and weights" cmp -s "$one/best/state.safetensors" "$TMPDIR/by-make/best/state.safetensors"

# --- the comparison of what is there ---

collect() {
    pipelines/compare --collect --home "$home" --configs "$config $TMPDIR/wider" --folds 2 --seeds "2 3" >"$TMPDIR/out" 2>"$TMPDIR/err"
}
batch train.sbatch 2 # fold 1 of 2, seed 2
cp -r "$one" "$home/tiny/fold-2-of-2/seed-3"  # another run's
mkdir -p "$home/tiny/fold-1-of-2" "$home/wider/fold-1-of-2"
cp -r "$home/tiny/fold-1-of-2/seed-2" "$home/wider/fold-1-of-2/seed-2"
rm -r "$home/wider/fold-1-of-2/seed-2/evaluation"
echo $'epochs\t7' >"$home/wider/fold-1-of-2/seed-2/goal.tsv"
check "what is there is compared" collect || show "$TMPDIR/err"
check "a row a run" test "$(wc -l <"$home/runs.tsv")" = 9
check "a missing one is -" test "$(NF=1 table_awk '$1 ~ /tiny/ && field("fold") == "1/2" && field("seed") == 3 { print $4 $5 $6 $7 $8 $9 $10 $11 $12 }' "$home/runs.tsv")" = ---------
check "and named" grep -q "tiny, fold 1/2, seed 3: has not begun" "$TMPDIR/err" || show "$TMPDIR/err"
check "an unfinished one is named" grep -q "wider, fold 1/2, seed 2: has come to epoch 1 of 7" "$TMPDIR/err"
check "and another run that has the place of one" grep -q "tiny, fold 2/2, seed 3: .*seed-3 is another run" "$TMPDIR/err"
mean() { # column, of the two runs
    column "$1" "$home/runs.tsv" | sed -n '1p;3p' | awk '{ x[NR] = $1 } END { printf "%.2f %.2f", (x[1] + x[2]) / 2, sqrt((x[1] - x[2]) ^ 2 / 2) }'
}
for name in dice_wt hd95_tc; do
    check "$name: mean and deviation" test "$(column $name "$home/collect.tsv" | head -n 2 | paste -s -d ' ')" = "$(mean $name)"
done
check "how many of how many" test "$(cell runs 1 "$home/collect.tsv")/$(cell of 1 "$home/collect.tsv")" = 2/4
check "a configuration without a run" test "$(cell dice_wt 3 "$home/collect.tsv")" = -
check "is printed" grep -q "deviation, 2 of 4" "$TMPDIR/out"
dice=$(column dice_wt "$home/runs.tsv" | head -n 1)
check "of the run's own scores" test "$dice" = "$(table_awk '$1 == "mean" && field("region") == "WT" { printf "%.2f", 100 * field("dice") }' "$home/tiny/fold-1-of-2/seed-2/evaluation/dice.tsv")"
check "memory of the plan and the process" test "$(column planned_mib "$home/runs.tsv" | head -n 1)" -gt 0
check "nothing is left" test -z "$(find "$home" -name '*.part')"

# --- a launcher in front of each case ---

cat >"$TMPDIR/launch" <<FAKE
#!/bin/bash
echo "launch: a queue may say something, too" >&2
[ "\$1" = -n1 ] && [ "\$2" = -c1 ] || exit 2
echo "\${*:3}" >>"$TMPDIR/launched"
cat >"$TMPDIR/stdin"
exec env -C / "\${@:3}"
FAKE
chmod +x "$TMPDIR/launch"
each() { # run, goals and variables...
    rm -f "$TMPDIR/launched"
    stages "$@" EACH="$TMPDIR/launch -n1  -c1"
}
launched() { # how many
    touch "$TMPDIR/launched"
    test "$(wc -l <"$TMPDIR/launched")" = "$1"
}
each_run=$TMPDIR/each\ case
check "each case by the launcher" each "$each_run" preprocess || show "$each_run.out"
check "five cases" launched 5
check "which reads nothing" test ! -s "$TMPDIR/stdin"
check "the same records" diff <(cd "$home/cases-32x32x32-2018" && cat ./*.sha256) <(cd "$each_run/cases" && cat ./*.sha256)
check "again: none" test "$(each "$each_run" preprocess; launched 0; echo $?)" = 0
(cd "$each_run" && cp -r "$TMPDIR/by-make/"{manifest,epochs,best,log.tsv,validation.tsv,times.tsv,goal.tsv} .)
check "predictions" each "$each_run" evaluate FOLD=2/2 SEED=2 -j2 || show "$each_run.out"
check "a step for each validation case" launched "$(wc -l <"$one/manifest/validation")"
check "the same scores" cmp -s "$one/evaluation/dice.tsv" "$each_run/evaluation/dice.tsv"
check "label maps" each "$each_run" segment -j3 || show "$each_run.out"
check "five cases to segment" launched 5
stages "$TMPDIR/by-make" segment CASES="$home/cases-32x32x32-2018"
check "the same label maps" diff -r -x '.*' "$each_run/segmentations" "$TMPDIR/by-make/segmentations"
mkdir "$TMPDIR/bad" && cp -r "$data"/* "$TMPDIR/bad/" && truncate -s 2000 "$TMPDIR/bad/phantom_00002/phantom_00002_t2.nii.gz"
rm -rf "$each_run/segmentations"
pipelines/segment --data "$TMPDIR/bad" --run "$each_run" --output "$TMPDIR/without" 2>"$TMPDIR/plain"
EACH="$TMPDIR/launch -n1 -c1" pipelines/segment --data "$TMPDIR/bad" --run "$each_run" --output "$TMPDIR/with" 2>"$TMPDIR/err"
check "a case that cannot be read: 65" test $? = 65
check "the tool's words, not the launcher's" diff <(grep '^  phantom' "$TMPDIR/plain") <(grep '^  phantom' "$TMPDIR/err")
ends_with "a launcher that is not there" 127 "nowhere" env EACH=/nowhere pipelines/segment --data "$data" --run "$each_run" --output "$TMPDIR/with"
ends_with "the command of a launcher" 2 "no command is given" pipelines/pipe

# --- shards ---

for k in 1 2 3; do
    check "shard $k of 3" stages "$TMPDIR/by-make" segment SHARD=$k/3 OUT="$TMPDIR/shards" || show "$TMPDIR/by-make.out"
    count[k]=$(find "$TMPDIR/shards" -name '*.nii.gz' ! -name '.*' | wc -l)
done
check "every third case each" test "${count[*]}" = "2 4 5"
check "all together are the whole" diff -r -x '.*' "$TMPDIR/shards" "$TMPDIR/by-make/segmentations"
ends_with "half a shard" 2 "fold K of N" pipelines/preprocess --data "$data" --cases "$TMPDIR/x" --config "$config" --shard 4/3
check "a training has no shards" test "$(stages "$TMPDIR/by-make" train SHARD=1/2; echo $?)" != 0
check "and make says so" grep -q "SHARD is for preprocess and segment, not for train" "$TMPDIR/by-make.out"
(flock --shared 8 && timeout 60 pipelines/preprocess --data "$data" --cases "$each_run/cases" --config "$config" --shard 1/2) \
    8>"$each_run/cases/.lock" 2>"$TMPDIR/err"
check "shards do not wait for each other" test $? = 0 || show "$TMPDIR/err"

# --- the best weights of a training that goes on ---

cat >"$TMPDIR/launch" <<FAKE
#!/bin/bash
rm -rf "$TMPDIR/moving/epochs" "$TMPDIR/moving/best"
exec "\$@"
FAKE
for form in folder case; do
    rm -rf "$TMPDIR/moving" && cp -r "$TMPDIR/by-make" "$TMPDIR/moving"
    if [ $form = folder ]; then
        EACH=$TMPDIR/launch pipelines/segment --data "$data" --run "$TMPDIR/moving" --output "$TMPDIR/moved" 2>"$TMPDIR/err"
    else
        EACH=$TMPDIR/launch pipelines/segment "$data/phantom_00001" "$TMPDIR/moving" "$TMPDIR/moved.nii.gz" 2>"$TMPDIR/err"
    fi
    check "a state that is removed meanwhile: $form" test $? = 0 || show "$TMPDIR/err"
done
check "is the one that it began with" diff -r -x '.*' "$TMPDIR/moved" "$TMPDIR/by-make/segmentations"

# --- file systems without locks, or with errors ---

gcc -D_GNU_SOURCE -shared -fPIC -O1 tests/pipelines/shim/network_disk.c -o "$TMPDIR/disk.so" || exit 1
run=$TMPDIR/by-make
on_disk() { # call, error, file or nothing; environment and command...
    env ${ASAN_OPTIONS+ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0"} LD_PRELOAD="$TMPDIR/disk.so" DISK_CALL="$1" DISK_ERROR="$2" \
        DISK_FILE="$3" timeout 120 "${@:4}"
}
training=(pipelines/train --data "$data" --cases "$home/cases-32x32x32-2018" --config "$config" --run "$run" --seed 2 --fold 2/2)
mkdir -p "$run/.lock.held" "$run/evaluation/.lock.held"
echo "process 1 on elsewhere since 2026-01-01 00:00:00" >"$run/.lock.held/owner"
for error in ENOSYS ENOLCK EOPNOTSUPP EIO ESTALE; do
    ends_with "$error, and another machine may train" 1 "mount it with flock, or set LOCK=none" on_disk flock $error "" "${training[@]}"
    check "$error: who it is, and what to do" grep -q "process 1 on elsewhere.*remove .*.lock.held.*--dependency=singleton" "$TMPDIR/err"
done
ends_with "evaluate does not wait for ever" 1 "mount it with flock" on_disk flock ENOSYS "" \
    pipelines/evaluate --data "$data" --cases "$home/cases-32x32x32-2018" --run "$run"
ends_with "with LOCK=none it trains" 0 "" on_disk flock ENOSYS "" env LOCK=none "${training[@]}"
rm -r "$run/.lock.held" "$run/evaluation/.lock.held"
for error in ENOSYS ESTALE; do
    ends_with "$error: alone it trains" 0 "" on_disk flock $error "" "${training[@]}"
    check "$error: no lock is left" test ! -e "$run/.lock.held"
done
mkdir "$run/.lock.held"
echo "process $$ on $(process_space) since 2026-01-01 00:00:00" >"$run/.lock.held/owner"
ends_with "a training of this machine that runs" 75 "another training is running there" on_disk flock ENOSYS "" "${training[@]}"
rm -r "$run/.lock.held"
ends_with "another LOCK" 2 "LOCK=maybe is not valid" env LOCK=maybe "${training[@]}"

# A server that is away: words, and what was whole stays so.
fails_with() { # name, words, command...
    local status=0
    "${@:3}" >"$TMPDIR/out" 2>"$TMPDIR/err" || status=$?
    check "$1: fails, and is not to be tried again" test "$status" = 1 -o "$status" = 65 || show "$TMPDIR/err"
    check "$1: says why" grep -q "$2" "$TMPDIR/err" || show "$TMPDIR/err"
}
cp -r "$run" "$TMPDIR/undisturbed"
"${training[@]}" --run "$TMPDIR/undisturbed" --epochs 2 2>"$TMPDIR/err" || show "$TMPDIR/err"
trained=$(head -n 1 "$run/manifest/training") validated=$(head -n 1 "$run/manifest/validation")
while read -r call error words; do
    rm -rf "$run"/epochs/.0002.* # what the first of these has trained
    for file in manifest/run.tsv manifest/training /from "/$trained.nrrd" "/$validated.nrrd"; do
        [ "$call$file" != read/from ] || continue # a state is mapped
        fails_with "$error in $call of $file" "$words" on_disk "$call" "$error" "$file" "${training[@]}" --epochs 2
    done
    rm -rf "$each_run/predictions"
    fails_with "$error in $call of a record in evaluate" "$words" on_disk "$call" "$error" "/$validated.nrrd" \
        pipelines/evaluate --data "$data" --cases "$home/cases-32x32x32-2018" --run "$each_run"
done <<'ERRORS'
read EIO Input/output error
open ESTALE Stale file handle
ERRORS
ends_with "when it is back it goes on" 0 "" "${training[@]}" --epochs 2
whole=$(fingerprint "$TMPDIR/undisturbed")
same "a server that was away" "$run"
