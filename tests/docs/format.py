"""docs/FORMAT.md names every key, tensor and column that the code writes: needs Python alone."""

import json
import os
import re
import struct
import subprocess

PAGE = open("docs/FORMAT.md").read()
WORDS = set(re.findall(r"[A-Za-z0-9_.]+", PAGE)) | set(re.findall(r"[A-Za-z0-9_]+", PAGE))


def check(passed, name):
    print(("ok" if passed else "not ok") + " - " + name)


def described(what, names):
    missing = sorted(set(names) - WORDS)
    check(names and not missing, f"{what}: {len(set(names))} names are in docs/FORMAT.md" + "".join(f", {name} is not" for name in missing))


def sources(folder, pattern):
    return [os.path.join(base, name) for base, _, names in os.walk(folder) for name in names if re.search(pattern, name)]


def output(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, **options).stdout


# Keys stand in the sources as "prunet.key".
keys = [key for path in sources("lib", r"\.c$") + sources("tools", r"\.c$") for key in re.findall(r'"(prunet\.[a-z_]+)', open(path).read())]
described("keys of records and states", keys)

folder = os.environ["TMPDIR"]
for kind in ("reversible", "baseline"):
    state = os.path.join(folder, kind)
    output("prunet-init", "--kind", kind, "--channels", "8,16,24", "-o", state)
    with open(state, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    described(f"metadata of a {kind} state", list(header.pop("__metadata__")))
    parts = [part for name in header for part in name.split(".") if not part.isdigit()]
    described(f"parts of the names of a {kind} state's tensors", parts)

output("phantom", "--cases", "1", "--size", "32x32x32", "-o", os.path.join(folder, "phantoms"))
case = os.path.join(folder, "phantoms", "phantom_00001")
record = subprocess.run(f"nii2raw --dir {case} | crop --size 16x16x16 | standardize | augment --seed 1 --epoch 1", shell=True, stdout=subprocess.PIPE, check=True).stdout
header = record[: record.index(b"\n\n")].decode()
described("keys of an augmented record", re.findall(r"^(prunet\.[a-z_]+):=", header, re.M))
described("fields of a record", re.findall(r"^([a-z]+): ", header, re.M))

state = os.path.join(folder, "small")
output("prunet-init", "--channels", "8,16", "-o", state)
steps = output("prunet-step", "--state", state, "-o", state + ".new", input=record)
described("columns of prunet-step", steps.decode().splitlines()[0].split("\t"))
scores = output("brats-eval", *[os.path.join(case, "phantom_00001_seg.nii.gz")] * 2).decode().splitlines()
described("columns of brats-eval", scores[0].split("\t"))
for convention in ("brats2026-mets", "brats2024"):
    scores = output("brats-eval", "--mask", "--convention", convention, *[os.path.join(case, "phantom_00001_seg.nii.gz")] * 2).decode()
    names = [n for n in scores.splitlines()[0].split("\t") if not n.startswith(("large_", "small_")) and not n.endswith("_std")]
    described(f"columns of brats-eval --convention {convention}", names)
described("columns of rawinfo", output("rawinfo", input=record).decode().splitlines()[0].split("\t"))
described("columns of prunet-plan", output("prunet-plan", "--size", "32x32x32").decode().splitlines()[0].split("\t"))
for path, column in (("pipelines/log.awk", "learning_rate"),):
    heads = re.findall(r'"([a-z_]+)"', open(path).read().split("END {")[1].split("for (e")[0])
    described("columns of the log and the clock's table", heads)
    check(column in heads, f"{path}: its heads were found")
