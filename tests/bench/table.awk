# The benchmark's table.tsv as Markdown: awk -f pipelines/columns.awk -f tests/bench/table.awk table.tsv
# A time's ratio is to ours in the same table: above 1, we are faster.

header { next }

{
    part = field("part"); network = field("network"); size = field("size"); threads = field("threads")
    who = field("who"); mode = field("mode"); measure = field("measure"); shown = field("value")
}

part == "machine" { facts[++fact_count] = "| " network " | " shown " |"; next }
part == "left-out" { lines_out[++out_count] = "| " network " | " shown " |"; next }

{
    key = network SUBSEP size SUBSEP threads SUBSEP who SUBSEP mode
    value[key, measure] = shown
    samples[key, measure] = field("samples")
    remember(field("command"))
}

# A kernel's row: the operation is in the column `network`, level-L-of-C in `mode`.
part == "kernel" {
    if (!((mode, size, network) in kernel_seen)) {
        kernel_seen[mode, size, network] = 1
        kernel[++kernel_count] = mode SUBSEP size SUBSEP network
    }
    if (threads > most_threads) most_threads = threads
}
part == "drift" && measure == "input" { drift[++drift_count] = key }
part == "network" && measure == "step" { step[++step_count] = key }
part == "network" && measure == "infer" { infer[++infer_count] = key }

END {
    print "# Benchmark\n"
    table("what|value", facts, fact_count)
    if (kernel_count) kernels()
    if (step_count) steps()
    if (infer_count) inferences()
    ratios()
    if (step_count) memory()
    if (drift_count) drifts()
    if (out_count) {
        print "\n## Left out\n"
        table("what|why", lines_out, out_count)
    }
    print "\n## Commands\n\n```"
    for (i = 1; i <= command_count; i++) print commands[i]
    print "```"
}

function remember(command) {
    if (command != "" && !(command in known)) {
        known[command] = 1
        commands[++command_count] = command
    }
}

function table(heads, lines, count,    i, n, rule) {
    n = split(heads, names, "|")
    for (i = 1; i <= n; i++) rule = rule "|---"
    gsub(/\|/, " | ", heads)
    print "| " heads " |\n" rule "|"
    for (i = 1; i <= count; i++) print lines[i]
}

function number(x) { return x == "" ? "" : x >= 100 ? sprintf("%.0f", x) : sprintf("%.3g", x) }
function ratio(a, b) { return a == "" || b == "" || b == 0 ? "" : sprintf("%.2f", a / b) }

# XxYxZ as n^3 where it is a cube.
function grid(size,    n) {
    split(size, n, "x")
    return n[1] == n[2] && n[2] == n[3] ? n[1] "^3" : size
}

function voxels(size,    n) {
    split(size, n, "x")
    return n[1] * n[2] * n[3]
}

function kernels(    i, k, t, line, ours, theirs, heads) {
    print "\n## Kernels: GFLOP/s of a direct convolution, beside oneDNN's direct kernels\n"
    heads = "level|channels|grid|operation"
    for (t = most_threads; t >= 1; t -= most_threads > 1 ? most_threads - 1 : 1)
        heads = heads "|" t (t > 1 ? " threads" : " thread") "|oneDNN|ratio"
    for (i = 1; i <= kernel_count; i++) {
        split(kernel[i], k, SUBSEP)
        split(k[1], level, "-")
        line = "| " level[2] " | " level[4] " | " k[2] " | " k[3]
        for (t = most_threads; t >= 1; t -= most_threads > 1 ? most_threads - 1 : 1) {
            ours = value[k[3], k[2], t, "prunet", k[1], "speed"]
            theirs = value[k[3], k[2], t, "oneDNN", k[1], "speed"]
            line = line " | " number(ours) " | " number(theirs) " | " ratio(ours, theirs)
        }
        rows[i] = line " |"
    }
    table(heads, rows, kernel_count)
}

function steps(    i, k, s) {
    print "\n## Training steps: seconds, and MiB at the peak (ours: the whole process; PyTorch: above its start)\n"
    for (i = 1; i <= step_count; i++) {
        split(step[i], k, SUBSEP)
        s = value[step[i], "step"]
        rows[i] = "| " k[1] " | " grid(k[2]) " | " k[3] " | " k[4] " | " k[5] " | " number(s) " | " samples[step[i], "step"] \
            " | " ratio(s, value[k[1], k[2], k[3], "prunet", "default", "step"]) " | " number(1e6 * s / voxels(k[2])) \
            " | " number(value[step[i], "peak"]) " |"
    }
    table("network|size|threads|who|mode|step s|median of|times ours|s per million voxels|peak MiB", rows, step_count)
}

function inferences(    i, k, s) {
    print "\n## Inference: seconds; how far the probabilities are from ours\n"
    for (i = 1; i <= infer_count; i++) {
        split(infer[i], k, SUBSEP)
        s = value[infer[i], "infer"]
        rows[i] = "| " k[1] " | " grid(k[2]) " | " k[3] " | " k[4] " | " k[5] " | " number(s) " | " samples[infer[i], "infer"] \
            " | " ratio(s, value[k[1], k[2], k[3], "prunet", "default", "infer"]) " | " value[infer[i], "apart"] \
            " | " number(value[infer[i], "infer-peak"]) " |"
    }
    table("network|size|threads|who|format|s|median of|times ours|apart|peak MiB", rows, infer_count)
}

# Of our own steps, one beside another.
function ratios(    i, k, s, n, at) {
    for (i = 1; i <= step_count; i++) {
        split(step[i], k, SUBSEP)
        if (k[4] != "prunet") continue
        at = k[1] " | " grid(k[2]) " | "
        s = value[step[i], "step"]
        if (k[5] != "default")
            n = finding(n, at "step by default / step with --memory " k[5], ratio(value[k[1], k[2], k[3], "prunet", "default", "step"], s))
        else if (k[3] == 1)
            for (t = 2; t <= 64; t++)
                n = finding(n, at "step with 1 thread / with " t, ratio(s, value[k[1], k[2], t, "prunet", "default", "step"]))
        else {
            n = finding(n, at "inference / step", ratio(value[k[1], k[2], k[3], "prunet", "default", "infer"], s))
            if (k[1] ~ /^reversible/)
                n = finding(n, at "step / the baseline's", ratio(s, value["baseline-128", k[2], k[3], "prunet", "default", "step"]))
        }
    }
    if (!n) return
    print "\n## Ratios\n"
    table("network|size|of|ratio", rows, n)
}

function drifts(    i, k) {
    print "\n## Drift of a reversed sequence, 60 channels: relative errors\n"
    for (i = 1; i <= drift_count; i++) {
        split(drift[i], k, SUBSEP)
        rows[i] = "| " k[4] " | " k[1] " | " value[drift[i], "input"] " | " value[drift[i], "gradient"] " | " \
            value[drift[i], "last-bit"] " |"
    }
    table("backend|blocks|input recovered|gradient beside one that keeps|gradient after the last bit of the input", rows, drift_count)
}

function finding(n, what, r) {
    if (r == "") return n
    rows[++n] = "| " what " | " r " |"
    return n
}

function memory(    i, k, n, peak, plan) {
    for (i = 1; i <= step_count; i++) {
        split(step[i], k, SUBSEP)
        if (k[4] != "prunet") continue
        peak = value[step[i], "peak"]
        plan = value[step[i], "plan"]
        rows[++n] = "| " k[1] " | " grid(k[2]) " | " k[3] " | " k[5] " | " number(plan) " | " number(peak) " | " ratio(peak, plan) " |"
    }
    print "\n## Memory of a training step: MiB planned and measured\n"
    table("network|size|threads|--memory|planned|measured|ratio", rows, n)
}
