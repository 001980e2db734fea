"""Shared by the tests of dice-eval, hd95, brats-eval and postprocess: segmentations as files and streams, tables, and
scores computed the slow way."""

import os
import tempfile

from _nifti import nifti, save
from _volume import np, record

SIZE = (9, 8, 7)  # x, y, z
SHAPE = SIZE[::-1]
REGIONS = ("ET", "WT", "TC")
COUNTS = ["both_empty", "prediction_empty", "reference_empty", "left_out", "convention"]
folder = tempfile.mkdtemp()
os.chdir(folder)


def affine(spacing=(1, 1, 1), height=SIZE[1]):
    """That of _volume.record, when the spacing is 1."""
    return (-spacing[0], 0, 0, 0, 0, -spacing[1], 0, height - 1, 0, 0, spacing[2], 0)


def labels(seed, values=(0, 0, 1, 2, 4), shape=SHAPE):
    return np.random.default_rng(seed).choice(np.array(values, "u1"), shape)


def save_nifti(path, array, spacing=(1, 1, 1), kind="B", **options):
    size = array.shape[::-1]
    options.setdefault("affine", affine(spacing, size[1]))
    save(path, nifti(array.ravel().tolist(), size, kind=kind, codes=(0, 1), **options))
    return path


def save_bytes(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def save_lines(path, *lines):
    with open(path, "w") as file:
        file.write("".join(line + "\n" for line in lines))
    return path


def scored(name, prediction, reference, role="label"):
    """The records of one case as prunet-infer --pass-label writes them."""
    return record(prediction, role, name, 0) + record(reference, "label", name, 1)


def region(array, name, enhancing=4):
    core = (array == 1) | (array == enhancing)
    return {"WT": array != 0, "TC": core, "ET": array == enhancing, "mask": array != 0}[name]


def overlap(p, r):
    """Dice, sensitivity and specificity of two masks that are not empty."""
    tp, fp, fn, tn = (p & r).sum(), (p & ~r).sum(), (~p & r).sum(), (~p & ~r).sum()
    return 2 * tp / (2 * tp + fp + fn), tp / (tp + fn), tn / (tn + fp)


def border(mask):
    """Indices (x, y, z) of the voxels with one of 6 neighbours outside."""
    padded = np.pad(mask, 1)
    inside = padded.copy()
    for axis in range(3):
        for step in (1, -1):
            inside &= np.roll(padded, step, axis)
    return np.argwhere((padded & ~inside)[1:-1, 1:-1, 1:-1])[:, ::-1]


def directed(p, r, spacing):
    """Distance of each border voxel of p to the border of r."""
    a, b = border(p) * np.array(spacing, float), border(r) * np.array(spacing, float)
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(2)).min(1)


def hd95(p, r, spacing=(1, 1, 1), pooled=True):
    there, back = directed(p, r, spacing), directed(r, p, spacing)
    if pooled:
        return np.percentile(np.concatenate([there, back]), 95)
    return max(np.percentile(there, 95), np.percentile(back, 95))


def table(text):
    """Header and rows of a TSV; a row is a dictionary, numbers are numbers."""
    lines = [line.split("\t") for line in text.decode().splitlines()]
    rows = [dict(zip(lines[0], line)) for line in lines[1:]]
    for row in rows:
        for key in row:
            if key not in ("case", "region", "convention"):
                row[key] = float(row[key])
    return lines[0], rows


def close(a, b):
    return abs(a - b) <= 1e-8 * (1 + abs(b))


def refused(result, status, *words):
    """The exit status and one line on stderr that has all the words."""
    code, _, err = result
    return code == status and err.count("\n") == 1 and all(word in err for word in words)
