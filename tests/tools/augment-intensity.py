"""augment's effects on intensities and its dropped modalities against their numpy version, and what they promise."""

from _augment_oracle import augment, key_of, uniform
from _intensity_oracle import case_key, coarse_matrix, dropped, intensity
from _tap import check, finish, run
from _volume import np, pair, record, records

rng = np.random.default_rng(11)
STILL = ["--rotate", "0", "--scale", "1", "--elastic", "0", "--shift", "0", "--no-flip"]


def head_of(shape, channels=4):
    """A standardized brain of random values in a background of 0, and labels."""
    z, y, x = np.meshgrid(*[np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in shape], indexing="ij")
    brain = x**2 + 0.8 * y**2 + 0.6 * z**2 < 0.9
    image = np.where(brain, rng.normal(size=(channels, *shape)), 0).astype("<f4")
    return image, np.where(brain, rng.choice([0, 1, 2, 4], shape), 0).astype("u1")


def words(seed, epoch, **settings):
    result = ["--seed", str(seed), "--epoch", str(epoch)]
    for name, value in settings.items():
        result += ["--" + name.replace("_", "-"), repr(value)]
    return result


def augmented(image, label, seed, epoch, *more, case="A1", **settings):
    status, out, message = run("augment", *words(seed, epoch, **settings), *more, stdin=pair(image, label, case))
    got = records(out) if status == 0 else []
    if len(got) != 2:
        raise SystemExit("not ok - augment: %d %s" % (status, message))
    return got


# --- each effect by itself, and all together, against numpy ---

effects = {"gamma": 1.8, "contrast": 1.5, "blur": 1.2, "low_resolution": 3.0, "noise": 0.7}
shapes = [(9, 31, 26), (7, 12, 19), (1, 17, 1), (1, 1, 1), (40, 3, 5)]
for name, settings in [*((name, {name: value}) for name, value in effects.items()), ("all", effects)]:
    worst, changed = 0, 0
    for shape in shapes:
        image, label = head_of(shape)
        for epoch in range(3):
            got = augmented(image, label, 5, epoch, *STILL, chance=1.0, **settings)
            key = case_key(5, epoch, "A1")
            for c in range(4):
                expected = intensity(image[c], key, c, chance=1.0, **settings)
                worst = max(worst, np.abs(got[0]["array"][c] - expected).max())
                changed += not np.array_equal(got[0]["array"][c], image[c])
            background = got[0]["array"][image == 0]
            worst = worst if not background.any() else np.inf
            worst = worst if np.array_equal(got[1]["array"], label) else np.inf
    check(worst < 2e-5, "%s: as numpy has it, labels and background as they were: %.1e" % (name, worst))
    check(changed > 30, "%s: %d of 60 volumes change" % (name, changed))

# --- with the warp, the patch and the shift ---

for more, settings in ((["--shift", "0.5"], {"shift": 0.5}), (["--patch", "16x11x7"], {"patch": (16, 11, 7)})):
    worst, few = 0, 0
    image, label = head_of((10, 30, 28))
    for epoch in range(6):
        got = augmented(image, label, 2, epoch, *more, chance=0.5, **effects)
        key = case_key(2, epoch, "A1")
        warped, _ = augment(image, label, 2, epoch, "A1", **{**settings, "shift": 0})
        for c in range(4):
            expected = intensity(warped[c], key, c, chance=0.5, **effects)
            few += expected is None
            shift = (2 * uniform(key_of(key, "shift"), c) - 1) * settings.get("shift", 0.1)
            expected = (warped[c] if expected is None else expected) + shift
            worst = max(worst, np.abs(got[0]["array"][c] - expected).max())
    check(worst < 2e-5, "after the warp, before the shift, %s: %.1e" % (" ".join(more), worst))
    check(few < 20, "%d of 24 volumes have no effect" % few)

# --- what is drawn ---

image, label = head_of((9, 31, 26))
plain = run("augment", *words(3, 7), stdin=pair(image, label))[1]
off = run("augment", *words(3, 7, gamma=1.0, contrast=1.0, blur=0.0, low_resolution=1.0, noise=0.0, chance=1.0, drop_modality=0.0),
          stdin=pair(image, label))[1]
check(plain == off, "all at nothing: the bytes without the options")
check(run("augment", *words(3, 7, chance=0.0, **effects), stdin=pair(image, label))[1] == plain, "a chance of 0: the same")
a, b = pair(image, label, "a"), pair(image, label, "b")
strong = words(3, 5, chance=0.7, drop_modality=0.3, **effects)
whole = [run("augment", *strong, stdin=s)[1] for s in (a + b, b + a, a, b)]
check(whole[0] == whole[2] + whole[3] and whole[1] == whole[3] + whole[2], "the order of the cases does not matter")
others = [run("augment", *words(s, e, chance=0.7, **effects), stdin=a)[1] for s, e in ((4, 5), (3, 6))]
check(len({*others, whole[2]}) == 3, "another seed or epoch is another effect")
one = [augmented(image[:n], label, 1, 4, *STILL, chance=1.0, **effects)[0]["array"].reshape(n, -1)[0] for n in (1, 4)]
check(np.array_equal(*one), "a modality's effects do not depend on the others")
said = augmented(image, label, 1, 4, *STILL, chance=1.0, **effects)[0]["prunet.aug"]
check(all(word in said for word in ("channel 0 gamma", "contrast", "blur", "coarse", "noise", "channel 3")), "prunet.aug: " + said)
constant = np.where(image != 0, 2, 0).astype("<f4")
got = augmented(constant, label, 1, 4, *STILL, chance=1.0, gamma=2.0, contrast=2.0, blur=1.0, low_resolution=3.0)[0]["array"]
check(np.abs(got - constant).max() < 1e-5, "a constant brain stays, up to its border: %.1e" % np.abs(got - constant).max())
nothing = np.zeros_like(image)
got = augmented(nothing, label, 1, 4, *STILL, chance=1.0, **effects)[0]["array"]
check(not got.any(), "where there is no brain nothing comes of it")
for n, factor in ((12, 3.0), (10, 2.7), (5, 16.0), (1, 2.0)):
    check(np.allclose(coarse_matrix(n, factor).sum(1), 1), "the oracle's weights of %d by %g sum to 1" % (n, factor))

# --- dropped modalities ---

wrong, gone, alone = 0, np.zeros(4), 0
for epoch in range(60):
    got = augmented(image, label, 9, epoch, "--shift", "0.5", drop_modality=0.5)
    expected = dropped(case_key(9, epoch, "A1"), 4, 0.5)
    zero = [not got[0]["array"][c].any() for c in range(4)]
    wrong += zero != expected
    gone += zero
    alone += sum(zero) == 3
check(wrong == 0, "modalities are dropped as numpy has it, without a shift")
check(all(15 < n < 45 for n in gone) and alone > 3, "each about half of the time (%s of 60), three at once now and then" % gone)
kept = [augmented(image, label, 9, epoch, drop_modality=1.0)[0]["array"].any((1, 2, 3)) for epoch in range(40)]
check(all(k.sum() == 1 for k in kept) and np.sum(kept, 0).all(), "one is always kept, each of them now and then: %s" % np.sum(kept, 0))
check("dropped" in augmented(image, label, 9, 0, drop_modality=1.0)[0]["prunet.aug"], "prunet.aug tells")
single = augmented(image[:1], label, 9, 0, drop_modality=1.0)[0]["array"]
check(single.any(), "an image of one modality keeps it")

for name, value in (("gamma", 0.9), ("contrast", 11.0), ("blur", -1.0), ("low-resolution", 0.5), ("noise", -0.1), ("chance", 1.1),
                    ("drop-modality", -0.1)):
    status, out, message = run("augment", *words(1, 1), "--" + name, repr(value), stdin=a)
    check(status == 2 and not out and "--" + name in message, "--%s %g is refused: %s" % (name, value, message.splitlines()[:1]))
check(run("augment", *words(1, 1, noise=1.0), stdin=record(image, "mask"))[0] == 65, "a mask has no intensities")
finish()
