"""prunet-check: what it counts, what forbids training, what is only odd; the same answer whatever the file system's order; a thousand cases."""

import gzip
import json
import os
import random
import shutil
import struct
import subprocess
import time

from _nifti import nifti, save
from _tap import check, finish, run

os.chdir(os.environ["TMPDIR"])
SIZE = (20, 18, 16)
LPS = (-1, 0, 0, 0, 0, -1, 0, 17, 0, 0, 1, 0)
SUFFIXES = ("_t1", "_t1ce", "_t2", "_flair", "_seg")


def ball(start, size=SIZE, shift=0, background=0):
    """A head in the middle, 0 or another background around it."""
    values = []
    for z in range(size[2]):
        for y in range(size[1]):
            for x in range(size[0]):
                inside = (x - shift - 9.5) ** 2 + (y - 8.5) ** 2 + (z - 7.5) ** 2 < 36
                values.append(start + (7 * x + 3 * y + z) % 50 if inside else background)
    return values


def label(numbers=(1, 2, 4)):
    values = [0] * (SIZE[0] * SIZE[1] * SIZE[2])
    for i, number in enumerate(numbers):
        at = ((7 + i) * SIZE[1] + 9) * SIZE[0] + 8
        values[at : at + 3] = [number] * 3
    return values


def case(name, data="data", **changes):
    """A case whose files may be others: t1=, t1ce=, t2=, flair=, seg= bytes; None: not there."""
    folder = os.path.join(data, name)
    os.makedirs(folder, exist_ok=True)
    start = 100 + sum(name.encode()) * 7 % 1000
    for m, suffix in enumerate(SUFFIXES):
        whole = nifti(label(), SIZE, LPS, "B") if m == 4 else nifti(ball(start + 1000 * m), SIZE, LPS)
        whole = changes.get(suffix[1:], whole)
        if whole is not None:
            save("%s/%s%s.nii.gz" % (folder, name, suffix), whole)
    return folder


def survey(*options, data="data"):
    code, out, err = run("prunet-check", "--json", "out.json", *options, data)
    rows = [line.split("\t") for line in out.decode().splitlines()]
    with open("out.json") as file:
        return code, rows, err, json.load(file)


def values(rows, item):
    return {row[1]: row[2:] for row in rows if row[0] == item}


def fresh():
    shutil.rmtree("data", ignore_errors=True)
    for name in ("a_1", "b_2", "c_3"):
        case(name)


# --- what it counts --------------------------------------------------------------------------------------------------------
fresh()
code, rows, err, found = survey()
check(code == 0 and not err and rows[0] == ["item", "value", "cases", "voxels", "names"], "a sound data set: 0, nothing is said " + err)
check([row[:3] for row in rows[1:]] == [["cases", "all", "3"], ["patients", "all", "3"], ["layout", "brats-2021", "3"], ["modalities", "t1,t1ce,t2,flair", "3"], ["grid", "20x18x16", "3"], ["spacing", "1x1x1", "3"], ["orientation", "LPS", "3"], ["type", "int16", "3"], ["label_type", "uint8", "3"]], "what headers say")
code, rows, err, found = survey("--voxels")
check(code == 0 and not err, "its voxels, too " + err)
check(values(rows, "label") == {"0": ["3", str(3 * (5760 - 9)), "-"], "1": ["3", "9", "-"], "2": ["3", "9", "-"], "4": ["3", "9", "-"]}, "numbers in label maps")
check(values(rows, "region") == {"WT": ["3", "27", "-"], "TC": ["3", "18", "-"], "ET": ["3", "9", "-"]} and [r[1] for r in rows if r[0] == "region"] == ["WT", "TC", "ET"], "regions")
check(values(rows, "background") == {"0": ["3", "-", "-"]} and "empty" not in [r[0] for r in rows], "background")
check(found["cases"] == found["patients"] == 3 and found["label"][3] == {"value": "4", "cases": 3, "voxels": 9} and found["error"] == [], "as JSON")

code, out, err = run("prunet-check", "--no-header", "data")
check(out.decode().splitlines()[0].startswith("cases"), "--no-header")
check(run("prunet-check", "-o", "table", "data")[:2] == (0, b"") and os.path.getsize("table") > 100, "-o")
with open("/dev/full", "wb") as full:
    check(subprocess.run(["prunet-check", "data"], stdout=full, stderr=subprocess.PIPE).returncode == 1, "a full disk is 1")
for bad in ([], ["data", "data"], ["--grid-of", "x", "data"], ["--scheme", "2019", "data"]):
    check(run("prunet-check", *bad)[0] == 2, "usage: " + " ".join(bad))
check(run("prunet-check", "nowhere")[0] == 1, "no such folder is 1")
os.makedirs("empty", exist_ok=True)
check(run("prunet-check", "empty")[0] == 65, "an empty one is 65")


# --- what forbids training -------------------------------------------------------------------------------------------------
def odd(what, status, item, name, words, *options, **changes):
    """One odd case among three: its row, its line on stderr."""
    fresh()
    case("d_4", **changes)
    code, rows, err, found = survey(*options)
    mine = [row for row in rows if row[0] == item and row[4] == name and all(word in row[1] for word in words)]
    lines = [line for line in err.splitlines() if name in line and all(word in line for word in words)]
    check(code == status and mine and lines, "%s: %d, by name %s" % (what, status, "" if mine else rows[-3:]))
    check([entry for entry in found[item] if entry["value"] == mine[0][1] and entry["names"] == [name]] if mine else False, what + ": in JSON")
    return rows


moved = list(LPS)
moved[3] = 5
wide = list(LPS)
wide[10] = 3
small = nifti(ball(5)[: 20 * 18 * 15], (20, 18, 15), LPS)
thick = {kind: nifti(ball(9 + i), SIZE, wide) for i, kind in enumerate(("t1", "t1ce", "t2", "flair"))}
rows = odd("one of another size", 65, "error", "d_4", ["20x18x15", "registered", "docs/preparing.md#registration"], t2=small)
odd("one elsewhere", 65, "error", "d_4", ["affines differ by 5", "docs/preparing.md#registration"], flair=nifti(ball(3), SIZE, moved))
odd("a label map elsewhere", 65, "error", "d_4", ["affines differ by 5", "--grid-of images"], seg=nifti(label(), SIZE, moved, "B"))
odd("a label map elsewhere, wanted", 0, "warning", "d_4", ["affines differ by 5", "place is taken"], "--grid-of", "images", seg=nifti(label(), SIZE, moved, "B"))
odd("a label map of another size", 65, "error", "d_4", ["20x18x15"], "--grid-of", "images", seg=small)
odd("no FLAIR", 65, "error", "d_4", ["no file of flair"], flair=None)
odd("no FLAIR, for segmenting", 0, "warning", "d_4", ["no file of flair"], "--unlabelled", flair=None)
odd("a file that is no NIfTI", 65, "error", "d_4", ["d_4_t1.nii.gz", "not a NIfTI file"], t1=b"\1\2\3\4" * 100)
fresh()
case("d_4", t1=None)
os.symlink("nowhere", "data/d_4/d_4_t1.nii.gz")
code, rows, err, found = survey()
check(code == 65 and "d_4: data/d_4/d_4_t1.nii.gz: cannot be read: No such file" in err, "a link to nothing")
odd("a file of four volumes", 65, "error", "d_4", ["4 volumes where 1"], t1=nifti(ball(1) * 4, (*SIZE, 4), LPS))
odd("another spacing", 65, "error", "d_4", ["1x1x3 mm, where others of the data set have 1x1x1", "docs/preparing.md#voxels"], seg=nifti(label(), SIZE, wide, "B"), **thick)
rows = odd("far from 1 mm", 65, "warning", "d_4", ["1x1x3 mm are far from 1 mm", "docs/preparing.md#voxels"], seg=nifti(label(), SIZE, wide, "B"), **thick)
check(values(rows, "spacing") == {"1x1x1": ["3", "-", "-"], "1x1x3": ["1", "-", "d_4"]}, "the case of the rarer spacing is named")
ras = (1, 0, 0, -19, 0, 1, 0, 0, 0, 0, 1, 0)
fresh()
case("d_4", seg=nifti(label(), SIZE, ras, "B"), **{kind: nifti(ball(9 + i), SIZE, ras, "f") for i, kind in enumerate(("t1", "t1ce", "t2", "flair"))})
code, rows, err, found = survey()
check(code == 0 and values(rows, "orientation") == {"LPS": ["3", "-", "-"], "RAS": ["1", "-", "d_4"]} and values(rows, "type")["float32"] == ["1", "-", "d_4"], "another orientation and type are no fault")

fresh()
os.remove("data/b_2/b_2_seg.nii.gz")
os.makedirs("data/e 5")
shutil.copy("data/a_1/a_1_t1.nii.gz", "data/e 5/")
shutil.copytree("data/a_1", "data/HGG/c_3")
for suffix in SUFFIXES:
    os.rename("data/HGG/c_3/a_1%s.nii.gz" % suffix, "data/HGG/c_3/c_3%s.nii.gz" % suffix)
code, rows, err, found = survey()
check(code == 65 and len(found["error"]) == 3, "what list-cases refuses: %s" % [e["value"] for e in found["error"]])
for words in (["b_2: no label map"], ["'e 5' cannot name a case"], ["two folders are called c_3: data/HGG/c_3 and data/c_3"]):
    check(all(word in err and any(word in row[1] for row in rows) for word in words), "is said: " + words[0])
check(values(rows, "layout")["brats-2021"][0] >= "2", "and the others are counted")
check(survey("--unlabelled")[3]["cases"] == 4, "--unlabelled: a case without a label map is one")
fresh()
os.rename("data/b_2/b_2_seg.nii.gz", "data/b_2/W39_1998.09.19_Segm.nii")
check("W39_1998.09.19_Segm.nii is not one by its name: call it b_2_seg.nii" in survey()[2], "BraTS 2020's odd label map is named")

# --- what only voxels say ---------------------------------------------------------------------------------------------------
odd("a number of another year", 65, "error", "d_4", ["d_4_seg.nii.gz", "label 3 in 3 voxels"], "--voxels", seg=nifti(label((1, 2, 3)), SIZE, LPS, "B"))
shutil.rmtree("data")
for name in ("a_1", "b_2"):
    case(name, seg=nifti(label((1, 2)), SIZE, LPS, "B"))
code, rows, err, found = survey("--voxels")
check(code == 0 and "warning: label numbers 1, 2 are read as brats-2018 has them; they fit brats-ped, msd-brain, too" in err, "numbers that fit two schemes " + err)
check([entry for entry in found["warning"] if entry["names"] == ["-"] and "msd-brain" in entry["value"]], "are said of the data set, in JSON, too")
check({name: row[0] for name, row in values(rows, "fits").items()} == dict.fromkeys(("brats-2018", "brats-2023", "brats-2024", "brats-ped", "msd-brain"), "2"), "which schemes fit %s" % values(rows, "fits"))
check("read as" not in survey("--voxels", "--scheme", "msd")[2], "not where a scheme is named")
case("c_3")
code, rows, err, found = survey("--voxels")
check("read as" not in err and values(rows, "fits")["msd-brain"][:1] == ["2"] and values(rows, "fits")["brats-2018"][:1] == ["3"], "nor where another map decides")
shutil.rmtree("data")
case("BRATS_001", seg=nifti(label((1, 2)), SIZE, LPS, "B"))
check("the name says msd-brain, where they are other regions" in survey("--voxels")[2], "a name that says another scheme")
odd("voxels that are not finite", 65, "error", "d_4", ["d_4_t2.nii.gz", "1 voxels are not finite"], "--voxels", t2=nifti([float("nan")] + ball(5)[1:], SIZE, LPS, "f"))
odd("an image of one value", 0, "warning", "d_4", ["t1ce: all voxels are 7"], "--voxels", t1ce=nifti([7] * 5760, SIZE, LPS))
noise = [v or random.Random(1).randrange(1, 9) + i % 3 for i, v in enumerate(ball(500))]
odd("a noisy background", 0, "warning", "d_4", ["1 images without a background of one value", "docs/preparing.md#skull"], "--voxels", t2=nifti(noise, SIZE, LPS))
odd("a shifted head", 0, "warning", "d_4", ["t2: its head", "(Dice)", "docs/preparing.md#registration"], "--voxels", t2=nifti(ball(500, shift=3), SIZE, LPS))
large = (-16, 0, 0, 0, 0, -16, 0, 17, 0, 0, 16, 0)
shutil.rmtree("data")
for name in ("a_1", "b_2"):
    case(name, seg=nifti(label(), SIZE, large, "B"), **{kind: nifti(ball(9 * len(name) + ord(name[0]) + i), SIZE, large) for i, kind in enumerate(("t1", "t1ce", "t2", "flair"))})
code, rows, err, found = survey("--voxels")
check(code == 0 and "a_1: t1: a head of 3.7 litres, more than a brain has: with its skull? docs/preparing.md#skull" in err, "a head too large for a brain")
fresh()
case("d_4", seg=nifti(label((2,)), SIZE, LPS, "B"), t2=nifti(ball(500, background=37), SIZE, LPS))
code, rows, err, found = survey("--voxels")
check(code == 0 and values(rows, "empty") == {"TC": ["1", "-", "d_4"], "ET": ["1", "-", "d_4"]} and values(rows, "region")["WT"][0] == "4", "empty regions")
check(values(rows, "background") == {"0": ["4", "-", "-"], "37": ["1", "-", "d_4"]}, "another background")
fresh()
with gzip.open("data/a_1/a_1_t2.nii.gz") as file:
    same = file.read()
case("d_4", t1=same, t1ce=nifti(struct.unpack("<5760h", same[352:]), SIZE, LPS, "f"))
code, rows, err, found = survey("--voxels")
check(code == 0 and "d_4: t1 has the voxels of t2 of a_1" in err and "d_4: t1ce has the voxels of t2 of a_1" in err and len(found["warning"]) == 2, "a volume that is there twice, of another type, too")
subprocess.run("phantom -q --seed 1 --cases 2 --size 32x32x32 --layout brats-2023 -o years", shell=True, stdout=subprocess.DEVNULL)
check(survey("--voxels", data="years")[0] == 65 and survey("--voxels", "--scheme", "2023", data="years")[0] == 0, "--scheme")
shutil.copytree("data/a_1", "years/a_1")
check("cases in 2 layouts" in survey(data="years")[2], "two layouts are said")

# --- the same answer, whatever the order of the file system -------------------------------------------------------------------
shutil.rmtree("data")
names = ["BraTS-PHA-%05d-%03d" % (i // 2, i % 2) for i in range(24)]
answers = set()
for seed in range(3):
    shutil.rmtree("data", ignore_errors=True)
    random.Random(seed).shuffle(names)
    for name in names:
        case(name, **({"t2": small} if name.endswith("7-001") else {}))
    for base, _, files in os.walk("data"):
        for name in files:
            os.utime(os.path.join(base, name), (seed * 1000, seed * 2000))
    code, out, err = run("prunet-check", "--voxels", "--json", "out.json", "data")
    answers.add((code, out, err, open("out.json").read()))
check(len(answers) == 1, "three orders and dates, one answer")
check(b"patients\tall\t12\t" in out, "24 visits of 12 patients")

# --- a thousand cases -----------------------------------------------------------------------------------------------------------
shutil.rmtree("data")
first = case("BraTS2021_00000")
for i in range(1, 1251):
    name = "BraTS2021_%05d" % i
    os.mkdir("data/" + name)
    for suffix in SUFFIXES:
        os.link("%s/BraTS2021_00000%s.nii.gz" % (first, suffix), "data/%s/%s%s.nii.gz" % (name, name, suffix))
start = time.monotonic()
code, rows, err, found = survey()
seconds = time.monotonic() - start
check(code == 0 and found["cases"] == 1251 and seconds < 5, "1251 cases by their headers in %.1f s, less than 5" % seconds)
finish()
