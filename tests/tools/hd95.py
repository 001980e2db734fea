"""hd95: small masks against all pairs of border voxels, empty masks under every convention, real cases."""

import gzip
import json
import os

from _scores import COUNTS, SHAPE, close, hd95, labels, region, save, save_lines, save_nifti, scored, table
from _tap import check, finish, run
from _volume import np

SPACING = (0.5, 1.25, 3)


def values(out):
    return {row["region"]: row["hd95"] for row in table(out)[1]}


# --- by all pairs ----------------------------------------------------------------------------------------------------

for seed in range(3):
    p, r = labels(seed, (0, 0, 0, 0, 0, 0, 1, 2, 4)), labels(50 + seed, (0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4))
    save_nifti("p.nii.gz", p, SPACING)
    save_nifti("r.nii.gz", r, SPACING)
    for convention, spacing, pooled in (("brats", (1, 1, 1), True), ("prunet-2019", (1, 1, 1), True),
                                        ("medpy", SPACING, True), ("monai", SPACING, False)):
        status, out, _ = run("hd95", "--convention", convention, "p.nii.gz", "r.nii.gz")
        header, _ = table(out)
        wanted = {name: hd95(region(p, name), region(r, name), spacing, pooled) for name in ("ET", "WT", "TC")}
        check(status == 0 and all(close(v, wanted[k]) for k, v in values(out).items()) and list(values(out)) == list(wanted),
              "%s by all pairs of border voxels, seed %d" % (convention, seed))
check(header == ["case", "region", "hd95"] + COUNTS, "the columns are an interface")

stream = scored("A", p, r) + scored("B", r, p)
status, out, _ = run("hd95", "-", stdin=stream)
rows = table(out)[1]
check(status == 0 and len(rows) == 6 and [row["hd95"] for row in rows[:3]] == [row["hd95"] for row in rows[3:]],
      "a stream of two cases, one the other's mirror")

# --- empty masks -----------------------------------------------------------------------------------------------------

empty, some = np.zeros(SHAPE, "u1"), labels(9, (0, 4))
save_nifti("empty.nii", empty)
save_nifti("some.nii", some)
diagonal = float(np.sqrt(np.sum(np.square(SHAPE))))
nan, inf = float("nan"), float("inf")
for convention, both, one in (("brats", 0, diagonal), ("prunet-2019", nan, nan), ("medpy", nan, nan), ("monai", nan, nan),
                              ("deepmind", inf, inf), ("brats2023-gli", 0, 374), ("brats2023-men", 0, 374),
                              ("brats2023-met", 0, 374), ("brats2023-legacy", 0, 374), ("metrics-reloaded", 0, nan)):
    found = [values(run("hd95", "--convention", convention, *pair)[1])["ET"]
             for pair in (("empty.nii", "empty.nii"), ("empty.nii", "some.nii"), ("some.nii", "empty.nii"))]
    good = all(close(a, b) if np.isfinite(b) else repr(a) == repr(float(b)) for a, b in zip(found, (both, one, one)))
    check(good, "%s: %g where both are empty, %g where one is" % (convention, both, one))
save_lines("pairs", "a\tempty.nii\tempty.nii", "b\tempty.nii\tsome.nii", "c\tsome.nii\tsome.nii")
rows = [json.loads(line) for line in run("hd95", "--convention", "medpy", "--json", "--pairs", "pairs")[1].splitlines()]
check([row["hd95"] for row in rows[0:9:3]] == [None, None, 0], "undefined is null in JSON")
mean = [row for row in rows if row.get("statistic") == "mean" and row["region"] == "ET"][0]
check((mean["hd95"], mean["both_empty"], mean["prediction_empty"], mean["reference_empty"], mean["left_out"]) == (0, 1, 1, 0, 2),
      "a mean over one case of three says so")
rows = [json.loads(line) for line in run("hd95", "--convention", "deepmind", "--json", "--pairs", "pairs")[1].splitlines()]
check(rows[0]["hd95"] == "inf" and rows[9]["hd95"] == "inf", "endless is \"inf\" in JSON, and so is its mean")

# --- real cases ------------------------------------------------------------------------------------------------------


def real_case(path):
    """A label map against itself moved by (3, -2, 1), and with false positives in two corners."""
    name = os.path.basename(path)
    with gzip.open("%s/%s_seg.nii.gz" % (path, name)) as file:
        data = file.read()
    offset = int(np.frombuffer(data, "<f4", 1, 108)[0])
    kind = {2: "u1", 4: "<i2", 8: "<i4", 16: "<f4", 64: "<f8", 512: "<u2"}[np.frombuffer(data, "<i2", 1, 70)[0]]
    size = np.frombuffer(data, "<i2", 3, 42)
    array = np.frombuffer(data, kind, int(np.prod(size)), offset).reshape(size[::-1])
    moved = np.roll(array, (1, -2, 3), (0, 1, 2)).astype(array.dtype)
    far = moved.copy()
    far[1, 1, 1] = far[-2, -2, -2] = 4
    for which, voxels in (("reference", array), ("moved", moved), ("far", far)):
        save(which + ".nii", data[:offset] + voxels.tobytes())
    there, back = (values(run("hd95", *pair)[1]) for pair in (("moved.nii", "reference.nii"), ("reference.nii", "moved.nii")))
    step = float(np.sqrt(14))
    check(there == back and all(0 < value <= step for value in there.values()),
          "%s moved by (3, -2, 1): HD95 at most sqrt(14), the same both ways" % name)
    status, out, _ = run("hd95", "far.nii", "reference.nii")
    check(status == 0 and values(out) == there, "two far false positives do not move it")


data = os.environ.get("PRUNET_TEST_DATA")
for case in sorted(os.listdir(data)) if data else []:
    if os.path.isdir(os.path.join(data, case)):
        real_case(os.path.join(data, case))
if not data:
    print("ok - real cases # skip PRUNET_TEST_DATA is not set")
finish()
