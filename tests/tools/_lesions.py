"""Pairs of label maps with several lesions: touching, merged, split, missed and invented ones, specks, empty regions.
The same voxels from the same seed with every version of Python and numpy: random.random() alone is drawn from, and no
function of libm decides which voxel is in."""

import random

from _nifti import nifti, save
from _volume import np

LABELS = {"GoAT": (1, 2, 3), "gli": (1, 2, 3, 4), "mets": (1, 2, 3, 4), "ped": (1, 2, 3, 4)}


def ellipsoid(rng, shape, radius):
    """Squares of the distances from a random centre in units of random radii."""
    total = np.zeros(shape)
    for axis, length in enumerate(shape):
        centre, r = rng.random() * length, radius * (0.6 + 0.8 * rng.random())
        where = [1, 1, 1]
        where[axis] = length
        total = total + (((np.arange(length) - centre) / r) ** 2).reshape(where)
    return total


def lesions(rng, shape, labels):
    """A label map with up to five lesions: a rim of 2 and cores of the other labels."""
    out = np.zeros(shape, "u1")
    for _ in range(int(rng.random() * 6)):
        d = ellipsoid(rng, shape, 2 + 6 * rng.random())
        out[(d < 1) & (out == 0)] = 2
        for label in labels:
            if label != 2 and rng.random() < 0.7:
                out[d < 0.15 + 0.65 * rng.random()] = label
    return out


def half(rng, shape):
    """Slices of one half of the grid."""
    cut, axis = [slice(None)] * 3, int(rng.random() * 3)
    cut[axis] = slice(0, shape[axis] // 2)
    return tuple(cut)


def spoil(rng, reference, labels):
    """What a network might have made of it."""
    p = np.roll(reference, [int(rng.random() * 5) - 2 for _ in range(3)], (0, 1, 2))
    if rng.random() < 0.4:  # lesions missed
        p[half(rng, p.shape)] = 0
    if rng.random() < 0.5:  # one invented
        p[(ellipsoid(rng, p.shape, 1.5 + 3 * rng.random()) < 1) & (p == 0)] = labels[int(rng.random() * len(labels))]
    if rng.random() < 0.5:  # split by a plane
        axis = int(rng.random() * 3)
        index = [slice(None)] * 3
        index[axis] = int(rng.random() * p.shape[axis])
        p[tuple(index)] = 0
    for _ in range(int(rng.random() * 20)):  # specks, which are often as good as one another
        p[tuple(int(rng.random() * n) for n in p.shape)] = labels[int(rng.random() * len(labels))]
    if rng.random() < 0.15:
        p[p == labels[-1]] = 0
    return p


def pair(seed, labels):
    """Prediction and reference, (z, y, x). Of eleven seeds one has an empty reference, one an empty prediction, one
    neither lesion, and one a perfect prediction."""
    rng = random.Random(seed)
    shape = tuple(24 + int(rng.random() * 18) for _ in range(3))
    r = lesions(rng, shape, labels)
    p = spoil(rng, r, labels)
    if seed % 11 in (3, 7):
        p[:] = 0
    if seed % 11 in (5, 7):
        r[:] = 0
    return (r.copy() if seed % 11 == 9 else p), r


def save_map(path, array, spacing=(1, 1, 1)):
    size = array.shape[::-1]
    affine = (-spacing[0], 0, 0, 0, 0, -spacing[1], 0, size[1] - 1, 0, 0, spacing[2], 0)
    save(path, nifti(array.ravel().tolist(), size, affine=affine, kind="B"))
    return path
