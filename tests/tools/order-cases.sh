#!/usr/bin/env bash
# order-cases: a permutation that depends on seed, epoch and the set of names alone.
set -u
. tests/check.sh
cd "$TMPDIR" || exit 1
seq -f 'case-%03g' 200 >names
order-cases --seed 1 --epoch 1 names >one
sort -r names | order-cases --seed 1 --epoch 1 >reversed
order-cases --seed 1 --epoch 2 names >two
order-cases --seed 2 --epoch 1 names >other
check "the order of the input does not matter" cmp -s one reversed
check "it is a permutation" cmp -s <(sort one) names
check "it is not the input" test "$(cmp one names 2>&1)" != ""
check "another epoch, another order" test "$(cmp one two 2>&1)" != ""
check "another seed, another order" test "$(cmp one other 2>&1)" != ""

# Each case comes first about equally often: of 2000 epochs and 8 cases, 250 times, standard deviation 15.
seq 8 >few
for epoch in $(seq 2000); do
    order-cases --seed 3 --epoch "$epoch" few | head -n 1
done | sort | uniq -c | awk '$1 < 175 || $1 > 325 { bad++ } END { exit bad || NR != 8 }'
check "every case comes first equally often" test $? = 0

status() { # expected status, part of the message, command...
    local expected=$1 part=$2 got
    shift 2
    "$@" >out 2>err
    got=$?
    check "status $expected: $part" test "$got" = "$expected" -a ! -s out
    check "message: $part" grep -q -- "$part" err
}
status 65 "no case is listed" order-cases --epoch 1 /dev/null
printf 'a\nb\na\n' >twice
status 65 "a is listed twice" order-cases --epoch 1 twice
status 2 "must be at least 1" order-cases names
status 1 "nowhere" order-cases --epoch 1 nowhere
order-cases --epoch 1 names >/dev/full 2>err
check "a full disk is 1" test $? = 1
