"""Our scores beside those of other tools, run live; then the time that each takes.

The others are MedPy, MONAI, surface-distance, SimpleITK, and the lesion-wise rules of BraTS 2023 written in scipy.

    python3 -m venv venv && venv/bin/pip install medpy monai surface-distance SimpleITK nibabel
    PATH=build/bin:$PATH venv/bin/python tests/bench/compare-metrics.py [--pairs 40] [--seed 1] [--time]

Random mask pairs of odd sizes and spacings, some of them empty on one side or both. A line for each tool and measure: pairs
compared, how many of them undefined in both, the largest difference. Exit status 1 when one is above 1e-5 (MONAI, which
computes in single precision: 1e-4). MedPy and SimpleITK raise where a mask is empty, which is their "undefined".

--time scores one pair of 240x240x155, also with far false positives: the median of 5. The others are given arrays in
memory, ours is a process that reads and unpacks two files. What has not agreed is not timed.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time

try:
    import nibabel
    import numpy as np
    import SimpleITK as sitk
    import surface_distance
    import torch
    from medpy.metric import binary as medpy
    from scipy import ndimage
    from monai.metrics import compute_average_surface_distance, compute_dice, compute_hausdorff_distance
except ImportError as missing:
    print("ok - compare-metrics # skip needs %s" % missing.name)
    sys.exit(0)

np.Inf, np.NaN = np.inf, np.nan  # surface-distance 0.1 uses the names that numpy 2 dropped
FOLDER = tempfile.mkdtemp(prefix="prunet-compare-")


def blob(rng, size, count):
    """A union of ellipsoids, some over the edge of the volume."""
    grid = np.meshgrid(*map(np.arange, size), indexing="ij")
    mask = np.zeros(size, bool)
    for _ in range(count):
        centre, radius = rng.uniform(0, size), rng.uniform(1, np.maximum(np.array(size) / 3, 1.5))
        mask |= sum(((g - c) / r) ** 2 for g, c, r in zip(grid, centre, radius)) <= 1
    return mask


def random_pair(rng, number):
    size = tuple(int(n) for n in rng.integers(5, 48, 3))
    spacing = (1, 1, 1) if number % 4 == 0 else tuple(float(np.float32(s)) for s in rng.uniform(0.4, 3.5, 3))
    p = blob(rng, size, 3)
    r = blob(rng, size, 2) if number % 3 else np.roll(p, rng.integers(-2, 3, 3), (0, 1, 2))
    if number % 10 in (3, 9):
        p[:] = False
    if number % 10 in (6, 9):
        r[:] = False
    return p, r, spacing


def save(name, mask, spacing):
    path = os.path.join(FOLDER, name + ".nii.gz")
    nibabel.save(nibabel.Nifti1Image(mask.astype(np.uint8), np.diag([*spacing, 1.0])), path)
    return path


def ours(convention, lists):
    """The measures of every pair under a convention."""
    command = ["brats-eval", "--mask", "--no-summary", "--convention", convention, "--pairs", lists]
    lines = [line.split("\t") for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()]
    return [dict(zip(lines[0], line)) for line in lines[1:]]


def attempt(function, *arguments, **options):
    """A peer's value; NaN where it raises because a mask is empty."""
    try:
        return float(function(*arguments, **options))
    except (RuntimeError, ZeroDivisionError, ValueError):
        return math.nan


def by_medpy(p, r, spacing):
    return {"dice": attempt(medpy.dc, p, r), "sensitivity": attempt(medpy.sensitivity, p, r),
            "specificity": attempt(medpy.specificity, p, r), "hd95": attempt(medpy.hd95, p, r, spacing),
            "hd": attempt(medpy.hd, p, r, spacing), "asd": attempt(medpy.asd, p, r, spacing),
            "assd": attempt(medpy.assd, p, r, spacing)}


def by_monai(p, r, spacing):
    a, b = (torch.from_numpy(m[None, None].astype(np.float32)) for m in (p, r))
    options = {"include_background": True, "spacing": [spacing]}
    return {"dice": compute_dice(a, b, include_background=True).item(),
            "hd95": compute_hausdorff_distance(a, b, percentile=95, **options).item(),
            "hd": compute_hausdorff_distance(a, b, **options).item(),
            "asd": compute_average_surface_distance(a, b, **options).item(),
            "assd": compute_average_surface_distance(a, b, symmetric=True, **options).item()}


def by_surface_distance(p, r, spacing):
    both = surface_distance.compute_surface_distances(r, p, spacing)
    _, average = surface_distance.compute_average_surface_distance(both)
    weights = np.concatenate([both["surfel_areas_gt"], both["surfel_areas_pred"]])
    distances = np.concatenate([both["distances_gt_to_pred"], both["distances_pred_to_gt"]])
    return {"dice": surface_distance.compute_dice_coefficient(r, p),
            "hd95": surface_distance.compute_robust_hausdorff(both, 95), "hd": surface_distance.compute_robust_hausdorff(both, 100),
            "asd": average, "assd": attempt(np.average, distances, weights=weights)}


def border(mask):
    padded = np.pad(mask, 1)
    inside = padded.copy()
    for axis in range(3):
        for step in (1, -1):
            inside &= np.roll(padded, step, axis)
    return (padded & ~inside)[1:-1, 1:-1, 1:-1]


def by_simpleitk(p, r, spacing):
    """ITK's distance is between solid sets; given the borders it is between surfaces, which is ours."""

    def image(mask):
        made = sitk.GetImageFromArray(mask.transpose().astype(np.uint8))
        made.SetSpacing(spacing)
        return made

    found = {"dice": math.nan, "hd": math.nan}
    if p.any() or r.any():
        measures = sitk.LabelOverlapMeasuresImageFilter()
        measures.Execute(image(p), image(r))
        found["dice"] = measures.GetDiceCoefficient()
    if p.any() and r.any():
        distance = sitk.HausdorffDistanceImageFilter()
        distance.Execute(image(border(p)), image(border(r)))
        found["hd"] = distance.GetHausdorffDistance()
    return found


def by_lesions(dilations, least):
    """The BraTS 2023 challenges' rules, written with scipy and surface-distance."""

    def scores(p, r, spacing):
        grown, everything = ndimage.generate_binary_structure(3, 2), np.ones((3, 3, 3))
        near, count = ndimage.label(ndimage.binary_dilation(r, grown, iterations=dilations), everything)
        parts, part_count = ndimage.label(p, everything)
        dice, hd95, found, missed, matched = [], [], 0, 0, set()
        for k in range(1, count + 1):
            touching = set(np.unique(parts[near == k])) - {0}
            matched |= touching
            lesion, union = (near == k) & r, np.isin(parts, list(touching))
            if lesion.sum() * np.prod(spacing) <= least:
                continue
            found, missed = found + bool(touching), missed + (not touching)
            dice.append(surface_distance.compute_dice_coefficient(lesion, union) if touching else 0)
            hd95.append(surface_distance.compute_robust_hausdorff(
                surface_distance.compute_surface_distances(lesion, union, spacing), 95) if touching else 374)
        false = part_count - len(matched)
        scored = len(dice) + false
        return {"dice": sum(dice) / scored if scored else 1, "hd95": (sum(hd95) + 374 * false) / scored if scored else 0,
                "tp": found, "fp": false, "fn": missed}

    return scores


PEERS = (("MedPy", by_medpy, "medpy", 1e-5), ("MONAI", by_monai, "monai", 1e-4),
         ("surface-distance", by_surface_distance, "deepmind", 1e-5), ("SimpleITK", by_simpleitk, "medpy", 1e-5),
         ("rules, scipy", by_lesions(3, 50), "brats2023-gli", 1e-5), ("rules, scipy", by_lesions(1, 50), "brats2023-men", 1e-5),
         ("rules, scipy", by_lesions(1, 2), "brats2023-met", 1e-5))
# What is not compared where a mask is empty: MedPy divides by zero, and what comes of it hangs on numpy's version; SimpleITK
# has no Dice of two empty masks; average distances follow HD95 with us where a surface is missing.
EMPTY_BY_CHOICE = {("MedPy", "dice"), ("MedPy", "sensitivity"), ("SimpleITK", "dice"), ("MONAI", "asd"), ("MONAI", "assd"),
                   ("surface-distance", "asd"), ("surface-distance", "assd")}


def difference(mine, theirs, tool, measure, empty):
    """Their distance, 0 where both are undefined or endless; None where the comparison is left out."""
    if empty and (tool, measure) in EMPTY_BY_CHOICE:
        return None
    if math.isnan(mine) or math.isnan(theirs):
        return 0 if math.isnan(mine) and math.isnan(theirs) else math.inf
    return 0 if mine == theirs else abs(mine - theirs)


def compare(count, seed):
    rng = np.random.default_rng(seed)
    pairs = [random_pair(rng, number) for number in range(count)]
    lists = os.path.join(FOLDER, "pairs")
    with open(lists, "w") as file:
        for i, (p, r, spacing) in enumerate(pairs):
            file.write("pair-%d\t%s\t%s\n" % (i, save("p%d" % i, p, spacing), save("r%d" % i, r, spacing)))
    agreed = True
    print("tool\tmeasure\tconvention\tpairs\tundefined\tleft_out\tlargest_difference\ttolerance")
    for tool, function, convention, tolerance in PEERS:
        theirs = [function(p, r, spacing) for p, r, spacing in pairs]
        mine = ours(convention, lists)
        for measure in theirs[0]:
            found = [difference(float(a[measure]), b[measure], tool, measure, not (p.any() and r.any()))
                     for a, b, (p, r, _) in zip(mine, theirs, pairs)]
            worst = max(d for d in found if d is not None)
            undefined = sum(math.isnan(b[measure]) for d, b in zip(found, theirs) if d is not None)
            print("%s\t%s\t%s\t%d\t%d\t%d\t%.3g\t%g" % (tool, measure, convention, count - found.count(None), undefined,
                                                     found.count(None), worst, tolerance), flush=True)
            agreed = agreed and worst <= tolerance
    return agreed


def median_seconds(function, *arguments):
    times = []
    for _ in range(6):
        started = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - started)
    return sorted(times[1:])[2]  # the first warms up


def measure_time(seed):
    rng = np.random.default_rng(seed)
    size, unit = (240, 240, 155), (1.0, 1.0, 1.0)
    p = np.zeros(size, bool)
    p[60:150, 70:170, 30:110] = blob(rng, (90, 100, 80), 4)
    r = np.roll(p, (3, -2, 1), (0, 1, 2))
    far = p.copy()
    far[2, 2, 2] = far[237, 236, 152] = True
    print("\npair\ttool\tmeasure\tseconds")
    for name, mask in (("near", p), ("far", far)):
        paths = [save(name + "_p", mask, unit), save("time_r", r, unit)]
        runs = [("MedPy", medpy.hd95, mask, r, unit),
                ("MONAI", lambda a, b: by_monai_hd95(a, b, unit), mask, r),
                ("surface-distance", lambda a, b: surface_distance.compute_robust_hausdorff(
                    surface_distance.compute_surface_distances(b, a, unit), 95), mask, r)]
        for convention in ("brats", "deepmind", "brats2023-gli"):
            runs.append(("prunet, " + convention, lambda c: subprocess.run(
                ["hd95", "--mask", "--convention", c, *paths], check=True, capture_output=True), convention))
        for tool, function, *arguments in runs:
            print("%s\t%s\thd95\t%.3f" % (name, tool, median_seconds(function, *arguments)), flush=True)


def by_monai_hd95(p, r, spacing):
    a, b = (torch.from_numpy(m[None, None].astype(np.float32)) for m in (p, r))
    return compute_hausdorff_distance(a, b, include_background=True, percentile=95, spacing=[spacing]).item()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pairs", type=int, default=40)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--time", action="store_true")
    options = options.parse_args()
    agreed = compare(options.pairs, options.seed)
    if agreed and options.time:
        measure_time(options.seed)
    sys.exit(not agreed)


main()
