"""resample: each voxel's value is that of its place in the world, by scipy's map_coordinates; the source's grid comes
back. The oracle goes from voxel to world by the header of the result and from there to the voxels of what was read."""

import os

from _tap import check, finish, run
from _volume import np, records

try:
    from scipy.ndimage import map_coordinates
except ImportError:
    print("ok - resample.py # skip needs scipy")
    raise SystemExit

os.chdir(os.environ["TMPDIR"])
draw = np.random.default_rng(11)


def stored(array, role, affine, grid=None, source=None, case="case", last=1, keys=()):
    """A record at an affine (3x4 array), of a source with that grid and affine, or of itself."""
    array = np.ascontiguousarray(array)
    size, listed = array.shape[-3:][::-1], array.ndim == 4
    kind = {"<f4": "float", "|u1": "uint8", "<i2": "int16"}[array.dtype.str]
    vectors = " ".join("(%.9g,%.9g,%.9g)" % tuple(affine[:, a]) for a in range(3))
    lines = [
        "NRRD0005", "type: " + kind, "dimension: %d" % array.ndim, "space: right-anterior-superior",
        "sizes: %d %d %d" % size + (" %d" % array.shape[0] if listed else ""),
        "space directions: " + vectors + (" none" if listed else ""), "endian: little", "encoding: raw",
        "space origin: (%.9g,%.9g,%.9g)" % tuple(affine[:, 3]),
        "prunet.version:=1", "prunet.role:=" + role, "prunet.case:=" + case,
        "prunet.grid:=%d %d %d" % (grid or size),
        "prunet.affine:=" + " ".join("%.9g" % v for v in (affine if source is None else source).ravel()),
        "prunet.last:=%d" % last, *keys,
    ]
    return ("\n".join(lines) + "\n\n").encode() + array.tobytes()


def affine_of(record):
    vectors = [[float(n) for n in v.strip("()").split(",")] for v in record["space directions"].replace("none", "").split()]
    return np.column_stack(vectors + [record["origin"]])


def resampled(stream, *options):
    status, out, err = run("resample", *options, stdin=stream)
    check(not status, "resample %s%s" % (" ".join(options), err))
    return records(out)


def places(shape, affine, source):
    """Of each voxel (z, y, x) of a grid, its place z, y, x in a volume at the affine `source`."""
    z, y, x = np.indices(shape, dtype=np.float64)
    world = affine[:, :3] @ np.stack([x.ravel(), y.ravel(), z.ravel()]) + affine[:, 3:]
    return np.linalg.solve(source[:, :3], world - source[:, 3:])[::-1].reshape((3,) + shape)


def expected(volume, at, order):
    """Linear or nearest; the edge's value within half a voxel outside, 0 farther out."""
    inside = [(a >= -0.5 - 1e-6) & (a <= n - 0.5 + 1e-6) for a, n in zip(at, volume.shape)]
    if order == 0:
        at = np.floor(at + 0.5 + 1e-6)
    found = map_coordinates(volume.astype(np.float64), at, order=order, mode="nearest")
    return np.where(np.all(inside, axis=0), found, 0)


TURN = np.linalg.qr(draw.normal(size=(3, 3)))[0]
SOURCES = {
    "BraTS' axes at 2 mm": np.array([[-2, 0, 0, 90.5], [0, -2, 0, 126.25], [0, 0, 2, -72]], float),
    "odd spacings": np.array([[0.9375, 0, 0, -7], [0, 1.2, 0, 3], [0, 0, 5.5, 11]], float),
    "permuted and flipped": np.array([[0, 0, 3, 1], [-0.7, 0, 0, 40], [0, 1.6, 0, -2.5]], float),
    "oblique": np.column_stack([TURN * [2, 1.5, 0.8], [10, -20, 30]]),
}
image = draw.normal(size=(4, 9, 14, 11)).astype("<f4")
image[:, :3] = 0
label = draw.choice(np.array([0, 1, 2, 4], "u1"), size=image.shape[1:])
for name, source in SOURCES.items():
    stream = stored(image, "image", source, last=0, keys=["prunet.channels:=t1 t1ce t2 flair"]) + stored(label, "label", source)
    for text in ("1x1x1", "2x2x2", "0.6x3x1.1"):
        wanted = [float(v) for v in text.split("x")]
        first, second = resampled(stream, "--spacing", text)
        affine = affine_of(first)
        spacing = np.linalg.norm(affine[:, :3], axis=0)
        own = np.linalg.norm(source[:, :3], axis=0)
        size = np.array(first["array"].shape[1:][::-1])
        check(np.allclose(spacing, wanted, rtol=1e-7) and
              np.array_equal(size, np.floor(np.array([11, 14, 9]) * own / wanted + 0.5)),
              "%s to %s: spacing, and as many voxels as fill the volume" % (name, text))
        centre = affine[:, :3] @ ((size - 1) / 2) + affine[:, 3] - source[:, :3] @ ((np.array([11, 14, 9]) - 1) / 2) - source[:, 3]
        check(np.abs(centre).max() < 1e-6, "about the same centre of the world")
        at = places(first["array"].shape[1:], affine, source)
        away = max(np.abs(first["array"][c] - expected(image[c], at, 1)).max() for c in range(4))
        check(away < 1e-5, "image as scipy's within 1e-5 (%.1e)" % away)
        check(np.array_equal(second["array"], expected(label, at, 0)) and second["array"].dtype == np.uint8, "label map as scipy's")
        check(first["prunet.grid"] == second["prunet.grid"] == "11 14 9" and first["prunet.channels"] == "t1 t1ce t2 flair" and
              first["prunet.affine"] == records(stream)[0]["prunet.affine"], "the grid of the source stays")
        check(second["space directions"] == first["space directions"].replace(" none", "") and
              second["space origin"] == first["space origin"], "image and label map lie on one grid")

        if np.allclose(own, wanted):
            continue
        # Back: a part of it, as a crop leaves, of probabilities and labels.
        part = first["array"][:3, 1:, :-1, 1:].copy() ** 2
        moved = affine.copy()
        moved[:, 3] += affine[:, 0] + affine[:, 2]
        kept = dict(grid=(11, 14, 9), source=source)
        (back,) = resampled(stored(part, "prob", moved, **kept), "--to-source")
        at = places(image.shape[1:], source, moved)
        away = max(np.abs(back["array"][c] - expected(part[c], at, 1)).max() for c in range(3))
        check(away < 1e-5 and np.abs(affine_of(back) - source).max() < 1e-6, "probabilities back on the source's grid (%.1e)" % away)
        part = second["array"][1:, :-1, 1:]
        (back,) = resampled(stored(part, "label", moved, **kept), "--to-source")
        check(np.array_equal(back["array"], expected(part, at, 0)), "label maps, too, 0 where there is nothing")
        status, out, err = run("raw2nii", stdin=stored(part, "label", moved, **kept))
        check(not status and out[352:] == back["array"].tobytes(), "raw2nii does the same %s" % err)
        status, out, err = run("rawinfo", "--no-header", stdin=stored(part, "label", moved, **kept))
        check(not status and out.split(b"\t")[9].startswith(b"resampled"), "rawinfo says resampled")

# What has the spacing already is not touched.
exact = stored(image, "image", np.array([[-1, 0, 0, 0], [0, -1.0005, 0, 0], [0, 0, 1, 0]], float))
plain = run("rawinfo", stdin=exact)[1]
status, out, err = run("resample", "--spacing", "1x1x1", stdin=exact)
check(not status and out[-image.nbytes:] == image.tobytes() and run("rawinfo", stdin=out)[1] == plain, "a spacing within a thousandth stays")
status, out, err = run("resample", "--to-source", stdin=exact)
check(not status and out[-image.nbytes:] == image.tobytes(), "what is on its source's grid stays there")

# int16 images become floats, masks stay bytes, a constant stays one.
source = SOURCES["BraTS' axes at 2 mm"]
(got,) = resampled(stored(np.full((4, 5, 6), 7, "<i2"), "image", source), "--spacing", "0.7x0.9x3")
check(got["array"].dtype == np.float32 and np.all(got["array"] == 7), "a constant stays the same constant, edges included")
mask = draw.integers(0, 2, size=(3, 4, 5, 6)).astype("u1")
(got,) = resampled(stored(mask, "mask", source), "--spacing", "1x1x1")
check(got["array"].dtype == np.uint8 and np.array_equal(got["array"], mask.repeat(2, 1).repeat(2, 2).repeat(2, 3)),
      "2 mm to 1 mm: eight of each mask's voxel")
(got,) = resampled(stored(np.ones((2, 2, 2), "u1"), "label", source), "--spacing", "50x50x50")
check(got["array"].shape == (1, 1, 1) and got["array"][0, 0, 0] == 1, "one voxel is left of a small volume")


def refused(stream, status, said, *options):
    code, out, err = run("resample", *options, stdin=stream)
    check(code == status and not out and said in err, "%s: %d, %s" % (" ".join(options), code, err.splitlines()[:1]))


whole = stored(label, "label", source)
refused(whole, 2, "either --spacing or --to-source")
refused(whole, 2, "either --spacing or --to-source", "--spacing", "1x1x1", "--to-source")
for bad in ("1x1", "1x1x0", "1x1x-2", "1x1x1x1", "axbxc", "nanx1x1", "1x1x51", "0.01x1x1", "1x1xinf"):
    refused(whole, 2, "is not XxYxZ", "--spacing", bad)
refused(stored(np.zeros((1, 1, 300), "u1"), "label", source), 65, "12000 voxels along an axis", "--spacing", "0.05x1x1")
refused(whole, 65, "the limit of 10000", "--spacing", "1x1x1", "--max-bytes", "10000")
nowhere = b"\n".join(line for line in whole[: whole.index(b"\n\n")].split(b"\n") if not line.startswith(b"space"))
refused(nowhere + b"\n\n" + label.tobytes(), 65, "no geometry", "--spacing", "1x1x1")
flat = stored(label, "label", np.array([[2, 0, 0, 0], [0, 0, 0, 0], [0, 0, 2, 0]], float))
refused(flat, 65, "is singular", "--spacing", "1x1x1")
refused(stored(np.zeros((2, 2, 2), "u1"), "label", source / 2, grid=(4096, 4096, 64), source=source), 65, "--max-bytes", "--to-source")
refused(whole[:-1], 65, "the input ends inside the data", "--spacing", "1x1x1")
finish()
