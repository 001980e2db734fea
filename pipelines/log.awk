# One row an epoch from the tables that the epochs left:
#     awk -f schedule.awk -f log.awk -v start=... -v drops=... -v divisor=... epochs/*/steps.tsv epochs/*/validation.tsv
#
# steps.tsv, as prunet-step writes it, gives the mean loss and Dice of the epoch's steps; validation.tsv, as dice-eval
# writes it, the Dice of each case and region: dice_wt is the mean over the cases, validation the mean of the three.
# With -v validation=FILE the rows of all cases go there, with -v times=FILE what was measured with the clock: the log
# itself comes out the same whenever the same run is repeated.

BEGIN {
    FS = OFS = "\t"
    split("wt tc et", regions, " ")
}

FNR == 1 {
    delete column
    for (i = 1; i <= NF; i++)
        column[$i] = i
    count = split(FILENAME, path, "/")
    folder = path[count - 1] + 0
    table = path[count]
    next
}

table == "steps.tsv" {
    steps[folder]++
    loss[folder] += $column["loss"]
    for (i = 1; i <= 3; i++)
        train[folder, regions[i]] += $column["dice_" regions[i]]
    seconds[folder] += $column["seconds"]
    waiting[folder] += $column["waiting"]
    last = folder > last ? folder : last
}

table == "validation.tsv" && $column["region"] ~ /^(WT|TC|ET)$/ {
    region = tolower($column["region"])
    cases[folder, region]++
    dice[folder, region] += $column["dice"]
    if (validation != "") {
        if (!started++)
            print "epoch", "case", "region", "dice" > validation
        print folder, $column["case"], $column["region"], $column["dice"] > validation
    }
}

function mean(sum, count)
{
    return sprintf("%.6f", sum / count)
}

END {
    print "epoch", "learning_rate", "steps", "loss", "train_wt", "train_tc", "train_et", "dice_wt", "dice_tc", "dice_et",
        "validation"
    if (times != "")
        print "epoch", "steps", "seconds", "seconds_a_step", "waiting", "waiting_share" > times
    for (e = 1; e <= last; e++) {
        row = e OFS learning_rate(e) OFS steps[e] OFS mean(loss[e], steps[e])
        for (i = 1; i <= 3; i++)
            row = row OFS mean(train[e, regions[i]], steps[e])
        for (i = total = 0; ++i <= 3; total += dice[e, regions[i]] / cases[e, regions[i]] / 3)
            row = row OFS mean(dice[e, regions[i]], cases[e, regions[i]])
        print row, sprintf("%.6f", total)
        if (times != "")
            printf "%d\t%d\t%.3f\t%.3f\t%.3f\t%.4f\n", e, steps[e], seconds[e], seconds[e] / steps[e], waiting[e],
                waiting[e] / (seconds[e] + waiting[e] + 1e-9) > times
    }
}
