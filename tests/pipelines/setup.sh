#!/usr/bin/env bash
# setup installs what is missing to build, or says what to install.
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

make help >"$TMPDIR/out"
for target in all test demo preprocess train evaluate segment compare install clean; do
    check "make help tells of $target" grep -q "make $target " "$TMPDIR/out"
done
