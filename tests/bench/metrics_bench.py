"""How fast scores are made: hd95 of the three regions of one case, then 100 cases through brats-eval.

    PATH=build/bin:$PATH python3 tests/bench/metrics_bench.py [--cases 100] [--size 240x240x155]

The references are the label maps of phantoms (those of PRUNET_TEST_DATA, where it is set, for the single case), the
predictions are the same moved by a few voxels; "far" has false positives in two corners. Wall and processor seconds of the whole
process, files read and unpacked: medians of 5. Standard library only.
"""

import argparse
import gzip
import os
import statistics
import struct
import subprocess
import tempfile
import time

SPREAD = 4  # phantoms; each is moved in cases / 4 ways


def load(path):
    with gzip.open(path) as file:
        data = file.read()
    offset = int(struct.unpack_from("<f", data, 108)[0])
    size = struct.unpack_from("<3h", data, 42)
    width = struct.unpack_from("<h", data, 72)[0] // 8
    return data[:offset], data[offset:], size, width


def moved(volume, step, far=False):
    """The file's bytes with every voxel `step` places later, two corners made enhancing tumour where `far`."""
    header, voxels, size, width = volume
    places = (step[0] + size[0] * (step[1] + size[1] * step[2])) * width
    result = bytearray(bytes(places) + voxels[: len(voxels) - places])
    for corner in (1, len(voxels) // width - 2) if far else ():
        result[corner * width : (corner + 1) * width] = (4).to_bytes(width, "little")
    return header + bytes(result)


def save(path, data):
    with gzip.open(path, "wb", 1) as file:
        file.write(data)
    return path


def timed(*command):
    """Wall and processor seconds of a command, and its peak memory in MiB."""
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    child.returncode = status
    if status:
        raise SystemExit("%s failed" % command[0])
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def single(reference, folder):
    volume = load(reference)
    for name, far in (("near", False), ("far", True)):
        prediction = save(os.path.join(folder, name + ".nii.gz"), moved(volume, (3, 2, 1), far))
        for convention in ("brats", "deepmind", "brats2023"):
            runs = [timed("hd95", "--convention", convention, prediction, reference) for _ in range(6)][1:]
            print("hd95\t%s\t%s\t%.3f\t%.3f\t%.0f" % (convention, name, *map(statistics.median, zip(*runs))), flush=True)


def many(references, count, folder):
    lines = []
    for i in range(count):
        reference, way = references[i % len(references)], i // len(references)
        step = (way % 3, way // 3 % 3, way // 9 % 3)
        path = save(os.path.join(folder, "moved-%d.nii.gz" % i), moved(load(reference), step, way % 5 == 4))
        lines.append("case-%d\t%s\t%s\n" % (i, path, reference))
    lists = os.path.join(folder, "pairs")
    with open(lists, "w") as file:
        file.writelines(lines)
    for convention in ("brats", "brats2023"):
        wall, processor, memory = timed("brats-eval", "--convention", convention, "--pairs", lists)
        print("brats-eval, %d cases\t%s\t%.1f cases/s\t%.3f\t%.3f\t%.0f"
              % (count, convention, count / wall, wall, processor, memory), flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--cases", type=int, default=100)
    options.add_argument("--size", default="240x240x155")
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        names = subprocess.run(["phantom", "--seed", "1", "--cases", str(SPREAD), "--size", options.size, "-o", folder],
                               check=True, capture_output=True, text=True).stdout.split()
        references = ["%s/%s/%s_seg.nii.gz" % (folder, name, name) for name in names]
        data = os.environ.get("PRUNET_TEST_DATA")
        cases = sorted(entry.path for entry in os.scandir(data) if entry.is_dir()) if data else []
        one = "%s/%s_seg.nii.gz" % (cases[0], os.path.basename(cases[0])) if cases else references[0]
        print("what\tconvention\tkind\twall_s\tprocessor_s\tpeak_MiB")
        single(one, folder)
        many(references, options.cases, folder)


main()
