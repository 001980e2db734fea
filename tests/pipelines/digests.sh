#!/usr/bin/env bash
# A run whose records change after their checksums were made: no update by one of them is kept, and what is restored is gone
# on with, to the bytes of an undisturbed run.
set -u
. tests/pipelines/_tiny.sh
make_tiny 2 || exit 1
train_whole

run=$TMPDIR/run
flip() { # file: the last bit of its image's middle
    local at=$((4096 + 8 * 32 * 32 * 32)) byte
    byte=$(od -An -tu1 -j "$at" -N 1 "$1")
    # shellcheck disable=SC2059 # an escape sequence
    printf "\\$(printf %o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}
refuses() { # what, file that is named, what must not be there
    stages "$run" train EPOCHS=2
    check "$1: make fails" test $? != 0
    check "$1: the file is named" grep -q "/$2: has changed since its checksum was made" "$run.out" || show "$run.out"
    check "$1: no such epoch" test ! -e "$run/epochs/0002"
}
stages "$run" train EPOCHS=1
check "an epoch of sound records" test $? = 0 -a -d "$run/epochs/0001" || show "$run.out"
cp -rp "$run/cases" "$TMPDIR/sound"
restore() { cp -p "$TMPDIR"/sound/* "$run/cases/"; }

case=$(sed -n 2p "$run/manifest/training") other=$(sed -n 1p "$run/manifest/training") held=$(head -n 1 "$run/manifest/validation")
flip "$run/cases/$case.nrrd" && touch -r "$TMPDIR/sound/$case.nrrd" "$run/cases/$case.nrrd"
refuses "a bit of a training case" "$case.nrrd"
check "nothing of the epoch is kept" test -z "$(compgen -G "$run/epochs/.0002.trained")$(compgen -G "$run/epochs/.0002.at-*")"
restore
cp -p "$run/cases/$case.nrrd" "$TMPDIR/case" && cp -p "$run/cases/$other.nrrd" "$run/cases/$case.nrrd" && cp -p "$TMPDIR/case" "$run/cases/$other.nrrd"
refuses "two training cases swapped" '[^/]*.nrrd'
restore
flip "$run/cases/$held.nrrd" && touch -r "$TMPDIR/sound/$held.nrrd" "$run/cases/$held.nrrd"
refuses "a bit of a validation case" "$held.nrrd"
restore
finish "$run"
same "after all was restored" "$run"

# Without augmentation the step reads the records itself.
echo AUGMENT=no >>"$config"
run=$TMPDIR/plain
stages "$run" train EPOCHS=1
check "an epoch without augmentation" test $? = 0 -a -d "$run/epochs/0001" || show "$run.out"
flip "$run/cases/$case.nrrd"
refuses "a bit of a case that the step reads" "$case.nrrd"
