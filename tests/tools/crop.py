"""crop against numpy: boxes, odd sizes, overhang, labels that follow, geometry, refusals."""

import itertools

from _tap import check, finish, run
from _volume import np, pair, record, records

rng = np.random.default_rng(5)


def expected(image, size):
    """The window's start and a function that cuts it out of an array, by padding the volume generously."""
    where = np.nonzero((image != 0).any(0))
    start = []
    for axis, n in enumerate(size[::-1]):
        low, extent = where[axis].min(), np.ptp(where[axis]) + 1
        start.append(low + (extent - n) // 2 if extent >= n else low - (n - extent) // 2)
    margin = 64

    def cut(volume):
        padding = [(0, 0)] * (volume.ndim - 3) + [(margin, margin)] * 3
        wide = np.pad(volume, padding)
        window = [slice(s + margin, s + margin + n) for s, n in zip(start, size[::-1])]
        return wide[(Ellipsis, *window)]

    return start, cut


def blob(shape, channels, kind):
    image = np.zeros((channels, *shape), kind)
    for _ in range(5):
        point = tuple(rng.integers(0, n) for n in (channels, *shape))
        image[point] = rng.integers(1, 100)
    return image


good = follows = placed = True
shapes = [(11, 13, 17), (1, 1, 1), (1, 9, 1), (20, 7, 30), (5, 5, 5)]
sizes = [(16, 16, 16), (7, 9, 5), (1, 1, 1), (33, 1, 12), (17, 13, 11)]
for shape, size, kind in itertools.product(shapes, sizes, ("<f4", "<i2", "u1")):
    image = blob(shape, 1 + len(size) % 3, kind)
    label = rng.choice(np.array([0, 1, 2, 4], "u1"), shape)
    status, out, _ = run("crop", "--size", "%dx%dx%d" % size, stdin=pair(image, label))
    got = records(out) if status == 0 else []
    if len(got) != 2:
        good = False
        break
    start, cut = expected(image, size)
    good &= np.array_equal(got[0]["array"].reshape(cut(image).shape), cut(image))
    follows &= np.array_equal(got[1]["array"], cut(label))
    origin = [-start[2], shape[1] - 1 - start[1], start[0]]
    placed &= all(r["origin"] == origin and r["prunet.grid"] == "%d %d %d" % shape[::-1] for r in got)
check(good, "crop centres the box of all sizes and types as numpy does")
check(follows, "a label is cropped as its image")
check(placed, "the origin moves by the offset, the source's grid stays")

image = np.zeros((2, 6, 7, 8), "<f4")
image[1, 2, 3, 4] = 1
image[0] = -0.0
_, out, _ = run("crop", "--size", "3x3x3", stdin=record(image))
check(records(out)[0]["array"][1, 1, 1, 1] == 1, "a negative zero is no voxel of the box")

label = np.zeros((6, 7, 8), "u1")
two = pair(image, label, "a") + pair(np.roll(image, 1, 3), label, "b")
_, out, _ = run("crop", "--size", "3x3x3", stdin=two)
check([r["origin"][0] for r in records(out)] == [-3, -3, -4, -4], "each case has a window of its own")

refusals = [
    ("an image without a non-zero voxel", record(image * 0), "no non-zero voxel"),
    ("a label without its image", record(label, "label"), "without its image"),
    ("a label of another size", pair(image, label[1:]), "8x7x5"),
    ("a label after another case's image", pair(image, label, "a") + record(label, "label", "b"), "b: "),
    ("a stream that is cut", pair(image, label)[:-1], "standard input"),
    ("an empty stream", b"", "standard input"),
]
for name, stream, word in refusals:
    status, out, message = run("crop", "--size", "3x3x3", stdin=stream)
    lines = message.splitlines()
    check(status == 65 and len(lines) == 1 and word in message, "%s is refused (65): %s" % (name, lines))
# a head of 20x14x18 voxels with a tumour at its end; 28x24x22 in all
head = np.zeros((2, 22, 24, 28), "<f4")
head[:, 2:20, 5:19, 4:24] = rng.uniform(1, 2, (2, 18, 14, 20))
tumour = np.zeros((22, 24, 28), "u1")
tumour[8:12, 8:12, 4:8] = 4
stream = pair(head, tumour, "big")
status, out, message = run("crop", "--size", "20x14x18", stdin=stream)
check(status == 0 and not message, "a window as large as the head cuts nothing, and says nothing")
status, out, message = run("crop", "--size", "16x14x20", stdin=stream)
check(status == 0 and "case big: the head is 20x14x18, larger than 16x14x20: 1008 of its voxels are cut off" in message
      and "case big: 32 labelled voxels are cut off" in message, "what is cut off is counted: " + message)
check(run("crop", "--quiet", "--size", "16x14x20", stdin=stream)[1:] == (out, ""), "silently with --quiet")
status, out, message = run("crop", "--strict", "--size", "16x14x20", stdin=stream)
check(status == 65 and not out and "larger than 16x14x20" in message, "--strict refuses")
status, out, message = run("crop", "--strict", "--size", "20x14x18", stdin=pair(head, np.ones_like(tumour), "out"))
check(status == 65 and "%d labelled voxels" % (22 * 24 * 28 - 20 * 14 * 18) in message, "also labels outside the head")
status, plain, _ = run("crop", "--size", "20x14x18", stdin=stream)
for kind, value in (("<f4", 37), ("<f4", -1024.5), ("<i2", -1000)):
    shifted = np.where(head != 0, (head * 100).astype(kind), np.array(value, kind))
    zero = np.where(head != 0, shifted, np.array(0, kind))
    status, out, message = run("crop", "--size", "20x14x18", stdin=record(shifted))
    wanted = run("crop", "--size", "20x14x18", stdin=record(zero))
    check(status == 0 and out == wanted[1] and not wanted[2] and "background is %g, not 0" % value in message,
          "a background of %g is recognised, and said" % value)
noise = np.where(head != 0, head, rng.uniform(-1e-6, 1e-6, head.shape).astype("<f4"))
status, out, message = run("crop", "--size", "20x14x18", stdin=record(noise))
check(status == 0 and "channel 1: the corners are not 0" in message, "noise about 0 is warned of")
for options in (("--size", "4096x4096x4096"), ("--size", "30x30x30", "--max-bytes", "100000")):
    status, out, message = run("crop", *options, stdin=record(image))
    check(status == 65 and "more than the limit" in message, "%s is more than a record may have" % (options,))
finish()
