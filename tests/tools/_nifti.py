"""Shared by the tests of nii2raw, raw2nii and rawinfo: small NIfTI files. Standard library only."""

import gzip
import math
import os
import struct

SIZE = (5, 4, 3)
AFFINE = (-1, 0, 0, 7, 0, -1, 0, 8, 0, 0, 2, 9)


def refused(result, status, *words):
    """The exit status, nothing on stdout, one line on stderr that has all the words."""
    code, out, err = result
    return code == status and not out and err.count("\n") == 1 and all(word in err for word in words)


def nifti(values, size=SIZE, affine=AFFINE, kind="h", codes=(1, 1), spacing=None):
    """Bytes of a NIfTI-1 file; `kind` is struct's letter, a fourth size is that of channels. pixdim is the spacing, or
    else as long as the affine's columns."""
    dim = [len(size), *size] + [1] * (7 - len(size))
    datatype, bits = {"B": (2, 8), "h": (4, 16), "f": (16, 32), "i": (8, 32), "I": (768, 32)}[kind]
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, *dim)
    struct.pack_into("<2h", header, 70, datatype, bits)
    spacing = spacing or [math.sqrt(sum(affine[4 * row + axis] ** 2 for row in range(3))) for axis in range(3)]
    struct.pack_into("<8f", header, 76, 1, *spacing, 0, 0, 0, 0)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    header[123] = 2
    struct.pack_into("<2h", header, 252, *codes)
    struct.pack_into("<6f", header, 256, 0, 0, 1, *affine[3::4])
    struct.pack_into("<12f", header, 280, *affine)
    header[344:347] = b"n+1"
    return bytes(header) + struct.pack("<%d%s" % (len(values), kind), *values)


def save(path, data):
    with (gzip.open if path.endswith(".gz") else open)(path, "wb") as file:
        file.write(data)


def voxels(start, channels=1):
    return [start + i for i in range(SIZE[0] * SIZE[1] * SIZE[2] * channels)]


LABELS = [(0, 1, 2, 4)[i % 4] for i in range(len(voxels(0)))]
OLD = ("_t1", "_t1ce", "_t2", "_flair", "_seg")
NEW = ("-t1n", "-t1c", "-t2w", "-t2f", "-seg")


def case_folder(path, suffixes=OLD, extension=".nii.gz", prefix="p"):
    """A folder with a case whose modality m has voxel i = 1000 m + i."""
    os.makedirs(path)
    for m, suffix in enumerate(suffixes):
        data = nifti(LABELS, kind="B") if "seg" in suffix else nifti(voxels(1000 * m))
        save("%s/%s%s%s" % (path, prefix, suffix, extension), data)


def records(stream):
    """(lines of the header, payload) of each record."""
    found = []
    while stream:
        end = stream.index(b"\n\n") + 2
        lines = stream[: end - 2].decode().splitlines()
        field = dict(line.split(": ", 1) for line in lines if ": " in line and ":=" not in line)
        count = 1
        for size in field["sizes"].split():
            count *= int(size)
        count *= {"float": 4, "uint8": 1, "int16": 2}[field["type"]]
        found.append((lines, stream[end : end + count]))
        stream = stream[end + count :]
    return found


def floats(values):
    return struct.pack("<%df" % len(values), *values)
