# The log, a row an epoch, from the tables in the epochs' folders:
#
#     awk -v start=... -v drops=... -v divisor=... -f columns.awk -f schedule.awk -f log.awk \
#         epochs/*/steps.tsv epochs/*/validation.tsv
#
# steps.tsv, written by prunet-step, gives the mean loss and Dice of the epoch's cases; validation.tsv, written by
# dice-eval, the Dice of each case and region: dice_wt is the mean over the cases, validation the mean of the regions.
# With -v validation=FILE the Dice of every case and epoch go to FILE; with -v times=FILE the seconds do. The log has no
# times, so that a repeated run gives the same log, byte for byte.

# The regions are those of the steps' columns dice_wt, ...
function find_regions(    i)
{
    for (i = 1; i <= NF; i++)
        if ($i ~ /^dice_/)
            known[regions[++n] = substr($i, 6)]
}

header {
    count = split(FILENAME, path, "/")
    folder = path[count - 1] + 0
    table = path[count]
    if (!n)
        find_regions()
    next
}

# A row is a case; a step has one of them, or as many as a batch.
table == "steps.tsv" {
    trained[folder]++
    if (FNR == 2 || field("step") != step)
        steps[folder]++
    step = field("step")
    loss[folder] += field("loss")
    for (i = 1; i <= n; i++)
        train[folder, regions[i]] += field("dice_" regions[i])
    seconds[folder] += field("seconds")
    waiting[folder] += field("waiting")
    last = folder > last ? folder : last
}

table == "validation.tsv" && (tolower(field("region")) in known) {
    region = tolower(field("region"))
    cases[folder, region]++
    dice[folder, region] += field("dice")
    if (validation != "") {
        if (!started++)
            print "epoch", "case", "region", "dice" > validation
        print folder, field("case"), field("region"), field("dice") > validation
    }
}

function mean(sum, count)
{
    return sprintf("%.6f", sum / count)
}

END {
    row = "epoch" OFS "learning_rate" OFS "steps" OFS "loss"
    for (i = 1; i <= n; i++)
        row = row OFS "train_" regions[i]
    for (i = 1; i <= n; i++)
        row = row OFS "dice_" regions[i]
    print row, "validation"
    if (times != "")
        print "epoch", "steps", "seconds", "seconds_a_step", "waiting", "waiting_share" > times
    for (e = 1; e <= last; e++) {
        row = e OFS learning_rate(e) OFS steps[e] OFS mean(loss[e], trained[e])
        for (i = 1; i <= n; i++)
            row = row OFS mean(train[e, regions[i]], trained[e])
        for (i = total = 0; ++i <= n; total += dice[e, regions[i]] / cases[e, regions[i]] / n)
            row = row OFS mean(dice[e, regions[i]], cases[e, regions[i]])
        print row, sprintf("%.6f", total)
        if (times != "")
            printf "%d\t%d\t%.3f\t%.3f\t%.3f\t%.4f\n", e, steps[e], seconds[e], seconds[e] / steps[e], waiting[e],
                waiting[e] / (seconds[e] + waiting[e] + 1e-9) > times
    }
}
