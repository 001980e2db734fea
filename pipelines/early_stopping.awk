# Which epoch's weights are kept, and when to stop: both follow from the series of validation Dice.
#
#     awk -v average=window-30 -v patience=60 -f columns.awk -f early_stopping.awk log.tsv
#
# A filter over a table with the columns "epoch" and "validation"; it appends the columns
#     best           the epoch of the highest validation Dice so far, the first of equals: its weights are kept
#     average        of the validation Dice: of the last N epochs (window-N, "-" before epoch N), or exponential with
#                    weight G for the past (exponential-G, from epoch 1 on)
#     average_best   the epoch of the highest average so far; only a strict rise counts; "-" before there is one
#     stop           yes when `patience` epochs (none: never) have passed without a rise
#
# Dice values are rounded to whole millionths, so that the sum of a window is exact: windows with the same values compare
# equal in whatever order these came.

BEGIN {
    width = average ~ /^window-/ ? substr(average, 8) + 0 : 0
    memory = average ~ /^exponential-/ ? substr(average, 13) + 0 : 0
    best = average_best = "-"
}

header {
    print $0, "best", "average", "average_best", "stop"
    next
}

function average_of(count,    sum, i)
{
    if (!width) {
        smooth = count == 1 ? dice[1] : smooth + (1 - memory) * (dice[count] - smooth)
        return smooth
    }
    if (count < width)
        return "-"
    for (i = count - width + 1; i <= count; i++)
        sum += dice[i]
    return sum / width
}

{
    epoch = field("epoch")
    dice[++seen] = int(field("validation") * 1e6 + 0.5)
    if (best == "-" || dice[seen] > best_dice) {
        best = epoch
        best_dice = dice[seen]
    }
    now = average_of(seen)
    if (now != "-" && (average_best == "-" || now > best_average)) {
        average_best = epoch
        best_average = now
    }
    stop = patience != "none" && average_best != "-" && epoch - average_best >= patience
    print $0, best, (now == "-" ? now : sprintf("%.6f", now / 1e6)), average_best, (stop ? "yes" : "no")
}
