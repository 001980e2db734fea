#!/usr/bin/env bash
# A run's folder that somebody or some disk has damaged: what is wrong is named with status 65 and what to do, nothing is
# trained, and nothing that is there changes. Restored, the run goes on.
set -u
# shellcheck source=tests/pipelines/_tiny.sh
. tests/pipelines/_tiny.sh
make_tiny 3 || exit 1
train_whole
cases=$TMPDIR/whole/cases
run=$TMPDIR/run

train() { # epochs
    pipelines/train --data "$data" --cases "$cases" --run "$run" --config "$config" --seed 1 --epochs "$1" 2>"$run.out"
}
contents() {
    (cd "$run" && find . ! -name .lock ! -name journal.txt -printf '%p %l\n' | sort &&
        find . -type f ! -name .lock ! -name journal.txt -exec sha256sum {} + | sort)
}
fresh() {
    rm -rf "$run" && cp -a "$TMPDIR/whole" "$run" && rm -rf "$run/cases"
}
refused() { # what was damaged, what the message says of it, command that damages
    local before
    fresh
    (cd "$run" && eval "$3")
    before=$(contents)
    train 4
    check "$1: status 65" test $? = 65
    check "$1: says $2" grep -q -- "$2" "$run.out" || show "$run.out"
    check "$1: nothing is changed" diff <(echo "$before") <(contents)
}

# --- folders that are no epochs of this run ---

for name in 9 0003.bak 00003 0x10 3; do
    refused "a folder $name" "epochs/$name: .*move it out" "mkdir epochs/$name"
done
refused "a file in the next epoch's place" "epochs/0004: .*move it out" "touch epochs/0004"
refused "a folder 0007" "0004: is missing, and 0007 is there: restore 0004, or move 0007 " "mkdir epochs/0007"
refused "a missing epoch" "epochs/0001: is missing, and 0002 is there: restore" "rm -r epochs/0001"
refused "the first epoch missing" "epochs/0000: is missing, and 0001 is there: restore" "rm -r epochs/0000"
refused "an unfinished epoch that is not due" "epochs/.0006.trained: .*move it out" "cp -r epochs/0003 epochs/.0006.trained"
fresh
mkdir "$run/epochs/@eaDir" "$run/epochs/lost+found"
touch "$run/epochs/Thumbs.db"
check "what file systems and file managers leave does no harm" train 3

# --- what an epoch holds ---

refused "no steps.tsv" "0002/steps.tsv: is missing.*restore it" "rm epochs/0002/steps.tsv"
refused "an empty steps.tsv" "0002/steps.tsv: is .*empty.*restore it" ": >epochs/0002/steps.tsv"
refused "no validation.tsv" "0001/validation.tsv: is missing.*restore it" "rm epochs/0001/validation.tsv"
refused "an empty validation.tsv" "0003/validation.tsv: is .*empty.*restore it" ": >epochs/0003/validation.tsv"
refused "names of columns only" "0002/steps.tsv: is damaged.*restore it" "sed -i 1q epochs/0002/steps.tsv"
refused "no names of columns" "0002/steps.tsv: is damaged" "sed -i 1d epochs/0002/steps.tsv"
refused "a row too few" "0002/steps.tsv: is damaged" "sed -i 3d epochs/0002/steps.tsv"
refused "a row twice" "0002/steps.tsv: is damaged" "sed -i '2p;3d' epochs/0002/steps.tsv"
refused "a table cut in a row" "0002/validation.tsv: is damaged" "truncate -s -60 epochs/0002/validation.tsv"
refused "a table without its last byte" "0002/validation.tsv: is damaged" "truncate -s -1 epochs/0002/validation.tsv"
refused "a loss that is no number" "0001/steps.tsv: is damaged" "sed -i '2s/\t[0-9.]*\t/\tnan\t/3' epochs/0001/steps.tsv"
refused "a loss beyond all numbers" "0001/steps.tsv: is damaged" \
    "awk -F'\t' -v OFS='\t' 'NR == 2 { \$4 = \"1e999\" } 1' epochs/0001/steps.tsv >t; mv t epochs/0001/steps.tsv"
refused "a Dice that is no number" "0003/validation.tsv: is damaged" "sed -i '3s/0[.][0-9]*/-nan/' epochs/0003/validation.tsv"
refused "a Dice above one" "0003/validation.tsv: is damaged" "sed -i '3s/0[.]/10./' epochs/0003/validation.tsv"
refused "a Dice of training that is no number" "0003/steps.tsv: is damaged" \
    "awk -F'\t' -v OFS='\t' 'NR == 3 { \$6 = \"-\" } 1' epochs/0003/steps.tsv >t
    mv t epochs/0003/steps.tsv"
refused "another epoch's steps" "0002/steps.tsv: is damaged" "cp epochs/0001/steps.tsv epochs/0002/steps.tsv"
refused "another case's steps" "0002/steps.tsv: is damaged" "sed -i s/phantom_00001/phantom_00007/ epochs/0002/steps.tsv"
refused "another case's validation" "0002/validation.tsv: is damaged" "sed -i s/phantom_0000/phantom_1000/ epochs/0002/validation.tsv"
refused "zeros in place of a table" "0001/validation.tsv: is damaged" \
    "head -c 300 /dev/zero >t; mv t epochs/0001/validation.tsv"
refused "lines that end as on Windows" "0001/validation.tsv: is damaged" "sed -i 's/\$/\r/' epochs/0001/validation.tsv"
refused "no state of the last epoch" "0003/state.safetensors: is missing or empty: restore it" "rm epochs/0003/state.safetensors"
refused "an empty state of the last epoch" "0003/state.safetensors: is missing or empty: restore it" \
    ": >epochs/0003/state.safetensors"

# The best epoch is made the first one.
best_is_first='sed -i "s/\t0[.][0-9]*/\t0.9/" epochs/0001/validation.tsv; ln -sfn epochs/0001 best
    cp epochs/0003/state.safetensors epochs/0001/'
refused "no state of the best epoch" "0001/state.safetensors: is missing or empty: restore it" \
    "$best_is_first; rm epochs/0001/state.safetensors"

# --- a training that was stopped: what it goes on from is looked at, too ---

stopped='mkdir epochs/.0004.at-00002; cp epochs/0003/state.safetensors epochs/.0004.at-00002
    sed "3q;s/^3/4/" epochs/0003/steps.tsv >epochs/.0004.at-00002/steps.tsv;'
refused "a row too few before the stop" ".0004.at-00002/steps.tsv: is damaged.*remove" \
    "$stopped sed -i 2d epochs/.0004.at-00002/steps.tsv"
refused "no steps before the stop" ".0004.at-00002/steps.tsv: is missing.*remove" \
    "$stopped rm epochs/.0004.at-00002/steps.tsv"
refused "no state of the stop" ".0004.at-00002/state.safetensors: is missing.*remove" \
    "$stopped rm epochs/.0004.at-00002/state.safetensors"
trained='cp -r epochs/0003 epochs/.0004.trained; sed -i "s/^3/4/" epochs/.0004.trained/steps.tsv
    rm epochs/.0004.trained/validation.tsv;'
refused "a row too few before the validation" ".0004.trained/steps.tsv: is damaged.*remove" \
    "$trained sed -i 2d epochs/.0004.trained/steps.tsv"
refused "an empty state before the validation" ".0004.trained/state.safetensors: is .*empty.*remove" \
    "$trained : >epochs/.0004.trained/state.safetensors"
fresh
cp -r "$run/epochs/0002" "$run/epochs/.0002.at-00003"
cp -r "$run/epochs/0003" "$run/epochs/.0003.trained"
check "leftovers of complete epochs" train 3
check "are removed" test -z "$(find "$run/epochs" -name '.*')"

# --- the manifest ---

for table in training validation; do
    refused "another name in manifest/$table" "manifest/$table: is not the list" "sed -i s/phantom/fantom/ manifest/$table"
    refused "no manifest/$table" "manifest/$table: is missing or empty: restore it" "rm manifest/$table"
    refused "an empty manifest/$table" "manifest/$table: is missing or empty: restore it" ": >manifest/$table"
done
refused "a name too many in manifest/validation" "manifest/validation: is not the list" \
    "head -n 1 manifest/training >>manifest/validation"
refused "an order of its own in manifest/training" "manifest/training: is not the list" \
    "sort -r manifest/training >t; mv t manifest/training"
for table in inputs.tsv run.tsv; do
    refused "no manifest/$table" "manifest/$table: is missing or empty: restore it" "rm manifest/$table"
    refused "an empty manifest/$table" "manifest/$table: is missing or empty: restore it" ": >manifest/$table"
done
refused "another checksum in manifest/inputs.tsv" "manifest/inputs.tsv: phantom_00003" \
    "sed -i '/^phantom_00003/s/.\$/g/' manifest/inputs.tsv"
refused "a case too few in manifest/inputs.tsv" "manifest/inputs.tsv: phantom_00002" "sed -i /^phantom_00002/d manifest/inputs.tsv"
refused "another rate in manifest/run.tsv" "manifest/run.tsv: LEARNING_RATE: 2e-3, now 1e-3" \
    "sed -i 's/^LEARNING_RATE.*/LEARNING_RATE\t2e-3/' manifest/run.tsv"
refused "no seed in manifest/run.tsv" "manifest/run.tsv: seed: -, now 1" "sed -i /^seed/d manifest/run.tsv"
fresh
head -n 1 "$run/manifest/training" >>"$run/manifest/validation"
pipelines/evaluate --data "$data" --cases "$cases" --run "$run" 2>"$run.out"
check "evaluate with a name too many: status 65" test $? = 65
check "evaluate: the list is named" grep -q "manifest/validation: is not the list" "$run.out" || show "$run.out"
fresh
rm "$run/manifest/circumstances.tsv"
check "without its circumstances a run goes on" train 3

# --- the manifest is changed while the run goes on: what was there at its start counts ---

fake=$TMPDIR/fake
build_without "$fake" prunet-step
cat >"$fake/bin/prunet-step" <<FAKE
#!/bin/bash
head -n 1 "$TMPDIR/edited/manifest/training" >"$TMPDIR/edited/manifest/validation"
: >"$TMPDIR/edited/manifest/training"
exec "$BUILD/bin/prunet-step" "\$@"
FAKE
chmod +x "$fake/bin/prunet-step"
check "lists that change while the run goes on" stages "$TMPDIR/edited" train BUILD="$fake"
cp "$TMPDIR/whole/manifest/"* "$TMPDIR/edited/manifest/"
same "lists that change while the run goes on" "$TMPDIR/edited"

# --- restored ---

fresh
check "an undamaged run goes on" train 4
check "to its end" test "$(wc -l <"$run/log.tsv")" = 5
