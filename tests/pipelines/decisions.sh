#!/usr/bin/env bash
# Learning rate, best epoch, early stop and the warning of a collapse, on series with known answers and at their limits.
set -u
. tests/pipelines/_tiny.sh
series() { # awk expression of e, last epoch
    awk -v n="$2" "BEGIN { print \"epoch\tvalidation\"; for (e = 1; e <= n; e++) printf \"%d\t%.6f\n\", e, ($1) }"
}
early_stopping() { # average patience
    awk -v average="$1" -v patience="$2" -f pipelines/columns.awk -f pipelines/early_stopping.awk
}
stops_at() { # the first epoch whose stop is yes
    awk -F'\t' '$NF == "yes" { print $1; exit }'
}
expect() { # name, expected, got
    [ "$2" = "$3" ] && echo "ok - $1" || echo "not ok - $1: expected $2, got $3"
}
rate() { # epoch, drops
    awk -v start=1e-4 -v drops="$2" -v divisor=5 -v epoch="$1" -f pipelines/schedule.awk
}

for pair in 1:0.0001 250:0.0001 251:2e-05 400:2e-05 401:4e-06 550:4e-06 551:8e-07 100000:8e-07; do
    expect "learning rate of epoch ${pair%:*}" "${pair#*:}" "$(rate "${pair%:*}" 250,400,550)"
done
expect "learning rate without drops" 0.0001 "$(rate 9999 none)"

expect "best is the first of equals" 3 "$(series 'e == 3 || e == 7 ? 0.9 : 0.5' 9 | early_stopping window-30 60 | cell best 9)"
expect "best moves on a rise of one millionth" 7 \
    "$(series 'e == 3 ? 0.9 : e == 7 ? 0.900001 : 0.5' 9 | early_stopping window-30 60 | cell best 9)"
expect "best does not follow the average" 1 "$(series 'e == 1 ? 0.9 : e / 200' 99 | early_stopping window-30 60 | cell best 99)"
expect "a Dice of 0 can be best" 1 "$(series 0 3 | early_stopping window-30 60 | cell best 3)"

expect "no average before epoch 30" - "$(series 0.5 29 | early_stopping window-30 60 | cell average 29)"
expect "the average from epoch 30 on" 0.155000 "$(series e/100 30 | early_stopping window-30 60 | cell average 30)"
expect "a window of 30, not more" 0.500000 "$(series 'e <= 5 ? 0 : 0.5' 35 | early_stopping window-30 60 | cell average 35)"

expect "a constant series: best average 30, stop after 90" 90 "$(series 0.5 200 | early_stopping window-30 60 | stops_at)"
expect "a permuted window is no rise" 90 "$(series '(e * 7) % 30 / 31' 200 | early_stopping window-30 60 | stops_at)"
expect "rising to epoch 40, then constant: stop 60 after 69" 129 \
    "$(series '(e < 40 ? e : 40) / 100' 300 | early_stopping window-30 60 | stops_at)"
expect "a rise at the last moment (epoch 89) restarts the patience" 149 \
    "$(series 'e == 89 ? 0.6 : e > 89 ? 0.4 : 0.5' 300 | early_stopping window-30 60 | stops_at)"
expect "a rise one epoch late does not help" 90 "$(series 'e == 91 ? 0.9 : 0.5' 300 | early_stopping window-30 60 | stops_at)"
expect "always rising never stops" "" "$(series e/1000 900 | early_stopping window-30 60 | stops_at)"
expect "patience none never stops" "" "$(series 0.5 900 | early_stopping window-30 none | stops_at)"

expect "exponential average starts at the first value" 0.500000 \
    "$(series 0.5 1 | early_stopping exponential-0.95 120 | cell average 1)"
expect "exponential average of two" 0.525000 \
    "$(series 'e == 1 ? 0.5 : 1' 2 | early_stopping exponential-0.95 120 | cell average 2)"
expect "exponential, constant: stop 120 after epoch 1" 121 \
    "$(series 0.123457 400 | early_stopping exponential-0.95 120 | stops_at)"

collapse() { # awk expression of e for the enhancing tumour, last epoch
    awk -v n="$2" "BEGIN { print \"epoch\ttrain_wt\ttrain_tc\ttrain_et\"
        for (e = 1; e <= n; e++) printf \"%d\t0.8\t0.7\t%.6f\n\", e, ($1) }" | awk -f pipelines/columns.awk -f pipelines/warn_collapse.awk | cut -d, -f1
}
expect "a collapse is told in its third epoch" "epoch 9: ET has collapsed" "$(collapse 'e < 7 ? 0.4 : 0.016' 9)"
expect "not in its second" "" "$(collapse 'e < 7 ? 0.4 : 0.016' 8)"
expect "and not again" "" "$(collapse 'e < 7 ? 0.4 : 0.016' 10)"
expect "a region that never begins is told in epoch 10" "epoch 10: ET has collapsed" "$(collapse 0.016 10)"
expect "and has until then" "" "$(collapse 0.016 9)"
expect "a slow region has not collapsed" "" "$(collapse '0.02 * e' 10)"
expect "a dip of two epochs has not" "" "$(collapse 'e == 5 || e == 6 ? 0.01 : 0.5' 7)"
