#!/usr/bin/env bash
# New checkpoints: the paper's numbers of parameters, the same bytes from the same seed, clear refusals.
. tests/tools/_network.sh
state=$work/state

count() { # options...
    prunet-init -v --seed 1 "$@" -o "$state" 2>&1 | grep -o '[0-9]* parameters'
}

check "the paper's network" test "$(count)" = "12365283 parameters"
check "three encoder blocks" test "$(count --encoder-blocks 3)" = "24131523 parameters"
check "four encoder blocks" test "$(count --encoder-blocks 4)" = "30014643 parameters"
check "the baseline" test "$(count --kind baseline)" = "12425253 parameters"
check "the file holds weights and two means of them" test "$(stat -c %s "$state")" -ge $((3 * 4 * 12425253))
make_state "$work/a" && make_state "$work/b" && prunet-init --seed 4 --channels 4,8,12,16,20 --groups 2 -o "$work/c"
check "the same seed, the same bytes" cmp -s "$work/a" "$work/b"
differ() {
    ! cmp -s "$1" "$2"
}
check "another seed, other bytes" differ "$work/a" "$work/c"
check "groups default to half the first width" test "$(prunet-init --seed 1 --channels 8,16 -o "$state" &&
    metadata "$state" prunet.groups)" = 4
shifted() { # what -3 does to the last biases and to nothing else
    prunet-init --seed 4 --channels 4,8 --groups 2 -o "$work/zero" &&
        prunet-init --seed 4 --channels 4,8 --groups 2 --output-bias -3 -o "$work/shifted" &&
        [ "$(cmp -l "$work/zero" "$work/shifted" | wc -l)" -le 12 ] && ! cmp -s "$work/zero" "$work/shifted"
}
check "--output-bias changes the three last biases and nothing else" shifted
rm -f "$state"
fails "groups that divide no width" 2 "7 groups do not divide its half of 30 channels" prunet-init --groups 7 -o "$state"
fails "an odd width" 2 "do not split into two halves" prunet-init --channels 4,7 --groups 1 -o "$state"
fails "a list that is none" 2 "4,x" prunet-init --channels 4,x -o "$state"
fails "another kind" 2 "'unet' is not a kind of network (reversible, baseline)" prunet-init --kind unet -o "$state"
fails "blocks for the baseline" 2 "no blocks" prunet-init --kind baseline --encoder-blocks 2 -o "$state"
for bias in 1e300 -1e39 101; do
    fails "an output bias of $bias" 2 "--output-bias" prunet-init --channels 4,8 --output-bias=$bias -o "$state"
done
fails "nowhere to write" 2 "-o STATE" prunet-init --seed 1
fails "an operand" 2 "no operands" prunet-init -o "$state" "$work/a"
check "none of these left a file" test ! -e "$state"
fails "a full disk" 1 "No space left" prunet-init --channels 4,8 -o /dev/full
fails "no such folder" 1 "nowhere" prunet-init --channels 4,8 -o "$work/nowhere/state"
