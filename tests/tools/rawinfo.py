"""rawinfo: a row for each record, its checks, and --expect."""

import json
import os
import struct

from _nifti import case_folder, records, save
from _tap import check, finish, run

os.chdir(os.environ["TMPDIR"])
case_folder("one")
case_folder("two")
STREAM = run("nii2raw", "--dir", "one")[1]
OTHER = run("nii2raw", "--dir", "two")[1]
IMAGE, LABEL = ("\n".join(lines).encode() + b"\n\n" + data for lines, data in records(STREAM))
code, out, err = run("rawinfo", stdin=STREAM)
rows = [line.split("\t") for line in out.decode().splitlines()]
check(not code and rows[0] == "case role type size spacing offset min max mean checks".split(), "rawinfo has a header line")
check(rows[1] == ["one", "image", "float", "5x4x3x4", "1x1x2", "0,0,0", "0", "3059", "1529.5", "ok"], "a row for the image")
check(rows[2][:8] == ["one", "label", "uint8", "5x4x3x1", "1x1x2", "0,0,0", "0", "4"] and rows[2][9] == "ok" and len(rows) == 3, "a row for the label")
code, out, err = run("rawinfo", "--json", stdin=STREAM)
check(not code and [json.loads(line)["case"] for line in out.decode().splitlines()] == ["one", "one"], "--json: an object a line")


def checks(stream):
    code, out, err = run("rawinfo", "--no-header", stdin=stream)
    return out.decode().split("\t")[-1].strip() if not code else err


flipped = LABEL.replace(b"space directions: (-1,0,0)", b"space directions: (1,0,0)")
warped = b"\n".join(line for line in LABEL[: LABEL.index(b"\n\n")].split(b"\n") if not line.startswith((b"space", b"prunet.grid", b"prunet.affine", b"prunet.qform", b"prunet.sform")))
warped += b"\n\n" + LABEL[-60:]
check(checks(flipped) == "misplaced", "checks: misplaced")
check(checks(warped) == "no-grid", "checks: no-grid")
check(checks(LABEL[:-60] + bytes(60)) == "empty", "checks: empty")
check(checks(LABEL[:-2] + b"\x03\x09") == "labels:2", "checks: numbers that are no labels")
check(checks(IMAGE[:-4].replace(b"prunet.last:=0", b"prunet.last:=1") + struct.pack("<f", float("nan"))) == "non-finite:1", "checks: non-finite")
check(checks(b"NRRD0001\ntype: uchar\ndimension: 3\nsizes: 2 2 1\nencoding: raw\n\n1234") == "foreign,no-grid,labels:4", "checks: foreign")
save("names", b"one\ntwo\n")
check(run("rawinfo", "--expect", "names", stdin=STREAM + OTHER)[0] == 0, "--expect: all there, in order")
for stream, words in ((STREAM, "two is missing"), (OTHER + STREAM, "out of order"), (STREAM + OTHER + STREAM, "one more")):
    code, out, err = run("rawinfo", "--expect", "names", stdin=stream)
    check(code == 65 and words in err, "--expect: " + err.strip())
# bfloat16: the upper halves of floats
halves = b"".join(struct.pack("<f", float(v))[2:] for v in range(60))
narrow = LABEL[: LABEL.index(b"\n\n")].replace(b"type: uint8", b"type: block\nblock size: 2") + b"\nprunet.dtype:=bfloat16\n\n" + halves
code, out, err = run("rawinfo", "--no-header", stdin=narrow)
check(not code and out.decode().split("\t")[2:9] == ["bfloat16", "5x4x3x1", "1x1x2", "0,0,0", "0", "59", "29.5"], "bfloat16 samples")
finish()
