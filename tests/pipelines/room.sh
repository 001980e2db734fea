#!/usr/bin/env bash
# Room on the disk and in memory: the stages ask before they begin, and a disk that is full at any write loses nothing finished.
set -u
. tests/pipelines/_tiny.sh
make_tiny 1 || exit 1
run=$TMPDIR/run
cases=$TMPDIR/cases
out=$TMPDIR/out

digests() { # folders...
    for folder in "$@"; do
        (cd "$folder" && find . -type f ! -name '.*' ! -name pairs.tsv | sort | xargs sha256sum)
    done
}
preprocess() { pipelines/preprocess --data "$data" --cases "$cases" --config "$config" "$@"; }
train() { pipelines/train --data "$data" --cases "$cases" --run "$run" --config "$config" "$@"; }
evaluate() { pipelines/evaluate --data "$data" --cases "$cases" --run "$run"; }
segment() { pipelines/segment --data "$data" --run "$run" --output "$out"; }
fails() { # name, status, part of the message, command...
    local status
    "${@:4}" >"$TMPDIR/said" 2>&1
    status=$?
    check "$1: status $2" test $status = "$2" || show "$TMPDIR/said"
    check "$1: said" grep -q -- "$3" "$TMPDIR/said" || show "$TMPDIR/said"
}
succeeds() { # name, command...
    "${@:2}" >"$TMPDIR/said" 2>&1
    check "$1" test $? = 0 || show "$TMPDIR/said"
}

# --- beforehand ------------------------------------------------------------------------------------------------------------

# A df that says how much is free on every disk.
bin=$TMPDIR/bin
mkdir -p "$bin/bin" && ln -s "$BUILD"/bin/* "$bin/bin/"
free() { # bytes
    printf '#!/bin/sh\nprintf "Avail\\n%s\\n"\n' "$1" >"$bin/bin/df"
    chmod +x "$bin/bin/df"
}
with() { # command, with that df
    BUILD=$bin PATH=$bin/bin:$PATH "$@"
}
free 2785279 # a byte less than five records of 32 voxels a side
fails "no room for the records" 1 "cases: the records of 5 cases need 2.8 MB, and 2.8 MB are free there: nothing is begun" with preprocess
check "no room for the records: nothing is begun" test -z "$(find "$cases" -name '*.nrrd*')"
free 2785280
succeeds "room for them, and not a byte more" with preprocess
free 557055
rm "$cases/phantom_00002.nrrd"
fails "no room for the one that is missing" 1 "the records of 1 cases need" with preprocess
free 0
touch "$data"/*/*
cp "$cases/phantom_00001.nrrd" "$TMPDIR/record"
free 557056
succeeds "room for the one that is missing" with preprocess
free 0
succeeds "nothing to do needs no room" with preprocess
succeeds "a run" train
free 100
fails "no room for the label maps" 1 "out: the label maps of 5 cases need .* MB, and 0.0 MB are free there: nothing is begun" with segment
check "no room for the label maps: nothing is begun" test -z "$(find "$out" -name '*.nii.gz*')"
fails "no room for the states" 1 "the states of a run need" with train --epochs 2
check "no room for the states: the run is as before" test -f "$run/epochs/0001/state.safetensors" -a ! -e "$run/epochs/0002"
printf '#!/bin/sh\nexit 1\n' >"$bin/bin/df"
rm "$cases/phantom_00002.nrrd"
succeeds "a file system that does not tell what is free" with preprocess
succeeds "label maps there" with segment
rm -rf "$out"
(. pipelines/room.sh && free_memory() { echo 1000000000; } && need_memory 2000000000 "a step" "do less") 2>"$TMPDIR/said"
check "memory: 1" test $? = 1
check "memory: what is needed, what is free, what to do" grep -q "a step needs 2.0 GB of memory, and 1.0 GB are free: do less" "$TMPDIR/said"
(. pipelines/room.sh && need_room "$TMPDIR" 1 "a byte") 2>"$TMPDIR/said"
check "a little room is not spoken of" test $? = 0 -a ! -s "$TMPDIR/said"
free 5000000000
(. pipelines/room.sh && PATH=$bin/bin:$PATH && need_room "$TMPDIR" 2000000000 "the records") 2>"$TMPDIR/said"
check "much of it is" grep -q "the records will take 2.0 GB of the 5.0 GB that are free" "$TMPDIR/said"

# --- a disk that is full all the same ----------------------------------------------------------------------------------------

succeeds "scores" evaluate
succeeds "label maps" segment
finished=$(digests "$cases" "$run/predictions" "$run/evaluation" "$out")

# No file grows beyond so many KiB.
limited() { # KiB, command...
    (ulimit -f "$1" && "${@:2}")
}
change_image() { # number of a case
    local file=$data/phantom_0000$1/phantom_0000$1_t2.nii.gz
    cp "$file" "$TMPDIR/image.$1" && cp "$data/phantom_00005/phantom_00005_t2.nii.gz" "$file"
}
restore_image() { # number of a case
    cp "$TMPDIR/image.$1" "$data/phantom_0000$1/phantom_0000$1_t2.nii.gz"
}
change_image 1 && change_image 2 && change_image 3
fails "records on a full disk" 1 "File too large" limited 100 preprocess
check "it is given up at the first" test "$(grep -c 'cannot write' "$TMPDIR/said")" = 1 || show "$TMPDIR/said"
check "no record is lost" test "$(digests "$cases" "$run/predictions" "$run/evaluation" "$out")" = "$finished"
for size in 0 1; do
    limited $size preprocess >"$TMPDIR/said" 2>&1
    check "a disk that is full at $size KiB" test $? = 1 || show "$TMPDIR/said"
    limited $size segment >"$TMPDIR/said" 2>&1
    check "label maps there" test $? = 1 || show "$TMPDIR/said"
    check "none is lost" test "$(digests "$cases" "$run/predictions" "$run/evaluation" "$out")" = "$finished"
done
restore_image 1 && restore_image 2 && restore_image 3
succeeds "restored" preprocess
succeeds "restored label maps" segment
check "as before" test "$(digests "$cases" "$run/predictions" "$run/evaluation" "$out")" = "$finished"
check "nothing unfinished is left" test -z "$(find "$cases" "$run" "$out" -name '*.part')"

rm "$run/evaluation/.dice.tsv.from" "$run/predictions/".*.from
for size in 0 1; do
    limited $size evaluate >"$TMPDIR/said" 2>&1
    check "scores on a disk that is full at $size KiB" test $? != 0
    check "none is lost" test "$(digests "$cases" "$run/predictions" "$run/evaluation" "$out")" = "$finished"
done
succeeds "scores with room again" evaluate
check "as before" test "$(digests "$cases" "$run/predictions" "$run/evaluation" "$out")" = "$finished"
check "nothing unfinished is left" test -z "$(find "$cases" "$run" "$out" -name '*.part')"

# --- no folder for temporary files -------------------------------------------------------------------------------------------

# Lists that grow with the cases are longer than a pipe holds; bash would write a here-document of theirs to TMPDIR.
nowhere() { # command...
    TMPDIR=/nowhere "$@"
}
succeeds "records without TMPDIR" nowhere preprocess
rm "$run/evaluation/.dice.tsv.from" "$run/predictions/".*.from "$out"/.*.from
succeeds "scores without TMPDIR" nowhere evaluate
succeeds "label maps without TMPDIR" nowhere segment
succeeds "measures without TMPDIR" nowhere pipelines/measure --config "$config" --cases "$cases" --steps 1
succeeds "a training without TMPDIR" nowhere train --epochs 2
for ((i = 0; i < 1251; i++)); do
    mkdir -p "$TMPDIR/many/BraTS2021_$(printf %05d $i)"
done
for folder in "$TMPDIR/many"/*; do
    for kind in t1 t1ce t2 flair seg; do echo >"$folder/${folder##*/}_$kind.nii.gz"; done
done
data=$TMPDIR/many cases=$TMPDIR/many-cases
free 0
fails "1251 cases without TMPDIR" 1 "many-cases: the records of 1251 cases need" with nowhere preprocess
fails "1251 label maps without TMPDIR" 1 "the label maps of 1251 cases need" with nowhere segment
