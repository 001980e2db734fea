#!/usr/bin/env bash
# The stages from end to end: what they leave, what they do not do again, what a bad case does, parallel make.
set -u
. tests/pipelines/_tiny.sh
make_tiny 2 || exit 1
run=$TMPDIR/run

check "make -n runs nothing" sh -c "make -n BUILD='$BUILD' DATA='$data' CONFIG='$config' RUN='$run' preprocess train evaluate >'$run.out' 2>&1"
check "make -n leaves nothing" test ! -e "$run"
check "make -n names the commands" grep -q "pipelines/train --data" "$run.out"
check "preprocess, train, evaluate" stages "$run" preprocess train evaluate
[ -f "$run/log.tsv" ] || show "$run.out"
check "a record and its checksum a case" test "$(find "$run/cases" -name '[!.]*.nrrd*' | wc -l)" = 10
check "an epoch a row" test "$(wc -l <"$run/log.tsv")" = 3
check "validation of each case and region" test "$(wc -l <"$run/validation.tsv")" = 7
check "a prediction of each validation case" test "$(find "$run/predictions" -name '*.nii.gz' | wc -l)" = 1
for region in WT TC ET; do
    check "Dice of $region" grep -q "$region" "$run/evaluation/dice.tsv"
    check "HD95 of $region" grep -q "$region" "$run/evaluation/hd95.tsv"
done
check "nothing unfinished is left" test -z "$(find "$run" -name '.*' ! -name .lock ! -name .stamps ! -name '*.from')"

touch "$TMPDIR/then"
check "a second time" stages "$run" preprocess train evaluate
check "nothing is done again" test -z "$(find "$run" -type f -newer "$TMPDIR/then" ! -name '*.tsv' ! -name .lock ! -name .stamps)"
check "nothing is said to be done" sh -c "! grep -q -e 'epoch 1' -e segmenting -e preprocess\ / '$run.out'"

touch "$data"/*/*_t1.nii.gz
check "touched files" stages "$run" preprocess
check "are the same files: nothing is done" test ! -s <(grep -v '^pipelines/' "$run.out")

check "with -j, in another folder" stages "$TMPDIR/other" -j 4 preprocess train evaluate
check "the same bytes" test "$(fingerprint "$run")" = "$(fingerprint "$TMPDIR/other")"
check "the same predictions" diff -r "$run/predictions" "$TMPDIR/other/predictions"

first=$(find "$data" -mindepth 1 -maxdepth 1 | sort | head -n 1)
mkdir "$TMPDIR/new" && cp -r "$first" "$TMPDIR/new/unlabelled" && rm "$TMPDIR/new/unlabelled/"*seg*
for file in "$TMPDIR/new/unlabelled/"*; do
    mv "$file" "$TMPDIR/new/unlabelled/unlabelled_${file##*_}"
done
check "segment a case without a label map" stages "$run" segment DATA="$TMPDIR/new" OUT="$TMPDIR/out"
check "its label map" test -s "$TMPDIR/out/unlabelled.nii.gz"
check "segment without a trained run fails" sh -c "! make -k -f pipelines/brats.mk SEED=1 BUILD='$BUILD' segment DATA='$data' RUN='$TMPDIR/none' >'$TMPDIR/none.out' 2>&1"
check "and says so" grep -q "holds no trained network" "$TMPDIR/none.out"

mv "$first/${first##*/}_flair.nii.gz" "$first/${first##*/}_flar.nii.gz"
check "a wrong file name in one folder fails" sh -c "! make -k -f pipelines/brats.mk SEED=1 BUILD='$BUILD' preprocess train CONFIG='$config' DATA='$data' RUN='$TMPDIR/wrong' >'$TMPDIR/wrong.out' 2>&1"
check "the message names the case" grep -q "${first##*/}.*flair" "$TMPDIR/wrong.out"
check "the other cases are preprocessed" test "$(find "$TMPDIR/wrong/cases" -name '*.nrrd' | wc -l)" = 4
check "nothing is trained" test ! -e "$TMPDIR/wrong/epochs"

check "no such DATA" sh -c "! make -k -f pipelines/brats.mk SEED=1 BUILD='$BUILD' preprocess CONFIG='$config' DATA='$TMPDIR/nowhere' RUN='$TMPDIR/w' >'$TMPDIR/w.out' 2>&1"
check "says so" grep -q "nowhere: .*No such file or directory" "$TMPDIR/w.out"
if [ "$(id -u)" != 0 ]; then
    chmod 000 "$data"
    check "unreadable DATA" sh -c "! make -k -f pipelines/brats.mk SEED=1 BUILD='$BUILD' preprocess CONFIG='$config' DATA='$data' RUN='$TMPDIR/w' >'$TMPDIR/w.out' 2>&1"
    check "says so" grep -q "cannot be read" "$TMPDIR/w.out"
    chmod 755 "$data"
fi
check "no such configuration" sh -c "! make -k -f pipelines/brats.mk SEED=1 BUILD='$BUILD' preprocess CONFIG=row7 DATA='$data' RUN='$TMPDIR/w' >'$TMPDIR/w.out' 2>&1"
check "names the configurations there are" grep -q "reversible-3-1-full" "$TMPDIR/w.out"
