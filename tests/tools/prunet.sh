#!/usr/bin/env bash
# prunet, the door: every command by its name, verbs, help, version, what was probably meant; prunet-doctor.
. tests/check.sh
cd "$TMPDIR" || exit 1

prunet >list 2>err
check "without a word it lists what there is" test $? = 0 -a ! -s err
prunet help >again
check "as help does" cmp -s list again
for tool in "$BUILD"/bin/*; do
    name=${tool##*/}
    [ "$name" != prunet ] || continue
    check "it lists $name" grep -q "^  ${name#prunet-} " list
    "$tool" --help >own && prunet "$name" --help >through
    check "prunet $name is $name" cmp -s own through
    prunet "${name#prunet-}" --version >through
    check "prunet ${name#prunet-}, too" test "$(cat through)" = "$("$tool" --version)"
    prunet help "${name#prunet-}" >through
    check "and prunet help" cmp -s own through
done
for verb in preprocess train evaluate compare drawn retrain demo; do
    check "it lists $verb" grep -q "^  $verb " list
    check "help $verb" grep -q "^  pipelines/" <(prunet help "$verb")
done
check "each command stands there once" test -z "$(sed -n 's/^  \([a-z0-9-]*\) .*/\1/p' list | sort | uniq -d)"

status_of() { "$@" >out 2>err; }
refused() { # name, status, text, command...
    status_of "${@:4}"
    check "$1: status $2" test $? = "$2"
    check "$1: nothing on stdout" test ! -s out
    check "$1: says \"$3\" in a line" test "$(grep -c -e "$3" err)" = 1
}
refused "a name with a mistake" 2 "'segmnt'; did you mean segment?" prunet segmnt
refused "of several, the nearest first" 2 "'nii2rw'; did you mean nii2raw" prunet nii2rw
refused "a name like none" 2 "prunet help lists them" prunet xyzzyxyzzy
refused "a name that is a path" 2 "no command is called" prunet ../bin/crop
refused "an empty name" 2 "no command is called" prunet ''
refused "a hidden file" 2 "no command is called" prunet .
refused "a name of a thousand letters" 2 "no command is called" prunet "$(printf 'x%.0s' {1..1000})"
refused "an option that is none" 2 "unknown option '--frob'$" prunet --frob
refused "an option with a mistake" 2 "unknown option '--exec-pth'; did you mean --exec-path?" prunet --exec-pth
refused "an option with a value" 2 "unknown option '--shceme=2023'; did you mean --scheme?" prunet nii2raw --shceme=2023
refused "an option of a stage" 2 "no option is called --confg; did you mean --config?" prunet train --confg small a b
refused "a configuration" 2 "no such file .*/smal; did you mean small?" prunet train --config smal+labels-2023 a b
printf 'LERNING_RATE=1\n' >typo.config
refused "a setting" 2 "line 1: no setting is called LERNING_RATE; did you mean LEARNING_RATE?" prunet settings --config ./typo.config
check "for scripts: what is near" test "$(prunet --nearest smal -- demo small laptop)" = "; did you mean small?"
check "of several, and of beginnings" test "$(prunet --nearest re -- report retrain train)" = "; did you mean report or retrain?"
check "nothing is near" test -z "$(prunet --nearest small -- demo laptop '')$(prunet --nearest '' -- demo)"
refused "help of two" 2 "help: one command, not 2" prunet help crop regions
refused "a stage that lacks an operand" 2 "1 operands\|operands, not" prunet train onlydata

check "the status is the command's" test "$(echo x | prunet crop >out 2>err; echo $?)" = 65
prunet --exec-path >out
check "--exec-path is the folder of the tools" test "$(cat out)" = "$(realpath "$BUILD/bin")"
prunet version >out && prunet --version | cmp -s - out
check "version and --version are one" test $? = 0
check "the version is the tools'" test "$(head -n 1 out)" = "prunet $(crop --version | sed 's/.* //')"
check "it says the CPU paths" grep -q "^CPU .*portable" out
check "and whether CUDA is there" grep -q "^CUDA  \(yes\|no\)$" out
check "a full disk is a failure" test "$(prunet help >/dev/full 2>err; echo $?)" = 1 -a -s err

# segment IN OUT
phantom --seed 3 --cases 2 --size 48x48x48 -o data >/dev/null
prunet-init --channels 4,8,8,8,8 --seed 1 -o state
prunet segment -m state --crop 32x32x32 data first >table 2>err
check "segment IN OUT" test $? = 0 -a "$(wc -l <table)" = 3 || show err
prunet-segment -m state --crop 32x32x32 -o second data >table 2>err
check "is prunet-segment -o OUT IN" diff -r first second
refused "segment without OUT" 2 "OUT is needed" prunet segment -m state data

# What is missing is named, with the command that brings it.
prunet doctor >table
check "doctor: nothing is missing here" test $? = 0 -a "$(tail -n 1 table)" = "to do	nothing" || show table
check "it names the CPU path" grep -q "^CPU	.*threads" table
mkdir few && for name in bash sed grep find sort cmp xargs; do ln -s "$(command -v "$name")" few/; done
PATH=few "$BUILD/bin/prunet" doctor >table
check "doctor without awk and util-linux: status 1" test $? = 1
check "names them" grep -q "missing: awk, setpriv, flock" table
check "and the one command" test "$(tail -n 1 table)" = "to do	apt-get install mawk util-linux"
PRUNET_CPU=avx9 prunet doctor >table
check "doctor with a CPU path that is none" test $? = 1 -a "$(grep -c "^CPU	PRUNET_CPU names no instruction set" table)" = 1
