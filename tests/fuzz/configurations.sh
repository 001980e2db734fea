#!/usr/bin/env bash
# Hostile configuration files: each is read, or refused with status 2 and a message that names the file; nothing in it is run.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/check.sh
rounds=400
seed=${PRUNET_TEST_SEED:-20190713}
RANDOM=$seed
file=$TMPDIR/hostile
good=$(<pipelines/configurations/small)
mapfile -t words <<'WORDS'
$(touch canary)
`touch canary`
;touch canary;
${HOME}
#
=
"
'
\
*
../
|
&
NaN
-1
1e999
99999999999999999999
WORDS
words+=($'\n' $'\r' $'\x01' $'\xff' ' ' $'\nCROP=' $'\nPATH=' $'\nIFS=')

mutated() {
    local text=$good at changes
    for ((changes = 1 + RANDOM % 3; changes; changes--)); do
        at=$((RANDOM % (${#text} + 1)))
        case $((RANDOM % 3)) in
        0) text=${text:0:at}${words[RANDOM % ${#words[@]}]}${text:at} ;;
        1) text=${text:0:at}${text:at+1+RANDOM % 8} ;;
        2) text=${text:0:at}${text:at / 2:RANDOM % 40}${text:at} ;;
        esac
    done
    printf '%s\n' "$text"
}

# In a shell of its own, as a script reads it: the settings that it came to.
load() {
    # shellcheck disable=SC2016 # the inner shell expands
    bash -euo pipefail -c '. pipelines/common.sh; load_config "$1"; declare -p "${setting_names[@]}"' "$PWD/pipelines/train" "$file"
}

taken=0 refused=0 wrong=0
for ((i = 0; i < rounds; i++)); do
    mutated >"$file"
    load >"$TMPDIR/out" 2>"$TMPDIR/err"
    status=$?
    if [ "$status" = 0 ]; then
        taken=$((taken + 1))
    else
        refused=$((refused + 1))
    fi
    if ! [[ $status =~ ^[02]$ ]] || { [ "$status" = 2 ] && ! grep -qF "$file" "$TMPDIR/err"; }; then
        wrong=$((wrong + 1))
        printf '# status %s\n' "$status"
        sed 's/^/# /' "$file" "$TMPDIR/err"
    fi
done
check "$taken configurations were taken, $refused refused with status 2 and the file's name (seed $seed)" test "$wrong" = 0
check "both happen" test "$taken" -gt 10 -a "$refused" -gt 10
check "nothing in them was run" test ! -e canary -a ! -e "$TMPDIR/canary"
rm -f canary
