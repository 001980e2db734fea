#!/usr/bin/env bash
# split-cases: reproducible, complete, disjoint, and nothing under a final name when it fails.
. tests/check.sh
cd "$TMPDIR" || exit 1
split() { split-cases --train train --validation validation "$@"; }
seq -f case_%03g 37 >names

split --seed 4 names
cat train validation | sort | cmp -s - names
check_status $? "every case is in one of the lists"
[ "$(wc -l <train)" = 30 ]
check_status $? "floor(0.8 * 37 + 0.5) = 30 are for training"
cp train train.first && cp validation validation.first
tac names | split --seed 4 && cmp -s train train.first && cmp -s validation validation.first
check_status $? "the order of the names does not matter, nor whether they are a file or stdin"
split --seed 5 names && ! cmp -s <(sort train) <(sort train.first)
check_status $? "another seed is another split"
split --seed 4 <(head -n 36 names) && [ "$(sort train | comm -12 - <(sort train.first) | wc -l)" -ge 28 ]
check_status $? "a case less moves hardly any other"
for n in 2 3 5; do
    split --fraction 0.99 --seed 1 <(head -n $n names) && [ "$(wc -l <validation)" = 1 ]
    check_status $? "$n cases leave one for validation"
done
split --fraction 0.01 names && [ "$(wc -l <train)" = 1 ]
check_status $? "one case at least is for training"

: >validated
for k in 1 2 3 4 5; do
    split --seed 4 --fold $k/5 names
    cat validation >>validated
    cat train validation | sort | cmp -s - names || echo "not ok - fold $k is a split"
done
sort validated | cmp -s - names
check_status $? "five folds validate on each case once"

# Visits of a patient.
for p in $(seq 60); do
    printf "BraTS-GLI-%05d-%03d\n" $((2000 + 10 * p)) 100 $((2000 + 10 * p)) 101 $((2000 + 10 * p)) 103
done >visits
patients() { sed 's/-[0-9]*$//' "$1" | sort -u; }
apart() { comm -12 <(patients train) <(patients validation); }
split --seed 1 visits && [ -z "$(apart)" ] && [ "$(wc -l <validation)" = 36 ]
check_status $? "all visits of a patient are in one list"
cp train train.first && tac visits | split --seed 1 && cmp -s train train.first
check_status $? "whatever their order"
: >validated
for k in 1 2 3 4 5 6 7; do
    split --seed 4 --fold $k/7 visits
    [ -z "$(apart)" ] || echo "not ok - fold $k keeps patients together"
    cat validation >>validated
done
sort validated | cmp -s - <(sort visits)
check_status $? "seven folds validate on each visit once"
split --seed 1 --by-case visits && [ -n "$(apart)" ]
check_status $? "--by-case: visits may come apart"
split --seed 3 --by-case names && cp train train.first && split --seed 3 names && cmp -s train train.first &&
    sed 's/case_\(.*\)/BraTS-GLI-00\1-000/' names >single && split --seed 3 --by-case single && cp train train.first &&
    split --seed 3 single && cmp -s train train.first
check_status $? "where each patient has one case, it is the same split"
printf '%s\n' BraTS-GLI-00001-{000..008} BraTS-GLI-00002-000 >uneven
split --seed 1 uneven && [ -z "$(apart)" ] && [ -s train ] && [ -s validation ]
check_status $? "neither list is empty where one patient has nearly all cases"
printf '%s\n' BraTS-GLI-00001-100 BraTS-GLI-00001-100x BraTS-GLI-00001-101 BraTS-GLI-00002-100 BraTS-GLI-00003-100 |
    split --seed 2 --fraction 0.5 && [ -z "$(comm -12 <(grep -x '.*-...' train | patients /dev/stdin) <(grep -x '.*-...' validation | patients /dev/stdin))" ]
check_status $? "a name between two visits does not part them"

rm -f train validation
refuse() { # exit status, name, word, then the command
    local wanted=$1 name=$2 word=$3
    shift 3
    "$@" 2>message
    local status=$?
    [ $status = "$wanted" ] && grep -q -e "$word" message && [ "$(grep -vc '^Try' message)" = 1 ] &&
        [ ! -e train ] && [ ! -e validation ] && [ -z "$(find . -name '.*.??????')" ]
    check_status $? "$name: $wanted, $(head -n 1 message)"
}
refuse 65 "one case" "at least" split <(head -n 1 names)
refuse 65 "no case" "at least" split /dev/null
refuse 65 "a name given twice" "case_001" split <(cat names names)
refuse 65 "a name with a slash" "a/b" split <(echo a/b && cat names)
refuse 65 "a hidden name" "\.a" split <(echo .a && cat names)
refuse 65 "more folds than cases" "at least" split --fold 1/3 <(head -n 2 names)
refuse 65 "one patient" "too few" split <(grep 02010 visits)
refuse 65 "more folds than patients" "too few" split --fold 2/4 <(head -n 6 visits)
refuse 1 "no such file" "absent" split absent
refuse 2 "fold 0" "0/5" split --fold 0/5 names
refuse 2 "fold 6 of 5" "6/5" split --fold 6/5 names
refuse 2 "both ways" "exclude" split --fold 1/5 --fraction 0.5 names
refuse 2 "fraction 1" "between" split --fraction 1 names
refuse 2 "one file for both" "same" split-cases --train train --validation train names
refuse 2 "no --validation" "needed" split-cases --train train names
refuse 1 "a folder that is missing" "absent" split-cases --train train --validation absent/list names
