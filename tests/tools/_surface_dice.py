"""DeepMind's surface Dice (surface-distance 0.1) of seeded pairs of masks.

    python3 -m venv venv && venv/bin/pip install surface-distance
    venv/bin/python tests/tools/_surface_dice.py tests/golden/metrics/surface_dice.tsv

writes what tests/tools/brats-eval-surface-dice.py compares with where the package is missing."""

import random
import sys

from _lesions import ellipsoid
from _volume import np

SPACINGS = ((1, 1, 1), (0.5, 1.25, 3), (2, 1, 1))  # x, y, z
PAIRS = 40


def pair(number):
    """Prediction, reference (z, y, x), spacing (x, y, z) and tolerance; some masks are empty, single voxels, or the
    volume."""
    rng = random.Random(5000 + number)
    shape = tuple(5 + int(rng.random() * 22) for _ in range(3))
    r = (ellipsoid(rng, shape, 2 + 6 * rng.random()) < 1) | (ellipsoid(rng, shape, 1 + 5 * rng.random()) < 1)
    p = np.roll(r, [int(rng.random() * 5) - 2 for _ in range(3)], (0, 1, 2)) | (ellipsoid(rng, shape, 2) < 1)
    if number % 10 == 4:
        p[:] = False
    if number % 10 == 7:
        p[:] = False
        p[tuple(n // 2 for n in shape)] = True
    if number % 10 == 9:
        p[:] = True
    if number == 34:
        r[:] = False
    return p, r, SPACINGS[number % 3], (0.5, 1, 2, 0, 1.5)[number % 5]


def package(p, r, spacing, tolerance):
    np.Inf, np.NaN = np.inf, np.nan  # surface-distance 0.1 uses the names that numpy 2 dropped
    import surface_distance

    distances = surface_distance.compute_surface_distances(r, p, spacing[::-1])
    return float(surface_distance.compute_surface_dice_at_tolerance(distances, tolerance))


if __name__ == "__main__":
    with open(sys.argv[1], "w") as file:
        file.write("pair\tnsd\n")
        for number in range(PAIRS):
            p, r, spacing, tolerance = pair(number)
            file.write("%d\t%.9g\n" % (number, package(p, r, spacing, tolerance)))
