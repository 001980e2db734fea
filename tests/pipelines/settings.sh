#!/usr/bin/env bash
# Settings: each has a type and a range, whatever file assigns it; a value that is wrong stops with status 2 before
# anything runs, and the message names file, line, setting, value and what is right.
set -u
# shellcheck source=tests/pipelines/_tiny.sh
. tests/pipelines/_tiny.sh

for file in pipelines/configurations/*; do
    check "${file##*/} is valid" load_config "${file##*/}"
done
check "every setting has a type, and every type a setting" diff <(column setting pipelines/settings.tsv | grep -vx -e SEED -e SHARD | sort) \
    <(sed -n 's/=.*//p' pipelines/configurations/defaults | grep -v '^#' | sort)

refused() { # line of a configuration, what is right
    printf '# a comment\n\n%s\n' "$1" >"$TMPDIR/config"
    (load_config "$TMPDIR/config") 2>"$TMPDIR/err"
    check "$1 is refused" test $? = 2
    check "$1: file, line, setting and value are named" grep -qF "$TMPDIR/config: line 3: $1" "$TMPDIR/err" ||
        show "$TMPDIR/err"
    check "$1: and what is right" grep -qF -- "$2" "$TMPDIR/err" || show "$TMPDIR/err"
}
taken() { # line
    printf '%s\n' "$1" >"$TMPDIR/config"
    check "$1 is taken" load_config "$TMPDIR/config"
}

refused KIND=unet "reversible, baseline"
refused CHANNELS= "whole numbers with commas"
refused CHANNELS=8,,16 "whole numbers with commas"
refused CHANNELS=8,16,0 "each 1 to 4096"
refused ENCODER_BLOCKS=0 "1 to 64"
refused ENCODER_BLOCKS=01 "a whole number"
refused OUTPUT_BIAS=1e300 "-100 to 100"
refused CROP=16x16 "XxYxZ"
refused CROP=16x16x16x16 "XxYxZ"
refused CROP=0x16x16 "each 1 to 4096"
refused CROP=16x16x99999 "each 1 to 4096"
refused LABELS=2025 "2018, 2023"
refused FRACTION=1 "0.001 to 0.999"
refused FOLD=3/2 "fold K of N"
refused FOLD=0/5 "fold K of N"
refused FOLD=yes "K/N"
refused AUGMENT=Yes "yes, no"
refused AUGMENT=1 "yes, no"
refused PATCH=8 "XxYxZ"
refused LEARNING_RATE=1e999 "a number, 0 to"
refused LEARNING_RATE=nan "a number"
refused LEARNING_RATE=-1e-3 "a number"
refused LEARNING_RATE=1e "a number"
refused RATE_DROPS=abc "or none"
refused RATE_DROPS=250.5 "or none"
refused SPACING=1x1 "XxYxZ in mm, each 0.05 to 50, or keep"
refused SPACING=1x1x0 "XxYxZ in mm"
refused SPACING=none "or keep"
refused WINDOW=32x32 "XxYxZ, each 1 to 4096, or none"
refused OVERLAP=1 "0 to 0.99"
refused GAUSSIAN=maybe "yes, no"
refused RATE_DIVISOR=0 "1e-30 to 1e30"
refused WEIGHT_DECAY=1e308 "0 to 1"
refused LOSS_DIVISOR=0 "1e-30"
refused MEMORY=lots "default, min"
refused MEMORY=8X "a size such as 8G"
refused EPOCHS=99999999999999999999 "1 to 1000000"
refused EPOCHS=0 "1 to 1000000"
refused AVERAGE=foo "window-N"
refused AVERAGE=window-0 "window-N"
refused AVERAGE=window- "window-N"
refused AVERAGE=exponential-1 "0 <= G < 1"
refused AVERAGE=exponential-2 "0 <= G < 1"
refused PATIENCE=-1 "or none"
refused PATIENCE=abc "or none"
refused PHANTOM_CASES=0 "1 to"

# docs/FORMAT.md lists them.
settings_list() {
    printf '%s\n' $'setting\tvalue\twhere' "$(sed -n '/^[A-Z]/s/=\(.*\)/\t\1\t-/p' pipelines/configurations/defaults)" |
        awk -v list=yes -f pipelines/columns.awk -f pipelines/settings.awk pipelines/settings.tsv -
}
settings_list >"$TMPDIR/list"
sed -n '/^## Settings/,/^## Folders/s/^| \([A-Z]\)/| \1/p' docs/FORMAT.md >"$TMPDIR/documented"
check "docs/FORMAT.md lists the settings; settings_list prints its rows" diff "$TMPDIR/list" "$TMPDIR/documented"

# Options of the scripts are checked by the same table.
option() { # name, value, what is right
    printf -v "$1" %s "$2"
    (check_options "$1") 2>"$TMPDIR/err"
    check "--$1 $2 is refused" test $? = 2
    check "--$1 $2: named" grep -qF -- "--$1: ${1^^}=$2 is not valid: $3" "$TMPDIR/err" || show "$TMPDIR/err"
}
# shellcheck disable=SC2016 # no command is to run
for value in abc -1 1.5 1e3 007 18446744073709551617000 "1 2" '$(id)'; do
    option seed "$value" "a whole number, 0 to"
done
for value in 0 -1 1000001 many 3.0; do
    option epochs "$value" "a whole number, 1 to 1000000"
done
# shellcheck disable=SC2034 # by check_options
seed=18446744073709551615 epochs=''
check "the largest seed, and no epochs" check_options seed epochs

# They must fit each other.
together() { # what is right, lines
    printf '%s\n' "${@:2}" >"$TMPDIR/config"
    (load_config "$TMPDIR/config") 2>"$TMPDIR/err"
    check "${*:2} is refused" test $? = 2
    check "${*:2}: $1" grep -qF -- "$TMPDIR/config: line $1" "$TMPDIR/err" || show "$TMPDIR/err"
}
together "1: CROP=17x32x32 has a side that is no multiple of 16, as CHANNELS=60,120" CROP=17x32x32
together "2: PATCH=16x16x20 has a side that is no multiple of 8" CHANNELS=8,8,8,8 PATCH=16x16x20
together "2: CROP=18x18x18 has a side that is no multiple of 4, as CHANNELS=8,8,8" CHANNELS=8,8,8 CROP=18x18x18
together "2: WINDOW=16x24x16 has a side that is no multiple of 16" OVERLAP=0 WINDOW=16x24x16
together "2: ENCODER_BLOCKS=2 has no meaning with KIND=baseline" KIND=baseline ENCODER_BLOCKS=2
together "1: DECODER_BLOCKS=3 has no meaning with KIND=baseline" DECODER_BLOCKS=3 KIND=baseline
printf 'CROP=32x32x32\nPATCH=32x48x32\n' >"$TMPDIR/config"
(load_config "$TMPDIR/config") 2>"$TMPDIR/err"
check "a patch that is larger than the crop is refused" test $? = 2
check "with both values" grep -qF "line 2: PATCH=32x48x32 is larger than CROP=32x32x32" "$TMPDIR/err"

# The line that is named is the wrong one, not the last one.
printf 'PATIENCE=abc\nPATIENCE=7\n' >"$TMPDIR/config"
(load_config "$TMPDIR/config") 2>"$TMPDIR/err"
check "a wrong line is refused though a later one wins" grep -qF "line 1: PATIENCE=abc" "$TMPDIR/err"

taken LEARNING_RATE=.5
taken LEARNING_RATE=1E-3
taken MEMORY=512M
taken SPACING=0.9375x1x5.5
taken WINDOW=32x32x16
taken FOLD=5/5
taken AVERAGE=exponential-0
taken RATE_DROPS=none
taken PATIENCE=none
taken OUTPUT_BIAS=-3
taken FROM=data/models/starter.safetensors

# Nothing runs with a wrong value: no stage leaves anything.
make_tiny 1 || exit 1
printf 'AUGMENT=Yes\n' >>"$config"
for stage in preprocess train; do
    check "$stage stops" test "$(stages "$TMPDIR/run" "$stage"; echo $?)" != 0
    check "$stage: status 2" grep -q "Error 2" "$TMPDIR/run.out"
    check "$stage: nothing is made" test ! -e "$TMPDIR/run"
done
