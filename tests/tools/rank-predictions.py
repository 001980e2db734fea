"""rank-predictions: ranks case by case, undefined scores, the permutation test, reproducible, hostile tables."""

import itertools
import json
import math

from _scores import close, labels, refused, save_bytes, save_lines, save_nifti, table
from _tap import check, finish, run
from _volume import np

HEADER = "case\tregion\tdice\thd95\tboth_empty\tconvention"


def write(name, rows):
    """A table with rows (case, region, dice, hd95, both_empty)."""
    save_lines(name, HEADER, *("%s\t%s\t%s\t%s\t%d\tmedpy" % row for row in rows))
    return name


def ranked(*words):
    status, out, err = run("rank-predictions", *words)
    if status or err:
        return [], {}, [], out
    lines = [line.split("\t") for line in out.decode().splitlines()]
    return (
        lines[0],
        {line[0]: dict(zip(lines[0], [line[0], *map(float, line[1:])])) for line in lines[1:]},
        [x[0] for x in lines[1:]],
        out,
    )


def mean_ranks(values):
    """[case][item][set], larger is better -> [case][set]."""
    v = np.array(values)
    better = (v[..., None, :] > v[..., :, None]).sum(-1)
    equal = (v[..., None, :] == v[..., :, None]).sum(-1)
    return (better + (equal + 1) / 2).mean(1)


# --- three sets of seven cases, all exchanges tried -----------------------------------------------------------------

CASES, REGIONS, SETS = 7, ("ET", "WT"), ("first", "second", "third")
rng = np.random.default_rng(8)
dice = np.round(rng.random((CASES, 2, 3)) * [1, 0.8, 0.5], 1)
hd95 = np.round(rng.random((CASES, 2, 3)) * [20, 30, 50])
dice[2, 0, :], hd95[2, 1, 1], hd95[3, 0, 0] = (math.nan, math.nan, 0), math.inf, math.nan
for s, name in enumerate(SETS):
    rows = [
        ("case%d" % c, region, dice[c, i, s], hd95[c, i, s], c == 2 and math.isnan(dice[c, i, s]))
        for c in range(CASES)
        for i, region in enumerate(REGIONS)
    ]
    write(name + ".tsv", rows + [("mean", "ET", 0.5, 1, 0)])
    write(name + "_turned.tsv", rows[::-1])
values = np.stack([dice, -hd95], 2)
values[2, 0, 0] = np.where(np.isnan(values[2, 0, 0]), math.inf, values[2, 0, 0])  # both masks were empty: best
values = np.where(np.isnan(values), -math.inf, values).reshape(CASES, 4, 3)
ranks = mean_ranks(values)
header, rows, order, first = ranked("--permutations", "20000", "first.tsv", "second.tsv", "third.tsv")
check(
    header[:5] == ["set", "place", "score", "cases", "items"] and header[5:] == ["p_" + name for name in order],
    "the columns are an interface",
)
check(
    len(rows) == 3 and all(close(rows[name]["score"], ranks.mean(0)[s]) for s, name in enumerate(SETS)),
    "a set's score is its mean rank over cases, regions and measures; equal ones share theirs",
)
check(
    order == [SETS[i] for i in np.argsort(ranks.mean(0))] and [rows[n]["place"] for n in order] == [1, 2, 3],
    "the best comes first",
)
good = True
for a, b in itertools.permutations(range(3), 2):
    p = rows[SETS[a]]["p_" + SETS[b]]
    d = ranks[:, b] - ranks[:, a]
    if d.sum() <= 0:
        good &= math.isnan(p)
        continue
    exact = np.mean([np.dot(signs, d) >= d.sum() - 1e-9 for signs in itertools.product((1, -1), repeat=CASES)])
    good &= abs(p - exact) < 4 * math.sqrt(exact * (1 - exact) / 20000) + 1e-4
check(good, "p is the share of all exchanges that the better set would be as far ahead by, within four deviations")
check(ranked("--permutations", "20000", "first.tsv", "second.tsv", "third.tsv")[3] == first, "the same bytes again")
check(
    ranked("--permutations", "20000", "first_turned.tsv", "second.tsv", "third_turned.tsv")[3].replace(b"_turned", b"")
    == first,
    "whatever the order of the rows",
)
check(
    ranked("--permutations", "20000", "--seed", "3", "first.tsv", "second.tsv", "third.tsv")[3] != first,
    "another seed draws otherwise",
)
_, one, _, _ = ranked("--columns", "dice", "first.tsv", "second.tsv", "third.tsv")
check(
    all(
        close(one[n]["score"], mean_ranks(values[:, [0, 2]]).mean(0)[s]) and one[n]["items"] == 2
        for s, n in enumerate(SETS)
    ),
    "--columns: these measures alone",
)
objects = [
    json.loads(line)
    for line in run("rank-predictions", "--permutations", "20000", "--json", *(n + ".tsv" for n in SETS))[
        1
    ].splitlines()
]
check(
    [list(o) for o in objects] == [header] * 3
    and [o["set"] for o in objects] == order
    and all(
        v == rows[o["set"]][k] or (v is None and math.isnan(rows[o["set"]][k])) for o in objects for k, v in o.items()
    ),
    "--json",
)
check(run("rank-predictions", "--no-header", "first.tsv", "second.tsv")[1].count(b"\n") == 2, "--no-header")

# --- a clear case, a draw, and the tool's own tables ----------------------------------------------------------------

write("good.tsv", [("c%02d" % c, "WT", 0.9, 1, 0) for c in range(12)])
write("bad.tsv", [("c%02d" % c, "WT", 0.5, 9, 0) for c in range(12)])
_, rows, order, _ = ranked("--permutations", "10000", "bad.tsv", "good.tsv")
check(
    order == ["good", "bad"]
    and rows["good"]["score"] == 1
    and rows["bad"]["score"] == 2
    and 1e-4 < rows["good"]["p_bad"] < 2e-3,
    "better in all of 12 cases: p is about 2^-12",
)
save_bytes("same.tsv", open("good.tsv", "rb").read())
_, rows, _, _ = ranked("good.tsv", "same.tsv")
check(
    rows["good"]["place"] == rows["same"]["place"] == 1 and math.isnan(rows["good"]["p_same"]),
    "equal sets share a place and have no p",
)
for c in range(3):
    save_nifti("r%d.nii.gz" % c, labels(c))
    save_nifti(
        "p%d.nii.gz" % c, np.where(np.random.default_rng(c).random(labels(c).shape) < 0.3, 0, labels(c)).astype("u1")
    )
save_lines("poor", *("c%d\tp%d.nii.gz\tr%d.nii.gz" % (c, c, c) for c in range(3)))
save_lines("perfect", *("c%d\tr%d.nii.gz\tr%d.nii.gz" % (c, c, c) for c in range(3)))
for name in ("poor", "perfect"):
    run("brats-eval", "--convention", "brats2026", "--scheme", "2018", "--pairs", name, "-o", name + ".tsv")
_, rows, order, _ = ranked("--columns", "dice,nsd,hd95,f1", "poor.tsv", "perfect.tsv")
check(
    order == ["perfect", "poor"] and rows["perfect"]["items"] == 12 and rows["perfect"]["cases"] == 3,
    "tables of brats-eval, with their summaries",
)

# --- what is refused ------------------------------------------------------------------------------------------------

rows = [("a", "WT", 1, 2, 0), ("b", "WT", 1, 2, 0)]
write("ok.tsv", rows)
write("fewer.tsv", rows[:1])
write("twice.tsv", rows + rows[:1])
write("word.tsv", rows[:1] + [("b", "WT", "x", 2, 0)])
write("uneven.tsv", rows + [("b", "ET", 1, 2, 0)])
save_bytes("other.tsv", open("ok.tsv", "rb").read().replace(b"medpy", b"monai"))
save_bytes("column.tsv", open("ok.tsv", "rb").read().replace(b"hd95", b"hd94"))
save_bytes("cut.tsv", open("ok.tsv", "rb").read()[:-12])
save_lines("header.tsv", HEADER)
save_bytes("empty.tsv", b"")
save_bytes("zeros.tsv", bytes(3000))
for name, words in (
    ("fewer", ("case b", "ok.tsv")),
    ("twice", ("twice", "a")),
    ("word", ("line 3", "'x'")),
    ("other", ("medpy", "monai")),
    ("column", ("hd95",)),
    ("cut", ("line 3",)),
    ("header", ("no case",)),
    ("empty", ("no case",)),
    ("zeros", ("column",)),
):
    result = run("rank-predictions", "ok.tsv", name + ".tsv")
    check(refused(result, 65, *words) and not result[1], "refused: %s" % name)
save_bytes("uneven2.tsv", open("uneven.tsv", "rb").read())
check(
    refused(run("rank-predictions", "uneven.tsv", "uneven2.tsv"), 65, "regions"),
    "cases of different regions are refused",
)
check(refused(run("rank-predictions", "ok.tsv", "absent.tsv"), 1, "absent.tsv"), "a file that is not there")
for words in (
    ["ok.tsv"],
    [],
    ["ok.tsv", "./ok.tsv"],
    ["--columns", "lesion_dice_std", "ok.tsv", "fewer.tsv"],
    ["--columns", "wrong", "ok.tsv", "fewer.tsv"],
    ["--permutations", "0", "ok.tsv", "fewer.tsv"],
):
    status, out, err = run("rank-predictions", *words)
    check(status == 2 and not out and err, "usage: %s" % " ".join(words))
finish()
