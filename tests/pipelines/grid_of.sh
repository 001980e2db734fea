#!/usr/bin/env bash
# A label map whose header says another place than its images', with the right voxels: refused by name, with the setting that
# takes the images' place; with that, records and scores are those of a data set without the fault.
set -u
. tests/pipelines/_tiny.sh
make_tiny 1 || exit 1
stages "$TMPDIR/whole" preprocess train evaluate
check "a data set without the fault" test $? = 0 || show "$TMPDIR/whole.out"

# Four bytes of floats in a NIfTI header: the offsets of qform and sform, y.
moved=$TMPDIR/moved
cp -r "$data" "$moved"
for file in "$moved"/*/*_seg.nii.gz; do
    gzip -d "$file"
    for at in 272 308; do
        printf '\0\0\110\303' | dd of="${file%.gz}" bs=1 seek=$at conv=notrunc status=none # -200
    done
done
data=$moved
stages "$TMPDIR/run" preprocess
check "a fault that is refused" test $? != 0
check "each case by its name, with the option" test "$(grep -c 'phantom_0000[1-5]_seg.nii.*GRID_OF=images' "$TMPDIR/run.out")" -ge 5 || show "$TMPDIR/run.out"
echo GRID_OF=images >>"$config"
stages "$TMPDIR/run" preprocess train evaluate
check "and taken by the setting" test $? = 0 || show "$TMPDIR/run.out"
check "the same records" cmp <(sha256sum <"$TMPDIR/run/cases/phantom_00003.nrrd") <(sha256sum <"$TMPDIR/whole/cases/phantom_00003.nrrd")
for table in dice hd95; do
    check "the same $table" cmp "$TMPDIR/run/evaluation/$table.tsv" "$TMPDIR/whole/evaluation/$table.tsv"
done
check "the setting is the run's" test "$(sed -n 's/^GRID_OF\t//p' "$TMPDIR/run/manifest/run.tsv")" = images
check "records know it" grep -q "grid_of=images" "$TMPDIR/run/cases/.phantom_00003.nrrd.from"
check "but only then" test "$(grep -c grid_of "$TMPDIR/whole/cases/.phantom_00003.nrrd.from")" = 0

# What preprocess has found first is kept beside the records, and written again only where it is another.
check "the data set is summed up" grep -q "^layout	brats-2021	5	" "$TMPDIR/run/cases/check.tsv"
check "and as JSON" grep -q '"cases": 5,' "$TMPDIR/run/cases/check.json"
check "with what is odd" test "$(grep -c "^warning	.*the images' place is taken	1	-	phantom" "$TMPDIR/run/cases/check.tsv")" = 5
touch "$TMPDIR/then"
stages "$TMPDIR/run" preprocess
check "once" test -z "$(find "$TMPDIR/run" -type f -newer "$TMPDIR/then" ! -name '.lock' ! -name .stamps)"
stages "$TMPDIR/run" check
check "make check prints it" test $? = 0 -a "$(grep -c -Fx -f "$TMPDIR/run/cases/check.tsv" "$TMPDIR/run.out")" = "$(wc -l <"$TMPDIR/run/cases/check.tsv")"
check "with all voxels where wanted" test "$(stages "$TMPDIR/run" check VOXELS=yes && grep -c "^label	[0124]	5	[1-9]" "$TMPDIR/run.out")" = 4

# Numbers that fit two schemes are said once, and in the report, too.
tumour=$TMPDIR/two
cp -r "$data" "$tumour"
for map in "$tumour"/*/*_seg.nii; do
    { head -c 352 "$map" && tail -c +353 "$map" | tr '\4' '\2'; } >"$TMPDIR/map"
    mv "$TMPDIR/map" "$map"
done
data=$tumour stages "$TMPDIR/two.run" preprocess train evaluate
check "numbers that fit two schemes" test "$(grep -c "^preprocess: warning: .*label numbers 1, 2 are read as brats-2018 has them; they fit .*msd-brain, too.* and of 4 other cases" "$TMPDIR/two.run.out")" = 1 || show "$TMPDIR/two.run.out"
check "the scorers say so" grep -q "dice-eval: warning: references: label numbers 1, 2" "$TMPDIR/two.run.out" || show "$TMPDIR/two.run.out"
prunet-report -o "$TMPDIR/two.html" "$TMPDIR/two.run" 2>"$TMPDIR/err"
check "the report says so" grep -q "label numbers 1, 2 are read as brats-2018 has them; they fit" "$TMPDIR/two.html" || show "$TMPDIR/err"
cp "$data/phantom_00002/phantom_00002_seg.nii" "$tumour/phantom_00002"
rm "$TMPDIR"/two.run/cases/.*.from
data=$tumour stages "$TMPDIR/two.run" preprocess
check "not where one of the label maps decides" test "$(grep -c "label numbers" "$TMPDIR/two.run.out")" = 0 || show "$TMPDIR/two.run.out"

# What forbids training: the others are made all the same.
data=$TMPDIR/odd
cp -r "$moved" "$data"
phantom -q --seed 5 --from 6 --cases 1 --size 32x32x32 --style wild --spacing 2 -o "$data" >/dev/null
stages "$TMPDIR/odd.run" preprocess
check "voxels of another size in one data set" test $? != 0
check "are named" grep -q "phantom_00006: voxels of 2x2x2 mm, where others of the data set have 1x1x1: .*docs/preparing.md#voxels" "$TMPDIR/odd.run.out" || show "$TMPDIR/odd.run.out"
check "what can be made is made" test "$(find "$TMPDIR/odd.run/cases" -name '*.nrrd' | wc -l)" = 6
