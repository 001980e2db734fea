# The learning rate of an epoch: `start`, divided by `divisor` after each epoch of `drops`. Epochs count from 1; a drop at
# 250 holds from epoch 251 on.
#
#     awk -v start=1e-4 -v drops=250,400,550 -v divisor=5 -v epoch=N -f schedule.awk      prints the rate of epoch N
#     awk -v start=... -v drops=... -v divisor=... -f schedule.awk -f PROGRAM ...         learning_rate() for a program

function learning_rate(epoch,    rate, drop, count, i)
{
    rate = start
    count = split(drops, drop, ",")
    for (i = 1; i <= count; i++)
        if (drop[i] != "none" && epoch > drop[i] + 0)
            rate /= divisor
    return sprintf("%.9g", rate)
}

BEGIN {
    if (epoch != "") {
        print learning_rate(epoch)
        exit
    }
}
