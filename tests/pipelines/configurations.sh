#!/usr/bin/env bash
# Every configuration describes a network that can be made and volumes that it can take; configurations are joined;
# mistakes are refused; so are mistakes in the options that the scripts share. ROW, the older name of CONFIG, goes on.
set -u
. tests/pipelines/_tiny.sh

parameters() { # configuration
    local options
    load_config "$1"
    mapfile -t options < <(network_options)
    prunet-init --seed 1 "${options[@]}" -o "$TMPDIR/state" -v 2>&1 | sed -n 's/.* \([0-9]*\) parameters$/\1/p'
}
while read -r name count patch; do
    check "$name: $count parameters" test "$(parameters "$name")" = "$count"
    check "$name: patch $patch" test "$(load_config "$name" && echo "$PATCH")" = "$patch"
done <<'LIST'
baseline-128 12425253 128x128x128
reversible-1-1-128 12365283 128x128x128
reversible-1-1-full 12365283 none
reversible-2-1-full 18248403 none
reversible-3-1-full 24131523 none
reversible-4-1-full 30014643 none
LIST
for file in pipelines/configurations/*; do
    name=${file##*/}
    [ "$name" != defaults ] || continue
    size=$(load_config "$name" && [ "$PATCH" = none ] && echo "$CROP" || echo "$PATCH")
    check "$name: sizes are multiples of 16" sh -c "echo $size | tr x '\n' | awk '\$1 % 16 { bad = 1 } END { exit bad }'"
done
check "the paper's values" test "$(load_config reversible-1-1-full &&
    echo "$CROP $LEARNING_RATE $RATE_DROPS $RATE_DIVISOR $WEIGHT_DECAY $AVERAGE $PATIENCE $FRACTION $LOSS_DIVISOR")" = \
    "160x192x160 1e-4 250,400,550 5 1e-5 window-30 60 0.8 1"
check "joined configurations" test "$(load_config small+authors+no-augmentation &&
    echo "$CHANNELS $LOSS_DIVISOR $AVERAGE $PATIENCE $AUGMENT")" = "8,16,24,32,40 5 exponential-0.95 120 no"

refused() { # name, text, configuration
    check "$1 is refused" test "$( (load_config "$3") 2>"$TMPDIR/err"; echo $?)" = 2
    check "$1: says $2" grep -q -- "$2" "$TMPDIR/err"
}
printf 'LERNING_RATE=1\n' >"$TMPDIR/typo"
printf 'EPOCHS=\044(touch %s/ran)\n' "$TMPDIR" >"$TMPDIR/code"
printf 'EPOCHS=\n' >"$TMPDIR/none"
refused "a configuration that is not there" "no such file" row7
refused "a misspelt setting" "no setting is called LERNING_RATE" "$TMPDIR/typo"
refused "a command" "line 1 is not KEY=value" "$TMPDIR/code"
check "and not run" test ! -e "$TMPDIR/ran"
refused "a setting without a value" "EPOCHS= is not valid" "$TMPDIR/none"

# --- options ---

option() { # name, status, text, script and its options...
    "${@:4}" >"$TMPDIR/out" 2>"$TMPDIR/err"
    check "$1: status $2" test $? = "$2"
    check "$1: says $3" grep -qF -- "$3" "$TMPDIR/err" || show "$TMPDIR/err"
}
for script in compare demo evaluate measure phantoms preprocess retrain segment train; do
    option "$script with an unknown option" 2 "no option is called --sead" "pipelines/$script" --sead 1
    check "$script: its usage" grep -q "^$script: usage: pipelines/$script" "$TMPDIR/err"
    check "$script --help" "pipelines/$script" --help >"$TMPDIR/help"
    check "$script --help: its usage" grep -q "^  pipelines/$script" "$TMPDIR/help"
done
option "an option without its value" 2 "--seed: its value is missing" pipelines/train --data a --seed
option "a script without an option that it needs" 2 "--run is missing" pipelines/train --data a --cases b --config demo
option "a word too many" 2 "1 operands, not 0" pipelines/train --data a --cases b --run c --config demo more
option "--option=value" 65 "no preprocessed case" pipelines/measure --config=demo --cases="$TMPDIR"
option "--row" 65 "no preprocessed case" pipelines/measure --row demo --cases "$TMPDIR"

# --- ROW and CONFIG ---

make_tiny 3 || exit 1
training() { # variables...
    make --no-print-directory -f pipelines/brats.mk train BUILD="$BUILD" DATA="$data" RUN="$TMPDIR/run" SEED=1 "$@" >"$TMPDIR/out" 2>&1
}
check "a run of ROW" training EPOCHS=1 ROW="$config"
check "is continued as CONFIG" training EPOCHS=2 CONFIG="$config"
check "is continued as ROW" training EPOCHS=3 ROW="$config"
check "to the end" test "$(wc -l <"$TMPDIR/run/log.tsv")" = 4
# What the stages are given, printed by a goal of this test's own.
chosen() { # variable, make's words...
    make --no-print-directory -s -f pipelines/brats.mk BUILD="$BUILD" RUN="$TMPDIR/none" --eval "show: ; @printf '%s' \"\$\$$1\"" show "${@:2}"
}
check "make ROW=small" test "$(chosen CONFIG ROW=small)" = small
check "make CONFIG=small" test "$(chosen CONFIG CONFIG=small)" = small
check "ROW on the command line beats CONFIG in the environment" test "$(CONFIG=demo chosen CONFIG ROW=small)" = small
check "CONFIG beats ROW in the environment" test "$(ROW=demo CONFIG=small chosen CONFIG)" = small
for word in ROWS CONFIGS; do
    check "make compare $word=small+authors" test "$(make --no-print-directory -s BUILD="$BUILD" \
        --eval "show: ; @printf '%s' '\$(CONFIGS)'" show "$word=small+authors")" = small+authors
done
