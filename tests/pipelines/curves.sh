#!/usr/bin/env bash
# The same training by several backends, two epochs of it: tests/bench/curves.sh.
set -u
. tests/pipelines/_tiny.sh
make_tiny 2 || exit 1
DATA=$data tests/bench/curves.sh "$TMPDIR/run" "$config" 2 reference planar-portable winograd-portable >"$TMPDIR/out" 2>"$TMPDIR/err"
check "backends train side by side" test $? = 0 || show "$TMPDIR/err"
check "a column each" grep -Eq '^epoch +reference +planar-portable +winograd-portable$' "$TMPDIR/out"
check "a row an epoch" grep -Eq '^ +2( +[0-9.]+){3}$' "$TMPDIR/out"
check "each by the backend that it names" test "$(awk -F'\t' '$1 == "backend" { print $2 }' \
    "$TMPDIR"/run/*-portable/manifest/circumstances.tsv | sort -u | xargs)" = "planar-portable winograd-portable"
awk '/^largest/ { n = NF - 2; exit !($n + 0 < 1e-5 && $NF + 0 < 1e-5) }' "$TMPDIR/out"
check "their epochs agree to 1e-5" test $? = 0 || show "$TMPDIR/out"
