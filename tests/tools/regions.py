"""regions and its inverse."""

from _tap import check, finish, run
from _volume import np, pair, record, records

rng = np.random.default_rng(8)
label = rng.choice(np.array([0, 1, 2, 4], "u1"), (5, 7, 9))

status, out, _ = run("regions", stdin=record(label, "label"))
mask = records(out)[0]
wanted = np.stack([label > 0, (label == 1) | (label == 4), label == 4]).astype("u1")
check(status == 0 and np.array_equal(mask["array"], wanted), "WT, TC and ET of a label map")
check(mask["prunet.role"] == "mask" and mask["prunet.channels"] == "wt tc et", "a mask of three named channels")

status, back, _ = run("regions", "--inverse", stdin=out)
back = records(back)[0]
check(np.array_equal(back["array"], label) and back["prunet.role"] == "label", "regions | regions --inverse")
check(back["prunet.affine"] == mask["prunet.affine"] and "prunet.channels" not in back, "geometry stays")

prob = rng.choice(np.array([0, 0.5, 0.50001, 0.9, 1], "<f4"), (3, 5, 7, 9))
_, out, _ = run("regions", "--inverse", stdin=record(prob, "prob"))
wanted = np.zeros(prob.shape[1:], "u1")
for value, region in zip((2, 1, 4), prob):
    wanted[region > 0.5] = value
check(np.array_equal(records(out)[0]["array"], wanted), "WT, then TC, then ET, each strictly above 0.5")
outside = (prob[0] <= 0.5) & (prob[1] > 0.5) & (prob[2] <= 0.5)
check(outside.any() and (records(out)[0]["array"][outside] == 1).all(), "TC outside WT is 1")

image = rng.normal(size=(4, 5, 7, 9)).astype("<f4")
_, out, _ = run("regions", stdin=pair(image, label))
check([r["prunet.role"] for r in records(out)] == ["image", "mask"], "an image passes through")
check(np.array_equal(records(out)[0]["array"], image), "unchanged")
_, out, _ = run("regions", stdin=record(label.astype("<i2"), "label"))
check(np.array_equal(records(out)[0]["array"][2], label == 4), "int16 labels are understood")

for name, words, stream, word in (
    ("a label 3", [], record(label * 0 + np.uint8(3), "label"), "label 3 in 315 voxels"),
    ("a label 1.5", [], record(label * np.float32(1.5), "label"), "label"),
    ("two channels", ["--inverse"], record(prob[:2], "prob"), "2 channels"),
):
    status, out, message = run("regions", *words, stdin=stream)
    check(status == 65 and word in message, "%s is refused: %s" % (name, message.strip()))
finish()
