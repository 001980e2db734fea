"""phantom: layout, determinism, ground truth, folders that appear whole, and that no threshold finds the tumour."""

import gzip
import hashlib
import os
import shutil
import signal
import struct
import subprocess
import time

from _tap import check, finish, run
from _volume import np, pair

SUFFIXES = ("t1", "t1ce", "t2", "flair", "seg")
folder = os.environ["TMPDIR"]


def path(name, *parts):
    return os.path.join(folder, name, *parts)


def read(name, case, suffix):
    """The array (z, y, x) and the header of a NIfTI file."""
    with gzip.open(path(name, case, "%s_%s.nii.gz" % (case, suffix))) as file:
        data = file.read()
    size = struct.unpack("<3h", data[42:48])
    kind = {2: "u1", 4: "<i2"}[struct.unpack("<h", data[70:72])[0]]
    return np.frombuffer(data[352:], kind).reshape(size[::-1]), data[:352]


def digest(name):
    total = hashlib.sha256()
    for base, folders, files in os.walk(path(name)):
        folders.sort()
        for file in sorted(files):
            with open(os.path.join(base, file), "rb") as opened:
                total.update(file.encode() + opened.read())
    return total.hexdigest()


small = ["--size", "96x96x80"]
status, out, _ = run("phantom", "--seed", "1", "--cases", "16", *small, "-o", path("a"))
cases = out.decode().split()
wanted = ["phantom_%05d" % n for n in range(1, 17)]
check(status == 0 and cases == wanted and sorted(os.listdir(path("a"))) == wanted, "16 cases, named on stdout")
files = sorted(os.listdir(path("a", cases[0])))
check(files == sorted("%s_%s.nii.gz" % (cases[0], s) for s in SUFFIXES), "five files, named as BraTS does")

loaded = [[read("a", case, suffix) for suffix in SUFFIXES] for case in cases]
header = loaded[0][0][1]
rows = struct.unpack("<12f", header[280:328])
check(rows == (-1, 0, 0, 0, 0, -1, 0, 95, 0, 0, 1, 0), "the affine of BraTS")
check(struct.unpack("<2h", header[252:256]) == (1, 1) and header[123] == 2, "sform and qform coded, millimetres")
check(struct.unpack("<6f", header[256:280]) == (0, 0, 1, 0, 95, 0), "the quaternion says the same")

labels_good = backgrounds_good = shares_good = fits = True
for case in loaded:
    images, label = np.stack([image for image, _ in case[:4]]), case[4][0]
    brain = images != 0
    labels_good &= set(np.unique(label)) == {0, 1, 2, 4}
    backgrounds_good &= all(np.array_equal(m, brain[0]) for m in brain) and not label[~brain[0]].any()
    shares_good &= 0.01 < (label != 0).sum() / brain[0].sum() < 0.2
    extent = [np.ptp(axis) + 1 for axis in np.nonzero(brain[0])]
    fits &= extent[0] <= 66 and extent[1] <= 80 and extent[2] <= 80
check(labels_good, "every case has oedema, core and enhancing tumour")
check(backgrounds_good, "background is 0 in all modalities, the brain in none; the tumour lies in the brain")
check(shares_good, "the tumour is 1 to 20 % of the brain")
check(fits, "the brain fits into 80x80x64, but for a slice")

for threads in ("1", "3"):
    run("phantom", "--cases", "2", *small, "-o", path("t" + threads), env={"OMP_NUM_THREADS": threads})
run("phantom", "--cases", "2", *small, "--threads", "2", "-o", path("t2"))
check(digest("t1") == digest("t2") == digest("t3"), "the number of threads changes no byte")
status, _, message = run("phantom", *small, "-o", path("never"), env={"PRUNET_THREADS": "two"})
check(status == 2 and "PRUNET_THREADS" in message and not os.path.exists(path("never")), "PRUNET_THREADS is read")
run("phantom", "--seed", "2", "--cases", "2", *small, "-o", path("other"))
check(digest("other") != digest("t1"), "another seed, other cases")
os.chmod(path("t1/phantom_00001"), 0o700)
run("phantom", "--seed", "2", "--cases", "2", *small, "-o", path("t1"))
check(digest("other") == digest("t1"), "a folder that exists is replaced")
check(os.stat(path("t1/phantom_00001")).st_mode & 0o777 == 0o700, "and keeps its permissions")
check(all(not name.startswith(".") for name in os.listdir(path("t1"))), "without a trace")


def images_of(n):
    return np.stack([image for image, _ in loaded[n][:4]])


lists = {"train": range(0, 13), "validation": range(13, 16)}
for name, numbers in lists.items():
    with open(path(name), "w") as listed:
        for n in numbers:
            with open(path("%s.nrrd" % cases[n]), "wb") as file:
                file.write(pair(images_of(n), loaded[n][4][0], cases[n]))
            listed.write(path("%s.nrrd\n" % cases[n]))
status, out, message = run("threshold-baseline", "--train", path("train"), "--validation", path("validation"))
rows = [line.split("\t") for line in out.decode().splitlines()]
check(status == 0 and rows[0][0] == "modality" and len(rows) == 5, "threshold-baseline: a row a modality")
check([r[3] for r in rows[1:]] == sorted((r[3] for r in rows[1:]), reverse=True), "the best one first")
check(all(float(r[3]) < 0.6 and float(r[4]) < 0.6 for r in rows[1:]), "no threshold reaches 0.6: %s" % rows[1])


def dice_of(n, channel, above, threshold):
    image, label = loaded[n][channel][0].astype("f8"), loaded[n][4][0] != 0
    inside = image != 0
    z = (image - image[inside].mean()) / image[inside].std()
    predicted = inside & ((z > threshold) == above)
    return 2 * (predicted & label).sum() / (predicted.sum() + label.sum())


channel, above, threshold = int(rows[1][0].split()[-1]), rows[1][1] == "above", float(rows[1][2])
for column, name in ((3, "train"), (4, "validation")):
    mean = np.mean([dice_of(n, channel, above, threshold) for n in lists[name]])
    check(abs(mean - float(rows[1][column])) < 1e-3, "%s Dice of that threshold by numpy: %.4f" % (name, mean))
better = max(np.mean([dice_of(n, channel, True, t) for n in lists["train"]]) for t in np.arange(0.2, 1.6, 0.2))
check(better <= float(rows[1][3]) + 1e-3, "numpy finds no better one: %.4f" % better)

# A run that is interrupted leaves whole folders only.
for attempt in range(3):
    shutil.rmtree(path("cut"), ignore_errors=True)
    process = subprocess.Popen(
        ["phantom", "--cases", "99", *small, "-o", path("cut")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    time.sleep(0.1 + 0.13 * attempt)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    left = os.listdir(path("cut"))
    whole = all(len(os.listdir(path("cut", name))) == 5 and name[0] != "." for name in left)
    check(process.returncode == -signal.SIGTERM and left and whole, "SIGTERM leaves %d whole cases" % len(left))

status, out, message = run("phantom", *small, "-o", "/dev/null/x")
check(status == 1 and "/dev/null/x" in message, "a folder that cannot be made: " + message.strip())
os.makedirs(path("taken", "phantom_00001"))
with open(path("taken", "phantom_00001", "notes"), "w") as file:
    file.write("keep me")
status, out, message = run("phantom", *small, "-o", path("taken"))
kept = [f for base, _, found in os.walk(path("taken")) for f in found if f == "notes"]
check(status == 1 and kept and len(message.splitlines()) == 1, "another's file is not deleted: " + message.strip())
for words in (["--cases", "0"], ["--size", "8x96x96"], ["--size", "a"]):
    check(run("phantom", *words, "-o", path("never"))[0] == 2, "%s is a usage error" % words)
check(run("phantom")[0] == 2 and not os.path.exists(path("never")), "-o is needed; nothing was written")
finish()
