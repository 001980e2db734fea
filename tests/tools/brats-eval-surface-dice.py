"""brats-eval --tolerance: DeepMind's surface Dice, frozen and live; one tolerance for all regions, or one for each."""

import importlib.util
import math
import os

SOURCE = os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
)  # before _scores leaves this folder

from _lesions import save_map
from _scores import border, directed, labels, region, save_nifti, table
from _surface_dice import PAIRS, package, pair
from _tap import check, finish, run
from _volume import np

with open(os.path.join(SOURCE, "tests/golden/metrics/surface_dice.tsv")) as file:
    golden = [float(line.split("\t")[1]) for line in file.readlines()[1:]]


def same(ours, theirs):
    return (math.isnan(ours) and math.isnan(theirs)) or abs(ours - theirs) <= 1e-6


def nsd(p, r, tolerance, *words):
    status, out, err = run(
        "brats-eval", "--mask", "--convention", "deepmind", "--tolerance", str(tolerance), *words, p, r
    )
    return table(out)[1][0]["nsd"] if status == 0 and not err else 1e30


ours = []
for number in range(PAIRS):
    p, r, spacing, tolerance = pair(number)
    save_map("p.nii.gz", p.astype("u1"), spacing)
    save_map("r.nii.gz", r.astype("u1"), spacing)
    ours.append(nsd("p.nii.gz", "r.nii.gz", tolerance))
check(len(golden) == PAIRS and all(map(same, ours, golden)), "%d frozen values of surface-distance" % PAIRS)
if importlib.util.find_spec("surface_distance"):
    check(
        all(map(same, ours, [package(*pair(number)) for number in range(PAIRS)])),
        "surface-distance itself, %d pairs" % PAIRS,
    )
else:
    print("ok - surface-distance itself # skip surface-distance is not installed")
check(sum(map(math.isnan, ours)) == 1 and len(set(ours)) > 25, "the pairs differ, and one has two empty masks")

a, b = labels(1), labels(2)
save_nifti("a.nii.gz", a, (0.5, 1.25, 3))
save_nifti("b.nii.gz", b, (0.5, 1.25, 3))
whole = table(run("brats-eval", "a.nii.gz", "b.nii.gz")[1])
status, out, _ = run("brats-eval", "--tolerance", "ET=0.5,WT=1,TC=3", "a.nii.gz", "b.nii.gz")
header, rows = table(out)
check(status == 0 and header[:-5] == [*whole[0][:-5], "nsd"], "--tolerance adds the column nsd behind the others")
check(
    all({**row, "nsd": 0} == {**before, "nsd": 0} for row, before in zip(rows, whole[1])), "the others stay as they are"
)
each = {t: table(run("brats-eval", "--tolerance", t, "a.nii.gz", "b.nii.gz")[1])[1] for t in ("0.5", "1", "3")}
check(
    [row["nsd"] for row in rows] == [each["0.5"][0]["nsd"], each["1"][1]["nsd"], each["3"][2]["nsd"]],
    "a tolerance for each region",
)
rows = table(
    run("brats-eval", "--columns", "nsd_0.5,nsd_voxels,volume_difference,volume_similarity", "a.nii.gz", "b.nii.gz")[1]
)[1]
good = True
for row, half in zip(rows, each["0.5"]):
    p, r = region(a, row["region"]), region(b, row["region"])
    there, back = directed(p, r, (0.5, 1.25, 3)), directed(r, p, (0.5, 1.25, 3))
    shares = ((there <= 0.5).mean() + (back <= 0.5).mean()) / 2
    voxel = 0.5 * 1.25 * 3
    volumes = int(p.sum()), int(r.sum())
    good &= same(row["nsd_0.5"], half["nsd"]) and same(row["nsd_voxels"], shares)
    good &= same(row["volume_difference"], (volumes[0] - volumes[1]) * voxel)
    good &= same(row["volume_similarity"], 1 - abs(volumes[0] - volumes[1]) / sum(volumes))
check(
    good,
    "the challenge's NSD by voxels, DeepMind's at 0.5 mm, difference and similarity of volumes by their definitions",
)
check(border(np.ones((3, 4, 5), bool)).shape[0] == 60 - 6, "the border that this compares with")

for words, why in (
    (["--tolerance", "WT=1,TC=1"], "ET"),
    (["--tolerance", "ET=1,WT=1,TC=1,RC=1"], "RC"),
    (["--tolerance", "-1"], "-1"),
    (["--tolerance", "ET=1,ET=2,WT=1,TC=1"], "twice"),
    (["--tolerance", "ET=x,WT=1,TC=1"], "x"),
    (["--tolerance", ""], "REGION"),
    (["--tolerance", "nan"], "nan"),
    (["--columns", "nsd"], "--tolerance"),
    (["--columns", "dice,dice"], "twice"),
    (["--columns", "dicer"], "no measure"),
    (["--columns", ""], "no measure"),
    (["--columns", "dice,"], "no measure"),
    (["--columns", "dice", "--submission"], "columns"),
    (["--convention", "brats2026", "--tolerance", "1"], "its own"),
):
    result = run("brats-eval", *words, "a.nii.gz", "b.nii.gz")
    check(result[0] == 2 and not result[1] and why in result[2], "refused: %s" % " ".join(words))
finish()
