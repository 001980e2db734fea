"""raw2png: slices, orientation, windows, contours and errors against numpy. Needs numpy."""

import os

from _nifti import refused
from _tap import check, finish, run
from _volume import np, record
from _png import read_png, tiles

os.chdir(os.environ["TMPDIR"])
rng = np.random.default_rng(3)
COLOURS = [(0, 158, 115), (213, 94, 0), (240, 228, 66)]  # WT, TC, ET
USUAL = b"space directions: (-1,0,0) (0,-1,0) (0,0,1)"


def directed(data, x, y, z):
    """A record with other space directions."""
    steps = " ".join("(%.9g,%.9g,%.9g)" % tuple(step) for step in (x, y, z))
    return data.replace(USUAL, b"space directions: " + steps.encode())


def picture(*options, stdin):
    code, out, err = run("raw2png", *options, stdin=stdin)
    assert code == 0, err
    return read_png(out)


def tile(pixels, where):
    _, _, x, y, width, height, _ = where
    return pixels[y : y + height, x : x + width]


# --- orientation: a bright block at a known place of the patient, whatever the array's order -------------------------

# array axis -> step in RAS; the block lies in the patient's right, front and upper corner
ORDERS = {
    "LPS": ((-1, 0, 0), (0, -1, 0), (0, 0, 1)),
    "RAS": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "axes in another order": ((0, 1, 0), (0, 0, -1), (-1, 0, 0)),
    "feet first": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
}
for name, steps in ORDERS.items():
    block = np.zeros((24, 24, 24), np.float32)
    place = []
    for axis in range(3):
        towards = sum(steps[axis])  # R, A and S are the positive ends
        place.append(slice(16, 24) if towards > 0 else slice(0, 8))
    block[place[2], place[1], place[0]] = 1 + rng.random((8, 8, 8), np.float32)
    inside = [(p.start + p.stop) // 2 for p in place]
    through = {plane: max(range(3), key=lambda a: abs(steps[a][i])) for plane, i in (("axial", 2), ("coronal", 1), ("sagittal", 0))}
    options = [o for plane, axis in through.items() for o in ("--slice", f"{plane}:{inside[axis]}")]
    pixels, chunks = picture(*options, "--zoom", "4", "--window", "0,50", stdin=directed(record(block), *steps))
    seen = tiles(chunks)
    want = {"axial": ("R", "L", "A", "P"), "coronal": ("R", "L", "S", "I"), "sagittal": ("A", "P", "S", "I")}
    check([t[0] for t in seen] == list(want) and all(t[6] == want[t[0]] for t in seen), f"{name}: the marks are those of the affine")
    quarters = []
    for t in seen:
        grey = tile(pixels, t).astype(float)
        quarters.append(grey[10:28, 10:28].mean() > 100 and grey[60:90, 56:86].mean() < 5)
    check(all(quarters), f"{name}: right is left, front and head are up")

# oblique: 30 degrees about the head's axis, and a tilt too small to name
turn = np.radians(30)
oblique = ((-np.cos(turn), -np.sin(turn), 0), (np.sin(turn), -np.cos(turn), 0), (0, 0, 1))
block = np.ones((9, 9, 9), np.float32)
marks = tiles(picture("--slice", "axial:4", "--slice", "sagittal:4", stdin=directed(record(block), *oblique))[1])
check(marks[0][6] == ("RA", "LP", "AL", "PR"), f"oblique: two letters, the nearer first: {marks[0][6]}")
check(marks[1][6] == ("AL", "PR", "S", "I"), "and one where the side is straight")
tilt = np.radians(10)
marks = tiles(picture("--slice", "axial:4", stdin=directed(record(block), (-np.cos(tilt), -np.sin(tilt), 0), (np.sin(tilt), -np.cos(tilt), 0), (0, 0, 1)))[1])
check(marks[0][6] == ("R", "L", "A", "P"), "a tilt of 10 degrees is not named")
bare = record(block).replace(USUAL + b"\n", b"").replace(b"space: right-anterior-superior\n", b"")
bare = b"\n".join(l for l in bare.split(b"\n\n")[0].split(b"\n") if not l.startswith((b"space origin", b"prunet.grid", b"prunet.affine"))) + b"\n\n" + block.tobytes()
pixels, chunks = picture(stdin=bare)
check(tiles(chunks)[0][6] == ("-", "-", "-", "-"), "a record without geometry has no marks")

# --- spacing ---------------------------------------------------------------------------------------------------------

spaced = directed(record(np.ones((7, 12, 10), np.float32)), (-0.5, 0, 0), (0, -1, 0), (0, 0, 3))
pixels, chunks = picture("--zoom", "4", stdin=spaced)
sizes = {t[0]: t[4:6] for t in tiles(chunks)}
check(sizes == {"axial": (40, 96), "coronal": (40, 168), "sagittal": (96, 168)}, f"a pixel is a square in millimetres: {sizes}")
check(chunks["pHYs"] == bytes.fromhex("00001f4000001f4001"), "pHYs: 8000 pixels a metre")
wide = directed(record(np.ones((2, 3, 4), np.float32)), (-1e-3, 0, 0), (0, -500, 0), (0, 0, 1))
pixels, chunks = picture("--zoom", "16", stdin=wide)
check(max(pixels.shape) < 10000 and min(t[4] for t in tiles(chunks)) >= 1, f"voxels of a micrometre by half a metre: {pixels.shape}")
for odd in ((0, 0, 0), (-1, 0, 0)):
    code, out, err = run("raw2png", stdin=directed(record(np.ones((2, 3, 4), np.float32)), (-1, 0, 0), odd, (0, 0, 1)))
    check(code in (0, 65) and err.count("\n") <= 1, f"a step of {odd}: {code} {err}")

# --- windows ---------------------------------------------------------------------------------------------------------

image = rng.normal(0, 3, (2, 5, 49, 61)).astype(np.float32)
image[:, :, 0] = 0
for options, low, high, channel in ((("--channel", "0"), 1, 99, 0), (("--window", "10,60", "--channel", "1"), 10, 60, 1)):
    pixels, chunks = picture(*options, "--zoom", "1", "--slice", "axial:2", "--style", "none", stdin=record(image))
    brain = image[channel][image[channel] != 0]
    a, b = np.percentile(brain, (low, high))
    want = np.floor(255 * np.clip((image[channel, 2] - a) / (b - a), 0, 1) + 0.5) * (image[channel, 2] != 0)
    got = tile(pixels, tiles(chunks)[0])[..., 0].astype(float)
    check((np.abs(got - want) > 1).sum() < 400, f"window {low},{high} of channel {channel}")
large = rng.normal(0, 3, (1, 9, 120, 130)).astype(np.float32)
pixels, chunks = picture("--zoom", "1", "--slice", "axial:4", stdin=record(large[0]))
a, b = np.percentile(large, (1, 99))
want = np.floor(255 * np.clip((large[0, 4] - a) / (b - a), 0, 1) + 0.5)
difference = np.abs(tile(pixels, tiles(chunks)[0])[..., 0] - want)
check((difference > 1).sum() < 400, f"every pixel but those of the four marks: {(difference > 1).sum()} differ")
strange = large[0].copy()
strange[4, 50:60, 50:60] = np.nan
strange[4, 70:80, 50:60] = np.inf
pixels, chunks = picture("--zoom", "1", "--slice", "axial:4", stdin=record(strange))
check((tile(pixels, tiles(chunks)[0])[52:58, 52:58] == 0).all(), "what is not a number is black")
pixels, _ = picture("--slice", "axial:1", stdin=record(np.zeros((3, 40, 40), np.float32)))
check((pixels[20:30, 20:30] == 0).all(), "an image of zeros is black")
names = record(image[:, :, :, :]).replace(b"prunet.last", b"prunet.channels:=t1 flair\nprunet.last")
check(picture(stdin=names)[1]["Title"] == "case flair" and picture("--channel", "t1", stdin=names)[1]["Title"] == "case t1", "flair by default, another by its name")

# --- what lies over it -------------------------------------------------------------------------------------------------


def disc(size, centre, radius):
    grid = np.indices(size)
    return sum((grid[i] - centre[i]) ** 2 for i in range(3)) <= radius**2


label = np.zeros((40, 60, 70), np.uint8)
label[disc(label.shape, (20, 28, 40), 16)] = 2
label[disc(label.shape, (20, 28, 40), 11)] = 1
label[disc(label.shape, (20, 30, 42), 5)] = 4
label[2:4, 50:53, 5:8] = 4
image = rng.normal(5, 1, label.shape).astype(np.float32)
both = record(image, last=0) + record(label, "label")
regions = [label > 0, (label == 1) | (label == 4), label == 4]


def edge(mask):
    """A slice's pixels of which one of the four neighbours is outside."""
    wide = np.pad(mask, 1)
    return mask & ~(wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:])


def mark_free(shape):
    """Where no mark can be: away from the middles of the sides."""
    free = np.ones(shape, bool)
    middle_y, middle_x = shape[0] // 2, shape[1] // 2
    free[middle_y - 6 : middle_y + 8, :12] = free[middle_y - 6 : middle_y + 8, -12:] = False
    free[:12, middle_x - 6 : middle_x + 8] = free[-12:, middle_x - 6 : middle_x + 8] = False
    return free


pixels, chunks = picture("--zoom", "1", stdin=both)
axial = tiles(chunks)[0]
areas = [(regions[0][z] & disc(label.shape, (20, 28, 40), 17)[z]).sum() for z in range(40)]
check(axial[1] == int(np.argmax(areas)), "the slice with most of the largest tumour")
pixels, chunks = picture("--zoom", "1", "--slice", "axial:20", "--slice", "coronal:28", "--slice", "sagittal:40", stdin=both)
planes = [lambda v: v[20], lambda v: v[::-1, 28], lambda v: v[::-1, :, 40]]
for t, cut in zip(tiles(chunks), planes):
    got = tile(pixels, t).astype(int)
    want = np.zeros(got.shape, int)
    drawn = np.zeros(got.shape[:2], bool)
    for region, colour in zip(regions, COLOURS):
        want[edge(cut(region))] = colour
        drawn |= edge(cut(region))
    free = mark_free(drawn.shape)
    check((got[drawn & free] == want[drawn & free]).all() and (got[~drawn & free].ptp(-1) if hasattr(got, "ptp") else np.ptp(got[~drawn & free], -1)).max() == 0,
          f"{t[0]}: contours are the regions' inner edges, in their colours, and nothing else has a colour")
pixels, chunks = picture("--zoom", "3", "--slice", "axial:20", stdin=both)
got = tile(pixels, tiles(chunks)[0]).astype(int)
whole = (got == COLOURS[0]).all(-1)
want = edge(np.kron(regions[0][20], np.ones((3, 3), bool)))
check((whole[want & ~edge(np.kron(regions[1][20], np.ones((3, 3), bool)))]).all(), "enlarged, contours stay a pixel wide")
pixels, chunks = picture("--zoom", "1", "--slice", "axial:20", "--style", "tint", stdin=both)
got = tile(pixels, tiles(chunks)[0]).astype(int)
grey = tile(picture("--zoom", "1", "--slice", "axial:20", "--style", "none", stdin=both)[0], axial).astype(int)
last = np.where(regions[2][20], 2, np.where(regions[1][20], 1, 0))
want = np.where(regions[0][20][..., None], grey + 0.45 * (np.array(COLOURS)[last] - grey), grey)
free = mark_free(last.shape)
check(np.abs(got - want)[free].max() <= 1, "a tint is the innermost region's colour, 45 %")

prediction = np.roll(label, 3, 2)
open("prediction.nrrd", "wb").write(record(prediction, "label"))
pixels, chunks = picture("--zoom", "1", "--slice", "axial:20", "--over", "prediction.nrrd", "--style", "errors", "--region", "TC", stdin=both)
got = tile(pixels, tiles(chunks)[0]).astype(int)
p, r = np.roll(regions[1], 3, 2)[20], regions[1][20]
for name, mask, colour in (("TP", p & r, (0, 158, 115)), ("FP", p & ~r, (213, 94, 0)), ("FN", ~p & r, (86, 180, 233))):
    want = grey + 0.45 * (np.array(colour) - grey)
    check(np.abs(got - want)[mask & free].max() <= 1, f"{name} of TC has its colour")
check((got == grey)[~p & ~r & free].all(), "and what is right in both has none")
check(picture("--zoom", "1", "--slice", "axial:20", "--region", "TC", stdin=record(image, last=0) + record(prediction, "label", last=0) + record(label, "label"))[0].tobytes() == pixels.tobytes(),
      "the same from a stream of image, prediction, reference")
open("label.nrrd", "wb").write(record(label, "label"))
check(picture("--zoom", "1", "--slice", "axial:20", "--region", "TC", "--over", "prediction.nrrd", "--reference", "label.nrrd", stdin=record(image))[0].tobytes() == pixels.tobytes(), "and from files")
probabilities = np.stack([np.where(region, 0.9, 0.1) for region in regions]).astype(np.float32)
check(picture("--zoom", "1", stdin=record(image, last=0) + record(probabilities, "prob"))[0].tobytes() == picture("--zoom", "1", stdin=both)[0].tobytes(), "probabilities above one half")
pixels, chunks = picture("--mosaic", "5", "--zoom", "1", stdin=both)
check([t[1] for t in tiles(chunks)] == [2 + int((i + 0.5) * 35 / 5) for i in range(5)], "a mosaic goes evenly through the tumour")
pixels, chunks = picture("--mosaic", "64", "--plane", "coronal", "--zoom", "1", stdin=both)
check({t[0] for t in tiles(chunks)} == {"coronal"} and len(tiles(chunks)) == len({t[1] for t in tiles(chunks)}), "no slice twice")

# a prediction on the whole grid over a crop
crop = run("crop", "--size", "32x48x32", stdin=both)[1]
open("whole.nrrd", "wb").write(record(label, "label"))
first = picture("--zoom", "1", stdin=crop)
images = crop[: crop.index(b"NRRD0005", 8)].replace(b"prunet.last:=0", b"prunet.last:=1")
check(picture("--zoom", "1", "--over", "whole.nrrd", stdin=images)[0].tobytes() == first[0].tobytes(), "a map on the source's grid is cut as the image was")

# another scheme: regions, colours and what is drawn without --over are the record's, a file's those of --scheme
open("organ.scheme", "w").write("scheme organ\nmodality ct\nlabel 7 liver 10,20,30\nlabel 9 cyst 200,40,50\nregion LIVER 7 9 paints 7\nregion CYST 9\n")
organ = np.where(label == 4, 9, np.where(label > 0, 7, 0)).astype(np.uint8)
text = "scheme organ; modality ct; label 7 liver 10,20,30; label 9 cyst 200,40,50; region LIVER 7 9 paints 7; region CYST 9"
noted = record(organ, "label").replace(b"\n\n", b"\nprunet.scheme:=" + text.encode() + b"\n\n", 1)
pixels = picture("--zoom", "1", "--slice", "axial:20", "--style", "contour", stdin=record(image, last=0) + noted)[0]
check({(10, 20, 30), (200, 40, 50)} <= {tuple(p) for p in pixels.reshape(-1, 3).tolist()}, "a record's scheme has its own colours")
drawn = {tuple(p) for p in pixels.reshape(-1, 3).tolist() if len(set(p)) > 1}
check(not drawn & set(COLOURS), "and not those of BraTS")
check(refused(run("raw2png", "--region", "WT", stdin=record(image, last=0) + noted), 2, "LIVER CYST"), "nor its regions")
check(refused(run("raw2png", stdin=record(image, last=0) + record(organ, "label")), 65, "labels are 0, 1, 2 and 4"), "its labels alone are none")
check(refused(run("raw2png", "--scheme", "brats-2018", stdin=record(image, last=0) + noted), 65, "scheme organ"), "nor with --scheme of another one")
open("organ.nrrd", "wb").write(noted)
check(run("raw2png", "--scheme", "organ.scheme", "--over", "organ.nrrd", stdin=record(image))[0] == 0, "a file by --scheme")

# --- odd ones ---------------------------------------------------------------------------------------------------------

for shape in ((1, 30, 20), (1, 1, 20), (1, 1, 1), (20, 1, 1)):
    flat = np.ones(shape, np.float32)
    code, out, err = run("raw2png", stdin=record(flat, last=0) + record(np.full(shape, 4, np.uint8), "label"))
    check(code == 0 and len(tiles(read_png(out)[1])) == 3, f"a volume of {shape}: three planes {err}")
check([t[1] for t in tiles(picture(stdin=record(image, last=0) + record(np.zeros_like(label), "label"))[1])] == [20, 30, 35], "no tumour: the middle")
check(picture(stdin=record(label, "label"))[1]["Title"] == "case ", "a label map alone")
check(run("raw2png", stdin=both)[1] == run("raw2png", stdin=both)[1], "the same picture twice, byte for byte")
code, out, err = run("raw2png", "-o", "out.png", stdin=both)
check(code == 0 and not out and open("out.png", "rb").read() == run("raw2png", stdin=both)[1], "-o")

check(refused(run("raw2png", stdin=b""), 65, "empty"), "an empty stream")
check(refused(run("raw2png", "-o", "never.png", stdin=both[:-1]), 65, "record 2") and not [f for f in os.listdir(".") if "never" in f], "a stream that is cut leaves nothing")
check(refused(run("raw2png", stdin=record(image) + record(image, case="other")), 65, "one case at a time"), "two cases")
check(refused(run("raw2png", stdin=record(image, last=0) + record(image)), 65, "an image where"), "two images")
check(refused(run("raw2png", stdin=record(image, last=0) + 2 * record(label, "label", last=0) + record(label, "label")), 65, "more than"), "three maps")
check(refused(run("raw2png", "--over", "label.nrrd", stdin=record(image[:-1])), 65, "does not lie on the grid"), "a map of another size")
moved = directed(record(label, "label"), (-1, 0, 0), (0, -1, 0), (0, 0, 2))
open("moved.nrrd", "wb").write(moved)
check(refused(run("raw2png", "--over", "moved.nrrd", stdin=record(image)), 65, "does not lie on the grid"), "a map of another spacing")
check(refused(run("raw2png", stdin=record(image, last=0) + record(np.full_like(label, 9), "label")), 65, "9"), "a label that is none")
check(refused(run("raw2png", "--over", "none.nrrd", stdin=record(image)), 1, "none.nrrd"), "no such file")
for options, word in ((("--slice", "axial:40"), "40"), (("--slice", "axial"), "axial:77"), (("--slice", "top:3"), "top"), (("--slice", "axial:-1"), "-1"), (("--slice", "axial:99999999999999999999"), "PLANE"),
                      (("--window", "9"), "1,99"), (("--window", "90,10"), "1,99"), (("--window", "nan,99"), "1,99"), (("--window", "1,99x"), "1,99"),
                      (("--style", "pretty"), "pretty"), (("--style", "errors"), "reference"), (("--region", "XX"), "WT TC ET"), (("--channel", "t9"), "t9"), (("--plane", "up", "--mosaic", "2"), "up")):
    check(refused(run("raw2png", *options, stdin=both), 2, word), f"{' '.join(options)} is a usage error")
for options in (("--mosaic", "65"), ("--zoom", "17"), ("--zoom", "0"), ("--mosaic", "2", "--slice", "axial:1")):
    code, out, err = run("raw2png", *options, stdin=both)
    check(code == 2 and not out, f"{' '.join(options)} is a usage error")
finish()
