# What to set PRUNET_CUDA_KERNELS to, from times on a card. Input: choice, operation (branch_forward...,
# branch_backward), times a step, ms, scratch in MB; the choice 0 is cuDNN, 1 is own kernels for all. A choice must be
# two per cent faster than cuDNN to be worth it. With -v brief=1 only the choice.
BEGIN {
    FS = "\t"
    words[1] = "forward"; words[2] = "data"; words[3] = "weights"
}
{
    if (!($1 in step))
        order[++choices] = $1
    kind = $2 ~ /backward/ ? "backward" : "forward"
    ms[$1, kind] = $4
    step[$1] += $3 * $4
    scratch[$1] = $5
}
END {
    if (!(0 in step)) {
        print "own_kernels.awk: cuDNN was not measured" >"/dev/stderr"
        exit 1
    }
    best = 0
    for (i = 1; i <= choices; i++)
        if (step[order[i]] < 0.98 * step[0] && step[order[i]] < step[best])
            best = order[i]
    if (brief) {
        print best
        exit
    }
    print "own kernels at level 0\tms forward\tms backward\tms a step\tscratch MB"
    for (i = 1; i <= choices; i++)
        printf "%s\t%s\t%s\t%.1f\t%s\n", order[i], ms[order[i], "forward"], ms[order[i], "backward"],
               step[order[i]], scratch[order[i]]
    for (i = 1; i <= 3; i++) {
        kind = words[i] == "forward" ? "forward" : "backward"
        saved = ms[0, kind] - ms[words[i], kind]
        printf "%s: own kernel %.2f ms %s than cuDNN, of %.2f ms of the branch %s\n", words[i],
               saved < 0 ? -saved : saved, saved < 0 ? "slower" : "faster", ms[0, kind], kind
    }
    if (best == 0)
        printf "cuDNN is as fast as any choice on this card (%.1f ms a step at level 0): leave PRUNET_CUDA_KERNELS unset\n",
               step[0]
    else
        printf "set PRUNET_CUDA_KERNELS=%s on this card: level 0 takes %.1f ms a step, with cuDNN %.1f\n", best,
               step[best], step[0]
}
