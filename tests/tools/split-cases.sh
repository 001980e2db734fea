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
refuse 1 "no such file" "absent" split absent
refuse 2 "fold 0" "0/5" split --fold 0/5 names
refuse 2 "fold 6 of 5" "6/5" split --fold 6/5 names
refuse 2 "both ways" "exclude" split --fold 1/5 --fraction 0.5 names
refuse 2 "fraction 1" "between" split --fraction 1 names
refuse 2 "one file for both" "same" split-cases --train train --validation train names
refuse 2 "no --validation" "needed" split-cases --train train names
refuse 1 "a folder that is missing" "absent" split-cases --train train --validation absent/list names
