#!/usr/bin/env bash
# shellcheck disable=SC2016 # the dollars are awk's
# The memory plan as a table and as JSON; the depth of the network costs parameters only.
. tests/tools/_network.sh

total() { # run total options...
    local run=$1 name=$2
    shift 2
    prunet-plan "$@" | awk -F '\t' -v run="$run" -v name="$name" '$1 == run && $2 == "total" && $3 == name { print $4 }'
}

prunet-plan >"$work/short"
prunet-plan --buffers >"$work/plan"
check "it fits a screen" test "$(wc -l <"$work/short")" -le 48
check "--buffers only adds rows" test -z "$(awk 'NR == FNR { seen[$0]; next } !($0 in seen)' "$work/plan" "$work/short")"
check "a header line" test "$(head -n 1 "$work/plan" | cut -f 1-4)" = "$(printf 'run\titem\tname\tbytes')"
check "training, inference and the paper's model" test \
    "$(tail -n +2 "$work/plan" | cut -f 1 | uniq | tr '\n' ' ')" = "training inference paper "
check "what fills the peak adds up to it" awk -F '\t' '
    $2 == "peak" { sum[$1] += $4 }
    $2 == "total" && $3 == "peak" { peak[$1] = $4 }
    END { exit sum["training"] != peak["training"] || sum["inference"] != peak["inference"] }' "$work/short"
check "the peak is the largest step" awk -F '\t' '
    $2 == "step" && $4 > most[$1] { most[$1] = $4 }
    $2 == "total" && $3 == "peak" { peak[$1] = $4 }
    END { exit peak["training"] != most["training"] || peak["inference"] != most["inference"] }' "$work/plan"
check "the blocks are what is allocated" awk -F '\t' '
    $2 == "total" { total[$1, $3] = $4 }
    END { exit total["training", "resident"] + total["training", "activations"] != total["training", "allocated"] }' \
    "$work/plan"
one=$(total training peak) four=$(total training peak --encoder-blocks 4)
check "three more blocks cost 16 bytes a parameter and their statistics, $((four - one)) bytes" \
    test $((four - one)) -ge $((16 * 17649360)) -a $((four - one)) -lt $((16 * 17649360 + (1 << 20)))
check "(4,1) at full size needs less than the paper's 128^3 patch" test "$four" -lt $((4138 << 20))
check "inference needs less than 1.9 GiB" test "$(total inference allocated)" -lt $((1945 << 20))
check "the placement wastes less than 3 %" test $((100 * $(total training allocated))) -le $((103 * one))
# The paper's equations by hand: 4 and 8 channels on 64 and 8 voxels.
model() { # equation name
    prunet-plan --channels 4,8 --groups 2 --size 4x4x4 |
        awk -F '\t' -v equation="$1" -v name="$2" '$2 == equation && $3 == name { print $4 }'
}
check "layers: image, probabilities, target, pooled values and indices" test "$(model "equation 4" "layers MN")" = 2944
check "sequences: two outputs a level" test "$(model "equation 4" "sequences MS")" = 2560
check "the largest block's derivatives" test "$(model "equation 4" "derivatives MB")" = 5120
check "nothing recomputed: three tensors a branch" test "$(model "equation 3" "branches MA")" = 10240
prunet-plan --table1 >"$work/table"
column() { # name awk-condition
    awk -v name="$1" -f pipelines/columns.awk -f <(echo "!header && $2 { print field(name) }") "$work/table"
}
check "Table 1 has six rows, the paper's megabytes beside ours" test "$(column paper 1 | tr '\n' ' ')" = \
    "6646 4138 9436 9529 9620 9713 "
check "equation 4 meets what the paper measured within 2 %" awk -F '\t' '
    $1 == "reversible" { d = $5 / $4 - 1; bad += d > 0.02 || d < -0.02 } END { exit bad || NR != 7 }' "$work/table"
check "four blocks without reversing: over 20 GiB of activations" test \
    "$(($(column kept '$2 == "4,1"') - $(column parameters '$2 == "4,1"')))" -gt 20480
check "(1,1) at full size within 3.75 GiB" test "$(column ours '$2 == "1,1" && $3 == "160x192x160"')" -le 3840
check "(1,1) at 128^3 within 1.9 GiB" test "$(column ours '$2 == "1,1" && $3 == "128x128x128"')" -le 1945
check "every row in less than the paper's" awk -F '\t' 'NR > 1 { bad += $7 >= $4 } END { exit bad }' "$work/table"
check "and says why" awk -F '\t' 'NF != 16 || $16 == "" { exit 1 }' "$work/table"
allocated() { # memory
    prunet-plan --memory "$1" | awk -F '\t' '$1 == "training" && $3 == "allocated" { print $4 }'
}
choice() { # memory
    prunet-plan --memory "$1" | awk -F '\t' '$1 == "training" && $2 == "choice" { print $3, ($4 > 0) }'
}
check "recomputing is the default" test "$(choice default)" = "recompute 0"
check "--memory min takes less" test "$(allocated min)" -lt "$(allocated default)"
check "--memory 4G keeps what fits" test "$(choice 4G | cut -d ' ' -f 1)" = keep -a "$(allocated 4G)" -le $((4 << 30)) \
    -a "$(allocated 4G)" -gt "$(allocated default)"
check "--memory 100G keeps all" test "$(choice 100G)" = "keep 10 1"
fails "too little memory" 1 "MiB of memory are needed at least, 1024 MiB are allowed" prunet-plan --memory 1G
prunet-plan --size 32x32x32 -o "$work/table" && check "-o writes the table" test "$(cat "$work/table")" = "$(prunet-plan --size 32x32x32)"
make_state "$work/state"
check "of a checkpoint" test "$(total training peak -m "$work/state" --size 32x32x32)" = \
    "$(total training peak --channels 4,8,12,16,20 --groups 2 --size 32x32x32)"
if [ -n "${PRUNET_TEST_PYTHON-}" ]; then
    prunet-plan --json --buffers --size 32x32x32 >"$work/json"
    check "JSON Lines with the same rows" test "$("$PRUNET_TEST_PYTHON" -c '
import json, sys
print("".join("\t".join(map(str, json.loads(line).values())) + "\n" for line in open(sys.argv[1])), end="")' \
        "$work/json")" = "$(prunet-plan --buffers --no-header --size 32x32x32)"
    check "Table 1 too" test "$(prunet-plan --table1 --json | "$PRUNET_TEST_PYTHON" -c '
import json, sys
print("".join("\t".join(map(str, json.loads(line).values())) + "\n" for line in sys.stdin), end="")')" = \
        "$(prunet-plan --table1 --no-header)"
fi
resident() {
    total training resident --size 32x32x32 "$@"
}
check "cross-entropy takes its sums, a cache line" test $(($(resident --loss dice+bce) - $(resident))) = 64
check "an average takes a fourth vector" test $(($(resident --weight-average 0.9 --loss dice+bce) - $(resident --loss dice+bce))) \
    -ge $((4 * 12365283))
check "inference has none" test "$(total inference resident --size 32x32x32 --weight-average 0.9)" = \
    "$(total inference resident --size 32x32x32)"
check "--loss dice is the default" cmp -s <(prunet-plan --size 32x32x32) <(prunet-plan --size 32x32x32 --loss dice)
fails "Table 1 by windows" 2 "exclude each other" prunet-plan --table1 --window 32x32x32
fails "a window that cannot be halved" 2 "multiples of 16 voxels, such as 48x32x32" prunet-plan --window 40x32x32
check "windows: the whole volume's rows are those of inference" cmp -s <(prunet-plan --size 64x64x64 | grep ^inference) \
    <(prunet-plan --size 64x64x64 --window 32x32x32 | grep ^inference)
check "and a window's those of its size" cmp -s <(prunet-plan --size 32x32x32 --no-header | grep ^inference | cut -f 2-) \
    <(prunet-plan --size 64x64x64 --window 32x32x32 | grep ^window | cut -f 2-)
fails "a loss that is none" 2 "neither dice nor dice+bce" prunet-plan --loss bce
fails "a size that cannot be halved" 65 "multiple of 16" prunet-plan --size 100x100x100
fails "a backend that does not exist" 2 "nonsense" prunet-plan --backend nonsense
# The backends that such a message lists, a line each.
offered() {
    prunet-plan --backend nonsense 2>&1 | sed -n 's/.*there are: //p' | tr ',' '\n' | tr -d ' '
}
check "each that is offered instead is there, once" test "$(offered | sort | uniq -d)" = "" -a "$(offered | wc -l)" -ge 6
for backend in $(offered); do
    check "such as $backend" test "$(prunet-plan --size 32x32x32 --backend "$backend" | grep -c peak)" -gt 0
done
check "the ones to choose first" test "$(offered | grep -xcFe cpu -e reference -e cpu-int16 -e reference-int16)" = 4
fails "groups that divide no width" 2 "groups" prunet-plan --groups 7
