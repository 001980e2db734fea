#!/usr/bin/env bash
# Every row describes a network that can be made and volumes that it can take; rows are joined; mistakes are refused.
set -u
. tests/pipelines/_tiny.sh
# shellcheck disable=SC2034 # common.sh speaks in this name
program=rows
. pipelines/common.sh

parameters() { # row
    local options
    load_row "$1"
    mapfile -t options < <(network_options)
    prunet-init --seed 1 "${options[@]}" -o "$TMPDIR/state" -v 2>&1 | sed -n 's/.* \([0-9]*\) parameters$/\1/p'
}
while read -r name count patch; do
    check "$name: $count parameters" test "$(parameters "$name")" = "$count"
    check "$name: patch $patch" test "$(load_row "$name" && echo "$PATCH")" = "$patch"
done <<'LIST'
baseline-128 12425253 128x128x128
reversible-1-1-128 12365283 128x128x128
reversible-1-1-full 12365283 none
reversible-2-1-full 18248403 none
reversible-3-1-full 24131523 none
reversible-4-1-full 30014643 none
LIST
for file in pipelines/rows/*; do
    name=${file##*/}
    [ "$name" != defaults ] || continue
    size=$(load_row "$name" && [ "$PATCH" = none ] && echo "$CROP" || echo "$PATCH")
    check "$name: sizes are multiples of 16" sh -c "echo $size | tr x '\n' | awk '\$1 % 16 { bad = 1 } END { exit bad }'"
done
check "the paper's values" test "$(load_row reversible-1-1-full &&
    echo "$CROP $LEARNING_RATE $RATE_DROPS $RATE_DIVISOR $WEIGHT_DECAY $AVERAGE $PATIENCE $FRACTION $LOSS_DIVISOR")" = \
    "160x192x160 1e-4 250,400,550 5 1e-5 window-30 60 0.8 1"
check "joined rows" test "$(load_row small+authors+no-augmentation &&
    echo "$CHANNELS $LOSS_DIVISOR $AVERAGE $PATIENCE $AUGMENT")" = "8,16,24,32,40 5 exponential-0.95 120 no"

refused() { # name, text, row
    check "$1 is refused" test "$( (load_row "$3") 2>"$TMPDIR/err"; echo $?)" = 2
    check "$1: says $2" grep -q -- "$2" "$TMPDIR/err"
}
printf 'LERNING_RATE=1\n' >"$TMPDIR/typo"
printf 'EPOCHS=\044(touch %s/ran)\n' "$TMPDIR" >"$TMPDIR/code"
printf 'EPOCHS=\n' >"$TMPDIR/none"
refused "a row that is not there" "no such file" row7
refused "a misspelt setting" "no setting is called LERNING_RATE" "$TMPDIR/typo"
refused "a command" "line 1 is not KEY=value" "$TMPDIR/code"
check "and not run" test ! -e "$TMPDIR/ran"
refused "a setting without a value" "EPOCHS has no value" "$TMPDIR/none"
