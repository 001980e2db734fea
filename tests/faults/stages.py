"""The stages of a run under faults: a call fails in one of their programs, be it a tool, the shell, make or awk.

  tests/faults/stages.py [CALLS [STAGE...]]

CALLS: how many calls of a class fail in a stage, spread at random over all that its programs make; without it 1, for
`make test`, and only in the first three stages. What must come of it: the bytes of an undisturbed run, or a message and a
status that is not 0; and then, when the stage is called again, those bytes and no temporary file."""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

from _faults import CLASSES, GOOD, Counter, Table, calls_to_fail, check, digest, is_memory_damaged, seeded
import _faults

SECONDS = 120  # longer is a hang
# A file that cannot be sought in is not tried: a shell cannot go on in its script then, and ends there with status 0.
STAGE_CLASSES = [kind for kind in CLASSES if kind != "seek"]
OF_THIS_RUN = "times.tsv usage.tsv steps.tsv pairs.tsv circumstances.tsv journal.txt history.tsv outcome.tsv compare.tsv measured.tsv report.html".split()
DATE = re.compile(r"(?<=home/runs/)[0-9TZ-]*")
CRASHES = {"132", "134", "135", "136", "139"}  # the shell, which may fail itself, has more statuses than the tools
# Their commands, in the order in which one needs the other.
GOALS = "make --no-print-directory --keep-going -f pipelines/brats.mk {} DATA={data} CONFIG={config} RUN={run} SEED=1 OUT={run}/maps BUILD={build}"
STAGES = {goal: GOALS.replace("{}", goal) for goal in ("preprocess", "train", "evaluate", "segment")}
STAGES["report"] = "pipelines/report --run {run}"
STAGES["retrain"] = "pipelines/retrain --data {data} --home {run}/home --config {config} --epochs 1"
STAGES["compare"] = "pipelines/compare --data {data} --home {run}/compared --configs {config} --epochs 1 --steps 1"
STAGES["drawn"] = "pipelines/drawn --home {run}/drawn --config {config}"

CONFIG = """CHANNELS=4,8
CROP=16x16x16
LEARNING_RATE=1e-3
EPOCHS=2
DRAWN_STEPS=2
DRAWN_HEADS=1
DRAWN_EARLY=8:1
DRAWN_LATE=8:1
"""


class Stages:
    """Three small cases, a configuration, and for each stage a run that has come so far, and one that has done it."""

    def __init__(self, home, chosen):
        self.home, self.data, self.config = home, os.path.join(home, "data"), os.path.join(home, "tiny")
        subprocess.run("phantom -q --seed 4 --cases 3 --size 24x24x24 -o".split() + [self.data], check=True,
                       stdout=subprocess.DEVNULL)
        with open(self.config, "w") as file:
            file.write(CONFIG)
        self.before, self.done, self.counts = {}, {}, {}
        run = os.path.join(home, "undisturbed")
        for stage in [stage for stage in STAGES if stage in chosen or stage in ("preprocess", "train", "evaluate")]:
            self.before[stage] = os.path.join(home, "before-" + stage)
            os.makedirs(run, exist_ok=True)
            shutil.copytree(run, self.before[stage], symlinks=True)
            counter = Counter()
            status, message = self.call(stage, run, counter.environment())
            if status != 0:
                raise SystemExit("%s, undisturbed: %s" % (stage, message))
            self.done[stage], self.counts[stage] = results(run), counter.counts()

    def call(self, stage, run, environment):
        """Status, or None for a hang, and messages of a stage."""
        command = STAGES[stage].format(data=self.data, config=self.config, run=run, build=os.environ["BUILD"]).split()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                   start_new_session=True, env=dict(os.environ, OMP_NUM_THREADS="2", **environment))
        try:
            output = process.communicate(timeout=SECONDS)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            return None, process.communicate()[0].decode("latin1")
        return process.returncode, output.decode("latin1").strip()

    def outcome(self, stage, kind, at):
        """A word of GOOD, or what is wrong; and what the programs said."""
        run = tempfile.mkdtemp(prefix="run.", dir=self.home)
        try:
            shutil.copytree(self.before[stage], run, symlinks=True, dirs_exist_ok=True)
            counter = Counter()
            status, message = self.call(stage, run, counter.environment(kind, at))
            return self.judge(stage, run, status, message), message
        finally:
            shutil.rmtree(run)

    def judge(self, stage, run, status, message):
        if status is None:
            return "hang"
        if status < 0:
            return "signal %d" % -status
        if is_memory_damaged(message):
            return "damaged memory, or leaked"
        if status == 0:
            wrong = self.wrong_files(stage, run)
            return "status 0, other files: " + wrong if wrong else "tolerated"
        if not message:
            return "no message"
        crashes = set(re.findall(r"Error (\d+)", message)) & CRASHES
        if crashes:
            return "status " + crashes.pop()
        status, message = self.call(stage, run, {})
        if status != 0:
            return "it cannot go on: " + message
        wrong = self.wrong_files(stage, run)
        return "called again, other files: " + wrong if wrong else "refused"

    def wrong_files(self, stage, run):
        """Names of the files that are not those of an undisturbed run."""
        made, right = results(run), self.done[stage]
        return " ".join(sorted(name for name in set(made) | set(right) if name not in made or name not in right or made[name] != right[name]))


def results(run):
    """What a repeated run must make again: the files with their digests, but for what holds times or the folder's name. What
    remembers digests of the sources (.stamps) holds times and inodes, and may be missing."""
    found = {}
    for folder, _, names in os.walk(run):
        for name in set(names) - {".stamps"}:
            path = os.path.join(folder, name)
            found[DATE.sub("DATE", os.path.relpath(path, run))] = None if name in OF_THIS_RUN else digest(path)
    return found


def main():
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    chosen = sys.argv[2:] or (list(STAGES) if len(sys.argv) > 1 else list(STAGES)[:3])
    draw, table = seeded(), Table()
    with tempfile.TemporaryDirectory(prefix="stages.") as home, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        stages = Stages(home, chosen)
        for stage in chosen:
            wrong = []
            for kind in STAGE_CLASSES:
                numbers = calls_to_fail(stages.counts[stage][kind], calls, draw, spread=True)
                outcomes = []
                for at, (outcome, message) in zip(numbers, pool.map(lambda at: stages.outcome(stage, kind, at), numbers)):
                    outcomes.append(outcome if outcome in GOOD else "defect")
                    if outcome not in GOOD:
                        wrong.append("%s %d of %d: %s: %s" % (kind, at, stages.counts[stage][kind], outcome, message[-300:]))
                table.add(stage, kind, stages.counts[stage][kind], outcomes)
            check(not wrong, "%s: a call fails" % stage, *wrong)
    table.print()
    sys.exit(_faults.failures != 0)


if __name__ == "__main__":
    main()
