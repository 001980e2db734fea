"""Preprocessing and augmentation of the real cases of PRUNET_TEST_DATA, against numpy."""

import gzip
import os
import struct
import sys

from _tap import check, finish, run
from _volume import np, records

root = os.environ.get("PRUNET_TEST_DATA")
if not root:
    print("ok - preprocessing of real cases # skip PRUNET_TEST_DATA is not set")
    sys.exit(0)


def read(case, suffix):
    with gzip.open(os.path.join(root, case, "%s_%s.nii.gz" % (case, suffix))) as file:
        data = file.read()
    start = int(struct.unpack("<f", data[108:112])[0]) or 352
    kind = {2: "u1", 4: "<i2", 8: "<i4", 16: "<f4", 64: "<f8", 512: "<u2"}[struct.unpack("<h", data[70:72])[0]]
    size = struct.unpack("<3h", data[42:48])
    return np.frombuffer(data, kind, int(np.prod(size)), start).reshape(size[::-1])


def expected(image):
    """Box, centre, cut or pad, standardize: the steps of crop and standardize with numpy's own functions."""
    slices, padding = [slice(None)], [(0, 0)]
    for axis, n in zip((1, 2, 3), (160, 192, 160)):  # z, y, x
        inside = np.flatnonzero((image != 0).any(tuple({0, 1, 2, 3} - {axis})))
        low, extent = inside[0], inside[-1] + 1 - inside[0]
        if extent >= n:
            low, extent = low + (extent - n) // 2, n
        slices.append(slice(low, low + extent))
        padding.append(((n - extent) // 2, n - extent - (n - extent) // 2))
    cropped = np.pad(image[tuple(slices)].astype("f8"), padding)
    for channel in cropped:
        inside = channel != 0
        channel[inside] = (channel[inside] - channel[inside].mean()) / channel[inside].std()
    return cropped, lambda label: np.pad(label[tuple(slices[1:])], padding[1:])


cases = sorted(name for name in os.listdir(root) if os.path.isdir(os.path.join(root, name)))
for case in cases:
    status, raw, message = run("nii2raw", "--dir", os.path.join(root, case))
    status, small, message = run("crop", "--size", "160x192x160", stdin=raw)
    status, ready, message = run("standardize", stdin=small)
    if status:
        check(False, "%s: %s" % (case, message))
        continue
    image, label = records(ready)
    modalities = np.stack([read(case, suffix) for suffix in ("t1", "t1ce", "t2", "flair")])
    wanted, crop = expected(modalities)
    error = np.abs(image["array"] - wanted).max()
    check(error < 1e-5, "%s: crop | standardize agrees with numpy to %.1e" % (case, error))
    check(np.array_equal(label["array"], crop(read(case, "seg"))), "%s: the label is cropped alike" % case)

    status, warped, message = run("augment", "--seed", "1", "--epoch", "1", stdin=ready)
    image, label = records(warped)
    check(status == 0 and np.isfinite(image["array"]).all(), "%s: augmented: %s" % (case, image["prunet.aug"]))
    kept = np.bincount(label["array"].ravel(), minlength=5)
    check(len(kept) == 5 and kept[3] == 0 and kept[1:].any(), "%s: labels stay within 0, 1, 2, 4" % case)
finish()
