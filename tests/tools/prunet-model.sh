#!/usr/bin/env bash
# Models to give away: the weights that the state segments with, a third of its size, read wherever a state is; what is
# refused leaves none.
. tests/tools/_network.sh
make_cases 1 || exit 1
make_state "$work/start" || exit 1
record=$work/0.nrrd
prunet-step -q --state "$work/start" -o "$work/state" -- "$record" >"$work/steps" || exit 1
prunet-step -q --state "$work/start" --weight-average 0.9 -o "$work/averaged" -- "$record" >"$work/steps" || exit 1

size() {
    stat -c %s "$1"
}
segments() { # file: the probabilities' digest
    prunet-infer -q -m "$1" "$record" | sha256sum
}
shown() { # key [file]
    prunet-model show "${2-$work/model}" | awk -F '\t' -v key="$1" '$1 == key { print $2 }'
}
tensors() { # file, behind the header
    tail -c +$(($(head -c 8 "$1" | od -An -t u8) + 9)) "$1"
}

# --- export ---

prunet-model export -o "$work/model" "$work/state"
check "a third of the size" test $(($(size "$work/model") * 100 / $(size "$work/state"))) -le 35
check "it segments as the state does, to the bit" test "$(segments "$work/model")" = "$(segments "$work/state")"
check "the weights are the state's first third" cmp -s <(tensors "$work/model") \
    <(tensors "$work/state" | head -c "$(tensors "$work/model" | wc -c)")
check "the same bytes again, on stdout" cmp -s "$work/model" <(prunet-model export "$work/state" | cat)
check "a model of a model is itself" cmp -s "$work/model" <(prunet-model export "$work/model" | cat)
prunet-model export -o "$work/mean" "$work/averaged"
check "of a state with an average: that" test "$(segments "$work/mean")" = "$(segments "$work/averaged")"
check "and it is another one" test "$(segments "$work/mean")" != "$(segments "$work/model")"
check "it says so" test "$(shown prunet.weights "$work/mean") $(shown prunet.weights)" = "average last"
check "it says no more of an average that went on" test -z "$(shown prunet.average_decay "$work/mean")"
prunet-infer -q -m "$work/model" -m "$work/mean" -o "$work/both.nrrd" "$record"
check "a mean of models is that of their states" cmp -s "$work/both.nrrd" \
    <(prunet-infer -q -m "$work/state" -m "$work/averaged" "$record")
check "a plan" cmp -s <(prunet-plan --size 32x32x16 -m "$work/model") <(prunet-plan --size 32x32x16 -m "$work/state")

# --- of a run ---

run=$work/run
mkdir -p "$run/manifest" "$run/epochs/0007" "$run/cases"
cp "$work/state" "$run/epochs/0007/state.safetensors"
ln -s epochs/0007 "$run/best"
printf '%s\t%s\n' row tiny CROP 32x48x32 SPACING keep PATCH none >"$run/manifest/run.tsv"
printf 'version\tprunet-step (prunet) 9\n' >"$run/manifest/circumstances.tsv"
printf '%s\n' a b c >"$run/manifest/training"
printf '%s\n' d e >"$run/manifest/validation"
printf '%s\t%s\t%s\n' case region dice d ET 0.5 d WT 0.25 e ET nan e WT 0.75 >"$run/epochs/0007/validation.tsv"
printf '%s\t%s\n' item value grid 48x48x48 spacing 1x1x2 >"$run/cases/check.tsv"
prunet-model export -o "$work/ours" "$run/best/state.safetensors"
notes() { # file, keys...
    for key in "${@:2}"; do shown "prunet.$key" "$1"; done | paste -s -d ';'
}
check "a state of a run: its crop, the size of its voxels" test "$(notes "$work/ours" crop patch spacing)" = "32x48x32;1x1x2"
check "its standardization" grep -q "deviation 1" <<<"$(shown prunet.standardized "$work/ours")"
check "its training" test "$(notes "$work/ours" trained program)" = \
    "3 cases; validation Dice of 2: ET 0.5000 WT 0.5000;prunet-step (prunet) 9"
check "the same weights" cmp -s <(tensors "$work/ours") <(tensors "$work/model")
check "a state elsewhere says nothing of it" test -z "$(notes "$work/model" crop standardized spacing trained program)"
prunet-model export -o "$work/ours.again" "$work/ours"
check "it goes along" cmp -s "$work/ours" "$work/ours.again"
prunet-model export --crop 16x16x32 --spacing 2x2x2 -o "$work/said" "$run/epochs/0007/state.safetensors"
check "options win" test "$(notes "$work/said" crop spacing)" = "16x16x32;2x2x2"
printf 'spacing\t1x1x1\n' >>"$run/cases/check.tsv"
printf '%s\t%s\n' CROP 32x48x32 SPACING keep PATCH 16x16x16 >"$run/manifest/run.tsv"
prunet-model export -o "$work/said" "$run/best/state.safetensors"
check "of cases with two spacings none is said" test "$(notes "$work/said" patch spacing)" = "16x16x16"
printf '%s\t%s\n' CROP 32x48x32 SPACING 1.5x1.5x1.5 >"$run/manifest/run.tsv"
prunet-model export -o "$work/said" "$run/best/state.safetensors"
check "that of SPACING is" test "$(notes "$work/said" spacing)" = "1.5x1.5x1.5"
prunet-model export --scheme 2018 -o "$work/said" "$run/best/state.safetensors"
check "the beginning of another training has nothing of it" test -z "$(notes "$work/said" crop trained program)"
printf 'CROP\t32x48x32\nPATCH\n' >"$run/manifest/run.tsv"
prunet-model export -o "$work/never" "$run/best/state.safetensors" 2>"$work/said"
check "a damaged manifest: status 65" test $? = 65 -a ! -e "$work/never"
check "is named" grep -q "manifest/run.tsv: line 2" "$work/said"

# --- half ---

prunet-model export --half -o "$work/half" "$work/state"
check "--half: half of that" test $(($(size "$work/half") * 100 / $(size "$work/model"))) -le 55
check "of a model the same" cmp -s "$work/half" <(prunet-model export --half "$work/model" | cat)
check "it says so" test "$(shown type "$work/half") $(shown type)" = "BF16 F32"
rounded() { # the floats of stdin as bf16, by their bits
    od -An -v -w4 -t u4 | awk '{ low = $1 % 65536; half = ($1 - low) / 65536
        if (low > 32768 || (low == 32768 && half % 2)) half++
        print half }'
}
check "each weight is rounded to the nearest, ties to even" cmp -s <(tensors "$work/half" | od -An -v -w2 -t u2 | tr -d ' ') \
    <(tensors "$work/model" | rounded)
prunet-model export -o "$work/wide" "$work/half"
check "what is read of it is its bits and zeros" cmp -s <(tensors "$work/wide" | od -An -v -w4 -t u4 | awk '{ print $1 / 65536 }') \
    <(tensors "$work/half" | od -An -v -w2 -t u2 | tr -d ' ')
check "it segments as those floats do" test "$(segments "$work/half")" = "$(segments "$work/wide")"
check "probabilities within 0.02 of the state's" awk 'BEGIN { exit !('"$(prunet-infer -q -m "$work/half" "$record" |
    rawinfo --no-header | cut -f 9)"' - '"$(prunet-infer -q -m "$work/state" "$record" | rawinfo --no-header | cut -f 9)"' < 0.02) }'

# --- thresholds ---

bias() { # file, region: of the last convolution
    local at
    at=$(head -c 4096 "$1" | grep -ao '"lastConv.bias":{[^}]*' | sed 's/.*data_offsets":\[\([0-9]*\).*/\1/')
    tensors "$1" | tail -c +$((at + 4 * $2 + 1)) | head -c 4 | od -An -t f4 | tr -d ' '
}
moved() { # region, by what
    awk -v a="$(bias "$work/model" "$1")" -v b="$(bias "$work/moved" "$1")" -v by="$2" \
        'BEGIN { d = a - b - by; exit !(a != "" && b != "" && d < 1e-5 && d > -1e-5) }'
}
prunet-model export --threshold WT=0.75 --threshold TC=0.1 -o "$work/moved" "$work/state"
check "--threshold moves a region's bias by the logarithm of its odds" moved 0 1.0986123
check "another's, downwards" moved 1 -2.1972246
check "and no other" moved 2 0
check "two numbers differ of all" test "$(cmp -l <(tensors "$work/model") <(tensors "$work/moved") | awk '{ n[int(($1 - 1) / 4)] }
    END { print length(n) }')" = 2
check "it says so" test "$(shown prunet.threshold "$work/moved")" = "WT=0.75 TC=0.1"
prunet-model export --threshold WT=0.25 -o "$work/back" "$work/moved"
check "what was moved goes along" test "$(shown prunet.threshold "$work/back")" = "WT=0.75 TC=0.1 WT=0.25"
cp "$work/back" "$work/moved"
check "and can be moved back" moved 0 0
prunet-model export --threshold TC=0.9 -o "$work/moved" "$work/half"
check "of half weights, too" test "$(shown type "$work/moved") $(awk -v a="$(bias "$work/wide" 1)" -v b="$(bias "$work/moved" 1)" \
    'BEGIN { print (a - b > 2.197 && a - b < 2.1975) }')" = "F32 1"

# --- the mean of several ---

floats() {
    tensors "$1" | od -An -v -w4 -t f4
}
prunet-model export -o "$work/three" "$work/state" "$work/averaged" "$work/start"
prunet-model export -o "$work/begun" "$work/start"
is_mean() { # three files, and that of their mean
    paste <(floats "$1") <(floats "$2") <(floats "$3") <(floats "$4") |
        awk '{ d = ($1 + $2 + $3) / 3 - $4; if (d > 1e-6 || d < -1e-6) wrong++ } END { exit !(NR > 1000 && !wrong) }'
}
check "of three states: the mean of what each segments with" is_mean "$work/model" "$work/mean" "$work/begun" "$work/three"
check "it says so" test "$(shown prunet.weights "$work/three")" = "mean of 3"
check "and what the first one says" test "$(shown prunet.epoch "$work/three")" = "$(shown prunet.epoch)"
prunet-model export -o "$work/same" "$work/model" "$work/state" "$work/model"
check "of the same weights: these, to the bit" cmp -s <(tensors "$work/same") <(tensors "$work/model")
check "the same bytes, on stdout" cmp -s "$work/three" <(prunet-model export "$work/state" "$work/averaged" "$work/start" | cat)
prunet-model export -o "$work/one" --threshold TC=0.1 "$work/three"
prunet-model export -o "$work/both" --threshold TC=0.1 "$work/state" "$work/averaged" "$work/start"
check "thresholds move the mean" cmp -s <(tensors "$work/one") <(tensors "$work/both")
prunet-model export --half -o "$work/halves" "$work/half" "$work/half"
check "of halves, half" cmp -s <(tensors "$work/halves") <(tensors "$work/half")
printf 'CROP\t32x48x32\n' >"$run/manifest/run.tsv"
prunet-model export -o "$work/said" "$run/epochs/0007/state.safetensors" "$work/averaged"
check "the crop is the first one's" test "$(notes "$work/said" crop)" = 32x48x32
check "but not its validation" test -z "$(notes "$work/said" trained)"
prunet-init --seed 1 --channels 4,8,12 -o "$work/other"
fails "another network" 65 "$work/other is another network than $work/state" prunet-model export -o "$work/never" "$work/state" "$work/other"
prunet-model export --spacing 2x2x2 -o "$work/coarse" "$work/state"
fails "another spacing" 65 "prunet.spacing is none, of $work/coarse 2x2x2" prunet-model export -o "$work/never" "$work/state" "$work/coarse"
prunet-model export -o "$work/between" "$work/one" "$work/three"
between() { # a mean of the same weights, of which one's bias of TC is log(9) higher
    awk -v a="$(bias "$work/one" 1)" -v b="$(bias "$work/three" 1)" -v mean="$(bias "$work/between" 1)" \
        'BEGIN { d = (a + b) / 2 - mean; exit !(a - b > 2.197 && d < 1e-6 && d > -1e-6) }'
}
check "another threshold: that of the mean is in between" between
check "and nothing is said of it" test -z "$(notes "$work/between" threshold)"
prunet-model export --threshold ET=0.7 -o "$work/between" "$work/three" "$work/one"
check "nor of one that moves it further" test -z "$(notes "$work/between" threshold)"
prunet-model export -o "$work/alike" "$work/one" "$work/one"
check "thresholds that are alike are said" test "$(notes "$work/alike" threshold)" = TC=0.1
sed 's/brats-2018/others/; s/region ET/region RIM/; s/^rows ET/rows RIM/' data/schemes/brats-2018 >"$work/others.scheme"
prunet-model export -q --scheme "$work/others.scheme" -o "$work/others" "$work/state"
fails "other regions" 65 "is of scheme brats-2018, $work/others of others" prunet-model export -o "$work/never" "$work/state" "$work/others"
fails "one that is not there" 1 "$work/nothing" prunet-model export -o "$work/never" "$work/state" "$work/nothing"

# --- training from it ---

fails "a model is not gone on with" 65 "$work/model: is a model to segment with" \
    prunet-step --state "$work/model" -o "$work/never" -- "$record"
for file in model half; do
    prunet-step --state "$work/$file" --fresh-optimizer --epoch 1 -o "$work/tuned" -- "$record" >"$work/tuned.tsv" 2>"$work/err"
    check "--fresh-optimizer begins from a $file" test "$(shown file "$work/tuned") $(shown prunet.step "$work/tuned")" = "state 1"
done
prunet-step -q --state "$work/state" --fresh-optimizer -o "$work/tuned2" -- "$record" >"$work/tuned.tsv"
prunet-step -q --state "$work/model" --fresh-optimizer -o "$work/tuned" -- "$record" >"$work/tuned.tsv"
check "from a model as from its state, to the bit" cmp -s "$work/tuned" "$work/tuned2"

# --- what it says ---

check "show: a header and two columns" test "$(prunet-model show "$work/model" | head -n 1)$(prunet-model show "$work/model" |
    awk -F '\t' 'NF != 2' | wc -l)" = "$(printf 'key\tvalue')0"
check "a state is a state" test "$(shown file "$work/state") $(shown file)" = "state model"
check "its digest" test "$(shown sha256)" = "$(sha256sum <"$work/model" | cut -d ' ' -f 1)"
check "its size and its parameters" test "$(shown bytes) $(($(shown parameters) * 4 < $(size "$work/model")))" = "$(size "$work/model") 1"
check "what the state said" test "$(shown prunet.channels) $(shown prunet.epoch) $(shown prunet.backend)" = \
    "4,8,12,16,20 1 $(metadata "$work/state" prunet.backend)"
text=$(printf 'CC-BY "4.0" \\ of\nÅsa\tand others')
prunet-model export --licence "$text" --intended-use "Research. No medical device." --metadata dice_et=0.56 \
    --metadata "scores=ET 0.56=WT" -o "$work/said" "$work/state"
check "--licence: one line of the table" test "$(shown prunet.licence "$work/said")" = 'CC-BY "4.0" \ of Åsa and others'
check "--intended-use" test "$(shown prunet.intended_use "$work/said")" = "Research. No medical device."
check "--metadata, several" test "$(shown dice_et "$work/said") $(shown scores "$work/said")" = "0.56 ET 0.56=WT"
check "it segments" test "$(segments "$work/said")" = "$(segments "$work/state")"
prunet-model export --licence other -o "$work/resaid" "$work/said"
check "a text is kept, or replaced by another" test "$(shown dice_et "$work/resaid") $(shown prunet.licence "$work/resaid")" = "0.56 other"
if [ -n "${PRUNET_TEST_PYTHON-}" ] && "$PRUNET_TEST_PYTHON" -c 'import safetensors, torch' 2>"$work/err"; then
    check "the safetensors package reads half and texts" "$PRUNET_TEST_PYTHON" - "$work/half" "$work/wide" "$work/said" "$text" <<'PYTHON'
import sys
import torch
from safetensors import safe_open

half, wide, said = (safe_open(path, "pt") for path in sys.argv[1:4])
assert set(half.keys()) == set(wide.keys())
for name in half.keys():
    assert half.get_tensor(name).dtype == torch.bfloat16
    assert torch.equal(half.get_tensor(name).float(), wide.get_tensor(name))
assert said.metadata()["prunet.licence"] == sys.argv[4]
PYTHON
else
    echo "ok - the safetensors package reads half and texts # skip no torch"
fi

# --- refusals ---

fails "no word" 2 "export or show" prunet-model
fails "another word" 2 "export or show" prunet-model import "$work/state"
fails "no file" 2 "a state is expected" prunet-model export
fails "two files" 2 "one file is expected" prunet-model show "$work/state" "$work/model"
fails "show takes none of export's options" 2 "are for export" prunet-model show --half "$work/model"
for note in dice "=0.9" "prunet.kind=baseline" "two words=1" "$(printf 'k%.0s' $(seq 65))=1"; do
    fails "--metadata '$note'" 2 "is not KEY=TEXT" prunet-model export --metadata "$note" -o "$work/never" "$work/state"
done
for threshold in TC "=0.5" TC= TC=x TC=0.5x TC=0 TC=1 TC=nan; do
    fails "--threshold '$threshold'" 2 "--threshold: " prunet-model export --threshold "$threshold" -o "$work/never" "$work/state"
done
fails "a region that there is not" 65 "has no region LIVER" prunet-model export --threshold LIVER=0.4 -o "$work/never" "$work/state"
fails "a file that is none" 65 "$record" prunet-model export -o "$work/never" "$record"
fails "show of it" 65 "$record" prunet-model show "$record"
fails "a file that is not there" 1 "$work/nothing" prunet-model show "$work/nothing"
cp "$work/state" "$work/nan"
printf '\0\0\300\177' | dd of="$work/nan" bs=1 seek=$(($(head -c 8 "$work/state" | od -An -t u8) + 8)) conv=notrunc status=none
fails "weights that are not finite" 65 "$work/nan: firstConv.weight: 1 of its 432 values is not finite" \
    prunet-model export -o "$work/never" "$work/nan"
cp "$work/half" "$work/halfnan"
printf '\300\177' | dd of="$work/halfnan" bs=1 seek=$(($(head -c 8 "$work/half" | od -An -t u8) + 8)) conv=notrunc status=none
fails "nor in half" 65 "$work/halfnan: firstConv.weight: 1 of its 432 values is not finite" prunet-infer -m "$work/halfnan" "$record"
sed 's/"firstConv.weight":{"dtype":"BF16"/"firstConv.weight":{"dtype":"F16" /' "$work/half" >"$work/mixed"
fails "another type of two bytes" 65 "its type is" prunet-infer -m "$work/mixed" "$record"
head -c 20000 "$work/half" >"$work/cut"
fails "a model that is cut" 65 "$work/cut" prunet-infer -m "$work/cut" "$record"
check "none of these left a model" test ! -e "$work/never"
fails "a full disk" 1 "No space left" prunet-model export -o /dev/full "$work/state"
cp "$work/state" "$work/place"
prunet-model export -o "$work/place" "$work/place"
check "in place of its state" cmp -s "$work/place" "$work/model"
