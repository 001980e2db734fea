"""phantom --style wild: a function of seed and number, records as nii2raw makes them of the files, maps that are refused,
and that plain phantoms have the bytes of before."""

import hashlib
import os
import subprocess

from _nifti import nifti, refused, save
from _tap import check, finish, run
from _volume import np, records

folder = os.environ["TMPDIR"]
SMALL = ["--style", "wild", "--spacing", "5", "--size", "32x40x32"]


def path(name, *parts):
    return os.path.join(folder, name, *parts)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def stream(*words, **options):
    status, out, message = run("phantom", *SMALL, "--stream", *words, **options)
    assert status == 0, message
    return out


# --- plain, unchanged: the bytes of 0.1.0's files, read by nii2raw ---------------------------------------------------

PLAIN = "2ce1d899189ce5fced05a1dde9eda436c6985265746b262576062c481c36bf09"
run("phantom", "--seed", "4", "--cases", "2", "--size", "48x40x33", "-o", path("plain"))
files = [run("nii2raw", "--dir", path("plain", "phantom_%05d" % n))[1] for n in (1, 2)]
check(sha256(b"".join(files)) == PLAIN, "plain phantoms are those of version 0.1.0")
status, out, message = run("phantom", "--seed", "4", "--cases", "2", "--size", "48x40x33", "--stream")
check(status == 0 and out == b"".join(files), "--stream writes what nii2raw reads from the files")

# --- a function of seed and number -----------------------------------------------------------------------------------

three = stream("--cases", "3", "--seed", "9")
check(len(records(three)) == 6, "three cases are six records")
size = len(three) // 3
check(three[2 * size :] == stream("--from", "3", "--cases", "1", "--seed", "9"), "case 3 alone is case 3 of three")
check(three[size:] == stream("--from", "2", "--cases", "2", "--seed", "9"), "--from 2 goes on with case 2")
for threads in ("1", "3"):
    check(three == stream("--cases", "3", "--seed", "9", "-t", threads), "%s threads: the same bytes" % threads)
check(stream("--cases", "1", "--seed", "8") != three[:size], "another seed, another head")
check(three[:size] != three[size : 2 * size], "another number, another head")

WILD = "e641290537d6b382f2d15d5416425fb905f546b667a4c1a427a7e65a50de1097"
check(sha256(three) == WILD, "the heads of every compiler, instruction set and C library: " + sha256(three))

run("phantom", *SMALL, "--cases", "2", "--seed", "9", "-o", path("wild"))
files = [run("nii2raw", "--dir", path("wild", "phantom_%05d" % n))[1] for n in (1, 2)]
check(b"".join(files) == three[: 2 * size], "the files of -o hold the same cases")
image, label = records(three)[:2]
check(image["prunet.channels"] == "t1 t1ce t2 flair" and image["prunet.case"] == "phantom_00001", "four modalities")
check(image["space directions"].startswith("(-5,0,0) (0,-5,0) (0,0,5)"), "voxels of --spacing, as BraTS turns them")
check(image["array"].shape == (4, 32, 40, 32) and label["array"].shape == (32, 40, 32), "of --size")
inside = image["array"] != 0
check((inside == inside[0]).all() and not label["array"][~inside[0]].any(), "one mask, labels within it")

for spacing, wanted in (("2", (80, 96, 80)), ("1.67", (96, 128, 96)), ("1", (160, 192, 160))):
    process = subprocess.Popen(["phantom", "--style", "wild", "--spacing", spacing, "--stream"], stdout=subprocess.PIPE)
    header = process.stdout.read(4096).decode()
    process.stdout.close()
    process.wait()
    sizes = [line for line in header.splitlines() if line.startswith("sizes")][0]
    check(sizes == "sizes: %d %d %d 4" % wanted, "%s mm: a grid of %s" % (spacing, sizes))
    check(process.returncode != 0, "an endless stream ends when nobody reads it (%d)" % process.returncode)

status, out, message = run("phantom", *SMALL, "--stream", "--cases", "1", "-v")
check(status == 0 and len(records(out)) == 2, "--cases ends a stream")

# --- anatomy from maps -----------------------------------------------------------------------------------------------

WIDTH = 124  # voxels; a ball of 53 mm of white matter in grey
grid = np.arange(WIDTH) - WIDTH // 2
radius = np.sqrt((grid[:, None, None]) ** 2 + grid[None, :, None] ** 2 + grid[None, None, :] ** 2)
grey = 255 * ((radius < 53) & (radius >= 49)).astype("u1")
white = 255 * (radius < 49).astype("u1")
AFFINE = (1, 0, 0, -WIDTH // 2, 0, 1, 0, -WIDTH // 2, 0, 0, 1, -WIDTH // 2)
TURNED = (-1, 0, 0, WIDTH // 2, *AFFINE[4:])
COARSE = (2, 0, 0, -WIDTH, 0, 2, 0, -WIDTH, 0, 0, 2, -WIDTH)
FAR = (1, 0, 0, -82, 0, 1, 0, -82, 0, 0, 1, -82)


def put(name, array, affine=AFFINE, kind="B"):
    size = array.shape[::-1]
    save(path(name), nifti([], size, affine, kind, codes=(0, 1)) + np.ascontiguousarray(array, {"B": "u1", "f": "<f4"}[kind]).tobytes())
    return path(name)


G, W = put("g.nii.gz", grey), put("w.nii.gz", white)


def of_maps(first, second):
    return run("phantom", *SMALL, "--stream", "--cases", "1", "--anatomy", first + "," + second)


status, out, message = of_maps(G, W)
check(status == 0 and len(records(out)) == 2, "a head of two maps")
volume = (records(out)[0]["array"][0] != 0).sum() * 0.125
check(250 < volume < 900, "a ball of 620 cm3 becomes a head of %.0f, as heads are smaller than the atlas" % volume)
unit = of_maps(put("g1.nii", grey / np.float32(255), kind="f"), put("w1.nii", white / np.float32(255), kind="f"))
check(unit[1] == out, "fractions of 0..1 are the same as 0..255")

not_finite = white.astype("f4")
not_finite[60, 60, 60] = np.nan
nothing = np.zeros_like(grey)
negative = white.astype("f4")
negative[60, 60, 60] = -1
quarter = np.ascontiguousarray(grey[32:92, 32:92, 32:92])
small_affine = (1, 0, 0, -30, 0, 1, 0, -30, 0, 0, 1, -30)
wide_grey, wide_white = (np.pad(map, ((0, 46),) * 3) for map in (grey, white))
CORNER = (1, 0, 0, -125, 0, 1, 0, -125, 0, 0, 1, -125)
ball = 255 * (radius < 20).astype("u1")
HOSTILE = [
    ("turned axes", put("gt.nii", grey, TURNED), put("wt.nii", white, TURNED), "gt.nii", "1 mm"),
    ("another spacing", put("gc.nii", grey, COARSE), put("wc.nii", white, COARSE), "gc.nii", "1 mm"),
    ("grids that differ", G, put("wd.nii", white[:-1]), "wd.nii", ""),
    ("affines that differ", G, put("we.nii", white, FAR), "we.nii", ""),
    ("NaN", G, put("wn.nii", not_finite, kind="f"), "wn.nii", "finite"),
    ("an empty map", G, put("w0.nii", nothing), "w0.nii", "no voxel"),
    ("a negative number", G, put("wm.nii", negative, kind="f"), "wm.nii", "negative"),
    ("too small a grid", put("gs.nii", quarter, small_affine), put("ws.nii", quarter, small_affine), "gs.nii", "small"),
    ("too small a brain", put("gb.nii", ball), put("wb.nii", ball), "gb.nii", "cm3"),
    ("no brain about the origin", put("gf.nii", wide_grey, CORNER), put("wf.nii", wide_white, CORNER), "gf.nii", "origin"),
    ("two scales", G, put("wu.nii", white / np.float32(255), kind="f"), "wu.nii", "scale"),
    ("several volumes", put("g4.nii", np.stack([grey, grey])), put("w4.nii", np.stack([white, white])), "g4.nii", "volumes"),
    ("a file that is not there", path("none.nii"), W, "none.nii", ""),
]
for what, first, second, *words in HOSTILE:
    result = of_maps(first, second)
    code = 1 if "not there" in what else 65
    check(refused(result, code, *words), "%s: %s" % (what, result[2].strip()))
with open(G, "rb") as whole, open(path("cut.nii.gz"), "wb") as cut:
    cut.write(whole.read()[:-100])
result = of_maps(path("cut.nii.gz"), W)
check(refused(result, 65, "cut.nii.gz"), "a file that is cut: " + result[2].strip())

# --- command lines ---------------------------------------------------------------------------------------------------

for words in (
    ["--style", "tame"],
    ["--spacing", "2"],
    ["--anatomy", G + "," + W],
    ["--style", "wild", "--anatomy", G],
    ["--style", "wild", "--anatomy", ",".join((G, W, W))],
    ["--style", "wild", "--spacing", "0.1"],
    ["--style", "wild", "--spacing", "-1"],
    ["--from", "0"],
    ["--stream"],
):
    result = run("phantom", "-o", path("never"), *words)
    check(result[0] == 2 and not result[1] and not os.path.exists(path("never")), "%s is a usage error" % words)
check(run("phantom", "--style", "wild")[0] == 2, "-o or --stream is needed")
finish()
