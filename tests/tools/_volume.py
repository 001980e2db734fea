"""Shared by the tests of the volume tools: records in numpy."""

import os
import sys

try:
    import numpy as np
except ImportError:
    print("ok - %s # skip needs numpy" % os.path.basename(sys.argv[0]))
    sys.exit(0)

TYPES = {"float": "<f4", "uint8": "u1", "int16": "<i2"}
NAMES = {np.dtype(kind): name for name, kind in TYPES.items()}


def record(array, role="image", case="case", last=1, origin=None, keys=()):
    """A record of an array (C, D, H, W) or (D, H, W), with BraTS' directions, as bytes."""
    array = np.ascontiguousarray(array)
    listed = array.ndim == 4
    depth, height, width = array.shape[-3:]
    start = (0, height - 1, 0) if origin is None else origin
    lines = [
        "NRRD0005",
        "type: " + NAMES[array.dtype],
        "dimension: %d" % array.ndim,
        "space: right-anterior-superior",
        "sizes: %d %d %d" % (width, height, depth) + (" %d" % array.shape[0] if listed else ""),
        "space directions: (-1,0,0) (0,-1,0) (0,0,1)" + (" none" if listed else ""),
        "kinds: domain domain domain" + (" list" if listed else ""),
        "endian: little",
        "encoding: raw",
        "space origin: (%g,%g,%g)" % tuple(start),
        "prunet.version:=1",
        "prunet.role:=" + role,
        "prunet.case:=" + case,
        "prunet.grid:=%d %d %d" % (width, height, depth),
        "prunet.affine:=-1 0 0 0 0 -1 0 %d 0 0 1 0" % (height - 1),
        "prunet.last:=%d" % last,
        *keys,
    ]
    return ("\n".join(lines) + "\n\n").encode() + array.tobytes()


def records(stream):
    """The records of a stream: dictionaries of fields and keys, with "array" and "origin"."""
    found = []
    while stream:
        end = stream.index(b"\n\n") + 2
        header = {}
        for line in stream[:end].decode().splitlines()[1:]:
            for mark in (":=", ": "):
                if mark in line and not line.startswith("#"):
                    key, value = line.split(mark, 1)
                    header[key] = value
                    break
        shape = [int(n) for n in header["sizes"].split()][::-1]
        kind = np.dtype(TYPES[header["type"]])
        count = int(np.prod(shape)) * kind.itemsize
        header["array"] = np.frombuffer(stream[end : end + count], kind).reshape(shape)
        if "space origin" in header:
            header["origin"] = [float(n) for n in header["space origin"].strip("()").split(",")]
        found.append(header)
        stream = stream[end + count :]
    return found


def pair(image, label, case="case"):
    return record(image, "image", case, 0) + record(label, "label", case, 1)
