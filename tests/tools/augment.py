"""augment against its numpy version, and the promises that a network in training relies on."""

import os

from _augment_oracle import augment
from _tap import check, finish, run
from _volume import np, pair, record, records

rng = np.random.default_rng(7)


def case_of(shape, channels=4):
    """A smooth image, so that a coordinate's last digits do not show, and labels in blocks."""
    z, y, x = np.meshgrid(*[np.arange(n) for n in shape], indexing="ij")
    waves = [np.sin(0.31 * x + c) + np.cos(0.23 * y - c) + 0.1 * z for c in range(channels)]
    label = np.array([0, 1, 2, 4], "u1")[(x // 5 + y // 4 + z) % 4]
    return np.stack(waves).astype("<f4"), label


def options(seed, epoch, **settings):
    words = ["--seed", str(seed), "--epoch", str(epoch)]
    for name, value in settings.items():
        if name == "flip":
            words += [] if value else ["--no-flip"]
        elif name == "patch":
            words += ["--patch", "%dx%dx%d" % value]
        else:
            words += ["--" + name, repr(value)]
    return words


worst, wrong, total = 0, 0, 0
variants = [
    ((9, 31, 26), 1, 1, {}),
    ((8, 40, 33), 2, 3, {"rotate": 90.0}),
    ((7, 12, 50), 3, 9, {"scale": 1.5, "elastic": 0.0}),
    ((5, 33, 18), 4, 2, {"elastic": 25.0, "flip": False}),
    ((6, 20, 21), 18446744073709551615, 600, {"shift": 3.0}),
    ((10, 30, 28), 5, 4, {"patch": (16, 11, 7)}),
    ((1, 1, 1), 6, 1, {}),
    ((3, 1, 17), 7, 1, {}),
    ((4, 19, 1), 8, 1, {"patch": (1, 19, 2)}),
]
for shape, seed, epoch, settings in variants:
    image, label = case_of(shape)
    status, out, message = run("augment", *options(seed, epoch, **settings), stdin=pair(image, label, "A1"))
    got = records(out) if status == 0 else []
    if len(got) != 2:
        check(False, "augment of %s: %s" % (shape, message))
        continue
    warped, labels = augment(image, label, seed, epoch, "A1", **settings)
    same = got[0]["array"].shape == warped.shape and got[1]["array"].shape == labels.shape
    worst = max(worst, np.abs(got[0]["array"] - warped).max() if same else np.inf)
    wrong += (got[1]["array"] != labels).sum() if same else labels.size
    total += labels.size
check(worst < 1e-5, "images agree with the numpy version: %.1e" % worst)
check(wrong <= 2, "labels agree, but for rounding between two voxels: %d of %d" % (wrong, total))

image, label = case_of((9, 31, 26))
still = ["--rotate", "0", "--scale", "1", "--elastic", "0", "--shift", "0", "--no-flip"]
_, out, _ = run("augment", *still, stdin=pair(image, label))
got = records(out)
unchanged = np.array_equal(got[0]["array"], image) and np.array_equal(got[1]["array"], label)
check(unchanged, "with everything off, nothing changes")
lost = [key for key in got[0] if key in ("space origin", "prunet.grid", "prunet.affine", "space directions")]
check(not lost and "seed" in got[0]["prunet.aug"], "geometry goes, prunet.aug comes: " + got[0]["prunet.aug"])

a, b = pair(image, label, "a"), pair(image + 1, label, "b")
whole = [run("augment", "--seed", "3", "--epoch", "5", stdin=s)[1] for s in (a + b, b + a, a, b)]
check(whole[0] == whole[2] + whole[3] and whole[1] == whole[3] + whole[2], "the order of the cases does not matter")
folder = os.environ["TMPDIR"]
for name, stream in (("a.nrrd", a), ("b.nrrd", b)):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(stream)
files = run("augment", "--seed", "3", "--epoch", "5", folder + "/a.nrrd", folder + "/b.nrrd")[1]
check(files == whole[0], "files give what a pipe gives")
threads = [run("augment", "--seed", "3", "--epoch", "5", stdin=a + b, env={"OMP_NUM_THREADS": n})[1] for n in ("1", "2", "7")]
check(set(threads) == {whole[0]}, "any number of threads gives the same bytes")
alone = run("augment", "--seed", "3", "--epoch", "5", stdin=record(label, "label", "a"))[1]
check(whole[2].endswith(records(alone)[0]["array"].tobytes()), "a label alone is warped as after its image")
others = [run("augment", "--seed", s, "--epoch", e, stdin=a)[1] for s, e in (("4", "5"), ("3", "6"))]
check(len({*others, whole[2]}) == 3, "another seed or epoch is another warp")

flipped = np.zeros(4, int)
independent = labels_kept = True
for epoch in range(12):
    one = image.copy()
    one[:, 2] += rng.normal(size=one[:, 2].shape).astype("<f4")
    words = options(1, epoch)
    first = records(run("augment", *words, stdin=pair(image, label))[1])
    second = records(run("augment", *words, stdin=pair(one, label))[1])
    changed = np.nonzero((first[0]["array"] != second[0]["array"]).any((0, 2, 3)))[0]
    letters = first[0]["prunet.aug"].split()[-1]
    independent &= list(changed) == [6 if "z" in letters else 2]
    labels_kept &= set(np.unique(first[1]["array"])) <= {0, 1, 2, 4}
    flipped += [c in letters for c in "xyz-"]
check(independent, "a change in one slice shows in that slice alone, or in its mirror")
check(labels_kept, "labels stay within 0, 1, 2, 4")
check(all(0 < n < 12 for n in flipped[:3]), "each axis is flipped now and then: %s" % flipped)

refusals = [
    ("a patch larger than the volume", ["--patch", "32x8x8"], a, 65, "crop to a larger size"),
    ("a label of another size", [], pair(image, label[1:]), 65, "26x31x8"),
    ("a label of 3", [], pair(image, label // 4 * 3), 65, "label 3"),
    ("a mask", [], record(image, "mask"), 65, "mask"),
    ("a cut stream", [], a[:-1], 65, "case a"),
    ("--scale 0.5", ["--scale", "0.5"], a, 2, "--scale"),
    ("--shift -1", ["--shift", "-1"], a, 2, "--shift"),
]
for name, words, stream, wanted, word in refusals:
    status, out, message = run("augment", *words, stdin=stream)
    check(status == wanted and word in message, "%s: %d, %s" % (name, status, message.splitlines()[:1]))
finish()
