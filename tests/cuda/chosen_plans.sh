#!/usr/bin/env bash
# What plan_race prints becomes lines of kernels/cuda/chosen_plans.def: the fastest plan of a convolution, where cuDNN's
# first is clearly slower. That such lines are heeded is in tests/cuda/device.c.
. tests/check.sh
work=$TMPDIR

lines() { # a table, from standard input
    awk -f tests/cuda/chosen_plans.awk
}

table() {
    printf '# compute capability 90, 160 x 192 x 144\n'
    printf 'kind\tprecision\tchannels\tlevel\trank\tengine\tworkspace MiB\tms\tTFLOP/s\tknobs\n'
    printf 'forward\tbf16\t60\t1\t%d\t%d\t0.0\t%s\t1\t%s\n' 0 67 1.000 2=4,7=1 1 67 0.900 2=5,7=1 2 3 0.950 -
    printf '# forward in bf16, level 1: first 1.000 ms, best 0.900 ms\n'
    printf 'data\tTF32\t30\t0\t%d\t%d\t0.0\t%s\t1\t%s\n' 0 5 1.000 2=4 1 6 0.980 2=4
    printf 'weights\tTF32\t30\t0\t%d\t%d\t0.0\t%s\t%s\t%s\n' 0 5 'does not run' - 2=4 1 6 2.000 1 -
}
table | lines >"$work/lines"
check "the fastest of a convolution, its channels padded, its level's voxels and its knobs" \
    grep -qx 'CHOSEN(90, FORWARD, BF16, 64, 64, 72, 96, 80, 67, 2, {2, 5}, {7, 1})' "$work/lines"
check "none that gains less than a thirtieth" test "$(grep -c DATA "$work/lines")" = 0
check "one without knobs, where the first does not run" \
    grep -qx 'CHOSEN(90, WEIGHTS, TF32, 32, 32, 144, 192, 160, 6, 0, {0, 0})' "$work/lines"
check "two lines in all" test "$(wc -l <"$work/lines")" = 2
check "a table that does not name its card is refused" eval '! table | grep -v capability | lines >/dev/null 2>&1'

cat >"$work/asks.c" <<'C'
#include "kernels/cuda/chosen_plans.h"
int main(void)
{
    const struct convolution p = {.kind = CONVOLUTION_FORWARD, .bf16 = true, .in = 64, .out = 64, .depth = 72, .height = 96, .width = 80};
    const struct plan_choice *choice = chosen_plans_find(&p, 90);
    return !choice || chosen_plans_find(&p, 80) || choice->engine != 67 || choice->knob_count != 2 || choice->knobs[1].type != 7;
}
C
asks() { # the file of lines
    ${CC:-gcc} -std=gnu11 -Wall -Wextra -Werror -I. -Itests/cuda/shim -DCHOSEN_PLANS="\"$1\"" kernels/cuda/chosen_plans.c \
        "$work/asks.c" -o "$work/asks" && "$work/asks"
}
check "they are C, and are found" asks "$work/lines"
check "as is the table of the source" eval '! asks kernels/cuda/chosen_plans.def'

if [ -x "$BUILD/shim/plan_race" ]; then
    "$BUILD/shim/plan_race" 16 16 16 1 1 >"$work/race"
    check "plan_race prints such a table" test -s "$work/race" -a "$(grep -v '^#' "$work/race" | awk -F '\t' 'NF != 10' | wc -l)" = 0
    check "of all that qualify" test "$(awk -F '\t' '$1 == "forward" && $2 == "TF32"' "$work/race" | wc -l)" -gt 2
else
    echo "ok - plan_race's table # skip no g++ for x86-64"
fi
