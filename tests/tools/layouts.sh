#!/usr/bin/env bash
# The layouts of data sets: what list-cases finds in each, the same records from all of them, and what is refused.
set -u
# shellcheck source=tests/check.sh
. tests/check.sh
cd "$TMPDIR" || exit 1

layouts=(brats-2018 brats-2021 brats-2023 plain decathlon nnunet bids)
scheme_of() { # layout
    case $1 in brats-2023) echo 2023 ;; decathlon | nnunet) echo msd ;; *) echo 2018 ;; esac
}
for layout in "${layouts[@]}"; do
    phantom -q --seed 4 --cases 3 --size 24x20x16 --layout "$layout" -o "$layout" >"$layout.names"
    check "$layout: phantoms" test $? = 0
    list-cases --labelled --layout "$layout" >table 2>err
    check "$layout: cases are found" test $? = 0 -a ! -s err || show err
    check "$layout: by the names that were printed" test "$(tail -n +2 table | cut -f1)" = "$(cat "$layout.names")"
    check "$layout: is known as that" test "$(tail -n +2 table | cut -f8 | sort -u)" = "$layout"
    check "$layout: its files are there" test "$(tail -n +2 table | cut -f3-7 | tr '\t' '\n' | xargs ls | wc -l)" -ge 15
done

# --- the same voxels from each -------------------------------------------------------------------------------------------
image() { # what nii2raw reads
    nii2raw "$@" 2>err | raw2nii --role image | sha256sum
}
label() {
    nii2raw "$@" 2>err | raw2nii --role label | sha256sum
}
image=$(image --dir brats-2021/phantom_00002)
label=$(label --dir brats-2021/phantom_00002)
for layout in "${layouts[@]}"; do
    scheme=$(scheme_of "$layout")
    IFS=$'\t' read -r name folder _ < <(list-cases --no-header "$layout" | sed -n 2p)
    check "$layout: the same image" test "$(image --scheme "$scheme" --case "$name" --dir "$folder")" = "$image" || show err
    check "$layout: the same label map" test "$(label --scheme "$scheme" --case "$name" --dir "$folder")" = "$label" || show err
    check "$layout: from the data set, too" test "$(image --scheme "$scheme" --case "$name" --dir "$layout")" = "$image" || show err
    check "$layout: its name is the case's" test "$(nii2raw --scheme "$scheme" --case "$name" --dir "$folder" | rawinfo | sed -n 2p | cut -f1)" = "$name"
done
check "four files of nnU-Net" test "$(image nnunet/imagesTr/phantom_00002_000?.nii.gz)" = "$image"
check "are a case's" test "$(nii2raw nnunet/imagesTr/phantom_00002_000?.nii.gz | rawinfo | sed -n 2p | cut -f1)" = phantom_00002

# --- segmented ------------------------------------------------------------------------------------------------------------
prunet-init --seed 1 --channels 4,8,8 -o model 2>/dev/null
segment() {
    prunet-segment -q -m model --scheme 2018 --crop 16x16x16 "$@" >table 2>err
}
for layout in "${layouts[@]}"; do
    check "$layout: segmented" segment -o "maps-$layout" "$layout" || show err
    check "$layout: the same label maps" test "$(cat "maps-$layout"/*.nii.gz | sha256sum)" = "$(cat maps-brats-2018/*.nii.gz | sha256sum)"
done
check "imagesTr alone" segment -o maps nnunet/imagesTr
check "a subject alone" segment -o one bids/sub-00002/
check "the same label map" cmp one/sub-00002.nii.gz maps/phantom_00002.nii.gz

# --- names ----------------------------------------------------------------------------------------------------------------
fresh() { rm -rf data && mkdir data; }
touch_all() { # files...
    local file
    for file in "$@"; do mkdir -p "${file%/*}" && : >"$file"; done
}
row() { # case, columns of the table that are joined
    list-cases --no-header --layout data 2>err | awk -F'\t' -v name="$1" '$1 == name { print $3, $4, $5, $6, $7, $8 }' | sed 's|data/[^ ]*/||g'
}
is() { # what, case, row
    check "$1" test "$(row "$2")" = "$3" || { row "$2" | sed 's/^/# /' && show err; }
}
fails() { # what, part of the message, options and DATA...
    list-cases "${@:3}" >out 2>err
    check "$1: status 65, nothing printed" test $? = 65 -a ! -s out || show err
    check "$1: $2" grep -q -F -e "$2" err || show err
}
fresh
touch_all data/a/{t1,t1c,t2,fla,seg}.nii.gz data/b/b_{t1,t1c,t2,fla,seg}.nii data/c/{t1,t1ce,t2,flair}.nii.gz data/d/d-{t1,t1gd,t2,flair,seg}.nii.gz \
    data/e/e_{t1,t1ce,t2,flair,seg}.nii.gz data/f/f-{t1n,t1c,t2w,t2f,seg}.nii.gz data/LGG/g/g_{t1,t1ce,t2,flair,seg}.nii \
    data/BraTS20_Training_001/BraTS20_Training_001_{t1,t1ce,t2,flair,seg}.nii
is "plain, without names" a "seg.nii.gz t1.nii.gz t1c.nii.gz t2.nii.gz fla.nii.gz plain"
is "plain, with names" b "b_seg.nii b_t1.nii b_t1c.nii b_t2.nii b_fla.nii plain"
is "plain, by the longer words" c "- t1.nii.gz t1ce.nii.gz t2.nii.gz flair.nii.gz plain"
is "behind hyphens" d "d-seg.nii.gz d-t1.nii.gz d-t1gd.nii.gz d-t2.nii.gz d-flair.nii.gz plain"
is "2021" e "e_seg.nii.gz e_t1.nii.gz e_t1ce.nii.gz e_t2.nii.gz e_flair.nii.gz brats-2021"
is "2023" f "f-seg.nii.gz f-t1n.nii.gz f-t1c.nii.gz f-t2w.nii.gz f-t2f.nii.gz brats-2023"
is "2018, by its groups" g "g_seg.nii g_t1.nii g_t1ce.nii g_t2.nii g_flair.nii brats-2018"
check "2020, by its names" test "$(row BraTS20_Training_001 | cut -d ' ' -f 6)" = brats-2018
touch_all data/a/{.t1c.nii.gz,._t2.nii.gz,t1.nii.gz.part,t2.nii.gz~,seg.nii.bak,t2.nii.gz.crdownload,seg.json} data/a/old/t1.nii.gz data/__MACOSX/a/._t1.nii.gz
is "what others leave is passed over" a "seg.nii.gz t1.nii.gz t1c.nii.gz t2.nii.gz fla.nii.gz plain"
touch_all data/a/t1ce.nii.gz
fails "two names for one modality" "data/a: two files for t1ce: t1c.nii.gz and t1ce.nii.gz" data
fresh
touch_all data/Brats18_CBICA_ABC_1/Brats18_CBICA_ABD_1_{t1,t1ce,t2,flair}.nii.gz
fails "another case's files by BraTS' names" "data/Brats18_CBICA_ABC_1: a file of another case: Brats18_CBICA_ABD_1_t1.nii.gz" data
fresh
touch_all data/BraTS2021_00006_1mm/BraTS2021_00006_{t1,t1ce,t2,flair}.nii.gz data/mine/BraTS2021_00006_{t1,t1ce,t2,flair}.nii.gz
check "a folder may be called otherwise" test "$(list-cases --no-header data | cut -f1 | paste -s -d ' ')" = "BraTS2021_00006_1mm mine"

# --- nnU-Net and the Decathlon ----------------------------------------------------------------------------------------------
channels='{"channel_names": {"0": "T1", "1": "T1-Gd", "2": "T2w", "3": "t2_FLAIR"}, "labels": {"background": 0}, "numTraining": 1, "file_ending": ".nii.gz"}'
nnunet() { # dataset.json
    fresh
    touch_all data/imagesTr/a_{0000,0001,0002,0003}.nii.gz data/labelsTr/a.nii.gz data/imagesTs/b_{0000,0001,0002,0003}.nii.gz
    [ -z "$1" ] || printf '%s\n' "$1" >data/dataset.json
}
nnunet "$channels"
is "nnU-Net" a "a.nii.gz a_0000.nii.gz a_0001.nii.gz a_0002.nii.gz a_0003.nii.gz nnunet"
is "a test case" b "- b_0000.nii.gz b_0001.nii.gz b_0002.nii.gz b_0003.nii.gz nnunet"
check "which is none for training" test "$(list-cases --no-header --labelled data | cut -f1)" = a
touch_all data/labelsTs/b.nii
check "unless it has a label map" test "$(list-cases --no-header --labelled data | cut -f1,3 | tail -n 1)" = $'b\tdata/labelsTs/b.nii'
check "from inside" test "$(cd data && list-cases --no-header . | head -n 1 | cut -f1-3)" = $'a\t./imagesTr\t./labelsTr/a.nii.gz'
check "from inside imagesTr" test "$(cd data/imagesTr && list-cases --no-header . | cut -f1,3)" = $'a\t./../labelsTr/a.nii.gz'
nnunet '{"channel_names": {"3": "T1", "2": "T1ce", "1": "T2", "0": "FLAIR"}}'
is "in another order" a "a.nii.gz a_0003.nii.gz a_0002.nii.gz a_0001.nii.gz a_0000.nii.gz nnunet"
nnunet '{"modality": {"T1": 0, "T1ce": 1, "T2": "2", "FLAIR": 3}, "tensorImageSize": "3D"}'
is "in older words" a "a.nii.gz a_0000.nii.gz a_0001.nii.gz a_0002.nii.gz a_0003.nii.gz nnunet"
touch_all data/imagesTr/{._a_0000.nii.gz,.DS_Store,a_0000.nii.gz.part,a_0001.json}
is "among what others leave" a "a.nii.gz a_0000.nii.gz a_0001.nii.gz a_0002.nii.gz a_0003.nii.gz nnunet"
rm data/labelsTr/a.nii.gz
fails "a training case without a label map" "data/imagesTr: no label map of case a" --labelled data
nnunet "$channels" && touch_all data/imagesTr/stray.nii.gz
fails "a file of another name" "data/imagesTr/stray.nii.gz: is not called CASE_0000" data
nnunet "$channels" && touch_all data/imagesTr/a_0004.nii.gz
fails "an unknown channel" "data/imagesTr/a_0004.nii.gz: dataset.json knows no channel 4" data
nnunet "$channels" && touch_all data/imagesTr/a_0001.nii
fails "a channel twice" "two files for t1ce: data/imagesTr/a_0001.nii" data
nnunet "$channels" && touch_all data/labelsTr/a.nii
fails "a label map twice" "two files for seg: data/labelsTr/a.nii.gz and data/labelsTr/a.nii" data
nnunet "$channels" && touch_all data/imagesTs/a_000{0,1,2,3}.nii.gz
fails "one name in both" "two cases are called a: data/imagesTr and data/imagesTs" data
nnunet "$channels" && touch_all data/a/a_{t1,t1ce,t2,flair}.nii.gz
fails "and beside them" "are called a: data/a and data/imagesTr" data
nnunet "$channels" && touch_all "data/imagesTr/my case_0000.nii.gz"
fails "a name that is none" "'my case' cannot name a case" data
nnunet ''
fails "no dataset.json" "data/imagesTr: no dataset.json beside it says which modality is channel 0000" data
while IFS='|' read -r text said; do
    nnunet "$text"
    fails "dataset.json of $text" "$said" data
done <<'END'
{"channel_names": {"0": "CT"}}|data/dataset.json: channel 0 is 'CT', which is not a modality
{"channel_names": {"0": "T1", "1": "t1w"}}|data/dataset.json: channels 0 and 1 are both t1
{"channel_names": {"0": "T1"}, "file_ending": ".nrrd"}|file_ending is .nrrd: only .nii.gz and .nii
{"channel_names": {"-1": "T1"}}|'-1' does not say which channel
{"channel_names": {"0": {"a": 1}}}|'0' does not say which channel
{"channel_names": {"64": "T1"}}|'64' does not say which channel
{"channel_names": ["T1"]}|no channel_names
{"labels": {}}|no channel_names
[]|no channel_names
{"channel_names": |data/dataset.json: expected a value at byte
{"channel_names": {"0": "T1"}} x|expected nothing more
{"channel_names": {"0": "T1}}|expected the end of a string
END
nnunet "$(printf '[%.0s' $(seq 100))"
fails "a dataset.json of 100 brackets" "expected less nesting" data
fresh && touch_all data/imagesTr/BRATS_{001,002}.nii.gz data/labelsTr/BRATS_{001,002}.nii.gz data/imagesTs/BRATS_485.nii.gz
is "the Decathlon without dataset.json" BRATS_001 "BRATS_001.nii.gz BRATS_001.nii.gz BRATS_001.nii.gz BRATS_001.nii.gz BRATS_001.nii.gz decathlon"
touch_all data/imagesTr/BRATS_{0000,0003}.nii.gz
printf '%s' '{"tensorImageSize": "4D", "modality": {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"}}' >data/dataset.json
check "numbers of four digits are cases where dataset.json says 4D" test "$(list-cases --no-header --layout data | grep -c decathlon)" = 5
printf '%s' '{"tensorImageSize": "4D", "modality": {"0": "FLAIR"}}' >data/dataset.json
fails "the Decathlon of one modality" "must name 4 volumes" data
rm -rf swapped && cp -r decathlon swapped && sed -i 's/"0": "FLAIR", "1": "T1w"/"0": "T1w", "1": "FLAIR"/' swapped/dataset.json
check "the order of its volumes is dataset.json's" test "$(image --dir swapped --case phantom_00002)" != "$image" -a ! -s err
check "nii2raw asks which case" test "$(nii2raw --dir decathlon 2>&1 >/dev/null)" = "nii2raw: decathlon: 3 cases: choose one with --case"
check "and says which is not there" test "$(nii2raw --dir decathlon --case x 2>&1 >/dev/null)" = "nii2raw: decathlon: no case is called x"

# --- BIDS -------------------------------------------------------------------------------------------------------------------
bids() { # cases with images and a label map each
    local case place
    fresh && echo '{}' >data/dataset_description.json
    for case in "$@"; do
        place=${case//_/\/}/anat
        touch_all data/"$place/${case}"_{T1w,ce-gadolinium_T1w,T2w,FLAIR}.nii.gz "data/$place/${case}_T1w.json" "data/derivatives/expert/$place/${case}_dseg.nii.gz"
    done
}
bids sub-01 sub-02_ses-a sub-02_ses-b
is "BIDS" sub-01 "sub-01_dseg.nii.gz sub-01_T1w.nii.gz sub-01_ce-gadolinium_T1w.nii.gz sub-01_T2w.nii.gz sub-01_FLAIR.nii.gz bids"
is "its sessions" sub-02_ses-b "sub-02_ses-b_dseg.nii.gz sub-02_ses-b_T1w.nii.gz sub-02_ses-b_ce-gadolinium_T1w.nii.gz sub-02_ses-b_T2w.nii.gz sub-02_ses-b_FLAIR.nii.gz bids"
check "three cases" test "$(list-cases --no-header --labelled data | wc -l)" = 3
touch_all data/sub-01/anat/sub-01_{PDw,T2starw,acq-x_ce-gadolinium_T2w}.nii.gz data/sub-01/func/sub-01_bold.nii.gz data/derivatives/prunet/sub-01/anat/sub-01_dseg.nii.gz data/derivatives/expert/sub-01/anat/sub-01_mask.nii.gz
is "other contrasts, masks and our own label maps are passed over" sub-01 "sub-01_dseg.nii.gz sub-01_T1w.nii.gz sub-01_ce-gadolinium_T1w.nii.gz sub-01_T2w.nii.gz sub-01_FLAIR.nii.gz bids"
touch_all data/sub-01/anat/sub-01_run-2_T1w.nii.gz
fails "two of one contrast" "two files for t1: data/sub-01/anat/sub-01_T1w.nii.gz and data/sub-01/anat/sub-01_run-2_T1w.nii.gz" data
bids sub-01 && touch_all data/derivatives/other/sub-01/anat/sub-01_dseg.nii.gz
fails "two label maps" "two files for seg: data/derivatives/expert/sub-01/anat/sub-01_dseg.nii.gz and data/derivatives/other" data
bids sub-01 && mv data/sub-01/anat/sub-0{1,2}_T2w.nii.gz
fails "another subject's file" "data/sub-01/anat/sub-02_T2w.nii.gz: a file of another case than sub-01" data
bids sub-01 && rm -r data/derivatives
fails "no label map" "data/sub-01: no label map of case sub-01" --labelled data
