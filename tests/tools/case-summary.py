"""case-summary: scores, lesions, nesting, slices and pictures against numpy and scipy. Needs numpy; lesions need scipy."""

import base64
import os

from _nifti import refused
from _tap import check, finish, run
from _volume import np, record
from _png import read_png

os.chdir(os.environ["TMPDIR"])
os.mkdir("images")
os.mkdir("assessments")
os.mkdir("cropped")
rng = np.random.default_rng(11)


def volume(seed):
    """Blobs of the three labels."""
    label = np.zeros((12, 30, 26), np.uint8)
    grid = np.indices(label.shape)
    draw = np.random.default_rng(seed)
    for _ in range(5):
        centre = [draw.integers(2, n - 2) for n in label.shape]
        distance = sum((grid[i] - centre[i]) ** 2 for i in range(3))
        radius = draw.integers(2, 20)
        label[distance <= radius] = 2
        label[distance <= radius / 2] = 1
        label[distance <= radius / 4] = 4
    return label


def bits(label):
    return {"WT": label > 0, "TC": (label == 1) | (label == 4), "ET": label == 4}


def save(path, data):
    with open(path, "wb") as file:
        file.write(data)


cases = {"b": (volume(1), volume(2)), "a": (volume(3), volume(3)), "empty": (np.zeros_like(volume(1)), volume(4)), "nothing": (np.zeros_like(volume(1)),) * 2}
with open("pairs", "w") as pairs:
    for name, (prediction, reference) in cases.items():
        save(name + ".p.nrrd", record(prediction, "label", name))
        save(name + ".r.nrrd", record(reference, "label", name))
        pairs.write(f"{name}\t{name}.p.nrrd\t{name}.r.nrrd\n")
image = rng.normal(5, 1, (4, *volume(1).shape)).astype(np.float32)
save("images/b.nrrd", record(image, case="b", last=0) + record(cases["b"][1], "label", "b"))
save("assessments/b.tsv", b"case\titem\tregion\tkey\tvalue\nb\tcalibration\tWT\t3\t10 1.75 2\nb\toutside\tET\tTC\t7\nb\tlater\tWT\tx\ty\nother\toutside\tTC\tWT\t9\n")

code, out, err = run("case-summary", "--pairs", "pairs", "--images", "images", "--assessments", "assessments")
check(code == 0 and not err, "summaries " + err)
lines = [line.split("\t") for line in out.decode().splitlines()]
check(lines[0] == ["case", "item", "region", "key", "value"] and {len(line) for line in lines} == {5}, "five columns")
rows = lines[1:]
check(list(dict.fromkeys(row[0] for row in rows)) == list(cases), "the cases in the order of the list, each together")


def get(case, item, region, key=None):
    return [row[4] if key else (row[3], row[4]) for row in rows if row[:3] == [case, item, region] and (not key or row[3] == key)]


for name, (prediction, reference) in cases.items():
    for region in ("ET", "WT", "TC"):
        p, r = bits(prediction)[region], bits(reference)[region]
        check(get(name, "score", region, "volume_prediction") == ["%d" % p.sum()] and get(name, "score", region, "volume_reference") == ["%d" % r.sum()], f"{name}, {region}: volumes")
        if p.any() or r.any():
            dice = 2 * (p & r).sum() / (p.sum() + r.sum())
            check(abs(float(get(name, "score", region, "dice")[0]) - dice) < 1e-8, f"{name}, {region}: Dice")
            wrong = (p ^ r).sum((1, 2))
            check(get(name, "wrong", region) == [("axial:%d" % (np.argmax(wrong) if wrong.any() else np.argmax((p | r).sum((1, 2)))), "%d" % wrong.max())], f"{name}, {region}: the slice with most wrong voxels")
        else:
            check(not get(name, "wrong", region) and not get(name, "picture", region), f"{name}, {region}: empty in both: no slice")
check(rows[0] == ["b", "case", "-", "convention", "brats"], "the convention")
check(get("b", "case", "-", "image") == ["ok"] and get("b", "case", "-", "label") == ["ok"] and not get("a", "case", "-", "image"), "checks of what was looked at")
check(get("b", "calibration", "WT") == [("3", "10 1.75 2")] and get("b", "outside", "ET") == [("TC", "7")], "assessments are taken over")
check(get("b", "outside", "TC") == [("WT", "0")] and not get("b", "outside", "WT"), "those of other cases are not; the outermost region lies in none")

# pictures
shown = get("b", "picture", "WT")
pixels, chunks = read_png(base64.b64decode(shown[0][1], validate=True))
check(max(pixels.shape[:2]) == 240 and pixels.shape[:2] == (240, 208), f"240 pixels a side at most: {pixels.shape}")
z = int(shown[0][0].split(":")[1])
p, r = (bits(v)["WT"][z] for v in cases["b"])
y, x = ((np.arange(n) + 0.5) * 26 / 208 for n in (240, 208))
y, x = y.astype(int), x.astype(int)
colours = {"missed": ((~p & r)[np.ix_(y, x)], 2, 0), "wrongly found": ((p & ~r)[np.ix_(y, x)], 0, 2)}
for what, (mask, more, less) in colours.items():
    there = pixels[mask].astype(int)
    check(mask.any() and (there[:, more] > there[:, less]).mean() > 0.95, f"{what} has its colour")
black = read_png(base64.b64decode(get("empty", "picture", "WT")[0][1]))[0]
check((black == 0).all(-1).mean() > 0.5, "without an image the ground is black")
check(run("case-summary", "-t", "1", "--pairs", "pairs", "--images", "images", "--assessments", "assessments")[1] == out, "the same with one thread")

# probabilities need not nest
probabilities = np.stack([rng.random(volume(1).shape, np.float32) for _ in range(3)])
save("p.nrrd", record(probabilities, "prob", "b"))
save("pair", b"b\tp.nrrd\tb.r.nrrd\n")
code, loose, err = run("case-summary", "--pairs", "pair")
hot = probabilities > 0.5
rows_of = [line.split("\t") for line in loose.decode().splitlines()]
check(["b", "outside", "ET", "TC", "%d" % (hot[2] & ~hot[1]).sum()] in rows_of and ["b", "outside", "TC", "WT", "%d" % (hot[1] & ~hot[0]).sum()] in rows_of, "voxels outside of the region around theirs")

check(refused(run("case-summary", "--pairs", "none"), 1, "none"), "no list")
save("bad", b"b\tp.nrrd\tmissing.nrrd\n")
check(refused(run("case-summary", "-o", "never", "--pairs", "bad"), 1, "missing.nrrd") and not os.path.exists("never"), "a file that is not there leaves nothing")
for text, word in ((b"case\titem\tregion\tkey\tvalue\nb\tcalibration\tWT\t20\t1 1 1\n", "calibration"), (b"case\titem\tregion\tkey\tvalue\nb\tcalibration\tWT\t1\t1 2 1\n", "calibration"), (b"nonsense\n", "columns"), (b"case\titem\tregion\tkey\tvalue\nb\tc\n", "line 2")):
    save("assessments/b.tsv", text)
    check(refused(run("case-summary", "--pairs", "pair", "--assessments", "assessments"), 65, word), f"a damaged assessment: {word}")
save("images/b.nrrd", record(image, case="b"))
for size, kept in (("26x30x12", np.s_[:]), ("20x26x8", np.s_[2:10, 2:28, 3:23])):
    save("cropped/b.nrrd", run("crop", "--size", size, "images/b.nrrd")[1])
    code, out, err = run("case-summary", "--pairs", "pairs", "--images", "cropped")
    cut_off = (cases["b"][1] > 0).sum() - (cases["b"][1][kept] > 0).sum()
    found = [line.split("\t") for line in out.decode().splitlines() if "cut_off" in line]
    check(code == 0 and found == [["b", "case", "-", "cut_off", "%d" % cut_off]] * int(cut_off > 0), f"label voxels that a crop to {size} cuts off: {cut_off}")
check(cut_off > 0, "there are some")
save("images/b.nrrd", record(image[:, :-1], case="b"))
check(refused(run("case-summary", "--pairs", "pair", "--images", "images"), 65, "does not lie on the grid"), "an image of another size")
code, out, err = run("case-summary")
check(code == 2 and not out, "usage")

try:
    from scipy import ndimage
except ImportError:
    print("ok - lesions # skip needs scipy")
    finish()
for name, (prediction, reference) in cases.items():
    for region in ("ET", "WT", "TC"):
        p, r = bits(prediction)[region], bits(reference)[region]
        for item, of, other in (("lesion", r, p), ("predicted", p, r)):
            labelled, count = ndimage.label(of, np.ones((3, 3, 3)))
            want = [("found" if other[labelled == k].any() else "missed", "%d" % (labelled == k).sum()) for k in range(1, count + 1)]
            check(sorted(get(name, item, region)) == sorted(want), f"{name}, {region}: {item}s and whether they are found")
finish()
