"""Every tool under faults: an allocation, a read, a write ... fails, at each of its calls in turn.

  tests/faults/tools.py [CALLS [PROGRAM...]]

CALLS: how many calls of a class fail in a program; more are sampled. Without it 12, for `make test`. What must come of it:
a message and the status 1, 2, 65 or 75, or the undisturbed bytes; no signal, no hang, no half-written file, nothing left
beside it. Short and interrupted reads and writes must change nothing."""

import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile

from _faults import CLASSES, GOOD, Counter, Table, calls_to_fail, check, digest, is_memory_damaged, is_sanitizers_end, seeded
import _faults

SECONDS = 60  # longer is a hang

# By name: the command line, what stdin is, and the files that it makes. {} is the folder of the inputs. prunet-doctor is not
# here: a call that fails is what it is there to tell of.
PROGRAMS = {
    "nii2raw": ("nii2raw --dir {}/raw/phantom_00001 -o out", None, ["out"]),
    "nii2raw files": ("nii2raw --label {}/label.nii.gz {}/image.nii {}/image.nii {}/image.nii {}/image.nii -o out", None, ["out"]),
    "crop": ("crop --size 16x16x16 -o out {}/raw.nrrd", None, ["out"]),
    "crop stdin": ("crop --size 16x16x16", "raw.nrrd", []),
    "resample": ("resample --spacing 2x2x2 -o out {}/raw.nrrd", None, ["out"]),
    "standardize half": ("standardize --half -o out {}/cropped.nrrd", None, ["out"]),
    "standardize": ("standardize -o out {}/cropped.nrrd", None, ["out"]),
    "augment": ("augment --seed 1 --epoch 1 -o out {}/0.nrrd", None, ["out"]),
    "augment intensities": ("augment --gamma 1.5 --contrast 1.5 --blur 1 --low-resolution 2 --noise 0.1 -o out {}/0.nrrd", None, ["out"]),
    "augment digests": ("augment --seed 1 --epoch 1 --digests {}/digests -o out {}/0.nrrd {}/1.nrrd", None, ["out"]),
    "regions": ("regions -o out {}/0.nrrd", None, ["out"]),
    "raw2nii": ("raw2nii --role label -o out.nii.gz {}/0.nrrd", None, ["out.nii.gz"]),
    "raw2nii segments": ("raw2nii --seg-nrrd --role label -o out.seg.nrrd {}/0.nrrd", None, ["out.seg.nrrd"]),
    "raw2png": ("raw2png -o out.png {}/0.nrrd", None, ["out.png"]),
    "prunet-infer assess": ("prunet-infer -m {}/state --assess table -o out {}/0.nrrd", None, ["out", "table"]),
    "prunet-step usage": ("prunet-step --state {}/state --usage table -o out {}/0.nrrd", None, ["out", "table"]),
    "case-summary": ("case-summary -o out --pairs {}/pairs --images {} --assessments {}", None, ["out"]),
    "prunet-report": ("prunet-report -o out {}/run", None, ["out"]),
    "prunet-report folders": ("prunet-report --predictions {}/theirs --references {}/raw -o out", None, ["out"]),
    "prunet": ("prunet crop --size 16x16x16 -o out {}/raw.nrrd", None, ["out"]),
    "prunet-watch": ("prunet-watch --once {}/run", None, []),
    "rawinfo": ("rawinfo {}/0.nrrd", None, []),
    "phantom": ("phantom --seed 1 --cases 1 --size 16x16x16 -o out", None, ["out"]),
    "split-cases": ("split-cases --seed 1 --train out --validation out2 {}/names", None, ["out", "out2"]),
    "order-cases": ("order-cases --seed 1 --epoch 1 -o out {}/names", None, ["out"]),
    "list-cases": ("list-cases --labelled -o out {}/raw", None, ["out"]),
    "list-cases nnunet": ("list-cases --labelled -o out {}/nnunet", None, ["out"]),
    "list-cases bids": ("list-cases --labelled -o out {}/bids", None, ["out"]),
    "prunet-check": ("prunet-check -o out {}/raw", None, ["out"]),
    "prunet-check voxels": ("prunet-check --voxels --json out2 -o out {}/raw", None, ["out", "out2"]),
    "file-digest": ("file-digest -o out {}/0.nrrd {}/names", None, ["out"]),
    "file-digest stamps": ("file-digest --stamps out /bin/sh /bin/cat", None, ["out"]),
    "prunet-init": ("prunet-init --seed 1 --channels 4,8 --groups 2 -o out", None, ["out"]),
    "prunet-step": ("prunet-step --state {}/state -o out {}/0.nrrd {}/1.nrrd", None, ["out"]),
    "prunet-step digests": ("prunet-step --state {}/state --digests {}/digests -o out {}/0.nrrd {}/1.nrrd", None, ["out"]),
    "prunet-step stdin": ("prunet-step --state {}/state -o out", "0.nrrd", ["out"]),
    "prunet-infer": ("prunet-infer -m {}/state --pass-label -o out {}/0.nrrd", None, ["out"]),
    "prunet-infer map": ("prunet-infer -m {}/state --label-map", "0.nrrd", []),
    "prunet-infer window": ("prunet-infer -m {}/state --window 8x8x8 --gaussian -o out {}/0.nrrd", None, ["out"]),
    "prunet-infer mean": ("prunet-infer -m {}/state -m {}/state -o out {}/0.nrrd", None, ["out"]),
    "prunet-segment": ("prunet-segment -m {}/state --crop 16x16x16 -o out.nii.gz {}/raw/phantom_00001", None, ["out.nii.gz"]),
    "phantom wild": ("phantom --style wild --spacing 8 --stream --cases 1", None, []),
    "prunet-model": ("prunet-model export --half --licence none -o out {}/state", None, ["out"]),
    "prunet-model show": ("prunet-model show {}/state", None, []),
    "prunet-infer half": ("prunet-infer -m {}/half -o out {}/0.nrrd", None, ["out"]),
    "prunet-step average": ("prunet-step --state {}/half --fresh-optimizer --weight-average 0.9 -o out {}/0.nrrd", None, ["out"]),
    "prunet-plan": ("prunet-plan -m {}/state --size 32x32x32", None, []),
    "dice-eval": ("dice-eval -o out --pairs {}/pairs", None, ["out"]),
    "dice-eval stdin": ("dice-eval -", "predicted.nrrd", []),
    "hd95": ("hd95 -o out --pairs {}/pairs", None, ["out"]),
    "brats-eval": ("brats-eval --bootstrap 50 -o out --pairs {}/pairs", None, ["out"]),
    "brats-eval challenge": ("brats-eval --convention brats2026 --scheme 2018 -o out --pairs {}/pairs", None, ["out"]),
    "brats-eval lesions": ("brats-eval --convention brats2024 --scheme 2018 --columns nsd_0.5,nsd_voxels,f1_auc -o out --pairs {}/pairs",
                           None, ["out"]),
    "rank-predictions": ("rank-predictions --permutations 50 -o out {}/one.tsv {}/two.tsv", None, ["out"]),
    "postprocess": ("postprocess --component-minimum 5 -o out {}/predicted.nrrd", None, ["out"]),
    "postprocess search": ("postprocess --search -o out --pairs {}/pairs", None, ["out"]),
    "threshold-baseline": ("threshold-baseline --train {}/files --validation {}/files -o out", None, ["out"]),
}

# Made in the folder of the inputs by the tools themselves.
INPUTS = """
phantom -q --seed 4 --cases 2 --size 24x24x24 -o raw >names
for layout in nnunet bids; do phantom -q --seed 4 --cases 1 --size 16x16x16 --layout $layout -o $layout; done >other
nii2raw --dir raw/phantom_00001 -o raw.nrrd
crop --size 16x16x16 -o cropped.nrrd raw.nrrd
for n in 0 1; do nii2raw --dir raw/phantom_0000$((n + 1)) | crop --size 16x16x16 | standardize -o $n.nrrd; done
gzip -cd raw/phantom_00001/*_t1.nii.gz >image.nii
cp raw/phantom_00001/*_seg.nii.gz label.nii.gz
prunet-init -q --seed 1 --channels 4,8 --groups 2 -o state
prunet-model export --half -o half state
prunet-infer -q -m state --pass-label -o predicted.nrrd 0.nrrd
prunet-infer -q -m state --label-map -- 0.nrrd | raw2nii -o predicted.nii.gz
for n in 0 1; do printf '%s\\ttraining\\t%s\\n' $n $(file-digest --no-header $n.nrrd | cut -f1); done >digests
printf 'a\\t%s\\t%s\\n' $PWD/predicted.nii.gz $PWD/label.nii.gz >pairs
for n in one two; do brats-eval -q -o $n.tsv --pairs pairs; done
mkdir -p run/evaluation run/manifest theirs && cp predicted.nii.gz theirs/phantom_00001.nii.gz
case-summary -o run/evaluation/cases.tsv --pairs pairs
printf 'row\\tsmall\\nseed\\t1\\n' >run/manifest/run.tsv
printf '%s\\n' $PWD/0.nrrd $PWD/1.nrrd >files
"""


def command_line(name, inputs):
    """The words of a program's command."""
    command = PROGRAMS[name][0].replace("{}", inputs).split()
    if command[0] == "prunet-step":
        command[1:1] = ["--threads", "2"]
    return [shutil.which(command[0])] + command[1:]


def is_part(made, whole):
    """Whether a file is not there or whole, and a folder has no other files than whole ones."""
    return all(entry in whole for entry in made) if isinstance(made, list) else made in (None, whole)


def files_made(folder, files):
    """Digests of a program's files; of a table whose last column is measured, and so another one each time, what is before that."""
    made = {file: digest(os.path.join(folder, file)) for file in files}
    if made.get("table"):
        with open(os.path.join(folder, "table"), "rb") as table:
            rows = [row.rpartition(b"\t") for row in table.readlines()]
        if rows and rows[0][2] == b"measured\n":
            made["table"] = tuple((before, after[-1:]) for before, _, after in rows)
    return made


class Run:
    """One run of a program in an empty folder: its status, its output, its message, and what it left."""

    def __init__(self, name, inputs, environment):
        _, stdin, self.files = PROGRAMS[name]
        folder = tempfile.mkdtemp(prefix="run.")
        try:
            with open(os.path.join(inputs, stdin) if stdin else os.devnull, "rb") as file:
                done = subprocess.run(command_line(name, inputs), cwd=folder, stdin=file, capture_output=True,
                                      timeout=SECONDS, env=dict(os.environ, OMP_NUM_THREADS="2", **environment))
            self.status, self.output, self.message = done.returncode, done.stdout, done.stderr.decode("latin1").strip()
        except subprocess.TimeoutExpired:
            self.status, self.output, self.message = None, b"", "after %d s" % SECONDS
        if name.startswith("prunet-step"):  # without the seconds that a step took
            self.output = [line.split(b"\t")[:7] for line in self.output.splitlines()]
        self.made = files_made(folder, self.files)
        self.left = sorted(set(os.listdir(folder)) - set(self.files))
        shutil.rmtree(folder)

    def same(self, other):
        return (self.output, self.made) == (other.output, other.made)

    def outcome(self, whole):
        """A word of GOOD, or what is wrong; `whole` is the undisturbed run."""
        if self.status is None:
            return "hang"
        if self.status < 0:
            return "signal %d" % -self.status
        if is_memory_damaged(self.message):
            return "damaged memory, or leaked"
        if is_sanitizers_end(self.message):
            return "refused"
        if self.left:
            return "leftover " + self.left[0]
        if self.status == 0:
            return "tolerated" if self.same(whole) else "status 0, other bytes"
        if not self.message:
            return "no message"
        if not all(is_part(made, whole.made[file]) for file, made in self.made.items()):
            return "half-written"
        return "refused" if self.status in (1, 2, 65, 75) else "status %d" % self.status


def disturbed(name, inputs, **fault):
    counter = Counter()
    return Run(name, inputs, counter.environment(**fault))


def try_faults(pool, name, inputs, calls, draw, table):
    """Lets calls of every class fail; yields what is wrong."""
    counter = Counter()
    whole = Run(name, inputs, counter.environment())
    if whole.status != 0:
        yield "undisturbed: status %s: %s" % (whole.status, whole.message)
        return
    counts = counter.counts()
    for kind in CLASSES:
        numbers = calls_to_fail(counts[kind], calls, draw)
        runs = pool.map(lambda at: disturbed(name, inputs, kind=kind, at=at), numbers)
        outcomes = []
        for at, run in zip(numbers, runs):
            outcome = run.outcome(whole)
            outcomes.append(outcome if outcome in GOOD else "defect")
            if outcome not in GOOD:
                yield "%s %d of %d: %s: %s" % (kind, at, counts[kind], outcome, run.message[-200:])
        table.add(name, kind, counts[kind], outcomes)


def try_interruptions(name, inputs):
    whole = Run(name, inputs, {})
    for action in ("short", "interrupt"):
        run = disturbed(name, inputs, action=action)
        if run.status != 0 or not run.same(whole):
            yield "%s: status %s: %s" % (action, run.status, run.message[-200:])


def main():
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    names = sys.argv[2:] or list(PROGRAMS)
    draw, table = seeded(), Table()
    with tempfile.TemporaryDirectory(prefix="inputs.") as inputs:
        subprocess.run(["bash", "-euo", "pipefail", "-c", INPUTS], cwd=inputs, check=True)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for name in names:
                wrong = list(try_faults(pool, name, inputs, calls, draw, table))
                check(not wrong, "%s: a call fails" % name, *wrong)
                wrong = list(try_interruptions(name, inputs))
                check(not wrong, "%s: short and interrupted reads and writes change nothing" % name, *wrong)
    table.print()
    sys.exit(_faults.failures != 0)


if __name__ == "__main__":
    main()
