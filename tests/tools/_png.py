"""Shared by the tests of pictures: PNG files read by zlib and numpy, independently of what wrote them."""

import struct
import zlib

import numpy as np


def read_png(data):
    """(array of height, width, 3; chunks by type, of tEXt by keyword). Checks every chunk's sum and the filters."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0]
        if kind == b"tEXt":
            keyword, text = body.split(b"\0")
            chunks[keyword.decode()] = text.decode()
        else:
            chunks[kind.decode()] = body
        at += 12 + size
    assert kind == b"IEND"
    width, height, bits, colour, *rest = struct.unpack(">IIBBBBB", chunks["IHDR"])
    assert bits == 8 and colour in (0, 2) and rest == [0, 0, 0]
    channels = 3 if colour else 1
    rows = np.frombuffer(zlib.decompress(chunks["IDAT"]), np.uint8).reshape(height, 1 + width * channels)
    out = np.zeros((height, width, channels), np.uint8)
    above = np.zeros((width, channels), np.uint8)
    for y in range(height):
        row = rows[y, 1:].reshape(width, channels)
        assert rows[y, 0] in (0, 1, 2)
        if rows[y, 0] == 1:
            row = np.cumsum(row, 0, np.uint8)
        elif rows[y, 0] == 2:
            row = row + above
        out[y] = above = row
    return np.repeat(out, 3, 2) if channels == 1 else out, chunks


def tiles(chunks):
    """What the description says of each tile: plane, slice, x, y, width, height, and the four marks."""
    found = []
    for line in chunks["Description"].splitlines():
        plane, *numbers, left, right, top, bottom = line.split()
        found.append((plane, *map(int, numbers), (left, right, top, bottom)))
    return found
