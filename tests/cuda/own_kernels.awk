# What to set PRUNET_CUDA_KERNELS to, from times on a card. Input: choice, level, operation (branch_forward...,
# branch_backward), times a step, ms, scratch in MB; the choice 0 is cuDNN, 1 is own kernels for all. At a level a choice
# must be two per cent faster than cuDNN to be worth it. With -v brief=1 only the choice.
BEGIN {
    FS = "\t"
    words[1] = "forward"; words[2] = "data"; words[3] = "weights"
    width[0] = 32; width[1] = 64; width[2] = 128
}
{
    if (!(($1, $2) in step))
        order[$2, ++choices[$2]] = $1
    kind = $3 ~ /backward/ ? "backward" : "forward"
    ms[$1, $2, kind] = $5
    step[$1, $2] += $4 * $5
    scratch[$1, $2] = $6
}

# A choice at a level, as the variable takes it.
function at_width(choice, level,    list, n, i, text) {
    n = split(choice == 1 ? "forward,data,weights" : choice, list, ",")
    for (i = 1; i <= n; i++)
        text = text (i > 1 ? "," : "") list[i] "@" width[level]
    return text
}

END {
    for (level = 0; level in width; level++) {
        if (!((0, level) in step)) {
            print "own_kernels.awk: cuDNN was not measured at level " level >"/dev/stderr"
            exit 1
        }
        best[level] = 0
        for (i = 1; i <= choices[level]; i++) {
            choice = order[level, i]
            if (step[choice, level] < 0.98 * step[0, level] && step[choice, level] < step[best[level], level])
                best[level] = choice
        }
        before += step[0, level]
        after += step[best[level], level]
        all += best[level] == 1
        if (best[level] != 0)
            set = set (set ? "," : "") at_width(best[level], level)
    }
    if (all == level)
        set = 1
    if (brief) {
        print set ? set : 0
        exit
    }
    print "level\town kernels\tms forward\tms backward\tms a step\tscratch MB"
    for (level = 0; level in width; level++)
        for (i = 1; i <= choices[level]; i++) {
            choice = order[level, i]
            printf "%d\t%s\t%s\t%s\t%.1f\t%s\n", level, choice, ms[choice, level, "forward"],
                   ms[choice, level, "backward"], step[choice, level], scratch[choice, level]
        }
    for (level = 0; level in width; level++)
        for (i = 1; i <= 3; i++) {
            kind = words[i] == "forward" ? "forward" : "backward"
            saved = ms[0, level, kind] - ms[words[i], level, kind]
            printf "level %d, %s: own kernel %.2f ms %s than cuDNN, of %.2f ms of the branch %s\n", level, words[i],
                   saved < 0 ? -saved : saved, saved < 0 ? "slower" : "faster", ms[0, level, kind], kind
        }
    if (!set)
        printf "cuDNN is as fast as any choice on this card (%.1f ms a step at levels 0 to 2): leave PRUNET_CUDA_KERNELS unset\n",
               before
    else
        printf "set PRUNET_CUDA_KERNELS=%s on this card: levels 0 to 2 take %.1f ms a step, with cuDNN %.1f\n", set, after,
               before
}
