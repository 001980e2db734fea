"""prunet-infer with several networks and with the flips: the means of what single passes say."""

import itertools
import os

from _tap import check, finish, run
from _volume import np, record, records

os.chdir(os.environ.get("TMPDIR", "/tmp"))
SHAPE = (16, 32, 32)  # z, y, x
image = np.random.default_rng(2).normal(size=(4,) + SHAPE).astype("<f4")


def state(name, *options):
    status, _, err = run("prunet-init", "--channels", "4,8,12,16,20", "--groups", "2", *options, "-o", name)
    if status:
        print("not ok - prunet-init: %s" % err)
    return name


def infer(array, *options):
    status, out, err = run("prunet-infer", *options, stdin=record(array))
    if status:
        print("not ok - prunet-infer %s: %s" % (" ".join(options), err))
    return records(out)[0]["array"].astype(np.float64)


def close(a, b):
    return np.abs(a - b).max() < 1e-6


first, second, third = state("first", "--seed", "1"), state("second", "--seed", "2"), state("deeper", "--seed", "3",
                                                                                            "--encoder-blocks", "2")
alone = infer(image, "-m", first)
check(np.array_equal(infer(image, "-m", first, "-m", first), alone), "a network twice says what it says once")
others = infer(image, "-m", second), infer(image, "-m", third)
check(np.abs(alone - others[0]).max() > 1e-3, "two networks differ")
mean = infer(image, "-m", first, "-m", second)
check(close(mean, (alone + others[0]) / 2), "two networks: the mean of both")
mean = infer(image, "-m", first, "-m", third, "-m", second)
check(close(mean, (alone + sum(others)) / 3), "three, one of another depth between the others")
for threads in ("1", "3"):
    check(np.array_equal(infer(image, "-m", first, "-m", third, "-m", second, "--threads", threads), mean),
          "the same with %s threads" % threads)


def flipped(array, *options):
    total = 0
    for axes in itertools.chain.from_iterable(itertools.combinations((1, 2, 3), n) for n in range(4)):
        total = total + np.flip(infer(np.ascontiguousarray(np.flip(array, axes)), *options), axes)
    return total / 8


eight = infer(image, "-m", first, "--flip-tta")
check(close(eight, flipped(image, "-m", first)) and np.abs(eight - alone).max() > 1e-3, "--flip-tta: the mean over eight flips")
check(close(infer(np.ascontiguousarray(image[..., ::-1]), "-m", first, "--flip-tta"), eight[..., ::-1]),
      "it does not see which side is left")
odd = np.ascontiguousarray(image[:, :11, :21, :27])
check(close(infer(odd, "-m", first, "--flip-tta"), flipped(odd, "-m", first)), "of a size that must be padded, too")
both = infer(image, "-m", first, "-m", second, "--flip-tta")
check(close(both, (eight + infer(image, "-m", second, "--flip-tta")) / 2), "flips of several networks")

stream = record(image, case="a") + record(odd, case="b") + record(image, case="c")
status, out, _ = run("prunet-infer", "-m", first, "-m", second, stdin=stream)
found = [r["array"] for r in records(out)]
check(status == 0 and np.array_equal(found[0], found[2]) and found[1].shape == (3, 11, 21, 27),
      "every case of a stream meets the networks in the same order")
labels = np.zeros(SHAPE, "u1")
for value, region in zip((2, 1, 4), infer(image, "-m", first, "-m", second)):
    labels[region > 0.5] = value
check(np.array_equal(infer(image, "-m", first, "-m", second, "--label-map"), labels), "--label-map: label maps are those of the mean")

status, out, err = run("prunet-infer", "-m", first, "-m", state("two", "--inputs", "2"), stdin=record(image))
check(status == 65 and not out and "first" in err and "two" in err, "networks of other inputs are refused: %s" % err.strip())
status, out, err = run("prunet-infer", "-m", first, "-m", "gone", stdin=record(image))
check(status == 1 and not out and "gone" in err, "so is one that is not there")
finish()
