#!/usr/bin/env bash
# The schemes of BraTS' years and of the Decathlon: what a number of a label map means in each tool, and what it must not.
. tests/tools/_network.sh
cd "$work" || exit 1
phantom --cases 1 --size 24x24x24 -o phantoms >/dev/null
case=phantoms/phantom_00001
voxels() { # NIfTI file
    gzip -dc "$1" | tail -c +353
}

nii2raw --dir $case >2018.nrrd
for scheme in 2018=brats-2018 2023=brats-2023 msd=msd-brain; do
    raw2nii --scheme "${scheme#*=}" --role label -o "${scheme%=*}_seg.nii.gz" 2018.nrrd
    check "raw2nii --scheme ${scheme#*=}" test $? = 0
    nii2raw --scheme "${scheme%=*}" --label "${scheme%=*}_seg.nii.gz" --case phantom_00001 $case/*_t1.nii.gz $case/*_t1ce.nii.gz \
        $case/*_t2.nii.gz $case/*_flair.nii.gz >back.nrrd
    check "read by its older name ${scheme%=*} it is the record of before" cmp 2018.nrrd back.nrrd
    check "a record of it names no scheme" test "$(grep -ac '^prunet.scheme' back.nrrd)" = 0
done
check "2023: the enhancing tumour is 3" test "$(voxels 2023_seg.nii.gz | tr -d '\003' | wc -c)" = \
    "$(voxels 2018_seg.nii.gz | tr -d '\004' | wc -c)"
check "the Decathlon: core and oedema changed places" \
    cmp <(voxels msd_seg.nii.gz | tr '\001\002\003' '\002\001\004') <(voxels 2018_seg.nii.gz)

# 2024: 4 is the resection cavity and no enhancing tumour.
nii2raw --scheme brats-2024 --dir $case >2024.nrrd
regions 2024.nrrd | tail -c $((4 * 13824)) >masks
check "brats-2024: what is 4 is outside the whole tumour" \
    test "$(head -c 13824 masks | tr -d '\000' | wc -c)" = "$(voxels 2018_seg.nii.gz | tr -d '\000\004' | wc -c)"
check "and in no enhancing tumour" test "$(tail -c +$((2 * 13824 + 1)) masks | head -c 13824 | tr -d '\000' | wc -c)" = 0
check "but in the cavity" test "$(tail -c 13824 masks | tr -d '\000' | wc -c)" = \
    "$(voxels 2018_seg.nii.gz | tr -d '\000\001\002' | wc -c)"
for tool in dice-eval hd95 brats-eval; do
    check "$tool scores its regions in the order of its rows" test "$($tool --scheme brats-2024 2018_seg.nii.gz 2018_seg.nii.gz |
        cut -f2 | paste -sd' ')" = "region ET WT TC RC"
done
check "children have six" test "$(dice-eval --scheme brats-ped 2018_seg.nii.gz 2018_seg.nii.gz | wc -l)" = 7
fails "what cannot be said in another scheme" 65 "its labels are of scheme brats-2018, not those of brats-2024" \
    raw2nii --scheme brats-2024 --role label 2018.nrrd
fails "a record of 2024 by 2018's scorer" 65 "its labels are of scheme brats-2024, not brats-2018: --scheme" \
    dice-eval <(raw2nii --role label 2024.nrrd) <(nii2raw --scheme brats-2024 --dir $case | regions | regions --inverse)
fails "a number that no label has" 65 "all its numbers fit brats-2018, brats-2024, brats-ped" nii2raw --scheme 2023 --dir $case
postprocess --et-minimum 1e9 2018.nrrd | raw2nii --role label >no-et.nii
check "postprocess: enhancing tumour becomes core" test "$(tail -c +353 no-et.nii | tr -d '\000\001\002' | wc -c)" = 0
nii2raw --scheme brats-ped --dir $case | postprocess --et-minimum 1e9 | raw2nii --role label >no-et.nii
check "in children 1 becomes 2" test "$(tail -c +353 no-et.nii | tr -d '\000\002\004' | wc -c)" = 0
printf 'scheme plain\nmodality t1\nmodality t2\nmodality flair\nlabel 1 a\nlabel 2 b\nlabel 4 c\nregion A 1 2 4 paints 1\n' >plain
fails "postprocess: a scheme without ET" 65 "scheme plain has no region ET" \
    postprocess --et-minimum 1 <(nii2raw --scheme plain --dir $case)
fails "a file that is no scheme" 65 "$case/phantom_00001_t1.nii.gz: line 1" \
    nii2raw --scheme $case/phantom_00001_t1.nii.gz --dir $case
fails "a name that is none" 2 "'2019' is no scheme (brats-2018, brats-2023" nii2raw --scheme 2019 --dir $case
