# Warns of a region that the network no longer learns, from the log:
#
#     awk -f columns.awk -f warn_collapse.awk log.tsv
#
# A line for each region whose training Dice has been below 0.05 for exactly three epochs after it had been above 0.2, or
# for the first ten epochs. Waiting does not help: where a region is predicted everywhere, the Dice loss has hardly a
# gradient.

header {
    for (i = 1; i <= NF; i++)
        if ($i ~ /^train_/)
            regions[++n] = substr($i, 7)
    next
}

{
    for (i = 1; i <= n; i++) {
        now = field("train_" regions[i])
        highest[i] = now > highest[i] ? now : highest[i]
        below[i] = now < 0.05 ? below[i] + 1 : 0
    }
    epoch = field("epoch")
}

END {
    for (i = 1; i <= n; i++)
        if ((highest[i] > 0.2 && below[i] == 3) || (highest[i] < 0.05 && epoch == 10))
            printf "epoch %d: %s has collapsed, its training Dice stays below 0.05: start again with another SEED or a " \
                   "smaller LEARNING_RATE\n", epoch, toupper(regions[i])
}
