# What a part of a training on drawn heads is made with: its spacing in mm, and the rate of learning.
#
#     awk -v part=K -v parts=N -v seed=S -v early=MIX -v late=MIX -v late_from=F -v rate=R -v warm_up=W -v last=L -f drawn.awk
#
# MIX: spacings with their shares, "2:35,1.67:40,1.43:25"; that of a part is a function of seed and part. From the share F of all
# parts on `late` holds. The rate rises in a straight line over the share W of all parts, falls from R to L * R along 1 - 3x^2 + 2x^3
# (a cosine's form, in arithmetic that is the same everywhere), and is that of a part's middle.

# A number in [0, 1) that is a function of two whole numbers: two rounds of a multiplication modulo a prime below 2^31.
function chance(a, b,    x)
{
    x = (a % 1000003 * 1009 + b * 7919 + 12345) % 2147483647
    x = x * 16807 % 2147483647
    x = x * 16807 % 2147483647
    return x / 2147483647
}

function spacing(mix, u,    item, pair, count, total, i)
{
    count = split(mix, item, ",")
    for (i = 1; i <= count; i++) {
        split(item[i], pair, ":")
        total += pair[2]
    }
    for (i = 1; i < count; i++) {
        split(item[i], pair, ":")
        if (u < pair[2] / total)
            break
        u -= pair[2] / total
    }
    split(item[i], pair, ":")
    return pair[1]
}

BEGIN {
    done = (part - 0.5) / parts
    warmth = warm_up > 0 && done < warm_up ? done / warm_up : 1
    printf "%s %.9g\n", spacing((done < late_from ? early : late), chance(seed, part)),
        rate * warmth * (last + (1 - last) * (1 - done * done * (3 - 2 * done)))
}
