#!/usr/bin/env bash
# LAUNCH: a run whose steps are shared by ranks ends with the bytes of one without, also when it was stopped, and went on with
# another number of ranks, or when one had died; a build without MPI is refused.
set -u
. tests/pipelines/_tiny.sh
if ! command -v mpirun >/dev/null || ! [ -x "$BUILD/ranks/prunet-step" ]; then
    echo "ok - LAUNCH # skip ${PRUNET_TEST_STRICT:+needs }mpirun and an MPI to build with"
    exit 0
fi
# shellcheck source=tests/_mpi.sh
. tests/_mpi.sh
make_tiny 1 || exit 1
echo BATCH=3 >>"$config"
mpi=$TMPDIR/mpi
build_without "$mpi" prunet-step
ln -s "$BUILD/ranks/prunet-step" "$mpi/bin/"

train_whole
run=$TMPDIR/alone
stages "$run" train CASES="$TMPDIR/whole/cases" LAUNCH="mpirun -n 2 --bind-to none"
check "a build without MPI is refused" grep -q "a launcher has started 2 processes, and this build has no MPI" "$run.out" ||
    show "$run.out"
check "and trains nothing" test ! -e "$run/epochs/0001"

# The rank that meets the second case of the epoch stays in it until the run is told to stop.
slow=$TMPDIR/slow
build_without "$slow" augment prunet-step
ln -s "$BUILD/ranks/prunet-step" "$slow/bin/"
cat >"$slow/bin/augment" <<SLOW
#!/bin/bash
[ "\$OMPI_COMM_WORLD_RANK" = 0 ] || exec "$BUILD/bin/augment" "\$@"
"$BUILD/bin/augment" "\$@" | { head -c 700000; touch "$TMPDIR/inside"; sleep 8; exec cat; }
SLOW
chmod +x "$slow/bin/augment"
run=$TMPDIR/stopped
BUILD=$slow start "$run" LAUNCH="mpirun -n 2 --bind-to none"
for ((i = 0; i < 600; i++)); do
    [ ! -e "$TMPDIR/inside" ] || [ ! -s "$run/epochs/.0001.running/now" ] || break
    sleep 0.1
done
sleep 1
kill -TERM "$(pgrep -g "$group" -o -f 'pipelines/train')"
wait "$group"
check "a stop of the training is one of all ranks" test -d "$run/epochs/.0001.at-00003" ||
    show "$run.out"
for ((i = 0; i < 100; i++)); do
    pgrep -g "$group" >/dev/null || break
    sleep 0.05
done
check "it leaves no process" test -z "$(pgrep -f "$run/epochs")"
BUILD=$mpi stages "$run" train CASES="$TMPDIR/whole/cases" LAUNCH="mpirun -n 3 --bind-to none"
same "stopped, and gone on with three ranks" "$run"

# Records as they are; two cases to validate on, by three ranks, of whom one has none; a stop while they are at it.
printf '%s\n' AUGMENT=no FOLD=1/2 >>"$config"
stages "$TMPDIR/one" train CASES="$TMPDIR/whole/cases"
check "there are several cases to validate on" test "$(wc -l <"$TMPDIR/one/manifest/validation")" = 2
mortal=$TMPDIR/mortal
build_without "$mortal" prunet-step
# shellcheck disable=SC2016 # the dollars are the other shell's
printf '#!/bin/bash\n[ "$OMPI_COMM_WORLD_RANK" = 0 ] || kill -9 $$\nexec "%s" "$@"\n' "$BUILD/ranks/prunet-step" >"$mortal/bin/prunet-step"
chmod +x "$mortal/bin/prunet-step"
run=$TMPDIR/two
BUILD=$mortal stages "$run" train CASES="$TMPDIR/whole/cases" LAUNCH="mpirun -n 2 --bind-to none"
check "a rank that dies takes the epoch with it" grep -q "train: epoch 1 is dropped; the 0 before it are kept" "$run.out" || show "$run.out"
late=$TMPDIR/late
build_without "$late" dice-eval prunet-step
ln -s "$BUILD/ranks/prunet-step" "$late/bin/"
printf '#!/bin/bash\ntouch "%s"\nsleep 60\n' "$TMPDIR/validating" >"$late/bin/dice-eval"
chmod +x "$late/bin/dice-eval"
BUILD=$late start "$run" LAUNCH="mpirun -n 3 --bind-to none"
for ((i = 0; i < 600; i++)); do
    [ ! -e "$TMPDIR/validating" ] || break
    sleep 0.1
done
SECONDS=0
kill -TERM "$(pgrep -g "$group" -o -f 'pipelines/train')"
wait "$group"
check "a stop in the validation is heard, of $SECONDS s" test "$SECONDS" -lt 30
check "and keeps the trained epoch" test -d "$run/epochs/.0001.trained" || show "$run.out"
check "it leaves no process either" test -z "$(pgrep -f "$run/epochs")"
BUILD=$mpi stages "$run" train CASES="$TMPDIR/whole/cases" LAUNCH="mpirun -n 3 --bind-to none"
for file in state.safetensors validation.tsv; do
    check "plain records, a launched validation: the same $file" \
        cmp "$TMPDIR/one/epochs/0001/$file" "$run/epochs/0001/$file" || show "$run.out"
done
check "nothing else is left in the epoch's folder" \
    cmp -s <(ls "$TMPDIR/one/epochs/0001") <(ls "$run/epochs/0001") || find "$run/epochs/0001" | sed 's/^/# /'
