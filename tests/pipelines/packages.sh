#!/usr/bin/env bash
# What is packed: the source as an archive, the same bytes twice and from itself; one version everywhere. What takes longer is
# in .ci/long packages.
set -u
. tests/check.sh
version=$(prunet version | sed -n 's/^prunet //p')

make -s dist DIST="$TMPDIR/first" >"$TMPDIR/out" 2>&1
check "make dist" test $? = 0 || show "$TMPDIR/out"
archive=$TMPDIR/first/prunet-$version.tar.gz
(umask 077 && TZ=Asia/Tokyo LC_ALL=C.UTF-8 make -s dist DIST="$TMPDIR/second") >"$TMPDIR/out" 2>&1
check "twice the same bytes, whatever umask, zone and language" cmp "$archive" "$TMPDIR/second/prunet-$version.tar.gz"
tar -tzvf "$archive" >"$TMPDIR/list"
check "no owner, one date" test "$(awk '{ print $2, $4, $5 }' "$TMPDIR/list" | sort -u | wc -l)" = 1 -a "$(grep -c ' 0/0 ' "$TMPDIR/list")" = "$(wc -l <"$TMPDIR/list")"
check "nothing that was built" test "$(grep -c -e '/build/' -e '\.o$' "$TMPDIR/list")" = 0
[ ! -f data/models/starter.safetensors ] || check "the model in the box" grep -q 'data/models/starter.safetensors$' "$TMPDIR/list"
tar -xzf "$archive" -C "$TMPDIR" && cd "$TMPDIR/prunet-$version" || exit 1
env -u BUILD make -s dist DIST="$TMPDIR/third" >"$TMPDIR/out" 2>&1
check "from the archive itself, too" cmp "$archive" "$TMPDIR/third/prunet-$version.tar.gz" || show "$TMPDIR/out"

released=$(sed -n 's/^RELEASED *:= //p' Makefile)
check "CHANGELOG.md has the release" grep -q "^## $version ($released)$" CHANGELOG.md
check "CITATION.cff has its version" grep -q "^version: $version$" CITATION.cff
check "and its date" grep -q "^date-released: $released$" CITATION.cff
check "no other file has a version of its own" test -z "$(grep -rlF "$version" packaging Makefile CITATION.cff | grep -v -e '^Makefile$' -e '^CITATION.cff$')"
