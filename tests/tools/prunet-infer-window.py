"""prunet-infer --window: the windows of a volume joined as MONAI does, beside a reading of its formulas in numpy.

The oracle cuts the windows, has each segmented as a volume of its own and adds them up in double precision:
sliding_window_inference and compute_importance_map of MONAI 1.3 (monai/inferers/utils.py, monai/data/utils.py), with
sigma_scale 0.125; nnU-Net's compute_gaussian has the same deviation, an eighth of a side."""

import itertools
import os

from _tap import check, finish, run
from _volume import np, record, records

os.chdir(os.environ["TMPDIR"])
draw = np.random.default_rng(5)


def state(name, *options):
    status, _, err = run("prunet-init", "--channels", "4,8,8", "--groups", "2", *options, "-o", name)
    check(not status, "prunet-init " + name + err)
    return name


def infer(array, *options):
    status, out, err = run("prunet-infer", *options, stdin=record(array))
    check(not status, "prunet-infer %s%s" % (" ".join(options), err))
    return records(out)[0]["array"]


def starts(length, side, overlap):
    """Where the windows of an axis begin."""
    interval = max(1, int(side * (1 - overlap))) if side < length else side
    found = [0]
    while found[-1] + side < length:
        found.append(min(found[-1] + interval, length - side))
    return found


def weights(shape, gaussian):
    if not gaussian:
        return np.ones(shape)
    axes = [np.exp(-((np.arange(n) - (n - 1) / 2) ** 2) / (2 * (0.125 * n) ** 2)) for n in shape]
    return np.maximum(axes[0][:, None, None] * axes[1][:, None] * axes[2], 1e-3)


def by_windows(array, window, overlap, gaussian, *options):
    """window: z, y, x."""
    size = array.shape[1:]
    side = [min(w, n) for w, n in zip(window, size)]
    weight = weights(side, gaussian)
    total, of_weights = np.zeros((3,) + size), np.zeros(size)
    for corner in itertools.product(*(starts(n, w, overlap) for n, w in zip(size, side))):
        box = tuple(slice(c, c + w) for c, w in zip(corner, side))
        status, out, _ = run("prunet-infer", *options, stdin=record(np.ascontiguousarray(array[(slice(None),) + box])))
        total[(slice(None),) + box] += weight * records(out)[0]["array"].astype(np.float64)
        of_weights[box] += weight
    return total / of_weights


def text(window):
    return "x".join(str(n) for n in window[::-1])


one, two = state("one", "--seed", "1"), state("two", "--seed", "2", "--encoder-blocks", "2")
image = draw.normal(size=(4, 21, 26, 30)).astype("<f4")
whole = infer(image, "-m", one)
for window, overlap, gaussian in (
    ((8, 8, 16), 0.5, False),
    ((8, 12, 8), 0.5, True),
    ((16, 16, 16), 0, False),
    ((16, 16, 16), 0.25, True),
    ((20, 20, 28), 0.99, True),
    ((64, 8, 64), 0.3, True),
    ((12, 64, 64), 0.7, False),
):
    flags = ("--window", text(window), "--overlap", str(overlap)) + (("--gaussian",) if gaussian else ())
    got = infer(image, "-m", one, *flags)
    away = np.abs(got - by_windows(image, window, overlap, gaussian, "-m", one)).max()
    check(away < 2e-6 and got.shape == whole.shape, "%s: as the oracle within 2e-6 (%.1e)" % (" ".join(flags), away))
    check(np.abs(got - whole).max() > 1e-4, "which is not the whole volume's result")
flags = ("--window", "16x8x8", "--gaussian")
got = infer(image, "-m", one, *flags)
again = infer(image, "-m", one, *flags, "--overlap", "0.5")
check(np.array_equal(got, again), "the overlap is 0.5 unless one says else")
for threads in ("1", "2", "5"):
    again = infer(image, "-m", one, *flags, "--threads", threads)
    check(np.array_equal(again, got), "the same bytes with %s threads" % threads)

# What one window covers is the whole volume, to the bit.
for window in ("32x28x24", "64x64x64", "4096x4096x4096"):
    for how, extra in (((), ()), (("--gaussian", "--overlap", "0.9"), ()), ((), ("--flip-tta",)), ((), ("-m", two))):
        got = infer(image, "-m", one, "--window", window, *how, *extra)
        check(np.array_equal(got, infer(image, "-m", one, *extra)),
              "--window %s %s: all of it at once" % (window, " ".join(how + extra)))

# Flips are those of a window, models take turns.
for extra in (("--flip-tta",), ("-m", two), ("-m", two, "--flip-tta")):
    got = infer(image, "-m", one, *extra, "--window", "16x16x8", "--gaussian")
    away = np.abs(got - by_windows(image, (8, 16, 16), 0.5, True, "-m", one, *extra)).max()
    check(away < 2e-6, "with %s: as the oracle within 2e-6 (%.1e)" % (" ".join(extra), away))

# A stream of other sizes, label maps, geometry.
small = np.ascontiguousarray(image[:, :5, :7, :3])
stream = record(image, case="a") + record(small, case="b") + record(image, case="c")
status, out, err = run("prunet-infer", "-m", one, *flags, stdin=stream)
found = records(out)
check(not status and np.array_equal(found[0]["array"], found[2]["array"]), "each volume of a stream is tiled by itself")
check(np.array_equal(found[1]["array"], infer(small, "-m", one)), "one that is smaller than the window is not")
keys = "space origin", "space directions", "prunet.grid", "prunet.affine"
plain = records(run("prunet-infer", "-m", one, stdin=record(image))[1])[0]
check(all(found[0][k] == plain[k] for k in keys) and found[0]["prunet.role"] == "prob", "geometry as without windows")
labels = np.zeros(image.shape[1:], "u1")
for value, region in zip((2, 1, 4), found[0]["array"]):
    labels[region > 0.5] = value
got = infer(image, "-m", one, *flags, "--label-map")
check(np.array_equal(got, labels), "--label-map: of the joined probabilities")


def refused(status, said, *options):
    code, out, err = run("prunet-infer", "-m", one, *options, stdin=record(image))
    check(code == status and not out and said in err, "%s: %d, %s" % (" ".join(options), code, err.splitlines()[:1]))


refused(2, "less than 1", "--window", "8x8x8", "--overlap", "1")
refused(2, "less than 1", "--window", "8x8x8", "--overlap", "-0.1")
refused(2, "--overlap", "--window", "8x8x8", "--overlap", "nan")
refused(2, "--window XxYxZ is needed", "--gaussian")
refused(2, "--window XxYxZ is needed", "--overlap", "0.25")
refused(2, "multiples of 4 voxels, such as 12x8x8", "--window", "10x8x8")
refused(2, "such as 160x192x160", "--window", "8x8")
refused(2, "1..4096", "--window", "0x8x8")
image[2, 20, 25, 29] = np.nan
code, out, err = run("prunet-infer", "-m", one, *flags, stdin=record(image))
check(code == 65 and not out and "not finite" in err, "a voxel that is not a number, in the last window")

# Memory: the window's network, the volume's image and result, and no more than what the plan says.
wide = "wide"
run("prunet-init", "--channels", "16,24,32", "--groups", "2", "-o", wide)
shape = (48, 160, 160)
with open("large.nrrd", "wb") as file:
    file.write(record(draw.normal(size=(4,) + shape).astype("<f4")))


def planned(*options):
    out = run("prunet-plan", "-m", wide, "--size", text(shape), "--window", "32x32x32", *options)[1].decode()
    rows = [row.split("\t") for row in out.splitlines() if row.startswith("segment")]
    return {(item, answer): int(number) for _, item, answer, number, *_ in rows}


def peak(*command):
    """Bytes of memory that a command took at most."""
    pid = os.spawnvp(os.P_NOWAIT, command[0], command)
    _, status, used = os.wait4(pid, 0)
    return (used.ru_maxrss << 10) if status == 0 else 0


plans = planned()
if os.path.basename(os.environ["BUILD"]) in ("sanitize", "tsan"):
    print("ok - peaks of memory # skip a sanitizer's own memory is in them")
else:
    command = ("prunet-infer", "-m", wide, "--threads", "2", "-o", "large.prob", "large.nrrd")
    measured = {"whole": peak(*command), "window": peak(*command, "--window", "32x32x32")}
    for name, taken in measured.items():
        plan = plans[(name, "-")]
        check(0.8 * plan < taken <= plan + (24 << 20),
              "%s: %.1f MiB, the plan says %.1f" % (name, taken / (1 << 20), plan / (1 << 20)))
    check(measured["window"] < measured["whole"] / 2, "windows take less than half of it")
between = (plans[("window", "-")] + plans[("whole", "-")]) // 2
answers = {name: answer for name, answer in planned("--memory", str(between))}
check(answers == {"whole": "too large", "window": "fits"}, "prunet-plan --memory: %s" % answers)
answers = {name: answer for name, answer in planned("--memory", "1K")}
check(answers == {"whole": "too large", "window": "too large"}, "neither fits 1K")
answers = {name: answer for name, answer in planned("--memory", "1T")}
check(answers == {"whole": "fits", "window": "fits"}, "both fit 1T")
finish()
