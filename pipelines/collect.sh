# What the runs of a comparison have come to: a row a run, then mean and deviation of each configuration. Sourced by compare.
# shellcheck shell=bash disable=SC2154

figures=(planned_mib measured_mib seconds_a_step dice_et dice_wt dice_tc hd95_et hd95_wt hd95_tc)

# Why a run does not count yet; nothing where it does.
run_lacks() { # run fold seed
    local last goal
    [ -f "$1/manifest/run.tsv" ] || { echo "has not begun" && return; }
    grep -qx $'FOLD\t'"$2" "$1/manifest/run.tsv" && grep -qx $'seed\t'"$3" "$1/manifest/run.tsv" ||
        { echo "$1 is another run" && return; }
    [ -f "$1/log.tsv" ] && [ -f "$1/goal.tsv" ] || { echo "has not finished an epoch" && return; }
    last=$(column epoch "$1/log.tsv" | tail -n 1) goal=$(sed -n 's/^epochs\t//p' "$1/goal.tsv")
    [ "$last" -ge "$goal" ] || [ "$(column stop "$1/log.tsv" | tail -n 1)" = yes ] ||
        { echo "has come to epoch $last of $goal" && return; }
    [ -f "$1/evaluation/dice.tsv" ] && [ -f "$1/evaluation/hd95.tsv" ] || echo "is not evaluated"
}

# The last epoch's memory by plan and by the clock's side of the kernel (ru_maxrss), and the mean time of all steps.
run_costs() { # run
    local last
    last=$(column epoch "$1/log.tsv" | tail -n 1)
    awk 'NR > 1 { printf "%.0f\t%.0f\t", $1 / 1048576, $2 / 1048576 }' "$1/epochs/$(printf %04d "$last")/usage.tsv"
    table_awk '!header { steps += field("steps"); seconds += field("seconds") } END { printf "%.3f\t", seconds / steps }' \
        "$1/times.tsv"
}

# A row for each line of a table of tasks; those that do not count are named.
collect_runs() { # folder of the runs
    local config fold seed run lacks
    { printf 'row\tfold\tseed' && printf '\t%s' "${figures[@]}" && echo; }
    while IFS=$'\t' read -r config fold seed; do
        run=$1/$(task_run "$config" "$fold" "$seed")
        lacks=$(run_lacks "$run" "$fold" "$seed")
        printf '%s\t%s\t%s\t' "$config" "$fold" "$seed"
        if [ -n "$lacks" ]; then
            say "$config, fold $fold, seed $seed: $lacks"
            printf -- '-\t-\t-\t-\t-\t-\t-\t-\t-\n'
        else
            run_costs "$run"
            means "$run/evaluation/dice.tsv" dice 100
            printf '\t'
            means "$run/evaluation/hd95.tsv" hd95 1
            echo
        fi
    done
}

# Two rows a configuration: the mean of each figure over the runs, and their standard deviation (by n - 1).
summarise_runs() { # table of runs
    table_awk -v names="${figures[*]}" '
        BEGIN { n = split(names, figure, " ") }
        header { next }
        { row = field("row")
          if (!(row in all)) rows[++count] = row
          all[row]++
          for (i = 1; i <= n; i++)
              if ((x = field(figure[i])) != "-") {
                  done[row] += i == 1
                  k[row, i]++; sum[row, i] += x; value[row, i, k[row, i]] = x } }
        function mean(row, i) { return sum[row, i] / k[row, i] }
        function deviation(row, i,    j, squares) {
            for (j = 1; j <= k[row, i]; j++) squares += (value[row, i, j] - mean(row, i)) ^ 2
            return sqrt(squares / (k[row, i] - 1)) }
        function cell(what, row, i,    form) {
            if (k[row, i] < (what == "mean" ? 1 : 2)) return "-"
            form = i <= 2 ? "%.0f" : i == 3 ? "%.3f" : "%.2f"
            return sprintf(form, what == "mean" ? mean(row, i) : deviation(row, i)) }
        function print_row(what, row,    i, line) {
            line = row OFS what OFS done[row] + 0 OFS all[row]
            for (i = 1; i <= n; i++) line = line OFS cell(what, row, i)
            print line }
        END { line = "row" OFS "figure" OFS "runs" OFS "of"
              for (i = 1; i <= n; i++) line = line OFS figure[i]
              print line
              for (r = 1; r <= count; r++) { print_row("mean", rows[r]); print_row("deviation", rows[r]) } }' "$1"
}

# As the rows of compare.tsv: the paper's figures beside the means.
with_paper() { # table of means
    local line
    tail -n +2 "$1" | while IFS= read -r line; do
        IFS=$'\t' read -r row figure runs of line <<<"$line"
        if [ "$figure" = mean ]; then
            printf '%s\t%s' "$row" "$line" && paper_figures "$row"
        else
            printf '  deviation, %s of %s\t%s' "$runs" "$of" "$line" && paper_figures ""
        fi
    done
}
