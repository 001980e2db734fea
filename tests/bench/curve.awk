# Learning curves side by side, from tables with the columns step, case and loss:
#
#   awk -v by=epoch -f pipelines/columns.awk -f tests/bench/curve.awk name=A A/epochs/[0-9]*/steps.tsv name=B B.tsv ...
#
# Prints the mean loss of each epoch (by=step: of each step) for each name, then the largest difference of each from the
# first name's, relative to it. first=20 takes the first 20 steps only; by=epoch needs one table with a column epoch.
# Fails if the steps or their cases differ, or if the last name is further than `limit` from the first.

header {
    if (!(name in steps)) {
        steps[name] = 0
        names[++count] = name
    }
    next
}

{
    step = field("step")
    if (first && step > first) next
    if (step in met && met[step] != field("case"))
        wrong(name ": step " step " is " field("case") ", not " met[step])
    met[step] = field("case")
    if ("epoch" in column) epoch[step] = field("epoch")
    loss[name, step] = field("loss")
    steps[name]++
}

END {
    if (failed) exit 1
    for (i = 2; i <= count; i++)
        if (steps[names[i]] != steps[names[1]])
            wrong(names[i] ": " steps[names[i]] " steps, not " steps[names[1]])
    for (step = 1; step <= steps[names[1]]; step++) {
        row = by == "step" ? step : epoch[step]
        if (row > rows) rows = row
        in_row[row]++
        for (i = 1; i <= count; i++) sum[i, row] += loss[names[i], step]
    }
    line = by
    for (i = 1; i <= count; i++) line = line sprintf(" %*s", width(i), names[i])
    print line
    for (row = 1; row <= rows; row++) compare(row)
    line = "largest relative difference from " names[1] ":"
    for (i = 2; i <= count; i++) line = line sprintf("%s %s %.1e", i > 2 ? "," : "", names[i], largest[i])
    print line
    exit limit && largest[count] > limit
}

function compare(row, i, difference) {
    line = sprintf("%*d", length(by), row)
    for (i = 1; i <= count; i++) {
        line = line sprintf(" %*.8f", width(i), sum[i, row] / in_row[row])
        difference = (sum[i, row] - sum[1, row]) / sum[1, row]
        if (difference < 0) difference = -difference
        if (difference > largest[i]) largest[i] = difference
    }
    print line
}

function width(i) {
    return length(names[i]) < 10 ? 10 : length(names[i])
}

function wrong(message) {
    print "curve: " message >"/dev/stderr"
    failed = 1
    exit 1
}
