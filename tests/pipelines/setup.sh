#!/usr/bin/env bash
# setup installs what is missing to build, or says what to install; install and uninstall put the tools in their place.
set -u
. tests/pipelines/_tiny.sh

# A machine of our own: a PATH with nothing but what is put there.
bin=$TMPDIR/bin
mkdir "$bin"
for command in bash env; do ln -s "$(command -v "$command")" "$bin/"; done
script() { # name, body
    printf '#!/bin/bash\n%s\n' "$2" >"$bin/$1"
    chmod +x "$bin/$1"
}
setup() {
    PATH=$bin bash pipelines/setup >"$TMPDIR/out" 2>&1
}
script apt-get "echo apt-get \"\$@\" >>$TMPDIR/log"

script id 'echo 0'
check "root: installs" setup
check "and says so" grep -q "installing gcc libc6-dev zlib1g-dev with apt-get" "$TMPDIR/out"
check "gcc, the headers and zlib" grep -q "apt-get install .* gcc libc6-dev zlib1g-dev$" "$TMPDIR/log"

script id 'echo 1000'
check "neither root nor sudo: fails" test "$(setup; echo $?)" = 1
check "and says what to install" grep -q "apt-get install gcc libc6-dev zlib1g-dev" "$TMPDIR/out"
rm "$TMPDIR/log"
script sudo "[ \"\$1\" = -v ] || { echo sudo >>$TMPDIR/log; exec \"\$@\"; }"
check "sudo: installs" setup
check "through sudo" test "$(grep -c sudo "$TMPDIR/log")" = 2

rm "$TMPDIR/log"
script gcc 'case "$*" in *zlib.h*) exit 1 ;; esac'
check "only zlib is missing" setup
check "only zlib is installed" grep -q -- "--no-install-recommends zlib1g-dev$" "$TMPDIR/log"
rm "$TMPDIR/log"
script gcc 'exit 0'
check "nothing is missing" setup
check "nothing is installed, nothing is said" test ! -e "$TMPDIR/log" -a ! -s "$TMPDIR/out"

# The tools as they are (-o all), whatever compiler and flags they were built with.
make -s -o all install BUILD="$BUILD" DESTDIR="$TMPDIR/root" PREFIX=/usr >"$TMPDIR/out" 2>&1
check "make install" test $? = 0 || show "$TMPDIR/out"
check "every tool" test "$(ls "$TMPDIR/root/usr/bin")" = "$(basename -s .c tools/*.c | sort)"
check "an installed tool runs" "$TMPDIR/root/usr/bin/crop" --version >"$TMPDIR/out"
schemes=$TMPDIR/root/usr/share/prunet/schemes
check "every scheme" diff -r data/schemes "$schemes"
printf 'scheme mine\nmodality ct\nlabel 1 a\nregion A 1\n' >"$schemes/mine"
mkdir -p "$TMPDIR/data/case" && : >"$TMPDIR/data/case/case_ct.nii"
check "a scheme that is put beside them is found by its name" \
    test "$("$TMPDIR/root/usr/bin/list-cases" --scheme mine "$TMPDIR/data" | head -n 1)" = "case	folder	label	ct"
rm "$schemes/mine"
make -s uninstall BUILD="$BUILD" DESTDIR="$TMPDIR/root" PREFIX=/usr
check "make uninstall" test -z "$(find "$TMPDIR/root/usr" -type f)"
make help >"$TMPDIR/out"
for target in all test demo preprocess train evaluate segment compare install clean; do
    check "make help tells of $target" grep -q "make $target " "$TMPDIR/out"
done
