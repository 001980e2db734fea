"""Two invented organs, for organs.sh: standard library only.

    _organs.py FOLDER

FOLDER/one: cases with a folder each, one modality, one region; FOLDER/one.scheme says so. FOLDER/two: nnU-Net's layout with
two modalities and five regions that do not nest, A and B share a part; FOLDER/two/dataset.json says so.
"""

import json
import os
import random
import sys

sys.path.insert(0, "tests/tools")
from _nifti import nifti, save  # noqa: E402

SIDE = 24
AFFINE = (-1, 0, 0, 0, 0, -1, 0, SIDE - 1, 0, 0, 1, 0)


def volume(value, kind):
    """value(x, y, z) of each voxel as a NIfTI file's bytes; x varies fastest."""
    side = range(SIDE)
    return nifti([value(x, y, z) for z in side for y in side for x in side], (SIDE,) * 3, AFFINE, kind)


def distance(voxel, centre):
    return sum((a - b) ** 2 for a, b in zip(voxel, centre)) ** 0.5


def image(label, levels, noise):
    """A round body of intensity 100, brighter by levels[label] in the organs, 0 outside."""

    def value(*voxel):
        inside = distance(voxel, (SIDE / 2 - 0.5,) * 3) < SIDE / 2
        return int(100 + levels[label(*voxel)] + noise.gauss(0, 5)) if inside else 0

    return volume(value, "h")


def organ_one(folder, noise):
    with open(os.path.join(folder, "one.scheme"), "w") as file:
        file.write("# An organ in one modality\nscheme one\nmodality ct\nlabel 7 pancreas 10,20,30\nregion PANCREAS 7\n")
    for number in range(5):
        centre = [noise.uniform(9, 14) for _ in range(3)]
        case = os.path.join(folder, "one", "scan_%d" % number)
        os.makedirs(case)

        def label(*voxel):
            return 7 * (distance(voxel, centre) < 4)

        save(case + "/scan_%d_ct.nii.gz" % number, image(label, {0: 0, 7: 80}, noise))
        save(case + "/scan_%d_seg.nii.gz" % number, volume(label, "B"))


def organ_two(folder, noise):
    root = os.path.join(folder, "two")
    for name in ("imagesTr", "labelsTr"):
        os.makedirs(os.path.join(root, name))
    labels = {"background": 0, "A": [1, 2], "B": [2, 3], "both": [2], "C": [4, 5], "D": 5}
    about = {"name": "Two", "channel_names": {"0": "CT", "1": "PET"}, "labels": labels, "regions_class_order": [1, 3, 2, 4, 5]}
    with open(os.path.join(root, "dataset.json"), "w") as file:
        json.dump({**about, "numTraining": 5, "file_ending": ".nii.gz"}, file)
    for number in range(5):
        a, c = [noise.uniform(8, 9) for _ in range(3)], [noise.uniform(15, 16) for _ in range(3)]
        b = (a[0] + 4, a[1], a[2])

        def label(*voxel):
            in_a, in_b = distance(voxel, a) < 4, distance(voxel, b) < 4
            if distance(voxel, c) < 4:
                return 5 if distance(voxel, c) < 2 else 4
            return 2 if in_a and in_b else 1 if in_a else 3 if in_b else 0

        for channel, levels in enumerate(({0: 0, 1: 60, 2: 90, 3: 30, 4: 0, 5: 0}, {0: 0, 1: 0, 2: 0, 3: 0, 4: 50, 5: 90})):
            save(os.path.join(root, "imagesTr", "body_%d_%04d.nii.gz" % (number, channel)), image(label, levels, noise))
        save(os.path.join(root, "labelsTr", "body_%d.nii.gz" % number), volume(label, "B"))


organ_one(sys.argv[1], random.Random(1))
organ_two(sys.argv[1], random.Random(2))
