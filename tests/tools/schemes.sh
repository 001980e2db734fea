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
        cut -f2 | paste -sd' ')" = "region ET WT TC RC NETC SNFH"
done

# One truth and one prediction in the numbers of three collections: the same scores, each under its scheme.
phantom --cases 1 --size 24x24x24 --seed 9 -o predicted >/dev/null
predicted=predicted/phantom_00001
nii2raw --dir $predicted >predicted.nrrd
for scheme in 2018 2023 msd; do
    raw2nii --scheme $scheme --role label -o "predicted_$scheme.nii.gz" predicted.nrrd
done
# A 3 and a 4 in one map: 2024's.
gzip -dc 2018_seg.nii.gz | { head -c 352 && tr '\001' '\003'; } | gzip >cavity_seg.nii.gz
scores() { # tool, scheme
    "$1" --no-summary --scheme "$2" "predicted_${2#brats-}.nii.gz" "${2#brats-}_seg.nii.gz" | cut -f2-
}
for tool in dice-eval hd95 brats-eval; do
    for scheme in 2023 msd; do
        check "$tool: $scheme's numbers score as 2018's" cmp -s <(scores $tool $scheme) <(scores $tool 2018)
    done
    check "$tool: a map in the records' numbers beside one in the Decathlon's" cmp -s <("$tool" --no-summary --scheme msd \
        predicted_2018.nii.gz msd_seg.nii.gz 2>err | cut -f2-) <(scores $tool 2018)
    check "$tool: is named" grep -q "predicted_2018.nii.gz: [0-9]* voxels are 4, which scheme msd-brain does not have" err
    check "$tool: a number that neither has is refused" test "$($tool --scheme msd cavity_seg.nii.gz msd_seg.nii.gz >/dev/null 2>&1; echo $?)" = 65
    check "$tool: which are scores" test "$(scores $tool 2018 | wc -l)" = 4
    check "$tool: by the wrong scheme they are others" test "$($tool --no-summary --scheme 2023 predicted_msd.nii.gz msd_seg.nii.gz |
        cut -f2-)" != "$(scores $tool 2018)"
done

# What is only scored: 2024's NETC and SNFH are those of its challenge, whatever is scored; no output is theirs.
phantom --cases 1 --size 24x24x24 --seed 9 -o others >/dev/null
other=$(ls others)
cp "others/$other/${other}_seg.nii.gz" other_seg.nii.gz
scored() { # scheme, region, files... : its Dice
    dice-eval --no-summary --scheme "$1" "${@:3}" | awk -v region="$2" -F'\t' '$2 == region { print $3 }'
}
raw2nii --role label --scheme brats-2018 <2018.nrrd >plain_seg.nii
for region in NETC SNFH RC; do
    wanted=$(scored gli $region other_seg.nii.gz 2018_seg.nii.gz)
    check "brats-2024: $region is the challenge's" test -n "$wanted" -a "$(scored brats-2024 $region other_seg.nii.gz 2018_seg.nii.gz)" = "$wanted"
    nii2raw --scheme brats-2024 --case phantom_00001 --label other_seg.nii.gz $case/*_t1.nii.gz $case/*_t1ce.nii.gz $case/*_t2.nii.gz \
        $case/*_flair.nii.gz >other.nrrd
    check "$region of a record" test "$(scored brats-2024 $region other.nrrd 2024.nrrd)" = "$wanted"
    check "$region of regions, by the label map that they make" test \
        "$(scored brats-2024 $region <(regions other.nrrd) 2024.nrrd)" = "$wanted"
done
check "--outputs: the regions of the network's outputs alone" test "$(dice-eval --outputs --scheme brats-2024 2018_seg.nii.gz \
    2018_seg.nii.gz | cut -f2 | paste -sd' ')" = "region ET WT TC RC"
check "--outputs changes nothing where a scheme scores no more" cmp -s <(dice-eval --outputs other_seg.nii.gz 2018_seg.nii.gz) \
    <(dice-eval other_seg.nii.gz 2018_seg.nii.gz)
check "what is only scored is not in a record" test "$(grep -ac '^prunet.scheme:=scheme brats-2024; .*; rows ET WT TC RC$' 2024.nrrd)" = 1
check "nor a mask's channel" test "$(regions 2024.nrrd | rawinfo --no-header | grep mask | cut -f4)" = 24x24x24x4
sed '/^scored/d' "$OLDPWD/data/schemes/brats-2024" >no-more
{ cat no-more && echo "scored CORE 1 3" && echo "scored ALL 1 2 3 4"; } >core-and-all
check "a file scores what it says" test "$(dice-eval --scheme ./core-and-all 2018_seg.nii.gz 2018_seg.nii.gz | cut -f2 | paste -sd' ')" = \
    "region ET WT TC RC CORE ALL"
check "of records of brats-2024, too" test "$(scored ./core-and-all CORE other.nrrd 2024.nrrd)" = "$(scored brats-2024 TC other.nrrd 2024.nrrd)"
check "one that says nothing scores nothing else" test "$(dice-eval --scheme ./no-more 2024.nrrd 2024.nrrd | cut -f2 | paste -sd' ')" = \
    "region ET WT TC RC"
printf '%s\t%s\n' other_seg.nii.gz 2018_seg.nii.gz >pairs
check "summaries for the report have them" test "$(case-summary --scheme brats-2024 --pairs pairs | cut -f3 | sort -u | grep -cx -e NETC -e SNFH)" = 2
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
