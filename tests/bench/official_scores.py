"""brats-eval --convention brats2026 beside the organisers' own package: equal scores, then the time that each takes.

    python3 -m venv venv && venv/bin/pip install brats-evaluation==0.0.10
    PATH=build/bin:$PATH venv/bin/python tests/bench/official_scores.py [--repeats 5] [--size 240x240x155]

Pairs of label maps on the grid of a BraTS case: a phantom's moved by a few voxels, the same with 60 far false
positives, and twelve lesions. Medians, in turns, of the time on the clock and of the processor's seconds, which depend
less on what else runs: of brats-eval, a whole process; of a call of the package in a process that has imported it; of
its command for the one pair.
Scores that differ by more than 1e-6 end it.
"""

import argparse
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools"))
try:
    import nibabel
    import numpy as np
    from importlib.resources import files
    from panoptica import Panoptica_Evaluator
except ImportError as missing:
    print("ok - official_scores # skip needs %s" % missing.name)
    sys.exit(0)
from _official import installed

THEIRS = {
    "tp": "tp",
    "fp": "fp",
    "fn": "fn",
    "rq": "f1",
    "global_bin_dsc": "dice",
    "global_bin_nsd": "nsd",
    "global_bin_hd95": "hd95",
    "sq_dsc": "lesion_dice",
    "sq_nsd": "lesion_nsd",
    "sq_hd95": "lesion_hd95",
}


def phantom(folder, size):
    subprocess.run(["phantom", "-q", "--cases", "1", "--size", size, "-o", folder], check=True)
    array = np.asarray(nibabel.load(os.path.join(folder, "phantom_00001", "phantom_00001_seg.nii.gz")).dataobj).astype(
        "u1"
    )
    return np.where(array == 4, 3, array).astype("u1")


def lesions(shape, count, seed):
    rng = np.random.default_rng(seed)
    out = np.zeros(shape, "u1")
    for _ in range(count):
        radius = rng.uniform(4, 14)
        low = [int(rng.uniform(0, n - 2 * radius - 1)) for n in shape]
        side = int(2 * radius) + 1
        grid = np.indices((side,) * 3) - radius
        d = (grid**2).sum(0) / radius**2
        box = out[tuple(slice(a, a + side) for a in low)]
        box[d < 1] = 2
        box[d < 0.5] = 3
        box[d < 0.2] = 1
    return out


def pairs(folder, size):
    whole = phantom(folder, size)
    moved = np.roll(whole, (2, -3, 1), (0, 1, 2))
    far = moved.copy()
    rng = np.random.default_rng(1)
    far[tuple(rng.integers(0, n, 60) for n in far.shape)] = 3
    many = lesions(whole.shape, 12, 2)
    return {
        "moved": (moved, whole),
        "moved, far false positives": (far, whole),
        "twelve lesions": (np.roll(many, (1, 2, -1), (0, 1, 2)), many),
    }


def clocks(who):
    usage = resource.getrusage(who)
    return np.array([time.perf_counter(), usage.ru_utime + usage.ru_stime])


def ours(paths):
    start = clocks(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        ["brats-eval", "--convention", "brats2026", *paths], check=True, capture_output=True, text=True
    )
    seconds = clocks(resource.RUSAGE_CHILDREN) - start
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return {line[1]: dict(zip(lines[0], line)) for line in lines[1:]}, seconds


def theirs(evaluator, paths):
    start = clocks(resource.RUSAGE_SELF)
    results = evaluator.evaluate(*paths)
    results = {region.upper(): result.to_dict() for region, result in results.items()}
    return results, clocks(resource.RUSAGE_SELF) - start


def command(folder):
    """The package's command, on folders that hold the one pair."""
    start = clocks(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "brats_evaluation.evaluation",
            "--config",
            "GoAT",
            "--pred_path",
            os.path.join(folder, "pred"),
            "--ref_path",
            os.path.join(folder, "ref"),
            "--summary_json",
            os.path.join(folder, "scores.json"),
        ],
        check=True,
        capture_output=True,
    )
    return clocks(resource.RUSAGE_CHILDREN) - start


def compare(a, b):
    for region, values in b.items():
        for key, name in THEIRS.items():
            x, y = float(a[region][name]), float(values[key])
            y = 373.0 if key == "global_bin_hd95" and math.isinf(y) else y
            if not (x == y or (math.isnan(x) and math.isnan(y)) or abs(x - y) <= 1e-6):
                sys.exit("official_scores: %s %s is %.9g, theirs %.9g" % (region, name, x, y))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--size", default="240x240x155")
    options = parser.parse_args()
    if installed():
        print("ok - official_scores # skip " + installed())
        return
    evaluator = Panoptica_Evaluator.load_from_config(
        str(files("brats_evaluation").joinpath("configs", "config_GoAT.yaml"))
    )
    print(
        "pair\tbrats-eval s\tCPU s\tpackage, a call s\tCPU s\tpackage, the command s\tCPU s"
        "\tcall / ours, CPU\tcommand / ours, CPU"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, maps in pairs(folder, options.size).items():
            paths = [
                os.path.join(folder, *end)
                for end in (("pred", "X-00000-000.nii.gz"), ("ref", "X-00000-000-seg.nii.gz"))
            ]
            for path, array in zip(paths, maps):
                os.makedirs(os.path.dirname(path), exist_ok=True)
                nibabel.save(nibabel.Nifti1Image(array, np.diag([-1.0, -1, 1, 1])), path)
            times = [], [], []
            for _ in range(options.repeats):
                a, seconds = ours(paths)
                times[0].append(seconds)
                b, seconds = theirs(evaluator, paths)
                times[1].append(seconds)
                compare(a, b)
                times[2].append(command(folder))
            own, call, whole = ([statistics.median(column) for column in zip(*of)] for of in times)
            ratios = call[1] / own[1], whole[1] / own[1]
            print(
                "%s\t%.3f\t%.3f\t%.2f\t%.2f\t%.2f\t%.2f\t%.1f\t%.1f" % (name, *own, *call, *whole, *ratios), flush=True
            )


main()
