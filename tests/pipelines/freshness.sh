#!/usr/bin/env bash
# What is made anew is decided by what it was made from, never by dates: old files with new dates, new files with old dates, a
# clock that was set back, folders that were moved.
set -u
. tests/pipelines/_tiny.sh
make_tiny 1 || exit 1
cases=$TMPDIR/cases
mkdir "$cases"
one=$TMPDIR/one
two=$TMPDIR/two

does() { # name, run, make's words...
    stages "${@:2}"
    check "$1" test $? = 0 || show "$2.out"
}
# The files of folders as they lie there: one that was made anew has another inode or became this one at another time.
files() { # folders or files...
    find "$@" -type f ! -name '.*' ! -name 'check.*' -printf '%i %C@ %p\n' | sort
}
# Runs a stage and says which files it made anew: names without their folders, sorted.
anew() { # folder, run, make's words...
    files "$1" >"$TMPDIR/before"
    stages "${@:2}" || echo failed
    files "$1" | comm -13 "$TMPDIR/before" - | sed 's|.*/||' | sort | paste -sd ' '
}
preprocess() { # make's words...
    anew "$cases" "$one" CASES="$cases" "$@" preprocess
}
record() { # number
    printf 'phantom_%05d.nrrd phantom_%05d.nrrd.sha256' "$1" "$1"
}
all_records=$(for n in 1 2 3 4 5; do record $n && printf ' '; done)
all_records=${all_records% }
digests() { # files of a folder
    (cd "$1" && find . -type f ! -name '.*' ! -name 'check.*' ! -name pairs.tsv | sort | xargs sha256sum)
}
# What these sources and settings give in a folder where nothing lies.
right_records() { # make's words...
    rm -rf "$TMPDIR/right"
    stages "$one" CASES="$TMPDIR/right" "$@" preprocess
    check "$what: the bytes are right" test "$(digests "$cases")" = "$(digests "$TMPDIR/right")"
}
image=$data/phantom_00002/phantom_00002_t1.nii.gz
label=$data/phantom_00003/phantom_00003_seg.nii.gz
other() { # file of phantom_0000N: that of phantom_00005
    printf %s "$data/phantom_00005/phantom_00005_${1##*_}"
}

# --- records ------------------------------------------------------------------------------------------------------------

check "records of five cases" test "$(preprocess)" = "$all_records" || show "$one.out"
what="nothing has changed"
check "$what: nothing is made" test -z "$(preprocess)"
what="touched files"
touch "$data"/*/* && touch -d 2040-01-01 "$image"
check "$what: nothing is made" test -z "$(preprocess)"
touch -d 2001-01-01 "$cases"/*.nrrd
check "$what, and old records: nothing is made" test -z "$(preprocess)"
what="a corrected image with an old date"
cp "$image" "$TMPDIR/image" && cp "$(other "$image")" "$image" && touch -d 2001-01-01 "$image"
check "$what" test "$(preprocess)" = "$(record 2)" || show "$one.out"
right_records
what="the image of before with its date of before"
cp "$TMPDIR/image" "$image" && touch -d 2001-01-01 "$image"
check "$what" test "$(preprocess)" = "$(record 2)" || show "$one.out"
right_records
what="a corrected label map with an old date"
cp "$label" "$TMPDIR/label" && cp "$(other "$label")" "$label" && touch -d 2001-01-01 "$label"
check "$what" test "$(preprocess)" = "$(record 3)" || show "$one.out"
right_records
what="a clock that was set back"
touch -d 2040-01-01 "$cases"/* "$cases"/.*.from
cp "$TMPDIR/label" "$label"
check "$what" test "$(preprocess)" = "$(record 3)" || show "$one.out"
right_records

what="files of equal size and date"
gzip -d "$image"
touch "$TMPDIR/date"
touch -r "$TMPDIR/date" "${image%.gz}"
check "$what: another name and the same image is another file" test "$(preprocess)" = "$(record 2)" || show "$one.out"
printf x | dd of="${image%.gz}" bs=1 seek=60000 conv=notrunc status=none && touch -r "$TMPDIR/date" "${image%.gz}"
check "$what" test "$(preprocess)" = "$(record 2)" || show "$one.out"
right_records
rm "${image%.gz}" && cp "$TMPDIR/image" "$image"
check "$what: restored" test "$(preprocess)" = "$(record 2)"

what="two cases that have changed their names"
for kind in t1 t1ce t2 flair seg; do
    mv "$data/phantom_00001/phantom_00001_$kind.nii.gz" "$TMPDIR/$kind"
    mv "$data/phantom_00004/phantom_00004_$kind.nii.gz" "$data/phantom_00001/phantom_00001_$kind.nii.gz"
    mv "$TMPDIR/$kind" "$data/phantom_00004/phantom_00004_$kind.nii.gz"
done
check "$what" test "$(preprocess)" = "$(record 1) $(record 4)" || show "$one.out"
right_records

what="DATA elsewhere"
mv "$data" "$TMPDIR/elsewhere" && data=$TMPDIR/elsewhere
image=$data/phantom_00002/phantom_00002_t1.nii.gz label=$data/phantom_00003/phantom_00003_seg.nii.gz
check "$what: nothing is made" test -z "$(preprocess)"
mkdir "$TMPDIR/grouped" && cp -r "$data" "$TMPDIR/grouped/HGG"
check "$what, in groups, with new dates: nothing is made" test -z "$(preprocess DATA="$TMPDIR/grouped")"
rm -rf "$TMPDIR/grouped"
what="CASES elsewhere"
mv "$cases" "$TMPDIR/moved" && cases=$TMPDIR/moved
check "$what: nothing is made" test -z "$(preprocess)"
cp -r "$cases" "$TMPDIR/copied" && cases=$TMPDIR/copied
check "$what, copied: nothing is made" test -z "$(preprocess)"

setting() { # line
    { cat "$config" && printf '%s\n' "$1"; } >"$TMPDIR/with"
}
what="another crop"
setting CROP=16x32x48
check "$what" test "$(preprocess CONFIG="$TMPDIR/with")" = "$all_records"
right_records CONFIG="$TMPDIR/with"
check "$what: and back" test "$(preprocess)" = "$all_records"
what="other numbers in the label maps"
setting LABELS=2023
# Those of 2018 are refused where 4 is none; the records of before are kept until others can be made.
stages "$one" CASES="$cases" CONFIG="$TMPDIR/with" preprocess
check "$what: refused" test $? != 0
check "$what: nothing finished is lost" test "$(find "$cases" -name '[!.]*.nrrd' | wc -l)" = 5
what="settings that do not shape a record"
setting $'LEARNING_RATE=1\nSEED=7' && sed -i /SEED/d "$TMPDIR/with"
check "$what: nothing is made" test -z "$(preprocess CONFIG="$TMPDIR/with" SEED=7)"
cp "$config" "$TMPDIR/renamed"
check "a configuration by another name: nothing is made" test -z "$(preprocess CONFIG="$TMPDIR/renamed")"

what="what is said of a record is lost or damaged"
rm "$cases/.phantom_00001.nrrd.from" && echo damaged >"$cases/.phantom_00002.nrrd.from" && : >"$cases/.phantom_00003.nrrd.from"
check "$what: it is made again" test "$(preprocess)" = "$(record 1) $(record 2) $(record 3)" || show "$one.out"
right_records
what="the notes of digests are lost or damaged"
rm "$cases/.stamps"
check "$what: nothing is made" test -z "$(preprocess)"
head -c 500 "$cases/.stamps" >"$TMPDIR/stamps" && cp "$TMPDIR/stamps" "$cases/.stamps"
check "$what, cut: nothing is made" test -z "$(preprocess)"
what="a case that is gone"
mv "$data/phantom_00005" "$TMPDIR/gone"
check "$what: nothing is made, nothing is lost" test -z "$(preprocess)" -a -f "$cases/phantom_00005.nrrd"
mv "$TMPDIR/gone" "$data/phantom_00005"
check "$what: and is back" test -z "$(preprocess)"

# --- predictions and scores ----------------------------------------------------------------------------------------------

does "a run" "$one" CASES="$cases" train evaluate
does "another run" "$two" CASES="$cases" SEED=1 CONFIG="$TMPDIR/with" train evaluate
held=$(<"$one/manifest/validation")
predicted=$held.nii.gz
check "both validate one case, and differ" test -f "$one/predictions/$predicted" -a -f "$two/predictions/$predicted" -a \
    "$(digests "$one/predictions")" != "$(digests "$two/predictions")"
results() { # run
    digests "$1/predictions" && digests "$1/evaluation"
}
evaluates() { # what is made anew
    what_made=$(files "$one/predictions" "$one/evaluation" >"$TMPDIR/before"
        pipelines/evaluate --data "$data" --cases "$cases" --run "$one" >"$one.out" 2>&1 || echo failed
        files "$one/predictions" "$one/evaluation" | comm -13 "$TMPDIR/before" - | sed 's|.*/||' | sort | paste -sd ' ')
    check "$what: made anew: ${1:-nothing}" test "$what_made" = "$1" || show "$one.out"
}
what="evaluated again"
evaluates ""
right_one=$(results "$one") right_two=$(results "$two")

what="predictions of another model, with dates to come"
cp "$two/predictions/$predicted" "$one/predictions/" && cp "$two/evaluation/"*.tsv "$one/evaluation/"
cp "$two/predictions/.$predicted.from" "$one/predictions/" && cp "$two/evaluation/".*.from "$one/evaluation/"
find "$one/predictions" "$one/evaluation" -exec touch -d 2040-01-01 {} +
evaluates "cases.tsv dice.tsv hd95.tsv pairs.tsv $predicted $held.tsv"
check "$what: the results are those of this model" test "$(results "$one")" = "$right_one"
what="predictions of a version that noted nothing"
cp "$two/predictions/$predicted" "$one/predictions/" && cp "$two/evaluation/"*.tsv "$one/evaluation/"
find "$one/predictions" "$one/evaluation" \( -name '.*.from' -o -name .stamps \) -delete
find "$one/predictions" "$one/evaluation" -exec touch -d 2040-01-01 {} +
evaluates "cases.tsv dice.tsv hd95.tsv pairs.tsv $predicted $held.tsv"
check "$what: the results are those of this model" test "$(results "$one")" = "$right_one"

what="another best model with an old date"
best=$one/best/state.safetensors
cp "$best" "$TMPDIR/best" && cp "$two/best/state.safetensors" "$best" && touch -d 2001-01-01 "$best"
evaluates "cases.tsv dice.tsv hd95.tsv $predicted $held.tsv"
check "$what: the results are the other's" test "$(results "$one")" = "$right_two"
what="the backup of the best model"
cp "$TMPDIR/best" "$best" && touch -d 2001-01-01 "$best"
evaluates "cases.tsv dice.tsv hd95.tsv $predicted $held.tsv"
check "$what: the results are those of before" test "$(results "$one")" = "$right_one"
what="the same model with a new date"
touch "$best" "$cases"/* "$data"/*/*
evaluates ""

what="a corrected reference with an old date"
reference=$data/$held/${held}_seg.nii.gz
cp "$reference" "$TMPDIR/reference" && cp "$data/phantom_00001/phantom_00001_seg.nii.gz" "$reference"
[ "$held" != phantom_00001 ] || cp "$data/phantom_00002/phantom_00002_seg.nii.gz" "$reference"
touch -d 2001-01-01 "$reference"
evaluates "cases.tsv dice.tsv hd95.tsv"
check "$what: the scores are others" test "$(results "$one")" != "$right_one"
cp "$TMPDIR/reference" "$reference"
evaluates "cases.tsv dice.tsv hd95.tsv"
check "$what: restored" test "$(results "$one")" = "$right_one"
what="a prediction that was changed by hand"
cp "$two/predictions/$predicted" "$one/predictions/$predicted"
evaluates "$predicted $held.tsv"
check "$what: the results are those of before" test "$(results "$one")" = "$right_one"
what="a table that was changed by hand"
echo >>"$one/evaluation/dice.tsv"
evaluates "dice.tsv"
echo >>"$one/evaluation/cases.tsv"
evaluates "cases.tsv"
check "$what: the results are those of before" test "$(results "$one")" = "$right_one"
what="RUN elsewhere"
mv "$one" "$TMPDIR/one moved" && one="$TMPDIR/one moved" && best=$one/best/state.safetensors
evaluates "pairs.tsv"
what="DATA elsewhere"
mv "$data" "$TMPDIR/data 2" && data="$TMPDIR/data 2"
evaluates "pairs.tsv"

# --- segmentations --------------------------------------------------------------------------------------------------------

out=$TMPDIR/out
segments() { # what is made anew, make's words...
    made=$(anew "$out" "$one" OUT="$out" "${@:2}" segment)
    check "$what: made anew: ${1:-nothing}" test "$made" = "$1" || show "$one.out"
}
mkdir "$out"
all=$(for n in 1 2 3 4 5; do printf 'phantom_%05d.nii.gz ' $n; done)
all=${all% }
what="label maps of five cases"
segments "$all"
right=$(digests "$out")
what="touched files, old label maps"
touch "$data"/*/* && touch -d 2001-01-01 "$out"/* "$best"
segments ""
what="other label maps by those names, with dates to come"
rm "$out"/.*.from && for n in 1 2 3 4; do cp "$out/phantom_00005.nii.gz" "$out/phantom_0000$n.nii.gz"; done
touch -d 2040-01-01 "$out"/*
segments "$all"
check "$what: the bytes are right" test "$(digests "$out")" = "$right"
what="a corrected image with an old date"
image=$data/phantom_00002/phantom_00002_flair.nii.gz
cp "$data/phantom_00005/phantom_00005_flair.nii.gz" "$image" && touch -d 2001-01-01 "$image"
segments phantom_00002.nii.gz
what="a case without a label map now"
rm "$data/phantom_00003/phantom_00003_seg.nii.gz"
segments ""
what="another run"
stages "$two" OUT="$out" segment
check "$what: all are its own" test "$(digests "$out")" != "$right"
made=$(anew "$out" "$two" OUT="$out" segment)
check "$what: twice is nothing to do" test -z "$made"
