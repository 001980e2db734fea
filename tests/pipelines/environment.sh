#!/usr/bin/env bash
# Whatever shell options, awk, folders or file system a user's machine has: the same bytes, or a clear word.
set -u
# shellcheck source=tests/pipelines/_tiny.sh
. tests/pipelines/_tiny.sh
make_tiny 2 || exit 1
train_whole

under() { # name, environment...
    local run=$TMPDIR/$1
    env "${@:2}" make --no-print-directory -f pipelines/brats.mk BUILD="${bin:-$BUILD}" DATA="$data" CONFIG="$config" \
        RUN="$run" SEED=1 train >"$run.out" 2>&1
    check "$1: trains" test $? = 0 || show "$run.out"
    same "$1" "$run"
}

under posix POSIXLY_CORRECT=1 BASH_COMPAT=3.1 TMPDIR="$TMPDIR/nowhere"
under "set's options" SHELLOPTS=braceexpand:hashall:noclobber:noglob:allexport:keyword:functrace:posix
under "shopt's options" BASHOPTS=failglob:nullglob:dotglob:nocasematch:extdebug:inherit_errexit:lastpipe:localvar_inherit:xpg_echo
printf 'set -o noclobber -o posix\nshopt -s nullglob failglob\n' >"$TMPDIR/bashrc"
under "a file of one's own" BASH_ENV="$TMPDIR/bashrc" ENV="$TMPDIR/bashrc"
# shellcheck disable=SC2016
under functions 'BASH_FUNC_cd%%=() { builtin cd "$@" && ls; }' 'BASH_FUNC_sort%%=() { command sort -r "$@"; }' \
    'BASH_FUNC_sync%%=() { false; }'
under variables TMOUT=1 CDPATH=/:.. GREP_OPTIONS=-v GLOBIGNORE='*'

for awk in original-awk "busybox awk" mawk gawk; do
    if command -v "${awk%% *}" >/dev/null; then
        bin=$TMPDIR/with-${awk%% *}
        build_without "$bin"
        printf '#!/bin/sh\nexec %s "$@"\n' "$awk" >"$bin/bin/awk"
        chmod +x "$bin/bin/awk"
        under "${awk%% *}"
    else
        echo "ok - $awk trains # skip $awk is not installed"
    fi
done

# --- file systems ---

# A command in whose place something else stands.
instead_of() { # command, script
    bin=$TMPDIR/no-$1
    build_without "$bin"
    printf '#!/bin/bash\n%s\n' "$2" >"$bin/bin/$1"
    chmod +x "$bin/bin/$1"
}
sync_says() { # message
    instead_of sync "shift; echo \"sync: error syncing '\$1': $1\" >&2; exit 1"
}
sync_says "Invalid argument"
under "folders that cannot be synced"
sync_says "Operation not supported"
under "folders whose sync is not supported"
(. pipelines/common.sh && sync_says "Not supported" && PATH=$bin/bin:$PATH && persist "$TMPDIR")
check "and where the C library says so in other words" test $? = 0
sync_says "Input/output error"
check "a disk that fails is an error" test "$(stages "$TMPDIR/io" train BUILD="$bin"; echo $?)" != 0
check "and said" grep -q "Input/output error" "$TMPDIR/io.out"

instead_of flock 'exit 71'
under "no locks on files"
locked=$TMPDIR/no\ locks\ on\ files
check "no locks on files: none is left" test -z "$(find "$TMPDIR" -name '*.held')"
mkdir "$locked/.lock.held"
echo "process 1 on elsewhere since 2026-01-01 00:00:00" >"$locked/.lock.held/owner"
check "no locks on files: a second training is refused" test "$(stages "$locked" train BUILD="$bin" EPOCHS=3; echo $?)" != 0
check "no locks on files: with status 1, by which no queue tries again" grep -q "Error 1$" "$locked.out"
check "no locks on files: who has it, and what to do" grep -q "process 1 on elsewhere.*remove .*.lock.held" "$locked.out"
