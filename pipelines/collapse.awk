# Says when an output has collapsed: from the log, a line for each region whose training Dice has been below 0.05 for exactly
# three epochs after it had been above 0.2, or for the first ten. The Dice loss has hardly a gradient where a region is
# predicted everywhere, so that waiting does not help.
#     awk -f collapse.awk log.tsv

BEGIN {
    FS = "\t"
    split("wt tc et", regions, " ")
}

NR == 1 {
    for (i = 1; i <= NF; i++)
        column[$i] = i
    next
}

{
    for (i = 1; i <= 3; i++) {
        now = $column["train_" regions[i]]
        highest[i] = now > highest[i] ? now : highest[i]
        below[i] = now < 0.05 ? below[i] + 1 : 0
    }
    epoch = $column["epoch"]
}

END {
    for (i = 1; i <= 3; i++)
        if ((highest[i] > 0.2 && below[i] == 3) || (highest[i] < 0.05 && epoch == 10))
            printf "epoch %d: %s has collapsed, its training Dice stays below 0.05: start again with another SEED or a " \
                   "smaller LEARNING_RATE\n", epoch, toupper(regions[i])
}
