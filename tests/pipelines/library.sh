#!/usr/bin/env bash
# The library as a program outside the tree meets it: installed, compiled by pkg-config, in C and C++. The programs of
# docs/library.md are compiled as they stand there; those of tests/pipelines/library test the rest, beside the tools.
set -u
# shellcheck source=tests/check.sh
. tests/check.sh
[ -f "$BUILD/lib/prunet.pc" ] || { echo "ok - the library # skip this build has none" && exit 0; }
command -v pkg-config >/dev/null || { echo "ok - the library # skip needs pkg-config" && exit 0; }
command -v g++ >/dev/null || { echo "ok - the library # skip needs g++" && exit 0; }
tree=$PWD
prefix=$TMPDIR/prefix
model=$tree/data/models/starter.safetensors
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
packaging/install "$BUILD" "$prefix" || exit 1
check "pkg-config knows the version" test "prunet $(pkg-config --modversion prunet)" = "$(prunet version | head -n 1)"

# The compiler and the sanitizers of the build.
read -ra compiler < <(sed 's/^[^ ]* \(.*\) -std=gnu11 .*/\1/' "$BUILD/flags")
read -ra sanitizers < <(grep -o -e '-fsanitize=[^ ]*' "$BUILD/flags" | tr '\n' ' ')
read -ra flags < <(pkg-config --cflags --libs --static prunet)
compile() { # standard, source, program
    "${compiler[@]}" -std="$1" -Wall -Wextra -Werror -O1 -g "${sanitizers[@]}" -iquote "$tree" "$2" "${flags[@]}" -o "$3" \
        2>"$TMPDIR/err" || { show "$TMPDIR/err" && return 1; }
}

# What is to be seen of it.
nm -g --defined-only "$prefix/lib/libprunet.a" | awk 'NF == 3 { print $3 }' | sort >"$TMPDIR/seen"
grep -o 'prunet_[a-z_]*(' "$prefix/include/prunet.h" | tr -d '(' | sort -u >"$TMPDIR/promised"
check "the header's functions and no other names" diff "$TMPDIR/promised" "$TMPDIR/seen"
check "all of prunet.h begins with prunet" test -z "$(grep -oE '^(enum|struct|int|void|const char \*|void \*)[ *]*[a-z_]+' \
    "$prefix/include/prunet.h" | grep -v prunet_)"

cd "$TMPDIR" || exit 1
awk '/^```c / { file = $2; next } /^```/ { file = "" } file { print >file }' "$tree/docs/library.md"
printf '#include <prunet.h>\nint main() { return prunet_version()[0] == 0; }\n' >plain.cc
check "the header alone, as strict C11" "${compiler[@]}" -std=c11 -pedantic-errors -Wall -Wextra -Wshadow -Wstrict-prototypes -Werror \
    -I"$prefix/include" -fsyntax-only -x c "$prefix/include/prunet.h"
check "a program in C++" g++ -std=c++11 -pedantic-errors -Wall -Wextra -Wshadow -Werror "${sanitizers[@]}" plain.cc \
    "${flags[@]}" -o plain
check "runs" ./plain

# A sequence of one's own.
check "docs/library.md: sequence.c" compile c11 sequence.c own-sequence
./own-sequence >losses
awk '{ sub(",", "", $4); last = $4 + 0; first = NR == 1 ? last : first } END { exit !(NR == 4 && last < first / 20) }' losses
check_status $? "its loss falls" || show losses
awk '!($NF < 1e-5) { bad = 1 } END { exit bad }' losses
check_status $? "its inputs are rebuilt" || show losses
check "gradients of a sequence: the program" compile gnu11 "$tree/tests/pipelines/library/sequence.c" sequence
./sequence

# Cases of 40 x 32 x 24 voxels; their sizes are multiples for a network of three levels, and of five levels none.
phantom --quiet --seed 3 --cases 2 --size 44x44x36 -o raw >/dev/null
for case in raw/*/; do
    nii2raw --dir "$case" | crop --quiet --size 40x32x24 | standardize
done >cases.nrrd

check "docs/library.md: segment.c" compile c11 segment.c segment
./segment "$model" <cases.nrrd >own.nrrd 2>planned
check "runs" test $? = 0 || show planned
check "and says what it takes" grep -qx '[1-9][0-9]* MiB' planned
prunet-infer -m "$model" --label-map cases.nrrd -o tool.nrrd
check "and gives the bytes of prunet-infer" cmp own.nrrd tool.nrrd
echo garbage >garbage
./segment garbage <cases.nrrd >nothing 2>err
check "a bad model is a status and a message" test $? = 65 -a ! -s nothing -a "$(grep -c '^segment: garbage: ' err)" = 1 || show err
./segment "$model" <garbage >nothing 2>err
check "bad input, too" test $? = 65 -a ! -s nothing || show err

check "records: the program" compile gnu11 "$tree/tests/pipelines/library/records.c" records
nii2raw --dir raw/phantom_00001 | crop --quiet --size 40x32x24 >one.nrrd
./records one.nrrd garbage "$(grep -c libzstd "$prefix/lib/pkgconfig/prunet.pc")" 2>err
check "ends well" test $? = 0 -a ! -s err || show err

check "networks: the program" compile gnu11 "$tree/tests/pipelines/library/networks.c" networks
prunet-init --channels 4,8,8 --seed 3 --output-bias -1 -o start.safetensors
prunet-model export start.safetensors -o model.safetensors
./networks cases.nrrd model.safetensors >out 2>err
check "ends well, and says nothing" test $? = 0 -a ! -s err || show err
cat out
planned() { # run
    prunet-plan -m model.safetensors --size 40x32x24 --memory 1G --loss dice+bce --weight-average 0.9 |
        awk -F'\t' -v run="$1" '$1 == run && $2 == "total" && $3 == "allocated" { print $4 }'
}
for run in inference training; do
    check "$run: planned as prunet-plan does" test "$(sed -n "s/^# plan $run //p" out)" = "$(planned $run)" || prunet-plan -m model.safetensors --size 40x32x24
done
step=(prunet-step --loss dice+bce --memory 1G --weight-average 0.9)
"${step[@]}" -s start.safetensors -o first.safetensors --learning-rate 1e-2 cases.nrrd >/dev/null
"${step[@]}" -s first.safetensors -o second.safetensors --learning-rate 5e-3 --weight-decay 0 cases.nrrd >/dev/null
check "an epoch of training: the bytes of prunet-step" cmp epoch1.safetensors first.safetensors
check "a second one, interrupted: the same" cmp epoch2.safetensors second.safetensors

make -s -C "$tree" uninstall PREFIX="$prefix"
check "nothing of it stays" test -z "$(find "$prefix" ! -type d)"
