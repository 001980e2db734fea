# Learning curves side by side, from tables with the columns step, case and loss:
#
#   awk -v by=epoch -f tests/bench/curve.awk name=A A/epochs/[0-9]*/steps.tsv name=B B.tsv ...
#
# Prints each name's mean loss of an epoch (by=step: the losses themselves), then how far each is from the first name's at
# the most, relative to it. first=20 takes the first 20 steps only; by=epoch needs one table with a column epoch.
# Fails if the steps or their cases are not the same ones or if the last name is further than `limit` from the first.

BEGIN { FS = "\t" }

/^#/ { next }

FNR == 1 {
    if (!(name in steps)) {
        steps[name] = 0
        names[++count] = name
    }
    delete column
    for (i = 1; i <= NF; i++) column[$i] = i
    next
}

{
    step = $column["step"]
    if (first && step > first) next
    if (step in met && met[step] != $column["case"])
        wrong(name ": step " step " is " $column["case"] ", not " met[step])
    met[step] = $column["case"]
    if ("epoch" in column) epoch[step] = $column["epoch"]
    loss[name, step] = $column["loss"]
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
