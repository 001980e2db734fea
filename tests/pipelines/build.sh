#!/usr/bin/env bash
# The Makefile: what is built anew and when, the compile commands, the tests of one operation.
set -u
. tests/pipelines/_tiny.sh

# A compiler that writes nothing but its output's name, so that a build takes a moment.
log=$TMPDIR/log
compiler=$TMPDIR/cc
cat >"$compiler" <<COMPILER
#!/bin/bash
[ "\$1" != -dumpmachine ] || exec gcc -dumpmachine
while [ "\$1" != -o ]; do shift; done
[ "\$2" != /dev/null ] || exit 0 # the Makefile asks whether it could link a library
echo "\$2" | tee -a "$log" >"\$2"
COMPILER
chmod +x "$compiler" && cp "$compiler" "$TMPDIR/other-cc"
tree=$TMPDIR/tree # a few of the sources
variants=(kernels/cpu/*/a*.c)
mkdir "$tree" && cp -r --parents Makefile tests/tests.mk lib/base data/schemes kernels/backends lib/network/ranks "${variants[@]}" tools/crop.c "$tree/"

compiled() { # make's words...: what they compile and link
    : >"$log"
    make -s -C "$tree" CC="$compiler" "$@" >"$TMPDIR/out" 2>&1 || show "$TMPDIR/out"
    wc -l <"$log"
}
all=$(compiled)
check "a build compiles $all files" test "$all" -gt 10
check "nothing has changed: nothing is compiled" test "$(compiled)" = 0
check "make -q agrees" make -q -C "$tree" CC="$compiler" all
check "other CFLAGS: everything" test "$(compiled CFLAGS=-O0)" = "$all"
check "the same again: nothing" test "$(compiled CFLAGS=-O0)" = 0
check "quotes in CFLAGS: everything, once" test "$(compiled CFLAGS="-O0 -DNAME='\"a b\"'") $(compiled CFLAGS="-O0 -DNAME='\"a b\"'")" = "$all 0"
check "back to the first: everything" test "$(compiled)" = "$all"
check "another compiler: everything" test "$(compiled CC="$TMPDIR/other-cc")" = "$all"
check "make -n says so and changes nothing" test "$(make -n -C "$tree" CC="$compiler" | grep -c -- ' -o ') $(compiled CC="$TMPDIR/other-cc")" = "$all 0"
touch "$tree/tools/crop.c"
check "one source: its object and its program" test "$(compiled CC="$TMPDIR/other-cc")" = 2
check "make debug: into a folder of its own" test "$(compiled debug)" = "$all" -a -e "$tree/build/debug/bin/crop"
check "which leaves the other as it was" test "$(compiled CC="$TMPDIR/other-cc")" = 0

mkdir "$TMPDIR/whole" && cp -r --parents Makefile tests/tests.mk docs/tools.md lib kernels tools data/schemes "$TMPDIR/whole/"
make -s -C "$TMPDIR/whole" compile_commands.json
commands=$TMPDIR/whole/compile_commands.json
check "compile_commands.json has every source of lib and tools" \
    test "$(grep -o '"file": "\(lib/[a-z]*\|tools\)/[^"/]*"' "$commands" | sort -u | wc -l)" = "$(printf '%s\n' lib/*/*.c tools/*.c | wc -l)"
if command -v python3 >/dev/null; then
    check "and is JSON" python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$commands"
fi

PRUNET_TEST_SHOW=1 tests/run "$BUILD" conv3_f >"$TMPDIR/out" 2>&1
check "make test-OPERATION: its tests" test $? = 0 || show "$TMPDIR/out"
check "on several backends" test "$(grep -c 'ok - .*: conv3_forward: ' "$TMPDIR/out")" -gt 1
check "and no others" test -z "$(grep 'ok - ' "$TMPDIR/out" | grep -v ': conv3_forward: ')"
check "a name that is neither a test's nor an operation's fails" \
    test "$(tests/run "$BUILD" no-such-test >"$TMPDIR/out" 2>&1; echo $?)" != 0

# The runner itself, with tests of its own making; the first leaves a process running that writes during the second.
mkdir -p "$TMPDIR/runner/tests/a"
test_that() { # name, lines of shell
    printf '#!/bin/sh\n%s\n' "$2" >"$TMPDIR/runner/tests/a/$1"
    chmod +x "$TMPDIR/runner/tests/a/$1"
}
runs() { # closing line, the environment's words...
    env "${@:2}" PRUNET_TEST_JOBS=1 tests/run "$TMPDIR/runner" tests/a/ >"$TMPDIR/out" 2>&1
    test "$(tail -n 1 "$TMPDIR/out")" = "$1" || { show "$TMPDIR/out" && return 1; }
}
test_that 1 '{ sleep 0.5; echo "ok - late # skip needs an age"; } 2>/dev/null & echo "ok - one"'
test_that 2 'echo "ok - two"; printf "\000\n"; echo "ok - three # skip no reason"; sleep 1'
check "what a test left running is not the next one's" runs "2 passed, 0 failed, 1 skipped" PRUNET_TEST_STRICT=1
check "a skip says whose it is" grep -qx '  tests/a/2: three # skip no reason' "$TMPDIR/out"
test_that 1 'echo "ok - one # skip needs a moon"'
check "a skip for want of a package" runs "1 passed, 0 failed, 2 skipped" PRUNET_TEST_STRICT=
check "that is forbidden" runs "1 passed, 1 failed, 2 skipped" PRUNET_TEST_STRICT=1
check "is named" grep -q 'not ok - tests/a/1: PRUNET_TEST_STRICT forbids the skip of "one # skip needs a moon"' "$TMPDIR/out"
test_that 1 'echo "ok - one"; exit 3'
check "a test that ends with another status than 0 fails" runs "2 passed, 1 failed, 1 skipped" PRUNET_TEST_STRICT=1
test_that 1 ':'
check "and one that checks nothing" runs "1 passed, 1 failed, 1 skipped" PRUNET_TEST_STRICT=1
test_that 1 'echo "ok - one"; exec sleep 60'
check "and one that hangs" runs "2 passed, 1 failed, 1 skipped" PRUNET_TEST_STRICT=1 PRUNET_TEST_LIMIT=5

# A big-endian processor: one error, before anything else is said.
gcc -U__BYTE_ORDER__ -D__BYTE_ORDER__=__ORDER_BIG_ENDIAN__ -std=gnu11 -D_GNU_SOURCE -I. -fsyntax-only lib/stream/record.c \
    2>"$TMPDIR/err"
check "a big-endian target is refused" test $? != 0
check "in one line" test "$(grep -c 'error:' "$TMPDIR/err")" = 1
check "that says why" grep -q 'error: .*little-endian' "$TMPDIR/err"
