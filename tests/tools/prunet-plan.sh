#!/usr/bin/env bash
# shellcheck disable=SC2016 # the dollars are awk's
# The memory plan as a table and as JSON; the depth of the network costs parameters only.
. tests/tools/_network.sh

total() { # run total options...
    local run=$1 name=$2
    shift 2
    prunet-plan "$@" | awk -F '\t' -v run="$run" -v name="$name" '$1 == run && $2 == "total" && $3 == name { print $4 }'
}

prunet-plan >"$work/plan"
check "a header line" test "$(head -n 1 "$work/plan" | cut -f 1-4)" = "$(printf 'run\titem\tname\tbytes')"
check "training and inference" test "$(tail -n +2 "$work/plan" | cut -f 1 | uniq | tr '\n' ' ')" = "training inference "
check "the peak is the largest event" awk -F '\t' '
    $2 == "event" && $4 > most[$1] { most[$1] = $4 }
    $2 == "total" && $3 == "peak" && $4 != most[$1] { bad = 1 } END { exit bad }' "$work/plan"
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
make_state "$work/state"
check "of a checkpoint" test "$(total training peak -m "$work/state" --size 32x32x32)" = \
    "$(total training peak --channels 4,8,12,16,20 --groups 2 --size 32x32x32)"
if [ -n "${PRUNET_TEST_PYTHON-}" ]; then
    prunet-plan --json --size 32x32x32 >"$work/json"
    check "JSON Lines with the same rows" test "$("$PRUNET_TEST_PYTHON" -c '
import json, sys
print("".join("\t".join(map(str, json.loads(line).values())) + "\n" for line in open(sys.argv[1])), end="")' \
        "$work/json")" = "$(prunet-plan --no-header --size 32x32x32)"
fi
fails "a size that cannot be halved" 65 "multiple of 16" prunet-plan --size 100x100x100
fails "a backend that does not exist" 2 "nonsense" prunet-plan --backend nonsense
fails "groups that divide no width" 2 "groups" prunet-plan --groups 7
