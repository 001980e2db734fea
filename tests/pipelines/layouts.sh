#!/usr/bin/env bash
# Each layout of a data set through preprocess, train, evaluate and segment; nibabel judges the grids. Real cases under the names
# of each year of BraTS give the same records and label maps. Label maps are numbered as the data are; those of before stay.
set -u
. tests/pipelines/_tiny.sh
make_tiny 1 || exit 1
settings=$(cat "$config")
scheme_of() { # layout
    case $1 in brats-2023) echo 2023 ;; decathlon | nnunet) echo msd ;; *) echo 2018 ;; esac
}
python=${PRUNET_TEST_PYTHON:-python3}
has_nibabel=
"$python" -c 'import nibabel' 2>/dev/null && has_nibabel=yes
judge() { # prediction, image, scheme: the same grid, the numbers of the scheme
    "$python" - "$@" <<'PYTHON'
import sys
import nibabel
import numpy
a, b = (nibabel.load(path) for path in sys.argv[1:3])
same = a.shape == b.shape[:3] and numpy.abs(a.affine - b.affine).max() < 1e-6 and a.get_data_dtype() == numpy.uint8
labels = set(numpy.unique(numpy.asarray(a.dataobj)))
sys.exit(0 if same and labels <= {0, 1, 2, 4 if sys.argv[3] == "2018" else 3} else 1)
PYTHON
}
on_grid() { # what, prediction, image, scheme
    if [ -n "$has_nibabel" ]; then
        check "$1" judge "${@:2}"
    else
        echo "ok - $1 # skip needs nibabel"
    fi
}

for layout in brats-2018 brats-2021 brats-2023 plain decathlon nnunet bids; do
    run=$TMPDIR/$layout
    data=$run.data
    phantom -q --seed 5 --cases 3 --size 48x48x48 --layout "$layout" -o "$data" >"$run.names"
    { echo "$settings" && echo "LABELS=$(scheme_of "$layout")"; } >"$config"
    stages "$run" preprocess train evaluate segment
    check "$layout: all stages" test $? = 0 || show "$run.out"
    check "$layout: a record a case" test "$(cd "$run/cases" && printf '%s\n' *.nrrd* | paste -s -d ' ')" = "$(sed 's/.*/&.nrrd\n&.nrrd.sha256/' "$run.names" | paste -s -d ' ')"
    case $layout in
    brats-2023 | bids) ;; # their names are others, and by them the split
    *) check "$layout: the same scores" cmp <(column dice "$run/evaluation/dice.tsv") <(column dice "$TMPDIR/brats-2018/evaluation/dice.tsv") ;;
    esac
    while IFS=$'\t' read -r name _ _ image _; do
        on_grid "$layout: $name on its image's grid" "$run/segmentations/$name.nii.gz" "$image" "$(scheme_of "$layout")"
    done < <(list-cases --no-header "$data")
    stages "$run.again" preprocess train CASES="$run/cases"
    check "$layout: nothing is made anew" test "$(grep -c "left out\|of 3$" "$run.again.out")" = 0 || show "$run.again.out"
done

# --- derivatives of BIDS ---------------------------------------------------------------------------------------------------

run=$TMPDIR/bids
data=$run.data
mkdir "$data/sub-00003/ses-a" && mv "$data/sub-00003/anat" "$data/sub-00003/ses-a/anat"
for file in "$data"/sub-00003/ses-a/anat/*; do mv "$file" "${file%/*}/sub-00003_ses-a_${file##*/sub-00003_}"; done
derived=$data/derivatives/prunet
derive() {
    stages "$run" segment BIDS=yes OUT="$derived"
}
check "derivatives" derive || show "$run.out"
prunet-segment -q --bids -m "$run" -o "$run.alone" "$data" >"$TMPDIR/table" || show "$TMPDIR/table"
check "the files that prunet-segment makes, byte for byte" diff -r --exclude '.*' "$run.alone" "$derived"
check "with sessions" cmp "$derived/sub-00003/ses-a/anat/sub-00003_ses-a_dseg.nii.gz" "$run/segmentations/sub-00003.nii.gz"
find "$derived" -type f ! -name '.*' -printf '%i %C@ %p\n' | sort >"$TMPDIR/before"
derive
check "again: nothing is made anew" cmp "$TMPDIR/before" <(find "$derived" -type f ! -name '.*' -printf '%i %C@ %p\n' | sort)
rm "$derived/sub-00002/anat/sub-00002_dseg.nii.gz"
derive
check "what is missing is" test -f "$derived/sub-00002/anat/sub-00002_dseg.nii.gz" -a "$(grep -c ' of 1: sub-00002' "$run.out")" = 1 || show "$run.out"
data=$TMPDIR/plain.data
check "cases that are not of BIDS: status 2" test "$(stages "$TMPDIR/plain" segment BIDS=yes OUT="$TMPDIR/none" || grep -c 'does not come from BIDS' "$TMPDIR/plain.out")" = 1 ||
    show "$TMPDIR/plain.out"

# --- numbers of label maps ----------------------------------------------------------------------------------------------

voxels() { # label map, how its numbers become 2018's
    gzip -dc "$1" | tail -c +353 | tr '\001\002\003\004' "$2"
}
inodes() { # folders
    find "$@" -type f ! -name '.*' ! -name check.\* -printf '%i %C@ %p\n' | sort
}
# As an earlier version left it: the maps of one that was numbered by 2018's, and notes without numbers.
make_older() { # folder of label maps, the same in 2018's numbers
    local map note made
    for map in "$1"/*.nii.gz; do
        note=$1/.${map##*/}.from
        cp "$2/${map##*/}" "$map"
        made=$(file-digest --no-header "$map" | cut -f1)
        sed -i -e 's/ numbers=[a-z0-9]*//' -e "s/ made=.*/ made=$made/" "$note"
    done
}
old=$TMPDIR/brats-2018
for layout in decathlon nnunet; do
    run=$TMPDIR/$layout
    data=$run.data
    { echo "$settings" && echo "LABELS=msd"; } >"$config"
    tumour=0
    for map in predictions segmentations; do
        for file in "$run/$map"/*.nii.gz; do
            check "$layout: $map: ${file##*/} is numbered as the data" \
                cmp <(voxels "$file" '\002\001\004\377') <(voxels "$old/$map/${file##*/}" '\001\002\003\004')
            tumour=$((tumour + $(voxels "$file" '\001\002\003\004' | tr -d '\000' | wc -c)))
        done
    done
    check "$layout: there is something in them" test $tumour -gt 0
    for table in dice hd95; do
        check "$layout: $table.tsv is that of 2018's numbers" cmp "$run/evaluation/$table.tsv" "$old/evaluation/$table.tsv"
    done
    check "$layout: what is scored is the case's own file" test ! -e "$run/evaluation/references"
done
before=$(cat "$run/evaluation/"{dice,hd95,cases}.tsv)
for map in predictions segmentations; do
    make_older "$run/$map" "$old/$map"
done
rm "$run/segmentations/$(sed -n 2p "$run.names").nii.gz"
inodes "$run/predictions" "$run/segmentations" >"$TMPDIR/before"
stages "$run" evaluate segment
check "label maps of an earlier version: nothing is made anew" \
    test "$(inodes "$run/predictions" "$run/segmentations" | comm -23 "$TMPDIR/before" - | wc -l)" = 0 || show "$run.out"
check "and that is said" test "$(grep -c "have 2018's numbers: the others get those, too" "$run.out")" = 2 || show "$run.out"
for file in "$run/segmentations"/*.nii.gz; do
    check "one folder has one numbering: ${file##*/}" \
        cmp <(voxels "$file" '\001\002\003\004') <(voxels "$old/segmentations/${file##*/}" '\001\002\003\004')
done
check "the same scores by them" test "$(cat "$run/evaluation/"{dice,hd95,cases}.tsv)" = "$before"
inodes "$run/predictions" "$run/segmentations" "$run/evaluation" >"$TMPDIR/before"
stages "$run" evaluate segment
check "and again: nothing at all" test "$(inodes "$run/predictions" "$run/segmentations" "$run/evaluation" | comm -3 - "$TMPDIR/before" | wc -l)" = 0 ||
    show "$run.out"

# --- real cases under other names -------------------------------------------------------------------------------------------
real=${PRUNET_TEST_DATA-}
if [ ! -d "$real" ]; then
    echo "ok - real cases in each layout # skip PRUNET_TEST_DATA is not set"
    exit 0
fi
prunet-init --seed 1 --channels 4,8,8 -o "$TMPDIR/model" 2>/dev/null
suffixes=(_t1 _t1ce _t2 _flair _seg)
new=(-t1n -t1c -t2w -t2f -seg)
plain=(t1 t1c t2 fla seg)
link() { # year, number of the case, folder with the case's files
    local names=("${suffixes[@]}") case prefix i
    case $1 in
    2017) case=HGG/Brats17_TCIA_$2_1 ;;
    2018) case=LGG/Brats18_TCIA01_$2_1 ;;
    2019) case=HGG/BraTS19_CBICA_$2_1 ;;
    2020) case=BraTS20_Training_00$2 ;;
    2021) case=BraTS2021_0000$2 ;;
    2023) case=BraTS-GLI-0000$2-000 names=("${new[@]}") ;;
    2024) case=BraTS-GLI-0000$2-100 names=("${new[@]}") ;;
    plain) case=patient_$2 names=("${plain[@]}") ;;
    esac
    prefix=${case##*/}
    [ "$1" != plain ] || prefix=
    mkdir -p "$TMPDIR/real/$1/$case"
    for i in 0 1 2 3 4; do
        ln -s "$3/${3##*/}${suffixes[i]}.nii.gz" "$TMPDIR/real/$1/$case/$prefix${names[i]}.nii.gz"
    done
}
years=(2017 2018 2019 2020 2021 2023 2024 plain)
number=0
for folder in "$(realpath "$real")"/*/; do
    number=$((number + 1))
    for year in "${years[@]}"; do
        link "$year" $number "${folder%/}"
    done
done
check "real cases" test $number -ge 4
whole() { # folder of a case: its records without their name
    nii2raw -q --case x --dir "$1" 2>&1 | sha256sum # 2018's labels under a later name are worth a warning
}
wholes=()
for folder in "$(realpath "$real")"/*/; do
    wholes+=("$(whole "${folder%/}")")
done
for year in "${years[@]}"; do
    mapfile -t folders < <(list-cases --no-header --labelled "$TMPDIR/real/$year" | cut -f2)
    check "$year: all cases are found" test ${#folders[@]} = $number
    for ((i = 0; i < number; i++)); do
        check "$year: case $((i + 1)) gives the same records" test "$(whole "${folders[i]}")" = "${wholes[i]}"
    done
done
for year in 2018 2024 plain; do
    prunet-segment -q -m "$TMPDIR/model" --scheme 2018 --crop 32x32x32 -o "$TMPDIR/maps-$year" "$TMPDIR/real/$year" >"$TMPDIR/table"
    check "$year: the same label maps" test "$(cat "$TMPDIR/maps-$year"/*.nii.gz | sha256sum)" = "$(cat "$TMPDIR/maps-2018"/*.nii.gz | sha256sum)"
done
