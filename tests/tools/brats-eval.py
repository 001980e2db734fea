"""brats-eval: all measures at once, lesion-wise scores, the platform's layout, the bootstrap."""

import os

from _scores import (COUNTS, REGIONS, SHAPE, close, directed, hd95, labels, overlap, refused, region, save_lines, save_nifti,
                     table)
from _tap import check, finish, run
from _volume import np

SPACING = (0.5, 1.25, 3)
VOXEL = 0.5 * 1.25 * 3
MEASURES = ["dice", "sensitivity", "specificity", "hd95", "hd", "asd", "assd", "volume_prediction", "volume_reference", "tp",
            "fp", "fn"]

p, r = labels(1, (0, 0, 0, 0, 0, 1, 2, 4)), labels(2, (0, 0, 0, 0, 0, 1, 2, 4))
save_nifti("p.nii.gz", p, SPACING)
save_nifti("r.nii.gz", r, SPACING)
status, out, err = run("brats-eval", "--convention", "medpy", "p.nii.gz", "r.nii.gz")
header, rows = table(out)
check(status == 0 and not err and header == ["case", "region"] + MEASURES + COUNTS, "the columns are an interface")
good = [row["region"] for row in rows] == list(REGIONS)
for row in rows:
    a, b = region(p, row["region"]), region(r, row["region"])
    there, back = directed(a, b, SPACING), directed(b, a, SPACING)
    wanted = [*overlap(a, b), hd95(a, b, SPACING), max(there.max(), back.max()), there.mean(), np.concatenate([there, back]).mean(),
              a.sum() * VOXEL, b.sum() * VOXEL, (a & b).sum(), (a & ~b).sum(), (~a & b).sum()]
    good = good and all(close(row[key], value) for key, value in zip(MEASURES, wanted))
check(good, "every measure by its definition")
dice = run("dice-eval", "--convention", "medpy", "p.nii.gz", "r.nii.gz")[1]
distance = run("hd95", "--convention", "medpy", "p.nii.gz", "r.nii.gz")[1]
check(all(a["dice"] == b["dice"] and a["hd95"] == c["hd95"] for a, b, c in zip(rows, table(dice)[1], table(distance)[1])),
      "the same Dice and HD95 as dice-eval and hd95")

scene = np.zeros((20, 24, 40), "u1")
scene[2:7, 2:7, 2:7] = 4
save_nifti("one.nii.gz", scene)
scene[2:7, 2:7, 20:25] = 4
save_nifti("two.nii.gz", scene)
scene[15, 20, 35] = 4
save_nifti("three.nii.gz", scene)
for prediction, reference, wanted in (("one", "one", (1, 0, 1, 0, 0)), ("one", "two", (0.5, 187, 1, 0, 1)),
                                      ("two", "one", (0.5, 187, 1, 1, 0)), ("three", "two", (2 / 3, 374 / 3, 2, 1, 0)),
                                      ("two", "three", (1, 0, 2, 0, 0))):
    _, out, _ = run("brats-eval", "--convention", "brats2023", prediction + ".nii.gz", reference + ".nii.gz")
    row = table(out)[1][0]
    check(all(close(row[key], value) for key, value in zip(("dice", "hd95", "tp", "fp", "fn"), wanted))
          and row["convention"] == "brats2023-gli", "lesion-wise: %s against %s" % (prediction, reference))

# --- lists, the platform's layout ------------------------------------------------------------------------------------

cases = ["BraTS_%02d" % i for i in range(12)]
rng = np.random.default_rng(3)
maps = {}
for i, name in enumerate(cases):
    reference = labels(100 + i)
    first, second = (np.where(rng.random(SHAPE) < wrong, 0, reference).astype("u1") for wrong in (0.2, 0.25))
    maps[name] = first, second, reference
    for suffix, array in zip(("_a", "_b", "_seg"), maps[name]):
        save_nifti(name + suffix + ".nii.gz", array)
save_lines("a", *("%s\t%s_a.nii.gz\t%s_seg.nii.gz" % (n, n, n) for n in cases))
save_lines("b", *("%s\t%s_b.nii.gz\t%s_seg.nii.gz" % (n, n, n) for n in cases[::-1]))
_, plain, _ = run("brats-eval", "--pairs", "a")
rows = table(plain)[1]
status, out, _ = run("brats-eval", "--pairs", "a", "--submission")
lines = [line.split(",") for line in out.decode().splitlines()]
columns = ["%s_%s" % (measure, name) for measure in ("Dice", "Sensitivity", "Specificity", "Hausdorff95") for name in REGIONS]
check(status == 0 and lines[0] == ["Label"] + columns, "--submission: the platform's header")
statistics = ["Mean", "StdDev", "Median", "25quantile", "75quantile"]
check([line[0] for line in lines[1:]] == cases + statistics, "its rows: the cases, mean, deviation, median, quantiles")
good = True
for label, name in [(case, case) for case in cases] + list(zip(statistics, ("mean", "sd", "median", "q25", "q75"))):
    numbers = dict(zip(columns, map(float, lines[1 + (cases + statistics).index(label)][1:])))
    for row in rows:
        if row["case"] == name:
            good = good and numbers["Dice_" + row["region"]] == row["dice"]
            good = good and numbers["Hausdorff95_" + row["region"]] == row["hd95"]
            good = good and numbers["Sensitivity_" + row["region"]] == row["sensitivity"]
check(good, "its values are those of the table")

# --- bootstrap -------------------------------------------------------------------------------------------------------


def statistic(rows, name, measure="dice", where="WT"):
    return [row[measure] for row in rows if row["case"] == name and row["region"] == where][0]


status, out, _ = run("brats-eval", "--pairs", "a", "--bootstrap", "1000", "--seed", "5")
rows = table(out)[1]
check(status == 0 and out.startswith(plain[: plain.index(b"mean")]), "--bootstrap leaves the cases as they are")
check(statistic(rows, "ci_low") < statistic(rows, "mean") < statistic(rows, "ci_high"), "an interval around the mean")
check(run("brats-eval", "--pairs", "a", "--bootstrap", "1000", "--seed", "5", "--threads", "3")[1] == out,
      "the same bytes with the same seed, whatever the threads")
save_lines("reversed", *("%s\t%s_a.nii.gz\t%s_seg.nii.gz" % (n, n, n) for n in cases[::-1]))
other = table(run("brats-eval", "--pairs", "reversed", "--bootstrap", "1000", "--seed", "5")[1])[1]
check(all(close(statistic(rows, s), statistic(other, s)) for s in ("ci_low", "ci_high")), "and whatever the order of the list")
other = table(run("brats-eval", "--pairs", "a", "--bootstrap", "1000", "--seed", "6")[1])[1]
check(statistic(rows, "ci_low") != statistic(other, "ci_low"), "another seed draws otherwise")
status, out, _ = run("brats-eval", "--pairs", "a", "--against", "b", "--bootstrap", "1000", "--expect", save_lines("names", *cases))
check(refused((status, out, _), 65, "BraTS_11", "BraTS_00"), "--expect holds for the second list, too")
status, out, _ = run("brats-eval", "--pairs", "a", "--against", "b", "--bootstrap", "1000")
rows = table(out)[1]
second = table(run("brats-eval", "--pairs", "b")[1])[1]
check(status == 0 and close(statistic(rows, "difference"), statistic(rows, "mean") - statistic(second, "mean")),
      "--against: the paired difference of the means")
check(0 < statistic(rows, "difference_low") < statistic(rows, "difference_high") and statistic(rows, "difference_p") < 0.05
      and statistic(rows, "difference_counted") == 12, "20 and 25 percent of wrong voxels differ in 12 cases")
rows = table(run("brats-eval", "--pairs", "a", "--against", "a", "--bootstrap", "100")[1])[1]
check(statistic(rows, "difference") == 0 and statistic(rows, "difference_p") == 1, "a set does not differ from itself")
save_lines("fewer", *("%s\t%s_b.nii.gz\t%s_seg.nii.gz" % (n, n, n) for n in cases[1:]))
result = run("brats-eval", "--pairs", "a", "--against", "fewer", "--bootstrap", "10", "-o", "out.tsv")
check(refused(result, 65, "BraTS_00", "first") and not os.path.exists("out.tsv"), "sets of different cases are refused")
for words in (["--against", "b", "--pairs", "a"], ["--against", "b", "--bootstrap", "5", "p.nii.gz", "r.nii.gz"],
              ["--submission", "--json", "--pairs", "a"], ["--submission", "--mask", "--pairs", "a"], ["--bootstrap", "-1"]):
    status, out, err = run("brats-eval", *words)
    check(status == 2 and not out and err, "usage: %s" % " ".join(words))
finish()
