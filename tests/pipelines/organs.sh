#!/usr/bin/env bash
# Labels, regions and modalities are data: two invented organs go from their files through preprocess, train, evaluate and
# segment, by a scheme's file and by a dataset.json, without a line of C.
set -u
# shellcheck source=tests/pipelines/_tiny.sh
. tests/pipelines/_tiny.sh
export PRUNET_THREADS=1
quiet=$TMPDIR/out
organs=$TMPDIR/organs
mkdir "$organs"
"${PRUNET_TEST_PYTHON:-python3}" tests/pipelines/_organs.py "$organs" || exit 1

settings() { # scheme
    cat <<CONFIG
CHANNELS=4,8,8
CROP=16x16x16
LEARNING_RATE=1e-2
EPOCHS=2
AVERAGE=window-1
OUTPUT_BIAS=-1
SCHEME=$1
CONFIG
}

says() { # text
    grep -qF -- "$1" "$quiet" || { show "$quiet"; false; }
}

refused() { # name, status, text, command...
    local name=$1 wanted=$2 text=$3 status=0
    shift 3
    "$@" >/dev/null 2>"$quiet" || status=$?
    check "$name is refused with $wanted" test "$status" = "$wanted"
    check "$name: says why" says "$text"
}

# Regions of a record's labels and back.
round_trip() { # record
    cmp <(regions "$1" | regions --inverse | rawinfo) <(rawinfo "$1") &&
        cmp <(regions "$1" | regions --inverse | tail -c 4096) <(tail -c 4096 "$1")
}

# The two lines with the numbers behind a column's name differ by less than a thousandth.
near() { # column, table, table
    paste <(column "$1" "$2") <(column "$1" "$3") | awk '{ d = $1 - $2; if (d * d > 1e-6) wrong = 1 } END { exit wrong || !NR }'
}

train_organ() { # organ scheme cases regions modalities labels
    local run=$TMPDIR/run-$1 record state columns region
    settings "$2" >"$TMPDIR/$1.config"
    data=$organs/$1 config=$TMPDIR/$1.config
    check "$1: preprocessed, trained and scored" stages "$run" evaluate || show "$run.out"
    record=$(find "$run/cases" -name '*.nrrd' | sort | head -n 1)
    state=$run/best/state.safetensors
    check "$1: a record for each case" test "$(find "$run/cases" -name '*.nrrd' | wc -l)" = 5
    check "$1: the channels by their names" grep -qa "^prunet.channels:=$5\$" "$record"
    check "$1: the label record names the scheme" grep -qa "^prunet.scheme:=scheme ${3}; " "$record"
    check "$1: labels to regions and back" round_trip "$record"
    check "$1: the state knows modalities, regions and labels" test "$(prunet-model show "$state" |
        grep -c -e "^prunet.scheme.scheme $3; modality ${5%% *};" \
            -e "^prunet.inputs.$(wc -w <<<"$5")\$" -e "^prunet.outputs.$(wc -w <<<"$4")\$")" = 3
    columns=$(tr ' ' '\n' <<<"$4" | sed 's/^/dice_/' | tr '[:upper:]\n' '[:lower:]\t')
    check "$1: steps have the regions' columns" test "$(head -n 1 "$run/best/steps.tsv")" = \
        "epoch	step	case	loss	${columns}seconds	waiting"
    check "$1: so has the log" grep -q \
        "^epoch	learning_rate	steps	loss	${columns//dice_/train_}${columns}validation" "$run/log.tsv"
    for region in $4; do
        check "$1: $region is scored" test "$(grep -c "^[sb][co][ad][ny]_.	$region	" "$run/evaluation/dice.tsv")" = 1
        check "$1: $region is among the means that are printed" grep -q "^$region  *[0-9n]" "$run.out"
    done
    check "$1: predictions have its labels alone" test -z "$(for file in "$run"/predictions/*.nii.gz; do
        gzip -dc "$file" | tail -c +353 | od -An -v -tu1 -w1; done | sort -un | tr -d ' ' | grep -vx -e 0 "${@:6}")"
    shown "$@"
    check "$1: a second time there is nothing to do" stages "$run" evaluate
    check "$1: not even a record" test "$(grep -c ', [0-9]* of [0-9]*$' "$run.out")" = 0
    check "$1: its cases are segmented" stages "$run" segment || show "$run.out"
    check "$1: each" test "$(find "$run/segmentations" -name '*.nii.gz' | wc -l)" = 5
    backends "$1" "$state" "$record"
}

# Whatever shows a run has its regions, by their names, and no others.
shown() { # organ scheme cases regions modalities labels
    local run=$TMPDIR/run-$1 regions
    regions=$(tr ' ' '\n' <<<"$4" | sort)
    check "$1: summaries of cases have its regions" test "$(awk -F'\t' 'NR > 1 && $3 != "-" { print $3 }' "$run/evaluation/cases.tsv" | sort -u)" = "$regions"
    check "$1: and pictures of them" grep -q "	picture	" "$run/evaluation/cases.tsv"
    check "$1: probabilities are assessed by them" test -z "$(cut -f3 "$run"/evaluation/assessments/*.tsv | sort -u |
        grep -vx -e region -f <(echo "$regions"))" -a -n "$(tail -qn +2 "$run"/evaluation/assessments/*.tsv)"
    prunet report "$run" -o "$run.html" 2>"$quiet" || show "$quiet"
    check "$1: a report" test "$(grep -c '<section' "$run.html")" = 12 -a ! -s "$quiet"
    check "$1: has their scores" test "$(grep -o '<span>Dice [^<]*' "$run.html" | cut -d' ' -f2 | sort)" = "$regions"
    prunet-watch --once "$run" >"$run.watch" 2>"$quiet" || show "$quiet"
    check "$1: so has the watch" test "$(sed -n 's/ .* best .*//p' "$run.watch" | grep -vx -e loss -e mean | sort)" = "$regions"
    prunet-infer -m "$state" --label-map "$record" | raw2nii --seg-nrrd >"$run.seg.nrrd" 2>"$quiet" || show "$quiet"
    check "$1: segments for Slicer have their names" test "$(grep -a '^Segment[0-9]_Name:=' "$run.seg.nrrd" | cut -d= -f2 | sort)" = "$regions"
    raw2png --style tint "$record" >"$run.png" 2>"$quiet" || show "$quiet"
    check "$1: a picture" test "$(head -c 4 "$run.png" | tail -c 3)" = PNG
    raw2png --region none "$record" >/dev/null 2>"$quiet"
    check "$1: knows their names" says "--region: 'none' is not one of $4"
}

# What a step and a segmentation give is the same on every backend; CUDA's by the toolkit that tests/cuda/shim stands in for.
backends() { # organ state record
    local backend shim=$BUILD/shim/prunet-step
    for backend in reference planar-portable winograd-portable; do
        prunet-step --backend $backend --state "$2" -o "$TMPDIR/$backend" "$3" >"$TMPDIR/$backend.tsv" 2>"$quiet" &&
            prunet-infer --backend $backend -m "$2" "$3" | rawinfo >"$TMPDIR/$backend.info" 2>>"$quiet"
        check "$1: a step on $backend" test $? = 0 || show "$quiet"
        check "$1: its loss is the reference's" near loss "$TMPDIR/$backend.tsv" "$TMPDIR/reference.tsv"
        check "$1: probabilities are the reference's" near mean "$TMPDIR/$backend.info" "$TMPDIR/reference.info"
    done
    [ -x "$shim" ] || { echo "ok - $1: a step by CUDA # skip no shim here" && return; }
    "$shim" --backend cuda-fp32 --state "$2" -o "$TMPDIR/cuda" "$3" >"$TMPDIR/cuda.tsv" 2>"$quiet"
    check "$1: a step by CUDA" test $? = 0 || show "$quiet"
    check "$1: its loss is the reference's" near loss "$TMPDIR/cuda.tsv" "$TMPDIR/reference.tsv"
}

prunet-check -o "$TMPDIR/check" "$organs/two" 2>"$quiet"
check "prunet-check takes DATA's own dataset.json, as training does" test $? = 0 || show "$quiet"
check "and says so" says "the scheme is $organs/two/dataset.json: DATA's layout says it"
train_organ one "$organs/one.scheme" one PANCREAS ct -e 7
train_organ two "$organs/two/dataset.json" Two "A B both C D" "ct pet" -e 1 -e 2 -e 3 -e 4 -e 5

# --- a region that is only scored ---

{ cat "$organs/one.scheme" && echo "scored BOTH 7 9" && echo "scored CYST 9"; } | sed 's/^region/label 9 cyst\nregion/' >"$organs/scored.scheme"
settings "$organs/scored.scheme" | sed 's/^EPOCHS=.*/EPOCHS=1/' >"$TMPDIR/scored.config"
data=$organs/one config=$TMPDIR/scored.config run=$TMPDIR/scored
check "what is only scored goes through all stages" stages "$run" train evaluate || show "$run.out"
check "a validation has the outputs alone" test "$(tail -n +2 "$run/validation.tsv" | cut -f3 | sort -u)" = PANCREAS
check "scores have it, too" test "$(column region "$run/evaluation/dice.tsv" | sort -u | paste -sd' ')" = "BOTH CYST PANCREAS"
check "and the means that are printed" test "$(sed -n '/^region .*dice/,$p' "$run.out" | cut -d' ' -f1 | grep -x '[A-Z]*' | paste -sd' ')" = "PANCREAS BOTH CYST"
prunet-report "$run" -o "$run.html" 2>"$quiet" || show "$quiet"
check "and the report" test "$(grep -o '<span>Dice [^<]*' "$run.html" | cut -d' ' -f2 | sort | paste -sd' ')" = "BOTH CYST PANCREAS"

# --- the scheme that the layout says ---

settings none | sed -e '/^SCHEME/d' -e 's/^EPOCHS=.*/EPOCHS=1/' >"$TMPDIR/unnamed.config"
data=$organs/two config=$TMPDIR/unnamed.config run=$TMPDIR/unnamed
check "dataset.json is the scheme where none is named" stages "$run" preprocess train || show "$run.out"
check "and that is said" grep -q "the scheme is $organs/two/dataset.json: DATA's layout says it" "$run.out"
check "the records are of it" grep -qa "^prunet.scheme:=scheme Two; " "$(find "$run/cases" -name '*.nrrd' | head -n 1)"
check "the run keeps it" cmp "$organs/two/dataset.json" "$run/manifest/scheme.json"
check "a second time it is the same run" stages "$run" preprocess train || show "$run.out"
settings brats-2018 >"$TMPDIR/named.config"
config=$TMPDIR/named.config
stages "$TMPDIR/explicit" preprocess
check "a scheme that is named wins" grep -q "is not a modality of the scheme brats-2018" "$TMPDIR/explicit.out" || show "$TMPDIR/explicit.out"
check "a data set that the default reads has no scheme of its own" test -z "$(phantom -q --cases 1 --size 16x16x16 --layout decathlon \
    -o "$TMPDIR/decathlon" >/dev/null && list-cases --own-scheme "$TMPDIR/decathlon")"
phantom -q --cases 1 --size 16x16x16 --layout nnunet -o "$TMPDIR/nnunet" >/dev/null
check "nnU-Net's BraTS has: 3 is no number of the default" test "$(list-cases --own-scheme "$TMPDIR/nnunet")" = "$TMPDIR/nnunet/dataset.json"
sed -i 's/"labels"/"lables"/' "$TMPDIR/nnunet/dataset.json"
check "one that cannot be understood: the default reads on" test -z "$(list-cases --own-scheme "$TMPDIR/nnunet")"
mkdir "$TMPDIR/odd" && cp -r "$organs/two/imagesTr" "$TMPDIR/odd/" && sed 's/"labels"/"lables"/' "$organs/two/dataset.json" >"$TMPDIR/odd/dataset.json"
refused "a dataset.json that would be needed and is none" 65 "odd/dataset.json: no labels: it cannot be the scheme: mend it, or name another" \
    pipelines/preprocess --data "$TMPDIR/odd" --cases "$TMPDIR/none" --config "$TMPDIR/unnamed.config"

# --- channels by their names ---

two=$TMPDIR/run-two/best/state.safetensors
image() { # modalities...
    local files=() m
    for m in "$@"; do
        cp "$organs/two/imagesTr/body_0_000$([ "$m" = ct ] && echo 0 || echo 1).nii.gz" "$TMPDIR/body_0_$m.nii.gz"
        files+=("$TMPDIR/body_0_$m.nii.gz")
    done
    { echo "scheme files"; printf 'modality %s\n' "$@"; printf 'label 1 a\nregion A 1\n'; } >"$TMPDIR/files.scheme"
    nii2raw --scheme "$TMPDIR/files.scheme" --case body_0 "${files[@]}" | crop --size 16x16x16 | standardize
}
image ct pet | prunet-infer -m "$two" >"$TMPDIR/in-order"
image pet ct | prunet-infer -m "$two" >"$TMPDIR/permuted"
check "modalities in another order: the same probabilities" cmp "$TMPDIR/in-order" "$TMPDIR/permuted"
image ct pet mr | prunet-infer -m "$two" >"$TMPDIR/more" 2>"$quiet"
check "one more: left out" cmp "$TMPDIR/in-order" "$TMPDIR/more"
check "and said" says "of its channels ct pet mr the network takes 2"
image ct >"$TMPDIR/ct.nrrd"
refused "a record that lacks one" 65 "no channel is the modality pet" prunet-infer -m "$two" "$TMPDIR/ct.nrrd"
prunet-infer --missing zero -m "$two" "$TMPDIR/ct.nrrd" >"$TMPDIR/filled" 2>"$quiet"
check "with --missing zero it is filled" test $? = 0
check "and said" says "no pet: it is filled with zeros"
refused "--missing with another word" 2 "--missing: 'mean' is not zero" prunet-infer --missing mean -m "$two" "$TMPDIR/ct.nrrd"

# --- schemes that do not fit ---

one_record=$(find "$TMPDIR/run-one/cases" -name '*.nrrd' | sort | head -n 1)
refused "labels of another scheme" 65 "its labels are of scheme one, the network's regions of Two" \
    prunet-step --missing zero --state "$two" -o "$TMPDIR/none" "$one_record"
refused "scores of another scheme" 65 "its labels are of scheme one, not brats-2018" \
    dice-eval <(prunet-infer -m "$TMPDIR/run-one/best/state.safetensors" --label-map "$one_record") \
    "$organs/one/scan_0/scan_0_seg.nii.gz"
refused "a network of other numbers than its scheme's" 2 "1 modalities and 1 regions" \
    prunet-init --scheme "$organs/one.scheme" --inputs 2 -o "$TMPDIR/none"
refused "SCHEME beside LABELS" 2 "LABELS=2023 is the older name of SCHEME" \
    pipelines/preprocess --data "$organs/one" --cases "$TMPDIR/none" --config "$TMPDIR/one.config+labels-2023"
sed -i 's/^region.*/region PANCREAS 7 8/' "$organs/one.scheme"
refused "a scheme that is wrong" 65 "region PANCREAS: there is no label 8" \
    pipelines/preprocess --data "$organs/one" --cases "$TMPDIR/run-one/cases" --config "$TMPDIR/one.config"
sed -i 's/^region.*/region PANCREAS 7\nlesions PANCREAS/' "$organs/one.scheme"
data=$organs/one config=$TMPDIR/one.config
stages "$TMPDIR/run-one" train
check "a scheme that has been changed since is another run" test $? != 0
cp "$TMPDIR/run-one.out" "$quiet"
check "and said so" says "belongs to another run (manifest/run.tsv: SCHEME"

# --- the names of BraTS ---

for both in 2018=brats-2018 2023=brats-2023 msd=msd-brain; do
    settings "${both#*=}" >"$TMPDIR/named.config"
    check "SCHEME=${both#*=} is LABELS=${both%=*}" test "$(. pipelines/common.sh && load_config "$TMPDIR/named.config" &&
        echo "$scheme $scheme_source $LABELS $SCHEME")" = "${both%=*} labels=${both%=*} ${both%=*} none"
done

# --- fine-tuned from a model of other modalities and regions ---

settings "$organs/one.scheme" | sed -e 's/^CHANNELS=.*/CHANNELS=16,32,64,96,128/' -e 's/^EPOCHS=.*/EPOCHS=1/' >"$TMPDIR/tuned.config"
echo FROM=data/models/starter.safetensors >>"$TMPDIR/tuned.config"
data=$organs/one config=$TMPDIR/tuned.config
stages "$TMPDIR/tuned" train || show "$TMPDIR/tuned.out"
state=$TMPDIR/tuned/best/state.safetensors
drawn="first layer: kept none, drawn ct; last layer: kept none, drawn PANCREAS"
check "an organ is trained from the model in the box" test -f "$state"
check "the layers that are drawn are said" test "$(grep -c "starter.safetensors: $drawn" "$TMPDIR/tuned.out")" = 1
check "and in the journal" grep -q "starter.safetensors: $drawn" "$TMPDIR/tuned/journal.txt"
prunet-model export --scheme "$organs/one.scheme" --seed 1 --output-bias -1 -o "$TMPDIR/begun" data/models/starter.safetensors 2>"$quiet"
first=$(order-cases --seed 1 --epoch 1 "$TMPDIR/tuned/manifest/training" | sed -n 1p)
augment --seed 1 --epoch 1 "$TMPDIR/tuned/cases/$first.nrrd" | prunet-step -q --state "$TMPDIR/begun" --fresh-optimizer --epoch 1 \
    --learning-rate 1e-2 -o "$TMPDIR/one.safetensors" >"$TMPDIR/one.tsv"
check "its first step is one with that model's" \
    test "$(column loss "$TMPDIR/one.tsv")" = "$(column loss "$TMPDIR/tuned/epochs/0001/steps.tsv" | head -n 1)"
