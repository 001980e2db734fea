# The learning rate of an epoch; epochs count from 1, and "after epoch 250" means from 251 on.
#
# Variables (-v): start, the first rate; drops, "250,400,550"; divisor, 5. With -v epoch=N the rate of that epoch is
# printed; without it the file is a library for others (awk -f schedule.awk -f log.awk).

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
