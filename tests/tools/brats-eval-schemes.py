"""brats-eval --scheme of the challenges since 2024: regions, odd and hostile maps, records, JSON."""

import json
import math

from _scores import COUNTS, labels, refused, save_bytes, save_lines, save_nifti, scored, table
from _tap import check, finish, run
from _volume import np

REGIONS = {
    "goat": "ET TC WT",
    "men-pre": "ET TC WT",
    "gli": "SNFH ET NETC RC TC WT",
    "mets": "ET RC TC WT",
    "ped": "ET NETC CC ED TC WT",
    "men-rt": "GTV",
}
OF_LABELS = {
    "gli": {"SNFH": (2,), "ET": (3,), "NETC": (1,), "RC": (4,), "TC": (1, 3), "WT": (1, 2, 3)},
    "ped": {"ET": (1,), "NETC": (2,), "CC": (3,), "ED": (4,), "TC": (1, 2, 3), "WT": (1, 2, 3, 4)},
}


def scores(p, r, *words, convention="brats2026"):
    status, out, err = run("brats-eval", "--convention", convention, *words, p, r)
    return {row["region"]: row for row in table(out)[1]} if status == 0 and not err else {}


def equal(row, **wanted):
    return all(row[m] == v or (math.isnan(v) and math.isnan(row[m])) for m, v in wanted.items())


# --- which voxels a region has --------------------------------------------------------------------------------------

a, b = labels(1, (0, 0, 1, 2, 3, 4)), labels(2, (0, 0, 1, 2, 3, 4))
save_nifti("a.nii.gz", a)
save_nifti("b.nii.gz", b)
for scheme, names in REGIONS.items():
    few = {"goat": 3, "men-pre": 3, "men-rt": 1}.get(scheme, 4)
    save_nifti("p.nii.gz", np.minimum(a, few))
    save_nifti("r.nii.gz", np.minimum(b, few))
    rows = scores("p.nii.gz", "r.nii.gz", "--scheme", scheme)
    check(" ".join(rows) == names, "--scheme %s: its regions in the challenge's order" % scheme)
for scheme, regions in OF_LABELS.items():
    rows = scores(
        "a.nii.gz",
        "b.nii.gz",
        "--scheme",
        scheme,
        "--columns",
        "volume_prediction,volume_reference",
        convention="brats",
    )
    check(
        all(
            equal(rows[n], volume_prediction=np.isin(a, v).sum(), volume_reference=np.isin(b, v).sum())
            for n, v in regions.items()
        ),
        "%s: each region's labels" % scheme,
    )
check(list(scores("p.nii.gz", "r.nii.gz", "--mask")) == ["mask"], "--mask under a convention that has a scheme")
year = scores("p.nii.gz", "r.nii.gz", "--scheme", "2023")
check(list(year) == ["ET", "WT", "TC"] and "f1" in year["ET"], "the schemes of before under a new convention")

# --- labels that a scheme has not -----------------------------------------------------------------------------------

four = np.where(a == 3, 4, np.minimum(a, 2)).astype("u1")
three = np.where(four == 4, 3, four).astype("u1")
save_nifti("four.nii.gz", four)
save_nifti("three.nii.gz", three)
rows = scores("four.nii.gz", "three.nii.gz")
check(
    len(rows) == 3 and all(row["dice"] == 1 for row in rows.values()),
    "goat: a 4 is the enhancing tumour where there is no 3",
)
for path, scheme, words in (
    ("a.nii.gz", "goat", ("3", "4")),
    ("a.nii.gz", "men-rt", ("men-rt", "0 and 1")),
    ("three.nii.gz", "men-rt", ("men-rt",)),
):
    result = run("brats-eval", "--scheme", scheme, path, path)
    check(refused(result, 65, path, *words) and not result[1], "%s: %s is refused" % (scheme, path))
save_nifti("five.nii.gz", np.where(a == 4, 5, a).astype("u1"))
check(
    refused(run("brats-eval", "--scheme", "gli", "five.nii.gz", "b.nii.gz"), 65, "five.nii.gz", "5"), "a 5 is refused"
)
check(run("brats-eval", "--scheme", "GoAT", "a.nii.gz", "b.nii.gz")[0] == 2, "a scheme that is none is a usage error")

# --- records, which hold 2018's labels ------------------------------------------------------------------------------

p, r = labels(3), labels(4)
save_bytes("stream", scored("case", p[None], r[None]))
save_nifti("p3.nii.gz", np.where(p == 4, 3, p).astype("u1"))
save_nifti("r3.nii.gz", np.where(r == 4, 3, r).astype("u1"))
streamed = table(run("brats-eval", "--convention", "brats2026", "stream")[1])[1]
files = scores("p3.nii.gz", "r3.nii.gz").values()
check(
    len(streamed) == 3 and [{**row, "case": 0} for row in streamed] == [{**row, "case": 0} for row in files],
    "a stream of records is scored as the same maps with the challenge's numbers",
)
probabilities = np.stack([p != 0, (p == 1) | (p == 4), p == 4]).astype("f4")
save_bytes("prob", scored("case", probabilities, r[None], role="prob"))
check(table(run("brats-eval", "--convention", "brats2026", "prob")[1])[1] == streamed, "and so are probabilities")
check(
    refused(run("brats-eval", "--scheme", "gli", "stream"), 65, "gli", "NIfTI"),
    "records are refused for labels that they cannot hold",
)

# --- odd maps -------------------------------------------------------------------------------------------------------

nan, inf = math.nan, math.inf
empty, full, speck = np.zeros((6, 7, 8), "u1"), np.full((6, 7, 8), 3, "u1"), np.zeros((6, 7, 8), "u1")
speck[5, 6, 7] = 3
for name, array in (
    ("empty", empty),
    ("full", full),
    ("speck", speck),
    ("flat", full[:1]),
    ("flat_speck", speck[5:]),
    ("line", full[:1, :1]),
):
    save_nifti(name + ".nii.gz", array)
missed = dict(
    tp=0,
    fp=0,
    fn=1,
    precision=nan,
    recall=0,
    f1=0,
    dice=0,
    nsd=0,
    hd95=373,
    lesion_dice=0,
    lesion_dice_std=nan,
    lesion_nsd=0,
    lesion_hd95=inf,
    lesion_hd95_std=nan,
)
found = dict(
    tp=1,
    fp=0,
    fn=0,
    precision=1,
    recall=1,
    f1=1,
    dice=1,
    nsd=1,
    hd95=0,
    lesion_dice=1,
    lesion_dice_std=0,
    lesion_nsd=1,
    lesion_nsd_std=0,
    lesion_hd95=0,
    lesion_hd95_std=0,
)
for p, r, wanted in (
    (
        "empty",
        "empty",
        dict(
            tp=0,
            fp=0,
            fn=0,
            precision=nan,
            recall=nan,
            f1=nan,
            dice=nan,
            nsd=nan,
            hd95=nan,
            lesion_dice=nan,
            lesion_hd95=nan,
            lesion_hd95_std=nan,
        ),
    ),
    ("empty", "full", missed),
    ("empty", "speck", missed),
    ("full", "empty", {**missed, "fp": 1, "fn": 0, "precision": 0, "recall": nan}),
    ("full", "full", found),
    ("speck", "speck", found),
    ("flat", "flat", found),
    ("flat_speck", "flat_speck", found),
    ("line", "line", found),
    ("speck", "full", dict(tp=1, f1=1, dice=2 / 337)),
    ("flat_speck", "flat", dict(tp=1, dice=2 / 57)),
):
    row = scores(p + ".nii.gz", r + ".nii.gz").get("ET")
    good = row and all(
        abs(row[m] - v) < 1e-8 or row[m] == v or (math.isnan(v) and math.isnan(row[m])) for m, v in wanted.items()
    )
    check(good, "brats2026: %s against %s" % (p, r))
small = scores("speck.nii.gz", "speck.nii.gz", convention="brats2026-mets")["ET"]
check(
    equal(small, small_tp=1, small_fp=0, small_f1=1, large_tp=nan, large_f1=nan, lesion_dice=nan, dice=1),
    "brats2026-mets: a voxel is a small lesion, and there is no large one",
)
large = scores("empty.nii.gz", "full.nii.gz", convention="brats2026-mets")["ET"]
check(
    equal(large, large_tp=0, large_fn=1, large_f1=0, small_tp=nan, lesion_dice=0, lesion_hd95=373, lesion_hd95_std=0),
    "brats2026-mets: a large lesion that is missed counts 0 and 373",
)
for convention in ("brats2026", "brats2026-mets", "brats2024"):
    result = run("brats-eval", "--convention", convention, "full.nii.gz", "flat.nii.gz")
    check(refused(result, 65, "8x7x6", "8x7x1") and not result[1], "%s: other grids are refused" % convention)

# Two lesions close to one lesion: the pairs of the largest sum, not the first ones.
lesion = np.zeros((5, 5, 30), "u1")
lesion[2, 2, 0:10] = lesion[2, 2, 11:15] = 3
save_nifti("two.nii.gz", lesion)
lesion[2, 2, 8:12] = 3
save_nifti("one.nii.gz", lesion)
check(
    equal(scores("two.nii.gz", "one.nii.gz")["ET"], tp=1, fp=1, fn=0, precision=0.5, recall=1),
    "a split lesion is found once",
)
row = scores("two.nii.gz", "one.nii.gz", "--columns", "lesion_dice,f1_auc,f1")["ET"]
check(
    abs(row["lesion_dice"] - 20 / 25) < 1e-8 and abs(row["f1_auc"] - 0.85 * 2 / 3) < 1e-8,
    "Dice of the larger part; F1 holds up to a threshold of its Dice, 0.8",
)

# --- JSON -----------------------------------------------------------------------------------------------------------

save_lines("pairs", "c\tempty.nii.gz\tspeck.nii.gz")
for convention in ("brats2026", "brats2024", "brats2026-mets"):
    words = ["brats-eval", "--convention", convention, "--pairs", "pairs"]
    header, rows = table(run(*words)[1])
    objects = [json.loads(line) for line in run(*words, "--json")[1].splitlines()]
    numbers = {None: nan, "inf": inf}
    good = len(rows) == len(objects) and header[-5:] == COUNTS
    for row, found in zip(rows, objects):
        case = found.pop("case", None) or found.pop("statistic")
        good &= case == row["case"] and list(found) == header[1:]
        good &= all(
            isinstance(v, str) and v not in numbers or equal(row, **{k: numbers.get(v, v)}) for k, v in found.items()
        )
    check(good, "%s: --json has the table's columns and values" % convention)
finish()
