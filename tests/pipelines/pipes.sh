#!/usr/bin/env bash
# A pipe of tools that cannot be made, for want of descriptors, ends: what runs already meets the end of its own.
set -u
# shellcheck source=tests/check.sh
. tests/check.sh

# As a stage calls it: a status is looked at, so that bash does not end by itself.
cat >"$TMPDIR/pipe" <<'SCRIPT'
. pipelines/common.sh
. "$here/run_tool.sh"
catch_stops now
ulimit -n "$1"
status=0
run_pipe printf 'one\ntwo\n' '|' cat '|' sed s/one/three/ || status=$?
exit $status
SCRIPT

refused=0 whole=0
for files in {8..24}; do
    status=0
    timeout -s KILL 20 bash "$TMPDIR/pipe" "$files" >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null || status=$?
    case $status in
    0)
        check "$files descriptors: the whole output" test "$(cat "$TMPDIR/out")" = $'three\ntwo'
        whole=$((whole + 1))
        ;;
    1)
        check "$files descriptors: no output" test ! -s "$TMPDIR/out" || show "$TMPDIR/out"
        check "$files descriptors: said" test -s "$TMPDIR/err"
        refused=$((refused + 1))
        ;;
    *)
        check "$files descriptors: status $status is 0 or 1" false
        show "$TMPDIR/err"
        ;;
    esac
done
check "some are too few" test "$refused" -ge 3
check "some are enough" test "$whole" -ge 3
