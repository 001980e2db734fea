"""nii2raw: layouts of folders and files, label rules, and every way in which a case can be wrong."""

import os
import shutil
import struct
import subprocess

from _nifti import LABELS, NEW, OLD, SIZE, AFFINE, case_folder, floats, nifti, records, refused, save, voxels
from _tap import check, finish, run

os.chdir(os.environ["TMPDIR"])
WHOLE = floats([v for m in range(4) for v in voxels(1000 * m)])


def whole_case(result, name, labels=bytes(LABELS)):
    code, out, err = result
    if code or err:
        return False
    image, *rest = records(out)
    good = image[1] == WHOLE and "prunet.case:=" + name in image[0] and "prunet.channels:=t1 t1ce t2 flair" in image[0]
    if labels is None:
        return good and not rest and "prunet.last:=1" in image[0]
    return good and len(rest) == 1 and rest[0][1] == labels and "prunet.last:=0" in image[0] and "prunet.last:=1" in rest[0][0]


case_folder("BraTS_1")
case_folder("BraTS-GLI-2", NEW)
case_folder("plain", OLD, ".nii")
check(whole_case(run("nii2raw", "--dir", "BraTS_1"), "BraTS_1"), "a folder of BraTS' older names")
code, out, err = run("nii2raw", "--dir", "BraTS-GLI-2/")
check(whole_case((code, out, ""), "BraTS-GLI-2"), "a folder of 2023's names, with a slash behind it")
check(err.count("\n") == 1 and "p-seg.nii.gz: label numbers 1, 2, 4" in err and "the name says brats-2024, where" in err and "--scheme" in err, "its label 4 may be the resection cavity: %s" % err)
code, out, err = run("nii2raw", "--scheme", "brats-2024", "--dir", "BraTS-GLI-2/")
check(not err and any(line.startswith("prunet.scheme:=scheme brats-2024; ") for line in records(out)[1][0]), "2024's scheme says nothing, and its label record names it")
check(records(out)[1][1] == bytes(LABELS), "and keeps its numbers")
check(whole_case(run("nii2raw", "--dir", ".", cwd="plain"), "plain"), ".nii files in the working folder")
check(whole_case(run("nii2raw", "--dir", "BraTS_1", "--no-label"), "BraTS_1", None), "--no-label leaves the label out")
check(whole_case(run("nii2raw", "--dir", "BraTS_1", "--case", "x.y"), "x.y"), "--case names it")
paths = ["BraTS_1/p%s.nii.gz" % suffix for suffix in OLD]
check(whole_case(run("nii2raw", *paths[:4]), "p", None), "four files; the name is the file's less its suffix")
check(whole_case(run("nii2raw", "--label", paths[4], *paths[:4]), "p"), "and a label")
with open(paths[1], "rb") as file:
    piped = file.read()
check(whole_case(run("nii2raw", paths[0], "-", *paths[2:4], stdin=piped), "p", None), "one of them on stdin, gzip")
for kind in (OLD, NEW):
    for suffix, m in zip(kind[:4], range(4)):
        save("plain/%s.nii" % suffix[1:], nifti(voxels(1000 * m)))
    check(whole_case(run("nii2raw", *["plain/%s.nii" % s[1:] for s in kind[:4]]), "plain", None), "bare %s: the folder's name" % kind[0][1:])
outputs = {run("nii2raw", "--dir", "BraTS_1", env={"PRUNET_THREADS": str(n)})[1] for n in (1, 2, 3, 7)}
check(len(outputs) == 1, "the same bytes with 1, 2, 3 and 7 threads")
code, out, err = run("nii2raw", "--dir", "BraTS_1", "-o", "one.nrrd")
with open("one.nrrd", "rb") as file:
    check(not code and not out and {file.read()} == outputs, "-o writes the same bytes")

code, out, err = run("nii2raw", "-v", "--dir", "BraTS_1")
check(not code and err.startswith("nii2raw: case 1/1 (100 %) BraTS_1, image and label"), "-v: a line for the case")

# Warnings
stretched = list(AFFINE)
stretched[0] = -1.01
save("forms.nii", nifti(voxels(0), affine=stretched, spacing=(1, 1, 2)))
code, out, err = run("nii2raw", *["forms.nii"] * 4)
check(not code and err.count("forms.nii: qform and sform place the volume differently") == 4 and "prunet.affine:=-1.00999999 " in "\n".join(records(out)[0][0]), "forms that differ: a warning, and the sform")
check(run("nii2raw", "-q", *["forms.nii"] * 4)[2] == "", "-q: none")
strange = bytearray(nifti(voxels(0), codes=(0, 0)))
strange[72] = 8
save("bits.nii", strange)
code, out, err = run("nii2raw", *["bits.nii"] * 4)
check(not code and err.count("bits.nii: bitpix is 8 for datatype 4") == 4 and err.count("neither sform nor qform") == 4, "a bitpix that lies, no form at all: warnings")

zeros = bytearray(nifti(voxels(0)))
zeros[280:328] = bytes(48)
save("zeros.nii", zeros)
code, out, err = run("nii2raw", *["zeros.nii"] * 4)
check(not code and err.count("zeros.nii: the sform is singular and places nothing: the qform is used") == err.count("\n") == 4 and "prunet.affine:=-1 0 0 7 0 -1 0 8 0 0 2 9" in records(out)[0][0], "an sform of zeros beside a good qform")
zeros[256:268] = struct.pack("<3f", 1, 1, 1)
save("zeros.nii", zeros)
code, out, err = run("nii2raw", *["zeros.nii"] * 4)
check(code == 65 and "the affine is singular" in err, "beside a qform that is not one, either")
for spacing, said in (((1, 1, 2), 0), ((0, 0, 0), 0), ((1, 1, 2.0005), 0), ((0.5, 0.5, 1), 4), ((1, 1, 2.01), 4)):
    save("pixdim.nii", nifti(voxels(0), codes=(0, 1), spacing=spacing))
    code, out, err = run("nii2raw", *["pixdim.nii"] * 4)
    check(not code and err.count("by pixdim, of 1x1x2 by the sform") == err.count("\n") == said, "no qform, an sform of 1x1x2 and a pixdim of %gx%gx%g" % spacing)

for kind, low in (("i", -(2**31)), ("I", 0)):
    exact, more = [low, 2**24, 2**24 + 2, 2**31 - 128] + [0] * 56, [2**24 + 1, 2**31 - 1, 5]
    save("exact.nii", nifti(exact, kind=kind))
    save("more.nii", nifti(exact[:-3] + more, kind=kind))
    check(run("nii2raw", *["exact.nii"] * 4)[::2] == (0, ""), "32-bit integers that a float holds (%s)" % kind)
    code, out, err = run("nii2raw", "exact.nii", "more.nii", "exact.nii", "exact.nii")
    check(not code and err == "nii2raw: warning: more.nii: 2 voxels of 32-bit integers above 2^24 are rounded to float\n", "and two that it does not: " + err)

# Medical Segmentation Decathlon: x y z modality = flair, t1, t1ce, t2; labels 1 oedema, 2 non-enhancing, 3 enhancing
order = [v for m in (3, 0, 1, 2) for v in voxels(1000 * m)]
save("BRATS_001.nii.gz", nifti(order, (*SIZE, 4)))
msd = [i % 4 for i in range(len(LABELS))]
save("msd.nii.gz", nifti(msd, kind="B"))
check(whole_case(run("nii2raw", "BRATS_001.nii.gz"), "BRATS_001", None), "the Decathlon's 4-D image")
mapped = bytes((0, 2, 1, 4)[v] for v in msd)
check(whole_case(run("nii2raw", "--label", "msd.nii.gz", "BRATS_001.nii.gz"), "BRATS_001", mapped), "its labels are implied")
check(whole_case(run("nii2raw", "--label", "msd.nii.gz", "--scheme", "msd", *paths[:4]), "p", mapped), "or asked for")
check(whole_case(run("nii2raw", "--label", paths[4], "--scheme", "2018", "BRATS_001.nii.gz"), "BRATS_001"), "or not wanted")
later = [v if v != 4 else 3 for v in LABELS]
save("later.nii", nifti(later, kind="B"))
check(whole_case(run("nii2raw", "--label", "later.nii", "--scheme", "2023", *paths[:4]), "p"), "--scheme 2023: 3 is enhancing")
check(refused(run("nii2raw", "--label", "later.nii", *paths[:4]), 65, "later.nii", "label 3", "in 15 voxels", "2023"), "without it 3 is refused, with its count")
save("both.nii", nifti([(0, 1, 2, 3, 4)[i % 5] for i in range(len(LABELS))], kind="B"))
check(refused(run("nii2raw", "--label", "both.nii", "--scheme", "2023", *paths[:4]), 65, "both.nii", "label 4", "in 12 voxels", "resection cavity"), "2024's map with 3 and 4 is refused by 2023's scheme")
check(refused(run("nii2raw", "--label", "both.nii", *paths[:4]), 65, "both.nii", "label 3"), "and by 2018's")
check(refused(run("nii2raw", "--label", paths[4], "--scheme", "2023", *paths[:4]), 65, "p_seg", "label 4"), "so is a 4 alone by 2023's")
save("two.nii", nifti([v % 3 for v in LABELS], kind="B"))
code, out, err = run("nii2raw", "--label", "two.nii", *paths[:4])
check(code == 0 and err.count("\n") == 1 and "warning: two.nii: label numbers 1, 2 are read as brats-2018 has them; they fit brats-ped, msd-brain, too" in err, "numbers that fit two schemes are said " + err)
check(run("nii2raw", "--label", "two.nii", "--scheme", "msd", *paths[:4])[2] == "", "not where a scheme is named")
check(run("nii2raw", "--label", "two.nii", "--scheme", "msd", *paths[:4])[1] != out, "they are other labels")
save("half.nii", nifti([0.5] * len(LABELS), kind="f"))
check(refused(run("nii2raw", "--label", "half.nii", *paths[:4]), 65, "half.nii", "label 0.5"), "labels are whole numbers")

save("near.nii", nifti([v + (0.0009, -0.0009, 0)[i % 3] for i, v in enumerate(LABELS)], kind="f"))
near = run("nii2raw", "--label", "near.nii", *paths[:4])
check(whole_case((near[0], near[1], ""), "p") and near[2].count("\n") == 1 and "near.nii: 40 labels are not whole" in near[2], "but for a thousandth, with one warning " + near[2])

# Wrong cases
def replaced(index, data, *options):
    save("other.nii", data)
    files = list(paths[:4])
    files[index] = "other.nii"
    return run("nii2raw", *options, *files)


shifted = list(AFFINE)
shifted[3] += 0.01
check(refused(replaced(2, nifti(voxels(0)[:48], (4, 4, 3))), 65, "p_t1.nii.gz", "other.nii", "5x4x3", "4x4x3"), "a modality of another size")
check(refused(replaced(3, nifti(voxels(0), affine=shifted)), 65, "p_t1.nii.gz", "other.nii", "affine"), "a modality with another affine")
shifted[3] -= 0.0095
check(replaced(3, nifti(voxels(0), affine=shifted))[0] == 0, "half a micrometre is rounding")
check(refused(replaced(1, nifti(order, (*SIZE, 4))), 65, "other.nii", "4 volumes"), "a 4-D file as a modality")
check(refused(run("nii2raw", paths[0]), 65, "p_t1.nii.gz", "1 volumes", "flair, t1, t1ce, t2"), "a 3-D file alone")
check(refused(run("nii2raw", "--label", "half.nii", "--scheme", "2018", *paths[:3], "BRATS_001.nii.gz"), 65, "BRATS_001"), "3-D and 4-D mixed")
# A label map whose header says another place than its images', as Brats17_TCIA_105_1's does, 239 mm off
elsewhere = list(AFFINE)
elsewhere[7] -= 239
save("elsewhere.nii", nifti(LABELS, affine=elsewhere, kind="B", codes=(2, 2)))
check(refused(run("nii2raw", "--label", "elsewhere.nii", *paths[:4]), 65, "elsewhere.nii", "differ by 239", "--grid-of images", "GRID_OF=images"), "a label map elsewhere, and what to do")
moved = run("nii2raw", "--label", "elsewhere.nii", "--grid-of", "images", *paths[:4])
check(moved[1] == run("nii2raw", "--label", paths[4], *paths[:4])[1] and not moved[2], "--grid-of images: the record of one in its place, byte for byte")
check(whole_case(run("nii2raw", "--dir", "BraTS_1", "--grid-of", "images"), "BraTS_1"), "and one in its place stays as it is")
check(refused(replaced(2, nifti(voxels(0), affine=elsewhere), "--grid-of", "images"), 65, "other.nii", "affines differ by 239"), "of images it is no question")
check("--grid-of" not in replaced(2, nifti(voxels(0), affine=elsewhere))[2], "and not offered")
save("small.nii", nifti([0] * 48, (4, 4, 3), kind="B"))
check(refused(run("nii2raw", "--label", "small.nii", *paths[:4]), 65, "small.nii", "4x4x3"), "a label of another size")
check(refused(run("nii2raw", "--label", "small.nii", "--grid-of", "images", *paths[:4]), 65, "small.nii", "4x4x3"), "which has no other place")
nan = voxels(1000)
nan[3] = nan[4] = float("nan")
check(refused(replaced(1, nifti(nan, kind="f")), 65, "other.nii", "2 voxels are not finite"), "voxels that are not finite")
code, out, err = replaced(1, nifti(nan, kind="f"), "--nan-to-zero")
check(code == 0 and "other.nii: 2 voxels" in err and records(out)[0][1][4 * 60 + 12 : 4 * 60 + 20] == bytes(8), "--nan-to-zero, with a count")
with open("cut.nii.gz", "wb") as file:
    file.write(piped[: len(piped) // 2])
check(refused(run("nii2raw", paths[0], "cut.nii.gz", *paths[2:4]), 65, "cut.nii.gz", "ends early"), "a truncated .nii.gz")
check(refused(run("nii2raw", "-o", "never.nrrd", paths[0], "cut.nii.gz", *paths[2:4]), 65) and not [f for f in os.listdir(".") if "never" in f], "leaves nothing under the final name")
check(refused(run("nii2raw", "--max-bytes", "239", *paths[:4]), 65, "p_t1.nii.gz", "239"), "--max-bytes")
check(refused(run("nii2raw", paths[0], "missing.nii", *paths[2:4]), 1, "missing.nii", "No such file"), "a missing file")
check(refused(run("nii2raw", paths[0], "plain", *paths[2:4]), 1, "plain", "folder"), "a folder as a file")
check(refused(run("nii2raw", "--dir", "nowhere"), 1, "nowhere", "No such file"), "a missing folder")
shutil.copytree("BraTS_1", "twice")
shutil.copy(paths[1], "twice/another_t1ce.nii.gz")
check(refused(run("nii2raw", "--dir", "twice"), 65, "twice", "two files for t1ce", "p_t1ce", "another_t1ce"), "two files for a modality")
os.rename("twice/another_t1ce.nii.gz", "twice/._another_t1ce.nii.gz")
check(whole_case(run("nii2raw", "--dir", "twice"), "twice"), "hidden files do not count")
os.remove("twice/p_t2.nii.gz")
check(refused(run("nii2raw", "--dir", "twice"), 65, "twice", "no t2"), "a modality that is not there")
shutil.copy(paths[2], "twice/p_T2 fat-sat.nii.gz")
check(refused(run("nii2raw", "--dir", "twice"), 65, "twice: no t2", "p_T2 fat-sat.nii.gz is not one by its name"), "a file that may be it is named")
shutil.copytree("BraTS_1", "mixed")
os.rename("mixed/p_t2.nii.gz", "mixed/q_t2.nii.gz")
check(refused(run("nii2raw", "--dir", "mixed"), 65, "mixed: files of two cases", "p_t1.nii.gz", "q_t2.nii.gz"), "a file of another patient")
case_folder("BraTS20_Training_001", prefix="BraTS20_Training_002")
check(refused(run("nii2raw", "--dir", "BraTS20_Training_001"), 65, "another case", "BraTS20_Training_002_t1"), "a whole case in another's folder")
for wrong, text in (([paths[1], paths[0], *paths[2:4]], "given as t1"), ([*paths[:3], paths[4]], "given as flair"), ([*paths[:4], "--label", paths[3]], "given as seg"), (["plain/%s.nii" % m for m in ("t1", "t1ce", "flair", "t2")], "given as t2")):
    check(refused(run("nii2raw", *wrong), 65, text, "by its name it is"), "a modality in the place of another: " + text)
for m, suffix in enumerate(OLD):
    shutil.copy(paths[m], "Brats18_CBICA_%s_1%s.nii.gz" % ("ABC" if m != 3 else "ABD", suffix))
    shutil.copy(paths[m], "BraTS21_%05d%s.nii.gz" % (6 + (m == 4), suffix))
check(run("nii2raw", *["Brats18_CBICA_%s_1%s.nii.gz" % ("ABC" if m != 3 else "ABD", OLD[m]) for m in range(4)])[0] == 0, "names that are chosen freely are not judged")
check(refused(run("nii2raw", "--label", "BraTS21_00007_seg.nii.gz", *["BraTS21_00006%s.nii.gz" % s for s in OLD[:4]]), 65, "files of two cases", "BraTS21_00007_seg"), "a label map of the next patient")
shutil.copytree("BraTS_1", "BraTS20_Training_355")
os.rename("BraTS20_Training_355/p_seg.nii.gz", "BraTS20_Training_355/W39_1998.09.19_Segm.nii")
code, out, err = run("nii2raw", "--dir", "BraTS20_Training_355")
check(code == 0 and len(records(out)) == 1 and err.count("\n") == 1 and "W39_1998.09.19_Segm.nii" in err and "BraTS20_Training_355_seg.nii" in err, "BraTS 2020's odd label map is named: " + err)
check(run("nii2raw", "--dir", "BraTS20_Training_355", "--no-label")[::2] == (0, ""), "unless none is wanted")
os.chmod("twice", 0)
unreadable = run("nii2raw", "--dir", "twice", **({} if os.geteuid() else {"user": 65534}))
if unreadable[0] == 126 or "nii2raw" not in unreadable[2]:
    print("ok - an unreadable folder # skip the tools cannot be run as another user here")
else:
    check(refused(unreadable, 1, "twice", "Permission denied"), "an unreadable folder")
os.chmod("twice", 0o755)
os.rename("twice", "with blank")
check(refused(run("nii2raw", "--dir", "with blank", "--label", paths[4]), 65, "no t2"), "the first thing wrong is told")
shutil.copy(paths[2], "with blank/")
check(whole_case(run("nii2raw", "--dir", "with blank"), "p"), "a folder whose name cannot be a case's: the file's")
shutil.copy(paths[0], "a b_t1.nii.gz")
check(run("nii2raw", "a b_t1.nii.gz", *paths[1:4])[0] == 2, "a file whose name cannot be a case's asks for --case")
for bad in ([], paths[:3], ["--dir", "BraTS_1", *paths[:4]], ["--scheme", "2019", *paths[:4]], ["--case", "a/b", *paths[:4]], ["--label", "x", "--no-label", *paths[:4]], ["--grid-of", "header", *paths[:4]], ["-", "-", *paths[:2]]):
    code, out, err = run("nii2raw", *bad)
    check(code == 2 and not out and err, "usage: " + " ".join(os.path.basename(b) for b in bad))
with open("/dev/full", "wb") as full:
    done = subprocess.run(["nii2raw", *paths[:4]], stdout=full, stderr=subprocess.PIPE)
check(done.returncode == 1 and b"No space left" in done.stderr, "a full disk")
first, second = os.openpty()
os.set_blocking(first, False)
done = subprocess.run(["nii2raw", *paths[:4]], stdout=second, stderr=subprocess.PIPE)
check(done.returncode == 2 and b"terminal" in done.stderr, "records are not written to a terminal")
finish()
