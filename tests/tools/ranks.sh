#!/usr/bin/env bash
# Ranks: 1 to 4 processes that share each batch write, by the first of them, the state and the table of one process, byte for
# byte; what they cannot do is refused; a rank that dies takes the others along; a stop of one is a stop of all.
#
# PRUNET_TEST_LAUNCHER: what starts them, before their number (mpirun --bind-to none -n); it is of the MPI that is built with.
set -u
. tests/tools/_network.sh
# shellcheck source=tests/_mpi.sh
. tests/_mpi.sh

# --- shares, without MPI ---

seq -f 'case-%02g' 11 >"$work/list"
order-cases --seed 1 --epoch 2 -o "$work/order" "$work/list"
share() { # batch, rank/count
    order-cases --seed 1 --epoch 2 --batch "$1" --share "$2" "$work/list"
}
divided() { # batch count: each case is in one share, and a batch's places are the shares' in their order
    local rank
    for ((rank = 0; rank < $2; rank++)); do
        share "$1" "$rank/$2" | awk -v rank=$rank -v count="$2" -v batch="$1" -v OFS='\t' '
            NR == FNR { place[$1] = NR - 1; next }
            { p = place[$1] % batch; if (p < int(rank * batch / count) || p >= int((rank + 1) * batch / count)) print "wrong"
              print place[$1], $1 }' "$work/order" -
    done | sort -n | cut -f 2 | cmp - "$work/order"
}
for batch in 1 3 4 7 256; do
    for count in 1 2 3 4 7; do
        [ "$count" -gt "$batch" ] || check "batches of $batch, $count ranks: each case once, by the rule" divided "$batch" "$count"
    done
done
check "a share of an end that has none of its places is empty" test -z "$(share 256 6/7)"
fails "more ranks than cases of a batch" 2 "4 ranks are more than the 3 cases" share 3 3/4
for wrong in 2/2 -1/2 1 1/ /2 a/2 1/2x 1/0; do
    fails "--share $wrong" 2 "--share: '$wrong' is not R/N" share 8 $wrong
done
make_cases 3 && make_state "$work/start" || exit 1
fails "a launcher with a build that has no MPI" 2 "a launcher has started 2 processes, and this build has no MPI" \
    env OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 prunet-step --state "$work/start" -o "$work/never" "$work/0.nrrd"
fails "one of Slurm's" 2 "started 3 processes" \
    env SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=3 prunet-step --state "$work/start" -o "$work/never" "$work/0.nrrd"
check "a batch script of Slurm's is no launcher" env SLURM_PROCID=0 SLURM_NTASKS=3 \
    prunet-step --quiet --state "$work/start" -o "$work/one" --no-header -- "$work/0.nrrd" >"$work/said"

read -ra launcher <<<"${PRUNET_TEST_LAUNCHER:-mpirun --bind-to none -n}"
if ! command -v "${launcher[0]}" >/dev/null || ! [ -x "$BUILD/ranks/prunet-step" ]; then
    echo "ok - ranks # skip ${PRUNET_TEST_STRICT:+needs }mpirun and an MPI to build with"
    exit 0
fi

# --- the bytes of one process ---

mkdir "$work/records"
for ((i = 0; i < 7; i++)); do # seven cases, of three heads
    sed "s/^\(prunet\.case:=\).*/\1case-$i/" "$work/$((i % 3)).nrrd" >"$work/records/case-$i.nrrd"
    echo "case-$i"
done >"$work/names"
step=$BUILD/ranks/prunet-step
export work step
# What the launcher starts: RANK_SHARE names another share than the rank's own, RANK_STATE another state for the last rank.
cat >"$work/rank" <<'RANK'
#!/bin/bash
number=${OMPI_COMM_WORLD_RANK:-$PMI_RANK} count=${OMPI_COMM_WORLD_SIZE:-$PMI_SIZE} state=${STATE:-$work/start}
[ $((number + 1)) != "$count" ] || state=${RANK_STATE:-$state}
[ "$number" != "${RANK_DIES-}" ] || kill -9 $$
mapfile -t own < <(awk -v r="$number" -v n="$count" -v b="$BATCH" -v s="${RANK_SHARE-}" '
    BEGIN { if (s != "") r = s } { p = (NR - 1) % b } p >= int(r * b / n) && p < int((r + 1) * b / n) {
        print ENVIRON["work"] "/records/" $1 ".nrrd" }' "$work/names")
if [ -n "${STALLS-}" ]; then # after the first batch
    first=$(((number + 1) * BATCH / count - number * BATCH / count))
    exec "$step" --state "$state" --batch "$BATCH" --weight-average 0.9 "$@" < <(trap '' USR1
        cat "${own[@]:0:first}" && until [ -e "$work/on" ]; do sleep 0.05; done; exec cat "${own[@]:first}")
fi
[ ${#own[@]} != 0 ] || exec "$step" --state "$state" --batch "$BATCH" --weight-average 0.9 "$@" </dev/null
exec "$step" --state "$state" --batch "$BATCH" --weight-average 0.9 "$@" -- "${own[@]}"
RANK
chmod +x "$work/rank"
ranks() { # count, batch, prunet-step's options...
    BATCH=$2 "${launcher[@]}" "$1" "$work/rank" --expect "$work/names" "${@:3}"
}
alone() { # batch, options...
    prunet-step --state "$work/start" --batch "$1" --weight-average 0.9 --expect "$work/names" "${@:2}" -- "$work"/records/*.nrrd
}
rows() { # table: without what the clock says
    cut -f 1-7 "$1"
}
for batch in 3 4; do
    alone "$batch" -o "$work/alone$batch" >"$work/alone$batch.tsv"
    for ((count = 1; count <= batch; count++)); do
        ranks $count $batch -o "$work/ranks" >"$work/ranks.tsv" 2>"$work/err" || show "$work/err"
        check "batches of $batch, $count ranks: the state of one process" cmp -s "$work/alone$batch" "$work/ranks"
        check "batches of $batch, $count ranks: its table" cmp -s <(rows "$work/alone$batch.tsv") <(rows "$work/ranks.tsv")
    done
done
head -n 2 "$work/names" >"$work/few" # a batch that is never full: the last of four ranks have no case at all
sed -i 2q "$work/names"
prunet-step --state "$work/start" --batch 8 --weight-average 0.9 --expect "$work/few" -o "$work/alone2" -- \
    "$work"/records/case-[01].nrrd >"$work/few.tsv"
ranks 4 8 -o "$work/ranks" >"$work/ranks.tsv" 2>"$work/err" || show "$work/err"
check "ranks without a case" cmp -s "$work/alone2" "$work/ranks"
check "and their table" cmp -s <(rows "$work/few.tsv") <(rows "$work/ranks.tsv")
device_ranks() { # count, options...
    step=$BUILD/shim/prunet-step-ranks STATE=$work/small ranks "$1" 2 --backend cuda-fp32 "${@:2}" >"$work/ranks.tsv" 2>"$work/err"
}
device_is_same() { # name
    check "$1: no failure" test $? = 0 || show "$work/err"
    check "$1: the state of one process" cmp -s "$work/device" "$work/ranks"
    rm -f "$work/ranks"
}
if [ -x "$BUILD/shim/prunet-step-ranks" ]; then
    make_state "$work/small" --channels 4,8
    "$BUILD/shim/prunet-step-ranks" --backend cuda-fp32 --state "$work/small" --batch 2 --weight-average 0.9 -o "$work/device" -- \
        "$work"/records/case-[01].nrrd >"$work/device.tsv"
    device_ranks 2 -o "$work/ranks"
    device_is_same "two devices, NCCL adds"
    PRUNET_NCCL=yes device_ranks 1 -o "$work/ranks"
    device_is_same "one device, alone with NCCL"
    PRUNET_NCCL=no device_ranks 2 -o "$work/ranks"
    device_is_same "PRUNET_NCCL=no, MPI adds"
    check "by nobody's complaint" test ! -s "$work/err" || show "$work/err"
    mkdir "$work/elsewhere" "$work/elsewhere/lib"
    cp "$BUILD/shim/prunet-step-ranks" "$work/elsewhere/"
    cp "$BUILD"/shim/lib/lib{cudnn,cublas}-shim.so.* "$work/elsewhere/lib/"
    step=$work/elsewhere/prunet-step-ranks STATE=$work/small ranks 2 2 --backend cuda-fp32 -o "$work/ranks" >"$work/ranks.tsv" 2>"$work/err"
    device_is_same "no NCCL"
    check "it is said, once" test "$(grep -c 'libnccl-shim.so.2 is not there for every rank' "$work/err")" = 1 || show "$work/err"
    export PRUNET_NCCL=yes
    step=$work/elsewhere/prunet-step-ranks STATE=$work/small ranks 2 2 --backend cuda-fp32 -o "$work/ranks" >"$work/ranks.tsv" 2>"$work/err"
    check "no NCCL, where it is wished for: status 1" test $? = 1
    check "and why" grep -q 'libnccl-shim.so.2 is not there for every rank' "$work/err" || show "$work/err"
    unset PRUNET_NCCL
    for call in GetUniqueId CommInitRank AllReduce; do
        SHIM_FAIL=nccl$call:1 device_ranks 2 -o "$work/ranks"
        check "NCCL that fails in $call: status 1" test $? = 1 || show "$work/err"
        check "named, with advice" grep -q "nccl$call: .*PRUNET_NCCL=no" "$work/err" || show "$work/err"
        check "no state" test ! -e "$work/ranks"
    done
fi
seq -f 'case-%g' 0 6 >"$work/names"

# --- refusals: one line of ours ---

refused() { # name, status, text, command...
    local name=$1 wanted=$2 text=$3 status=0
    shift 3
    "$@" >"$work/out" 2>"$work/err" || status=$?
    check "$name: status $wanted" test "$status" = "$wanted" || show "$work/err"
    check "$name: said once" test "$(grep -c '^prunet-step: ' "$work/err")" = 1 || show "$work/err"
    check "$name: $text" grep -qF -- "$text" "$work/err" || show "$work/err"
}
refused "more ranks than cases of a batch" 2 "4 ranks are more than the 3 cases of a batch" ranks 4 3 -o "$work/never"
BATCH=3 refused "no --expect" 2 "2 ranks: --expect FILE is needed" "${launcher[@]}" 2 "$work/rank" -o "$work/never"
RANK_SHARE=0 refused "the share of another rank" 65 "case-0: $work/names lists case-1 as number 2" ranks 2 3 -o "$work/never"
make_state "$work/other" --output-bias -1
RANK_STATE=$work/other refused "another state" 65 "rank 2 has another state than rank 0" ranks 3 3 -o "$work/never"
cp "$work/records/case-4.nrrd" "$work/whole.nrrd"
printf '\377\377\377\377\377\377\377\377' | dd of="$work/records/case-4.nrrd" bs=1 seek=8096 conv=notrunc status=none
refused "an image with a NaN" 1 "case-4: the loss is not finite" ranks 2 3 -o "$work/never"
mv "$work/whole.nrrd" "$work/records/case-4.nrrd"
RANK_DIES=1 ranks 3 3 -o "$work/never" >"$work/out" 2>"$work/err"
check "a rank that is killed: no success" test $? != 0
check "none of these left a state" test ! -e "$work/never"

# --- a stop: SIGUSR1 to the launcher, while the second batch is waited for; going on with any number ---

BATCH=3 STALLS=yes "${launcher[@]}" 2 "$work/rank" --expect "$work/names" -o "$work/half" >"$work/half.tsv" 2>"$work/err" &
pid=$!
until [ "$(wc -l <"$work/half.tsv")" -ge 4 ]; do sleep 0.05; done
kill -USR1 $pid
for ((i = 0; i < 600; i++)); do
    [ ! -e "$work/half" ] || break
    sleep 0.05
done
touch "$work/on" # MPICH's launcher waits for all that was begun
wait $pid
check "SIGUSR1 to the launcher: status 75" test $? = 75 || show "$work/err"
check "said once, by the first rank" test "$(grep '^prunet-step: ' "$work/err")" = "prunet-step: stopped after 3 cases of epoch 1" ||
    show "$work/err"
check "the first batch is done, and no more" test "$(metadata "$work/half" prunet.cases_done)" = 3
alone 3 --state "$work/half" -o "$work/whole" >"$work/rest.tsv"
check "one process goes on to the same bytes" cmp -s "$work/alone3" "$work/whole"
STATE=$work/half ranks 3 3 -o "$work/whole" >"$work/rest.tsv" 2>"$work/err" || show "$work/err"
check "three ranks, too" cmp -s "$work/alone3" "$work/whole"
check "the two tables make the undisturbed one" cmp -s <(rows "$work/alone3.tsv") \
    <(cat "$work/half.tsv" <(tail -n +2 "$work/rest.tsv") | cut -f 1-7)
