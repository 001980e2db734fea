"""Other programs read our records and NIfTI, and ours read theirs: numpy's memmap, teem's unu, nibabel."""

import os
import shutil

from _nifti import SIZE, case_folder, nifti, records, save, voxels
from _tap import check, finish, run

os.chdir(os.environ["TMPDIR"])
case_folder("one")
STREAM = run("nii2raw", "--dir", "one")[1]
run("nii2raw", "--dir", "one", "--no-label", "-o", "image.nrrd")
unu = shutil.which("teem-unu") or shutil.which("unu")


def info(*arguments, **options):
    code, out, err = run("rawinfo", "--no-header", *arguments, **options)
    return out.decode().strip().split("\t") if not code else err


def with_numpy():
    try:
        import numpy as np
    except ImportError:
        print("ok - numpy maps a record # skip needs numpy")
        return
    image = np.memmap("image.nrrd", "<f4", "r", offset=4096, shape=(4, *SIZE[::-1]))
    wanted = np.array([1000 * m + i for m in range(4) for i in range(60)], "<f4").reshape(image.shape)
    check(bool((image == wanted).all()), "numpy maps a record at offset 4096 as (C, D, H, W)")


def with_unu():
    if not unu:
        print("ok - unu reads and writes records # skip needs unu (Debian: teem-apps)")
        return
    code, out, err = run(unu, "head", "image.nrrd")
    check(not code and b"sizes: 5 4 3 4" in out and b"prunet.case:=one" in out, "unu head shows the header")
    code, out, err = run(unu, "save", "-f", "nrrd", "-i", "image.nrrd", "-o", "saved.nrrd")
    check(not code and info("saved.nrrd") == info("image.nrrd"), "what unu save makes of a record is the same record")
    _, again, _ = run("raw2nii", "saved.nrrd")
    check(again == run("raw2nii", "image.nrrd")[1], "and goes back to the same NIfTI")
    run(unu, "crop", "-min", "1", "2", "1", "0", "-max", "3", "3", "2", "M", "-i", "image.nrrd", "-o", "crop.nrrd")
    check(info("crop.nrrd")[3:6:2] == ["3x2x2x4", "1,2,1"], "unu crop: the offset is derived")
    run(unu, "pad", "-min", "-1", "0", "0", "0", "-max", "M+2", "M", "M+4", "M", "-b", "pad", "-v", "0", "-i", "image.nrrd", "-o", "pad.nrrd")
    check(info("pad.nrrd")[3:6:2] == ["8x4x7x4", "-1,0,0"], "unu pad: an offset of -1")
    check(run("raw2nii", "pad.nrrd")[1] == run("raw2nii", "image.nrrd")[1], "what unu has padded is cut again")
    run(unu, "flip", "-a", "0", "-i", "image.nrrd", "-o", "flip.nrrd")
    check(info("flip.nrrd")[9] == "misplaced" and run("raw2nii", "flip.nrrd")[0] == 65, "unu flip: refused on the way back")
    run(unu, "permute", "-p", "1", "0", "2", "3", "-i", "image.nrrd", "-o", "permute.nrrd")
    check(run("raw2nii", "permute.nrrd")[0] == 65, "unu permute of x and y: refused on the way back")
    run(unu, "permute", "-p", "3", "0", "1", "2", "-i", "image.nrrd", "-o", "list.nrrd")
    check("65" in str(run("rawinfo", "list.nrrd")[0]), "unu permute with the channels first: refused")
    for kind, name in (("uchar", "uint8"), ("short", "int16"), ("float", "float")):
        run(unu, "convert", "-t", kind, "-i", "image.nrrd", "-o", "kind.nrrd")
        check(info("kind.nrrd")[2] == name, "unu's %s is %s" % (kind, name))
    run(unu, "convert", "-t", "double", "-i", "image.nrrd", "-o", "double.nrrd")
    check("type double" in info("double.nrrd"), "double is refused: " + str(info("double.nrrd")).strip())
    for encoding in ("gzip", "ascii", "hex"):
        run(unu, "save", "-f", "nrrd", "-e", encoding, "-i", "image.nrrd", "-o", "encoded.nrrd")
        check("only raw" in info("encoded.nrrd"), "encoding %s is refused" % encoding)
    run(unu, "save", "-f", "nrrd", "-en", "big", "-i", "image.nrrd", "-o", "big.nrrd")
    check("only little" in info("big.nrrd"), "big endian is refused")
    run(unu, "save", "-f", "nrrd", "-i", "image.nrrd", "-o", "detached.nhdr")
    check(run("rawinfo", "detached.nhdr")[0] == 65, "a detached header is refused")
    save("bytes", bytes(24))
    run(unu, "make", "-t", "uchar", "-s", "2", "3", "4", "-e", "raw", "-i", "bytes", "-o", "foreign.nrrd")
    check(info("foreign.nrrd")[:4] == ["foreign", "label", "uint8", "2x3x4x1"], "a NRRD that unu made itself is a foreign record")


def with_nibabel():
    try:
        import nibabel
        import numpy as np
    except ImportError:
        print("ok - nibabel agrees # skip needs nibabel")
        return
    rng = np.random.default_rng(3)
    good = back = True
    for trial, (kind, wide, codes) in enumerate((k, w, c) for k in ("u1", "i1", "<i2", "<u2", "<i4", "<f4", "<f8", ">i2", ">f4") for w in (0, 1) for c in ((1, 0), (0, 2), (1, 1))):
        form = nibabel.Nifti2Image if wide else nibabel.Nifti1Image
        array = rng.integers(0, 100, (6, 5, 4)).astype(kind)
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        affine = np.eye(4)
        affine[:3, :3] = turn * [0.9, 1.1, 2.5]
        affine[:3, 3] = rng.normal(size=3) * 50
        header = form.header_class(endianness=">" if kind[0] == ">" else "<")
        image = form(array, affine, header)
        image.set_qform(affine, codes[0])
        image.set_sform(affine, codes[1])
        image.header.set_xyzt_units("mm", "sec")
        image.to_filename("m.nii.gz" if trial % 2 else "m.nii")
        name = "m.nii.gz" if trial % 2 else "m.nii"
        read = nibabel.load(name)
        code, out, err = run("nii2raw", *[name] * 4)
        line = {k: v for k, v in (line.split(":=") for line in records(out)[0][0] if ":=" in line)}
        seen = np.array(line["prunet.affine"].split(), float).reshape(3, 4)
        axes = np.array(line.get("prunet.axes", "1 2 3").split(), int)  # what nii2raw has turned towards LPS
        turned = np.transpose(read.get_fdata(), abs(axes) - 1)[tuple(slice(None, None, np.sign(axis)) for axis in axes)]
        data = np.frombuffer(records(out)[0][1], "<f4").reshape(4, *turned.shape[::-1])[2].T
        good = good and np.abs(seen - read.affine[:3]).max() < 1e-4 and bool((data == turned).all())
        code, out, err = run("raw2nii", "-o", "back.nii.gz", stdin=out)
        made = nibabel.load("back.nii.gz")
        same = all(np.array_equal(made.header[key], np.float32(read.header[key])) for key in ("qoffset_x", "quatern_b", "quatern_c", "quatern_d", "srow_x", "srow_y", "srow_z"))
        same = same and np.array_equal(made.header["pixdim"][:4], np.float32(read.header["pixdim"][:4]))
        same = same and all(made.header[key] == read.header[key] for key in ("qform_code", "sform_code", "xyzt_units"))
        back = back and same and np.abs(made.affine - read.affine).max() < 1e-4 and bool((made.get_fdata()[..., 1] == array).all())
    check(good, "nibabel's volumes, of 9 types, both versions and 3 kinds of forms: same voxels, same affine")
    check(back, "nibabel reads what goes back: header codes, forms, affine and voxels")
    save("scaled.nii", nifti(voxels(0)))
    image = nibabel.load("scaled.nii")
    image.header.set_slope_inter(0.37, -12.5)
    image.to_filename("scaled.nii.gz")
    code, out, err = run("nii2raw", *["scaled.nii.gz"] * 4)
    data = np.frombuffer(records(out)[0][1], "<f4")[:60]
    wanted = nibabel.load("scaled.nii.gz").get_fdata().T.ravel().astype("<f4")
    check(bool(np.abs(data - wanted).max() <= 1e-6 * np.abs(wanted).max()), "scaled voxels are nibabel's")


with_numpy()
with_unu()
with_nibabel()
finish()
