#!/usr/bin/env bash
# prunet-segment: the label maps of the tools that it stands for, byte for byte, of files, folders and data sets; modalities
# that are missing; what it refuses; what is left after a failure.
set -u
# shellcheck source=tests/check.sh
. tests/check.sh
cd "$TMPDIR" || exit 1

phantom -q --seed 3 --cases 3 --size 40x48x36 -o data >/dev/null
prunet-init --seed 1 --channels 4,8,8 -o model 2>/dev/null
prunet-init --seed 2 --channels 4,8,8 -o other 2>/dev/null
segment() { # prunet-segment's words...
    prunet-segment -m model --crop 32x32x32 "$@" >table 2>err
}
by_tools() { # case, prunet-infer's options...
    nii2raw --no-label --dir "data/$1" 2>/dev/null | crop --size 32x32x32 2>/dev/null | standardize |
        prunet-infer "${@:2}" --label-map | raw2nii -o "$1.nii.gz"
}
names=(phantom_00001 phantom_00002 phantom_00003)
for name in "${names[@]}"; do
    by_tools "$name" -m model
done

# --- what it makes ---

check "a data set" segment -o out data
for name in "${names[@]}"; do
    check "$name as by the tools" cmp "$name.nii.gz" "out/$name.nii.gz"
done
check "a row a case" test "$(cut -f1 table | paste -s -d ' ')" = "case ${names[*]}"
check "the columns" test "$(head -n 1 table)" = $'case\twt_ml\ttc_ml\tet_ml\tmissing\tlabel_map'
check "nothing else is there" test "$(ls -A out)" = "$(printf '%s.nii.gz\n' "${names[@]}")"

check "a case's folder" segment -o one "data/${names[1]}"
check "the same map" cmp "${names[1]}.nii.gz" "one/${names[1]}.nii.gz"
files=(data/phantom_00002/phantom_00002_{t1,t1ce,t2,flair}.nii.gz)
check "four files" segment -o four.nii.gz "${files[@]}"
check "the same map" cmp "${names[1]}.nii.gz" four.nii.gz
check "the same by options, in any order" segment -o by.nii.gz --flair "${files[3]}" --t2 "${files[2]}" --t1 "${files[0]}" --t1ce "${files[1]}"
check "the same map" cmp "${names[1]}.nii.gz" by.nii.gz
by_tools phantom_00001 -m model -m other --flip-tta
check "two models and flips" segment -m other --flip-tta -o mean.nii.gz data/phantom_00001
check "as by the tools" cmp phantom_00001.nii.gz mean.nii.gz
by_tools phantom_00001 -m model --window 16x20x32 --overlap 0.25 --gaussian
check "by windows" segment --window 16x20x32 --overlap 0.25 --gaussian -o windows.nii.gz data/phantom_00001
check "as by the tools" cmp phantom_00001.nii.gz windows.nii.gz
mkdir unreadable && cp -r data/phantom_0000[12] unreadable/ && printf "no gzip" >unreadable/phantom_00001/phantom_00001_t1.nii.gz
segment -o rest unreadable/phantom_00001
check "an error of the first case: no header above it" test $? = 65 -a ! -s table
segment -o rest unreadable
check "the header comes with the first row" test $? = 65 -a "$(cut -f1 table | paste -s -d ' ')" = "case phantom_00002"
check "no header" segment --no-header -o out data/phantom_00001
check "is none" test "$(wc -l <table)" = 1

# Millilitres: voxels of 1 mm in the map's labels, counted from its bytes.
counted() { # labels of a region
    gzip -dc out/phantom_00003.nii.gz | tail -c +353 | od -An -v -tu1 -w1 |
        awk -v labels=" $1 " 'index(labels, " " $1 + 0 " ") { count++ } END { printf "%.2f", count / 1000 }'
}
segment -o out data
check "volumes" test "$(tail -n 1 table | cut -f2-4)" = "$(counted "1 2 4")"$'\t'"$(counted "1 4")"$'\t'"$(counted 4)"

# --- as derivatives of BIDS ---

bids=$PWD/bids derived=$PWD/bids/derivatives/prunet
phantom -q --seed 3 --cases 2 --size 40x48x36 --layout bids -o bids >/dev/null
mkdir -p bids/sub-00003/ses-a && cp -r bids/sub-00001/anat bids/sub-00003/ses-a/anat
for file in bids/sub-00003/ses-a/anat/*; do mv "$file" "${file%/*}/sub-00003_ses-a_${file##*/sub-00001_}"; done
check "BIDS" segment -o flat bids
check "as derivatives" segment --bids "$bids" "$derived" || show err
for name in sub-00001 sub-00002 sub-00003_ses-a; do
    place=$derived/${name/_ses-a//ses-a}/anat/$name
    check "$name: the same map" cmp "flat/$name.nii.gz" "${place}_dseg.nii.gz"
    check "$name: its images" test "$(sed -n 's|^ *"\(sub-.*gz\)".*|\1|p' "${place}_dseg.json" | paste -s -d ' ')" = \
        "$(cd "$bids" && printf '%s\n' "${name/_ses-a//ses-a}/anat/$name"_{T1w,ce-gadolinium_T1w,T2w,FLAIR}.nii.gz | paste -s -d ' ')"
done
check "nothing else" test "$(find "$derived" -type f | wc -l)" = 8
check "the row names the file" test "$(sed -n 4p table | cut -f6)" = "$derived/sub-00003/ses-a/anat/sub-00003_ses-a_dseg.nii.gz"
check "its labels" test "$(cat "$derived/dseg.tsv")" = $'index\tname\tcolor\n1\tNCR\t#d55e00\n2\tED\t#009e73\n4\tET\t#f0e442'
check "what it is" grep -q '"DatasetType": "derivative"' "$derived/dataset_description.json"
check "made by what" test "$(grep -A 3 GeneratedBy "$derived/dataset_description.json" | grep -c '"Name": "prunet-segment"\|"Version": "[0-9]')" = 2
for file in "$derived"/*.json "$derived"/*/anat/*.json; do
    check "${file##*/} is JSON" "${PRUNET_TEST_PYTHON:-python3}" -m json.tool "$file" /dev/null
done
check "the data set's cases are those of before" test "$(list-cases --no-header bids | cut -f1 | paste -s -d ' ')" = "sub-00001 sub-00002 sub-00003_ses-a"
check "no prediction is its truth" test "$(list-cases --no-header bids | grep -c derivatives/prunet)" = 0
segment --bids -o never data
check "a case that is not of BIDS: status 2" test $? = 2 -a ! -e never
check "is named" grep -q "phantom_00001 does not come from BIDS" err || show err
segment --bids -o never.nii.gz bids/sub-00001
check "a file for OUT: status 2" test $? = 2
check "--scheme: its numbers" segment --bids --scheme 2023 -o numbers bids/sub-00001
check "and its labels" grep -q "^3.ET" numbers/dseg.tsv

# --- numbers as the data have them ---

numbers() { # label map
    gzip -dc "$1" | tail -c +353 | od -An -v -tu1 -w1 | sort -u | tr -d '\n '
}
check "the enhancing tumour is 4" grep -q '^0[12]*4$' <(numbers out/phantom_00003.nii.gz)
for layout in brats-2023 decathlon nnunet plain; do
    phantom -q --seed 3 --cases 3 --size 40x48x36 --layout "$layout" -o "$layout" >"$layout.names"
    name=$(sed -n 3p "$layout.names")
    check "$layout" segment -o "$layout.out" "$layout"
    check "$layout: the same volumes" test "$(sed -n 4p table | cut -f2-4)" = "$(counted "1 2 4")"$'\t'"$(counted "1 4")"$'\t'"$(counted 4)"
    check "$layout: by --scheme 2018" segment --scheme 2018 -o "$layout.2018" "$layout"
    check "$layout: the same map" cmp "$layout.2018/$name.nii.gz" out/phantom_00003.nii.gz
    case $layout in brats-2023) scheme=2023 ;; decathlon) scheme=msd ;; *) scheme=2018 ;; esac
    check "$layout: by its own scheme" segment --scheme $scheme -o "$layout.own" "$layout"
    check "$layout: is the default" cmp "$layout.own/$name.nii.gz" "$layout.out/$name.nii.gz"
done
check "2023: it is 3" grep -q '^0[12]*3$' <(numbers brats-2023.out/BraTS-PHA-00003-000.nii.gz)
mkdir children && cp -r brats-2023/BraTS-PHA-00003-000 children/BraTS-PED-00003-000
for file in children/*/BraTS-PHA*; do mv "$file" "${file%/*}/BraTS-PED-${file##*BraTS-PHA-}"; done
check "children's" segment -o children.out children
check "have the model's numbers" cmp children.out/BraTS-PED-00003-000.nii.gz out/phantom_00003.nii.gz

# --- modalities that are missing are 0 ---

mkdir some && cp -r data/phantom_00002 some/phantom_00002 && rm some/phantom_00002/*_t1.nii.gz some/phantom_00002/*_t2.nii.gz
check "a case without T1 and T2" segment -o some.nii.gz some/phantom_00002
check "says so" test "$(tail -n 1 table | cut -f5)" = t1,t2
check "and warns" grep -q "case phantom_00002: there is no t1,t2: the network sees 0 there" err || show err
cp data/phantom_00002/phantom_00002_t1.nii.gz "some/phantom_00002/phantom_00002 pre.nii.gz"
check "with a file under an odd name" segment -o odd.nii.gz some/phantom_00002
check "it is named" grep -q "there is no t1,t2, and phantom_00002 pre.nii.gz is none by its name: the network" err || show err
check "and not read" cmp odd.nii.gz some.nii.gz; rm "some/phantom_00002/phantom_00002 pre.nii.gz"
cp -r data/phantom_00002 zero
for modality in t1 t2; do # the same voxels, all 0
    gzip -dc "data/phantom_00002/phantom_00002_$modality.nii.gz" >image
    { head -c 352 image && tail -c +353 image | tr '\000-\377' '\000'; } >"zero/phantom_00002_$modality.nii"
    rm "zero/phantom_00002_$modality.nii.gz"
done
check "zeros in their place" segment -o zero.nii.gz --case phantom_00002 zero/phantom_00002_t1.nii zero/*_t1ce* zero/phantom_00002_t2.nii zero/*_flair*
check "give the same map" cmp some.nii.gz zero.nii.gz
check "FLAIR alone" segment -o flair.nii.gz --flair "${files[3]}"
check "says so" test "$(tail -n 1 table | cut -f1,5)" = $'phantom_00002\tt1,t1ce,t2'

# The box may hold a second model, for such cases alone.
by_box() { # words...
    box/bin/prunet-segment --crop 32x32x32 "$@" >table 2>err
}
lacking_model() {
    mkdir -p box/bin box/share/prunet/models
    cp "$(command -v prunet-segment)" box/bin/
    prunet-model export -q -o box/share/prunet/models/starter.safetensors model
    mkdir both && cp -r data/phantom_00001 some/phantom_00002 both/
    check "the box holds one model" by_box -o box.one both
    check "which segments all" cmp some.nii.gz box.one/phantom_00002.nii.gz
    check "and knows nothing of T1 and T2" grep -q "phantom_00002: there is no t1,t2: the network sees 0" err || show err
    prunet-model export -q --metadata "without.t1.t2=Dice .5" -o box/share/prunet/models/starter-any.safetensors other
    prunet-segment -m other --crop 32x32x32 -o other.nii.gz some/phantom_00002 >table 2>err
    segment -o whole.nii.gz data/phantom_00001
    check "the box holds another one" by_box -o box.two both
    check "for the case that lacks some" cmp other.nii.gz box.two/phantom_00002.nii.gz
    check "others are the starter's" cmp whole.nii.gz box.two/phantom_00001.nii.gz
    check "in their order" test "$(cut -f1 table | paste -s -d ' ')" = "case phantom_00001 phantom_00002"
    check "in one warning" test "$(grep -c "phantom_00002: .*\(there is no\|stays 0\)" err)" = 1 || show err
    check "and what it scored without these is said" grep -q "phantom_00002: there is no t1,t2: what the network has scored without: Dice .5" err || show err
    check "a model that is named segments all" by_box -m model -o box.three both
    check "as ever" cmp some.nii.gz box.three/phantom_00002.nii.gz
}
# Where an emulator is what starts it, a copy of that is none of the tool.
if [ "$(head -c 4 "$(command -v prunet-segment)" | tail -c 3)" = ELF ]; then
    lacking_model
else
    echo "ok - the box's other model # skip the tool is started by something else here"
fi

# --- what it refuses ---

refused() { # name, status, text, words...
    segment "${@:4}"
    check "$1: status $2" test $? = "$2"
    check "$1: says $3" grep -q -- "$3" err || show err
}
refused "no OUT" 2 "-o OUT is needed" data
refused "no operand" 2 "give T1 T1CE T2 FLAIR" -o x
refused "two operands" 2 "give one for each of t1 t1ce t2 flair" -o x data/phantom_00001 data/phantom_00002
refused "a window that cannot be halved" 2 "model takes multiples of 4 voxels" --window 30x20x32 -o x data
refused "weights without windows" 2 "--window XxYxZ is needed" --gaussian -o x data
refused "files and options" 2 "no operand can stand beside" -o x --t1 "${files[0]}" data
refused "a data set into a file" 2 "need a folder" -o x.nii.gz data
refused "a modality in another's place" 65 "given as t1" -o x.nii.gz --t1 "${files[1]}"
refused "two patients" 65 "two cases" -o x.nii.gz --t1 "${files[0]}" --flair data/phantom_00001/*_flair.nii.gz
refused "no such folder" 1 "nowhere" -o x nowhere
refused "no such model" 1 "nothing" -m nothing -o x data
mkdir empty && refused "an empty folder" 65 "empty" -o x empty
check "nothing is left of all that" test ! -e x -a ! -e x.nii.gz

cp -r data broken && head -c 5000 data/phantom_00002/phantom_00002_t2.nii.gz >broken/phantom_00002/phantom_00002_t2.nii.gz
refused "a damaged file" 65 "phantom_00002.*_t2.nii.gz" -o part broken
check "the others are made" test "$(ls -A part)" = "$(printf '%s.nii.gz\n' phantom_00001 phantom_00003)"
check "and in the table" test "$(cut -f1 table | paste -s -d ' ')" = "case phantom_00001 phantom_00003"
check "and it is said how many are not" grep -q "1 of 3 cases were left out" err

starter=$(dirname "$(command -v prunet-segment)")/../../data/models/starter.safetensors
if [ -f "$starter" ]; then
    check "the starter" prunet-segment -o starter.nii.gz data/phantom_00001 >table 2>err
    check "is named, and what it is not" grep -q "starter.*no patient.*not a medical device" err
    check "unless one is quiet" test -z "$(prunet-segment -q -o starter.nii.gz data/phantom_00001 2>&1 >table)"
fi
