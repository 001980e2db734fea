# The fastest plan of each convolution, where cuDNN's first is slower by a thirtieth or more, as lines of
# kernels/cuda/chosen_plans.def. Of what tests/cuda/plan_race printed on a card:
#
#     awk -f tests/cuda/chosen_plans.awk plans.tsv >>kernels/cuda/chosen_plans.def
#
# plan_race says the knobs as "2=4,7=1", and the size of level 0.
BEGIN {
    FS = "\t"
    GAIN = 30 / 31
    name["forward"] = "FORWARD"; name["data"] = "DATA"; name["weights"] = "WEIGHTS"
    precision["bf16"] = "BF16"; precision["TF32"] = "TF32"
}
/^# compute capability/ {
    split($0, word, /[ ,]+/)
    card = word[4]; width = word[5]; height = word[7]; depth = word[9]
    next
}
/^#/ || $1 == "kind" || $8 + 0 <= 0 { next }
{
    key = $1 FS $2 FS $3 FS $4
    if (!(key in best)) { order[++count] = key; first[key] = best[key] = 0 }
    if ($5 == 0) first[key] = $8
    if (!best[key] || $8 < best[key]) { best[key] = $8; engine[key] = $6; knobs[key] = $10 }
}
# Voxels of a level along an axis of level 0.
function at_level(size, level) { return int(size / 2 ^ level) }
END {
    if (!card && count) { print "chosen_plans.awk: no line names the card" >"/dev/stderr"; exit 1 }
    for (i = 1; i <= count; i++) {
        key = order[i]
        if (first[key] && best[key] > GAIN * first[key]) continue
        split(key, of, FS)
        channels = 8 * int((of[3] + 7) / 8)
        set = split(knobs[key] == "-" ? "" : knobs[key], knob, ",")
        text = set ? "" : ", {0, 0}"
        for (k = 1; k <= set; k++) { split(knob[k], part, "="); text = text ", {" part[1] ", " part[2] "}" }
        printf "CHOSEN(%d, %s, %s, %d, %d, %d, %d, %d, %d, %d%s)\n", card, name[of[1]], precision[of[2]], channels, channels,
            at_level(depth, of[4]), at_level(height, of[4]), at_level(width, of[4]), engine[key], set, text
    }
}
