"""Real cases (PRUNET_TEST_DATA: a folder of them): every voxel and the header come back, and the stream has what nibabel reads."""

import gzip
import os
import sys

from _nifti import records
from _tap import check, finish, run

data = os.environ.get("PRUNET_TEST_DATA")
if not data:
    print("ok - real cases come back # skip PRUNET_TEST_DATA is not set")
    sys.exit(0)
try:
    import nibabel
    import numpy as np
except ImportError:
    print("ok - real cases come back # skip needs nibabel and numpy")
    sys.exit(0)

root = os.path.realpath(data)
os.chdir(os.environ["TMPDIR"])
cases = sorted(name for name in os.listdir(root) if os.path.isdir(os.path.join(root, name)))
KEYS = ("qform_code", "sform_code", "xyzt_units", "quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z")
for number, case in enumerate(cases):
    folder = os.path.join(root, case)
    files = {name.rsplit("_", 1)[1].split(".")[0]: os.path.join(folder, name) for name in os.listdir(folder)}
    run("sh", "-c", 'nii2raw --dir "$0" | raw2nii --role label -o label.nii.gz', folder)
    source, made = nibabel.load(files["seg"]), nibabel.load("label.nii.gz")
    same = all(source.header[key].tobytes() == made.header[key].tobytes() for key in KEYS)
    same = same and source.header["pixdim"][:4].tobytes() == made.header["pixdim"][:4].tobytes()
    same = same and np.array_equal(source.affine, made.affine) and source.shape == made.shape
    check(same, "%s: raw2nii's label has the source's affine, shape and codes, bit for bit" % case)
    check(np.array_equal(np.asarray(source.dataobj), np.asarray(made.dataobj)), "%s: every voxel of its label comes back" % case)
    if number:
        continue
    stream = run("nii2raw", "--dir", folder)[1]
    image = np.frombuffer(records(stream)[0][1], "<f4").reshape(4, *source.shape[::-1])
    wanted = (np.asarray(nibabel.load(files[name]).dataobj).T for name in ("t1", "t1ce", "t2", "flair"))
    check(all(np.array_equal(image[m], volume) for m, volume in enumerate(wanted)), "%s: its image is nibabel's" % case)
    with open(files["t2"], "rb") as file:
        whole = file.read()
    with open("cut.nii.gz", "wb") as file:
        file.write(whole[: len(whole) // 2])
    code, out, err = run("nii2raw", files["t1"], files["t1ce"], "cut.nii.gz", files["flair"])
    check(code == 65 and not out and "cut.nii.gz" in err and err.count("\n") == 1, "%s: a file cut in half is refused" % case)
    plain = gzip.decompress(whole)
    code, out, err = run("nii2raw", files["t1"], files["t1ce"], "-", files["flair"], stdin=plain)
    check(code == 0 and records(out)[0][1] == records(stream)[0][1], "%s: uncompressed on stdin, the same" % case)
finish()
