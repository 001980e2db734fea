"""raw2nii: one record back on its source grid with the source's header; every record that cannot go back is refused."""

import gzip
import os
import struct
import subprocess

from _nifti import LABELS, SIZE, case_folder, nifti, records, refused, save
from _tap import check, finish, run

os.chdir(os.environ["TMPDIR"])
case_folder("one")
case_folder("two")
STREAM = run("nii2raw", "--dir", "one")[1]
OTHER = run("nii2raw", "--dir", "two")[1]
SOURCE = nifti(LABELS, kind="B")
IMAGE, LABEL = ("\n".join(lines).encode() + b"\n\n" + data for lines, data in records(STREAM))


def same_header(written, source):
    """Size, spacing, units, codes and forms; dim's tail and descriptions are the writer's own."""
    parts = ((40, 56), (76, 92), (123, 124), (252, 328), (344, 348))
    return all(written[a:b] == source[a:b] for a, b in parts)


code, out, err = run("raw2nii", "--role", "label", stdin=STREAM)
check(not code and not err and same_header(out, SOURCE) and out[352:] == SOURCE[352:], "a label of a stream comes back bit for bit, plain on stdout")
check(run("raw2nii", "-o", "seg.nii.gz", stdin=LABEL)[0] == 0, "a single record needs no --role")
with gzip.open("seg.nii.gz") as file:
    check(file.read() == out, "-o x.gz is the same, compressed")
first = open("seg.nii.gz", "rb").read()
run("raw2nii", "-o", "again.nii.gz", stdin=LABEL)
check(first == open("again.nii.gz", "rb").read() and first[3:8] == bytes(5), "always with the same bytes, no time, no name")
run("raw2nii", "-o", "seg.nii", stdin=LABEL)
check(open("seg.nii", "rb").read() == out, "-o x.nii is plain")
code, out, err = run("raw2nii", "--role", "image", stdin=STREAM)
check(not code and struct.unpack_from("<8h", out, 40)[:5] == (4, *SIZE, 4) and out[352:] == records(STREAM)[0][1], "four channels are 4-D")


def shaped(size, origin, data, extra=b""):
    """The label's record with another size and origin."""
    lines = LABEL[: LABEL.index(b"\n\n")].split(b"\n")
    changed = {b"sizes": b"sizes: %d %d %d" % size, b"space origin": b"space origin: (%g,%g,%g)" % origin}
    return b"\n".join(changed.get(line.split(b":")[0], line) for line in lines) + extra + b"\n\n" + data


# An array of 3x6x2 at (1, -1, 2): x 1..3 inside; y overhangs below by one and above by one; z overhangs by one slice
code, out, err = run("raw2nii", stdin=shaped((3, 6, 2), (6, 9, 13), bytes(range(1, 37))))
grid = [0] * 60
for v in range(6):
    for u in range(3):
        if 0 <= v - 1 < 4:
            grid[(2 * 4 + v - 1) * 5 + u + 1] = 1 + v * 3 + u
check(not code and list(out[352:]) == grid, "a crop that overhangs is cut, what it does not cover is 0")
check(run("raw2nii", stdin=shaped((5, 4, 3), (7.0005, 8, 9), bytes(60)))[0] == 0, "an origin off by half a thousandth is rounding")
check(refused(run("raw2nii", stdin=shaped((5, 4, 3), (7.4, 8, 9), bytes(60))), 65, "case one", "resampled"), "an origin between voxels is refused")
flipped = LABEL.replace(b"space directions: (-1,0,0)", b"space directions: (1,0,0)")
check(refused(run("raw2nii", stdin=flipped), 65, "case one", "flipped"), "flipped directions are refused")
warped = b"\n".join(line for line in LABEL[: LABEL.index(b"\n\n")].split(b"\n") if not line.startswith((b"space", b"prunet.grid", b"prunet.affine", b"prunet.qform", b"prunet.sform")))
warped += b"\n\n" + LABEL[-60:]
check(refused(run("raw2nii", stdin=warped), 65, "case one", "no source grid"), "a record of augment's, without a grid, is refused")
save("like.nii", nifti([0] * 480, (10, 8, 6), (-1, 0, 0, 8, 0, -1, 0, 9, 0, 0, 2, 7), "B", (0, 3)))
check(refused(run("raw2nii", "--like", "like.nii", stdin=warped), 65, "no geometry"), "also with --like")
code, out, err = run("raw2nii", "--like", "like.nii", stdin=LABEL)
like = open("like.nii", "rb").read()
inside = [out[352 + ((z + 1) * 8 + y + 1) * 10 + x + 1] for z in range(3) for y in range(4) for x in range(5)]
check(not code and inside == LABELS and same_header(out, like), "--like takes grid and codes of another file")
check(refused(run("raw2nii", "--like", "nothing.nii", stdin=LABEL), 1, "nothing.nii"), "--like with a missing file")

check(refused(run("raw2nii", stdin=STREAM), 65, "more than one record", "--role"), "a stream of several without --role")
check(refused(run("raw2nii", "--role", "prob", stdin=STREAM), 65, "no prob among 2 records"), "a role that is not there")
check(refused(run("raw2nii", "--role", "label", stdin=STREAM + OTHER), 65, "more than one label"), "a role that is there twice")
check(refused(run("raw2nii", "--role", "label", stdin=STREAM[:-1]), 65, "record 2", "case one", "59 of 60"), "a stream cut in its last byte")
check(refused(run("raw2nii", "-o", "never.nii", stdin=STREAM[:100]), 65, "header") and not [f for f in os.listdir(".") if "never" in f], "leaves nothing under the final name")
check(refused(run("raw2nii", "--role", "image", stdin=IMAGE), 65, "not the last of case one"), "an image whose label never comes")
check(refused(run("raw2nii", stdin=b""), 65, "empty"), "an empty stream")
check(run("raw2nii", "--role", "mouse", stdin=LABEL)[0] == 2, "usage: a role that does not exist")
check(refused(run("raw2nii", "--max-bytes", "59", stdin=LABEL), 65, "59"), "--max-bytes")


def on_grid(x, y, z):
    return LABEL.replace(b"prunet.grid:=5 4 3", b"prunet.grid:=%d %d %d" % (x, y, z))


check(refused(run("raw2nii", stdin=on_grid(4096, 4096, 64)), 65, "case one", "4096x4096x64", "--max-bytes"), "a grid that only the header makes large")
check(refused(run("raw2nii", "--max-bytes", "1M", stdin=on_grid(128, 128, 65)), 65, "128x128x65"), "--max-bytes holds for the grid, too")
check(run("raw2nii", "--max-bytes", "2M", stdin=on_grid(128, 128, 65))[0] == 0, "and a larger one lets it pass")
save("vast.nii", nifti([], (4096, 4096, 64), kind="B"))
check(refused(run("raw2nii", "--like", "vast.nii", stdin=LABEL), 65, "4096x4096x64"), "nor can the header of --like make it large")
with open("/dev/full", "wb") as full:
    done = subprocess.run(["raw2nii"], input=LABEL, stdout=full, stderr=subprocess.PIPE)
check(done.returncode == 1 and b"No space left" in done.stderr, "a full disk")

# bfloat16: the upper halves of floats
halves = b"".join(struct.pack("<f", float(v))[2:] for v in range(60))
narrow = LABEL[: LABEL.index(b"\n\n")].replace(b"type: uint8", b"type: block\nblock size: 2") + b"\nprunet.dtype:=bfloat16\n\n" + halves
code, out, err = run("raw2nii", stdin=narrow)
check(not code and out[352:] == struct.pack("<60f", *range(60)), "bfloat16 becomes float " + err)
finish()
