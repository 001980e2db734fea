#!/usr/bin/env bash
# Command lines, by a tool with each kind of option: what is understood, what is refused, and where it is said.
. tests/check.sh
cd "$TMPDIR" || exit 1
refuse() { # name, word, then the command: exit 2, nothing on stdout, a line and a hint on stderr
    local name=$1 word=$2
    shift 2
    "$@" >out 2>message </dev/null
    [ $? = 2 ] && [ ! -s out ] && head -n 1 message | grep -q -e "$word" &&
        [ "$(tail -n 1 message)" = "Try '$1 --help'." ] && [ "$(wc -l <message)" = 2 ]
    check_status $? "$name: $(head -n 1 message)"
}

version=$(crop --version | cut -d " " -f 3)
for tool in "$BUILD"/bin/*; do
    name=${tool##*/}
    "$name" --help >help 2>message </dev/null && [ ! -s message ] && head -n 1 help | grep -q "^Usage: $name" &&
        grep -q '^Exit status: ' help && "$name" --version | head -n 1 | grep -q -x -F -e "$name (prunet) $version" -e "prunet $version"
    check_status $? "$name explains itself on stdout"
    awk 'length > 110 { exit 1 }' help
    check_status $? "$name --help fits a terminal of 110 columns"
    for option in --help --version; do
        "$name" $option >/dev/full 2>message
        [ $? = 1 ] && [ "$(cat message)" = "$name: standard output: cannot write: No space left on device" ]
        check_status $? "$name says so when the text of $option cannot be written"
        "$name" $option >&- 2>message
        [ $? = 1 ] && grep -q "^$name: standard output: cannot write: " message
        check_status $? "$name $option says so where standard output is closed"
    done
    refuse "$name" "unknown option" "$name" --no-such-option
done

refuse "an argument is missing" "needs an argument" crop --size
refuse "an ambiguous beginning" "'--s' is ambiguous" augment --s 1
refuse "an unknown letter" "unknown option '-Z'" crop -Z
refuse "an unknown letter among others" "unknown option '-Z'" crop -vZq
for value in 1x2 1x2x3x4 0x1x1 1x1x4097 axbxc 1x2x3k ''; do
    refuse "size '$value'" "size" crop --size "$value"
done
for value in -1 1.5 x '' 18446744073709551616 1e3; do
    refuse "seed '$value'" "seed" augment --seed "$value"
done
for value in x '' inf nan 1e999; do
    refuse "real '$value'" "rotate" augment --rotate "$value"
done
for value in 1.5 x '' 99999999999; do
    refuse "integer '$value'" "cases" phantom -o never --cases "$value"
done
for value in -1 x 1Q 9999999T '' 1KK; do
    refuse "bytes '$value'" "max-bytes" crop --max-bytes "$value"
done
# 0 stands for an option that is not given; given, it is not taken for that.
for option in "prunet-step --epoch" "prunet-step --threads" "crop --max-bytes" "prunet-init --groups" "prunet-init --inputs" \
    "prunet-init --outputs" "prunet-plan --encoder-blocks" "prunet-plan --decoder-blocks"; do
    # shellcheck disable=SC2086 # a tool and its option
    refuse "0 is no value: $option" "${option#* }: '*0" $option 0
done
refuse "nor is -1" "fraction: -1" split-cases --train t --validation v --fraction -1 names
refuse "a flag with an argument" "takes no argument" regions --inverse=1

printf 'a\nb\nc\n' >names
split-cases names --train t --validation v --seed=3 && [ -s t ]
check_status $? "operands may stand before options; --name=value"
split-cases --tr t2 --valid v2 --seed 3 -- names && cmp -s t t2
check_status $? "unambiguous beginnings and -- are understood"
split-cases --train t3 --validation v3 -s3 names && cmp -s t t3
check_status $? "a letter with its value"
crop --max-bytes 1K -o x </dev/null 2>message
[ $? = 65 ] && [ ! -e x ]
check_status $? "sizes in bytes have units; nothing was written"
