#!/usr/bin/env bash
# prunet-segment of a case whose voxels are not the model's: it is resampled, which is said, and its label map lies on its own
# grid; --spacing keep and the spacing that a model was trained on.
set -u
# shellcheck source=tests/check.sh
. tests/check.sh
# shellcheck source=tests/tools/_spacing.sh
. tests/tools/_spacing.sh
cd "$TMPDIR" || exit 1

phantom -q --seed 3 --cases 2 --size 40x48x36 -o data >/dev/null
prunet-init --seed 1 --channels 4,8,8 -o model
prunet-init --seed 1 --channels 4,8,8 --spacing 2x2x2 -o coarse
case=data/phantom_00001
cp -r $case same && make_coarse $case
by_tools() { # file, resample's options, '|' none
    nii2raw --no-label --dir $case | resample --spacing "$2" | crop --size 64x64x48 2>/dev/null | standardize |
        prunet-infer -m model | resample --to-source | regions --inverse | raw2nii -o "$1"
}
segment() { # prunet-segment's words...
    prunet-segment --crop 64x64x48 "$@" >table 2>err
}

by_tools tools.nii.gz 1x1x1
check "a case of 2 mm" segment -m model -o out.nii.gz $case
check "says so in one line" test "$(grep -c 'voxels of 2x2x2 mm are resampled to 1x1x1.*--spacing keep' err)" = 1 || show err
check "as by the tools, to the byte" cmp tools.nii.gz out.nii.gz
check "on the source's grid" test "$(gzip -dc out.nii.gz | wc -c)" = $((352 + 40 * 48 * 36))
check "sizes, spacing and forms are the source's" test "$(gzip -dc out.nii.gz | head -c 92 | tail -c 52 | od -An -tx1 | head -n 1)" = \
    "$(gzip -dc $case/*_seg.nii.gz | head -c 92 | tail -c 52 | od -An -tx1 | head -n 1)"
# shellcheck disable=SC2016 # awk's
check "the volumes are those of 8 mm^3 a voxel" awk -F'\t' -v voxels="$(gzip -dc out.nii.gz | tail -c +353 | od -An -v -tu1 -w1 | grep -c '[124]')" \
    'NR == 2 { exit sprintf("%.2f", voxels * 8 / 1000) != $2 }' table

check "--spacing keep" segment -m model --spacing keep -o kept.nii.gz $case
check "says nothing of it" test -z "$(grep resampled err)"
nii2raw --no-label --dir $case | crop --size 64x64x48 2>/dev/null | standardize | prunet-infer -m model --label-map | raw2nii -o tools.nii.gz
check "is segmented as it is" cmp tools.nii.gz kept.nii.gz
check "which is another map" sh -c '! cmp -s kept.nii.gz out.nii.gz'
check "a model of 2 mm" segment -m coarse -o coarse.nii.gz $case
check "takes it as it is" cmp kept.nii.gz coarse.nii.gz
check "and resamples one of 1 mm" segment -m coarse -o other.nii.gz same
check "says to what" grep -q "voxels of 1x1x1 mm are resampled to 2x2x2" err || show err
mkdir several && cp -r same several/one && cp -r same several/two
segment -m coarse -o maps several
check "several cases: said of the first" test "$(grep -c 'are resampled to 2x2x2' err)" = 1 || show err
segment -m coarse -v -o maps several
check "with -v of each" test "$(grep -c 'are resampled to 2x2x2' err)" = 2 || show err
check "without --crop the field is one of 160x192x160 mm" prunet-segment -q -m model -o out.nii.gz same
prunet-segment -q -m model --crop 160x192x160 -o tools.nii.gz same >table
check "at 1 mm" cmp out.nii.gz tools.nii.gz
check "in the model's voxels" prunet-segment -q -m coarse -o out.nii.gz same
prunet-segment -q -m coarse --crop 80x96x80 -o tools.nii.gz same >table
check "at 2 mm" cmp out.nii.gz tools.nii.gz
prunet-segment -q -m coarse --crop 160x192x160 -o tools.nii.gz same >table
check "which decides what is seen" sh -c '! cmp -s out.nii.gz tools.nii.gz'
check "up to a multiple of 16" prunet-segment -q -m model --spacing 1.43x1.43x1.43 -o out.nii.gz same
prunet-segment -q -m model --spacing 1.43x1.43x1.43 --crop 112x144x112 -o tools.nii.gz same >table
check "at 1.43 mm" cmp out.nii.gz tools.nii.gz
by_tools tools.nii.gz 1.5x2x1
check "--spacing 1.5x2x1" segment -m model --spacing 1.5x2x1 -o out.nii.gz $case
check "goes by that" cmp tools.nii.gz out.nii.gz
check "4 % are not resampled" segment -m model --spacing 1.92x2x2.08 -o out.nii.gz $case
check "as it is" cmp kept.nii.gz out.nii.gz
segment -m model --spacing 2x2 -o never.nii.gz $case
check "a spacing that is none: status 2" test $? = 2
check "says what is one" grep -q "XxYxZ, each 0.05 to 50 mm, or keep" err || show err
prunet-infer -m model <(nii2raw --no-label --dir $case | resample --spacing 1x1x1) --label-map >label.nrrd
check "raw2nii takes a resampled label map back, too" raw2nii -o label.nii.gz label.nrrd
check "onto the source's grid" test "$(gzip -dc label.nii.gz | wc -c)" = $((352 + 40 * 48 * 36))
check "a state keeps its spacing" sh -c 'nii2raw --dir same | crop --size 32x32x32 2>/dev/null | standardize |
    prunet-step --state coarse -o next >table 2>err && prunet-model show next | grep -q "^prunet.spacing.2x2x2$"' || show err
check "a model does" sh -c 'prunet-model export next -o given 2>/dev/null && prunet-model show given | grep -q "^prunet.spacing.2x2x2$"'
check "or is said to have another" sh -c 'prunet-model export --spacing 3x3x3 next -o given && prunet-model show given | grep -q "^prunet.spacing.3x3x3$"'
prunet-model export --spacing 3x3x3 --crop 64x64x48 model -o given
check "voxels far from the model's, kept" prunet-segment --spacing keep -m given -o far.nii.gz same 2>err
check "are warned of, by case" grep -q "case same: its voxels of 1x1x1 mm are far from the 3x3x3 that the network was trained on" err || show err
segment -m model --spacing keep -o whole.nii.gz same
check "the crop is the model's" cmp far.nii.gz whole.nii.gz
check "another crop is another map" sh -c 'prunet-segment -q --crop 32x32x32 --spacing keep -m given -o small.nii.gz same >table && ! cmp -s small.nii.gz far.nii.gz'
check "prunet-infer warns, too" sh -c 'nii2raw --no-label --dir same | prunet-infer -m given >probabilities 2>err && grep -q "case same: its voxels of 1x1x1" err'
check "not of what is near" sh -c "nii2raw --no-label --dir $case | prunet-infer -m given >probabilities 2>err && test ! -s err" || show err
prunet-model export --spacing 3x3 next -o never 2>err
check "not what is none: status 2" test $? = 2
prunet-init --channels 4,8,8 --spacing 0x1x1 -o never 2>err
check "prunet-init: a spacing that is none: status 2" test $? = 2
check "nothing is left of that" test ! -e never -a ! -e never.nii.gz
