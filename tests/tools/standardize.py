"""standardize against numpy in double precision."""

from _tap import check, finish, run
from _volume import np, pair, record, records

rng = np.random.default_rng(6)


def standardized(image):
    result = np.zeros(image.shape)
    for c, channel in enumerate(image.astype("f8")):
        inside = channel != 0
        values = channel[inside]
        result[c][inside] = (values - values.mean()) / values.std()
    return result


for kind, scale, mean in (("<f4", 50, 300), ("<i2", 50, 300), ("<f4", 0.5, 1e4), ("u1", 30, 120)):
    image = np.clip(rng.normal(mean, scale, (4, 13, 17, 19)), 0, 3e4).astype(kind)
    image[:, rng.random((13, 17, 19)) < 0.5] = 0
    status, out, message = run("standardize", stdin=record(image, keys=["prunet.channels:=t1 t1ce t2 flair"]))
    got = records(out)[0]
    error = np.abs(got["array"] - standardized(image)).max()
    check(status == 0 and error < 1e-5, "%s of mean %g agrees with numpy: %.1e" % (kind, mean, error))
    check(not got["array"][image == 0].any() and not message, "voxels of 0 stay 0, nothing is said")
    check(got["prunet.channels"] == "t1 t1ce t2 flair" and got["type"] == "float", "keys stay, floats come out")

image = np.zeros((3, 2, 3, 4), "<f4")
image[0], image[2, 0, 0] = 7.1, [1, 2, 0, 4]
status, out, message = run("standardize", stdin=record(image, keys=["prunet.channels:=t1 t1ce t2"]))
got = records(out)[0]["array"]
check(status == 0 and not got[:2].any(), "constant and empty modalities become 0")
check(np.abs(got[2:] - standardized(image[2:])).max() < 1e-5, "the modality beside them is standardized")
check("t1 is constant" in message and "t1ce has no non-zero voxel" in message, "both are named in a warning")
check(run("standardize", "-q", stdin=record(image))[2] == "", "-q keeps quiet")

single = np.zeros((1, 1, 1, 5), "<f4")
single[0, 0, 0, 2] = 3
status, out, _ = run("standardize", "-q", stdin=record(single))
check(status == 0 and not records(out)[0]["array"].any(), "a single voxel is constant")

label = rng.choice(np.array([0, 1, 2, 4], "u1"), (2, 3, 4))
_, out, _ = run("standardize", "-q", stdin=pair(image, label))
check(np.array_equal(records(out)[1]["array"], label), "labels pass through")

image[2, 0, 0, 0] = np.inf
status, out, message = run("standardize", "-q", stdin=record(image, case="sick"))
check(status == 65 and "sick: " in message and "finite" in message, "infinite voxels are refused: " + message.strip())
finish()
