#!/usr/bin/env bash
# Each layout of a data set through preprocess, train, evaluate and segment; nibabel judges the grids. Real cases under the names
# of each year of BraTS give the same records and label maps.
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
judge() { # prediction, image: the same grid
    "$python" - "$1" "$2" <<'PYTHON'
import sys
import nibabel
import numpy
a, b = (nibabel.load(path) for path in sys.argv[1:])
same = a.shape == b.shape[:3] and numpy.abs(a.affine - b.affine).max() < 1e-6 and a.get_data_dtype() == numpy.uint8
labels = set(numpy.unique(numpy.asarray(a.dataobj)))
sys.exit(0 if same and labels <= {0, 1, 2, 4} else 1)
PYTHON
}
on_grid() { # what, prediction, image
    if [ -n "$has_nibabel" ]; then
        check "$1" judge "$2" "$3"
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
        on_grid "$layout: $name on its image's grid" "$run/segmentations/$name.nii.gz" "$image"
    done < <(list-cases --no-header "$data")
    stages "$run.again" preprocess train CASES="$run/cases"
    check "$layout: nothing is made anew" test "$(grep -c "left out\|of 3$" "$run.again.out")" = 0 || show "$run.again.out"
done

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
