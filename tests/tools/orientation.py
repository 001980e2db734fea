"""Orientation: copies of a case in all 48 orientations are read as one, and go back onto their own grids. nibabel judges."""

import itertools
import os
import subprocess
import sys

from _tap import check, finish, run

try:
    import nibabel
    import numpy as np
except ImportError:
    print("ok - orientation.py # skip needs nibabel")
    sys.exit(0)
from _volume import records

os.chdir(os.environ["TMPDIR"])
MODALITIES = ("t1", "t1ce", "t2", "flair", "seg")
run("phantom", "--seed", "6", "--cases", "1", "--size", "26x21x17", "-o", "lps")
NAME = "phantom_00001"


def paths(folder):
    return [os.path.join(folder, NAME, "%s_%s.nii.gz" % (NAME, m)) for m in MODALITIES]


def turned_copy(code, rotation=None):
    """The case with other axes, the voxels where they were: by nibabel."""
    os.makedirs(os.path.join(code, NAME))
    for source, target in zip(paths("lps"), paths(code)):
        image = nibabel.load(source)
        turn = nibabel.orientations.ornt_transform(nibabel.io_orientation(image.affine), nibabel.orientations.axcodes2ornt(code))
        image = image.as_reoriented(turn)
        if rotation is not None:
            image = nibabel.Nifti1Image(np.asarray(image.dataobj), rotation @ image.affine)
        nibabel.save(image, target)


def read(folder, *more):
    code, out, err = run("nii2raw", "--dir", os.path.join(folder, NAME), *more)
    return (out, records(out)) if code == 0 and not err else (out, None)


def same_voxels(found):
    return found and all(np.array_equal(a["array"], b["array"]) for a, b in zip(found, whole)) and len(found) == 2


def back(stream, role, folder):
    code, out, err = run("raw2nii", "--role", role, "-o", "back.nii.gz", stdin=stream)
    return nibabel.load("back.nii.gz") if code == 0 else None


stream, whole = read("lps")
check(whole and b"prunet.axes" not in stream, "LPS is taken as it is")
source = nibabel.load(paths("lps")[0])
check(np.array_equal(whole[0]["array"][0].T, np.asarray(source.dataobj)), "its first axis to the left, its second to the back")
codes = ["".join(code) for pairs in itertools.permutations(("LR", "AP", "SI")) for code in itertools.product(*pairs)]
check(len(set(codes)) == 48, "48 orientations")
wrong = []
for code in codes:
    if code == "LPS":
        continue
    turned_copy(code)
    stream, found = read(code)
    good = same_voxels(found) and b"prunet.axes:=" in stream
    for role, path in (("image", paths(code)[0]), ("label", paths(code)[4])):
        image, source = back(stream, role, code), nibabel.load(path)
        data = np.asarray(image.dataobj)
        good = good and np.array_equal(data[..., 0] if role == "image" else data, np.asarray(source.dataobj))
        good = good and np.array_equal(image.affine, source.affine) and nibabel.aff2axcodes(image.affine) == tuple(code)
        good = good and all(image.header[key] == source.header[key] for key in ("qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d"))
    if not good:
        wrong.append(code)
check(not wrong, "each is read alike and goes back alike " + " ".join(wrong))

# A crop goes back to its place, and the corner of the head is where it was.
wrong = []
for code in ("RAS", "LAS", "SRP", "AIL"):
    done = subprocess.run(f"nii2raw --dir {code}/{NAME} | crop --size 16x12x14 2>crop.err | raw2nii --role label -o part.nii.gz", shell=True)
    reference = subprocess.run(f"nii2raw --dir lps/{NAME} | crop --size 16x12x14 2>crop.err | raw2nii --role label -o lps.nii.gz", shell=True)
    part, lps = nibabel.load("part.nii.gz"), nibabel.load("lps.nii.gz")
    turn = nibabel.orientations.ornt_transform(nibabel.io_orientation(part.affine), nibabel.io_orientation(lps.affine))
    if done.returncode or not np.array_equal(np.asarray(part.as_reoriented(turn).dataobj), np.asarray(lps.dataobj)) or part.shape != nibabel.load(paths(code)[4]).shape:
        wrong.append(code)
check(not wrong, "crops, too " + " ".join(wrong))
check("prunet.axes" in run("crop", "--size", "16x12x14", stdin=read("RAS")[0])[1][:4096].decode("ascii", "replace"), "the axes travel through filters")

# Segmented in one step, and by the tools.
subprocess.run("prunet-init --seed 1 --channels 4,8,8 -o model", shell=True, stderr=subprocess.DEVNULL)
maps = {}
for code in ("lps", "LAS", "RAS", "SRP", "IAL"):
    done = run("prunet-segment", "-q", "-m", "model", "--crop", "16x16x16", "-o", code + ".nii.gz", os.path.join(code, NAME))
    maps[code] = nibabel.load(code + ".nii.gz") if done[0] == 0 else None
lps = np.asarray(maps["lps"].dataobj)
for code in ("LAS", "RAS", "SRP", "IAL"):
    image = maps[code]
    turn = nibabel.orientations.ornt_transform(nibabel.io_orientation(image.affine), nibabel.io_orientation(maps["lps"].affine))
    check(np.array_equal(np.asarray(image.as_reoriented(turn).dataobj), lps) and lps.any(), code + ": the same label map")
    source = nibabel.load(paths(code)[0])
    check(image.shape == source.shape and np.array_equal(image.affine, source.affine), code + ": on its own grid")
    subprocess.run(f"nii2raw --no-label --dir {code}/{NAME} | crop --size 16x16x16 2>crop.err | standardize | prunet-infer -m model --label-map | raw2nii -o tools.nii.gz", shell=True)
    check(open("tools.nii.gz", "rb").read() == open(code + ".nii.gz", "rb").read(), code + ": the same by the tools")
check(run("dice-eval", "LAS.nii.gz", paths("LAS")[4])[0] == 0, "and scored on it")

# Oblique: the nearest axes. A qform alone. Four dimensions.
angle = np.radians(25)
rotation = np.eye(4)
rotation[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
os.rename("RAS", "straight")
turned_copy("RAS", rotation)
stream, found = read("RAS")
image = back(stream, "label", "RAS")
check(same_voxels(found) and np.allclose(image.affine, nibabel.load(paths("RAS")[4]).affine, atol=1e-6) and np.array_equal(np.asarray(image.dataobj), np.asarray(nibabel.load(paths("RAS")[4]).dataobj)), "oblique by 25 degrees")
four = np.stack([np.asarray(nibabel.load(paths("straight")[m]).dataobj) for m in (3, 0, 1, 2)], -1)
nibabel.save(nibabel.Nifti1Image(four, nibabel.load(paths("straight")[0]).affine), "four.nii.gz")
code, out, err = run("nii2raw", "four.nii.gz")
check(code == 0 and np.array_equal(records(out)[0]["array"], whole[0]["array"]), "a file of four dimensions")

# --like: a record of one orientation onto the grid of another.
label = subprocess.run(f"nii2raw --dir lps/{NAME} | raw2nii --role label --like straight/{NAME}/{NAME}_t1.nii.gz -o like.nii.gz", shell=True)
check(label.returncode == 0 and np.array_equal(np.asarray(nibabel.load("like.nii.gz").dataobj), np.asarray(nibabel.load(paths("straight")[4]).dataobj)), "--like turns")
label = subprocess.run(f"nii2raw --dir LAS/{NAME} | raw2nii --role label --like lps/{NAME}/{NAME}_t1.nii.gz -o like.nii.gz", shell=True)
check(label.returncode == 0 and np.array_equal(np.asarray(nibabel.load("like.nii.gz").dataobj), np.asarray(nibabel.load(paths("lps")[4]).dataobj)), "and turns back")

# A header that lies about its axes.
stream = read("LAS")[0]
for value in ("1 2", "1 1 3", "0 2 3", "1 2 4", "1 2.5 3", "x 2 3", "1 2 -3 4", "99999999999 2 3"):
    first = stream[: stream.index(b"\n\n")]
    line = next(line for line in first.split(b"\n") if line.startswith(b"prunet.axes:="))
    code, out, err = run("rawinfo", stdin=stream.replace(line, b"prunet.axes:=" + value.encode(), 1))
    check(code == 65 and "prunet.axes" in err, "axes of " + value)
lie = stream.replace(b"prunet.axes:=-1 -2 3", b"prunet.axes:=-1 2 3") if b"prunet.axes:=-1 -2 3" in stream else stream.replace(b"prunet.axes:=-1 2 3", b"prunet.axes:=-1 -2 3").replace(b"prunet.axes:=1 -2 3", b"prunet.axes:=1 2 3")
code, out, err = run("raw2nii", "--role", "label", stdin=lie)
check(code == 65 and "flipped" in err, "axes that are not the geometry's")
finish()
