"""Every tool under signals, at random and at chosen instants: what becomes of it, of the file it writes and of its folder.

  tests/tools/signals.py [TRIALS [PROGRAM...]]

TRIALS: how often each signal comes at a random instant in each program of tests/faults/tools.py; without it 1, for `make test`."""

import concurrent.futures
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "faults"))

from _faults import digest, seeded
from _tap import check, finish
from tools import INPUTS, PROGRAMS, command_line, files_made, is_part

SECONDS = 30  # longer is a hang
CPU_SECONDS = 5  # more is a spin: an undisturbed run takes a tenth
STOPS = "HUP INT QUIT TERM XCPU USR1".split()  # prunet-step finishes its step
ENDS = "HUP INT QUIT TERM PIPE XCPU USR1 USR2 ALRM KILL".split()


class Trial:
    """A program in an empty folder, in a process group of its own, with every signal as it is by default; then what it left."""

    def __init__(self, name, inputs, setup="", stdin=None, stdout=None, wrapper=()):
        self.name, self.files = name, PROGRAMS[name][2]
        self.folder = tempfile.mkdtemp(prefix="run.")
        for file in self.files:
            if name != "phantom":
                with open(os.path.join(self.folder, file), "w") as opened:
                    opened.write("old")
        self.old = files_made(self.folder, self.files)
        self.said, saying = os.pipe()
        self.out = tempfile.TemporaryFile() if stdout is None else None
        if stdin is None:
            stdin = open(os.path.join(inputs, PROGRAMS[name][1]) if PROGRAMS[name][1] else os.devnull)
        command = ["env", "--default-signal", *wrapper, "bash", "-c", setup + ' exec "$@"', "bash"]
        self.process = subprocess.Popen(command + command_line(name, inputs), cwd=self.folder, stdin=stdin, process_group=0,
                                        stdout=self.out or stdout, stderr=saying, env=dict(os.environ, OMP_NUM_THREADS="2"))
        stdin.close()
        os.close(saying)

    def send(self, name):
        if self.process.poll() is None:
            self.process.send_signal(getattr(signal, "SIG" + name))

    def state(self):
        with open("/proc/%d/stat" % self.process.pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0]

    def cpu(self):
        with open("/proc/%d/stat" % self.process.pid) as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def begins(self):
        """Waits until the tool itself runs, not what starts it."""
        tool = os.path.basename(command_line(self.name, "")[0])[:15]
        while self.process.poll() is None:
            with open("/proc/%d/comm" % self.process.pid) as file:
                if file.read().strip() == tool:
                    return True
            time.sleep(0.001)
        return False

    def sleeps(self):
        """Waits until it sleeps, as it does in a read or a write that blocks."""
        if not self.begins():
            return False
        for _ in range(SECONDS * 100):
            if self.process.poll() is not None:
                return False
            asleep = self.state() == "S"
            time.sleep(0.02)
            if asleep and self.state() == "S":
                return True
        return False

    def end(self):
        """Its status, minus the signal's number where one ended it; None where it hangs or spins."""
        deadline = time.time() + SECONDS
        self.spun = False
        while self.process.poll() is None and time.time() < deadline:
            time.sleep(0.002)
            try:
                self.spun |= self.cpu() > CPU_SECONDS
            except (OSError, IndexError):
                pass
        hangs = self.process.returncode is None or self.spun
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
        self.status = None if hangs else self.process.returncode
        with os.fdopen(self.said) as said:
            self.message = said.read().strip()
        self.made = files_made(self.folder, self.files)
        self.left = sorted(set(os.listdir(self.folder)) - set(self.files))
        self.output = b""
        if self.out:
            self.out.seek(0)
            self.output = self.out.read()
            self.out.close()
        shutil.rmtree(self.folder)
        return self.status

    def wrong(self, whole, statuses):
        """What breaks a promise: nothing half-written, nothing left, one of the statuses, or 0 with the whole output."""
        if self.status is None:
            return "spins" if self.spun else "hangs"
        left = [name for name in self.left if self.status != -signal.SIGKILL or not name.endswith(".part")]  # swept by the next
        if left:
            return "leaves " + left[0]
        if self.status != 0 and self.status not in statuses:
            return "status %d: %s" % (self.status, self.message[-200:])
        if self.status == 0 and self.made != whole.made:
            return "status 0, other bytes"
        if self.status == 75:
            return None  # another state, which tests/tools/prunet-step.sh looks at
        for file, made in self.made.items():
            if self.status == -signal.SIGKILL and isinstance(made, list):
                made = [entry for entry in made if not entry[0].startswith(".")]  # swept by the next: try_leftovers
            if made != self.old[file] and not is_part(made, whole.made[file]):
                return "half-written"
        return None


def undisturbed(name, inputs):
    trial = Trial(name, inputs)
    started = time.time()
    trial.end()
    trial.seconds = time.time() - started
    return trial


def statuses_of(name, signal_name):
    """How a program may end that a signal has reached, be it before it began to listen."""
    number = -getattr(signal, "SIG" + signal_name)
    return {number, 75} if name.startswith("prunet-step") and signal_name in STOPS else {number}


# --- at random instants ----------------------------------------------------------------------------------------------------


def at_random(name, inputs, whole, signal_name, wait):
    trial = Trial(name, inputs)
    time.sleep(wait)
    trial.send(signal_name)
    trial.end()
    return trial.wrong(whole, statuses_of(name, signal_name))


def stopped_and_continued(name, inputs, whole, wait):
    """The terminal's Ctrl-Z, and fg: nothing has happened."""
    trial = Trial(name, inputs)
    time.sleep(wait)
    trial.send("TSTP")
    time.sleep(0.02)
    trial.send("CONT")
    trial.end()
    return trial.wrong(whole, ())


def file_size(name, inputs, whole, ignored):
    """ulimit -f. A shell that ignores SIGXFSZ hands that down."""
    trial = Trial(name, inputs, setup=("trap '' XFSZ;" if ignored else "") + " ulimit -f 0;", stdout=subprocess.DEVNULL)
    trial.end()
    if trial.files and (trial.status != 1 or "File too large" not in trial.message):
        return "ulimit -f: status %s: %s" % (trial.status, trial.message[-200:])
    return trial.wrong(whole, (1,))


def left_as_it_is(name, inputs, whole, how, signal_name):
    """A signal that the caller ignores or blocks does nothing."""
    trial = Trial(name, inputs, wrapper=["--%s-signal=%s" % (how, signal_name)])
    trial.begins()
    trial.send(signal_name)
    trial.end()
    return trial.wrong(whole, ())


def closed(name, inputs, whole, descriptors):
    """No table goes into a file that was opened under the number of a closed descriptor."""
    before = digest(inputs)
    trial = Trial(name, inputs, setup="exec %s;" % " ".join("%d>&-" % fd for fd in descriptors))
    trial.end()
    if digest(inputs) != before:
        return "an input has changed"
    if 1 in descriptors and trial.status == 0 and whole.output:
        return "status 0 without an output"
    return trial.wrong(whole, (1, 2, 65))


def broken_pipe(name, inputs, whole, ignored):
    """Nobody reads what it prints: SIGPIPE ends it; where that is ignored, a message and status 1."""
    reading, writing = os.pipe()
    os.close(reading)
    trial = Trial(name, inputs, stdout=writing, wrapper=["--ignore-signal=PIPE"] if ignored else [])
    os.close(writing)
    trial.end()
    if whole.output and (trial.status == 0 or ignored and "Broken pipe" not in trial.message):
        return "status %s: %s" % (trial.status, trial.message[-200:])
    return trial.wrong(whole, (1,) if ignored else (-signal.SIGPIPE,))


def try_program(pool, name, inputs, trials, draw):
    """What is wrong with a program, a line each."""
    whole = undisturbed(name, inputs)
    if whole.status != 0:
        return ["undisturbed: status %s: %s" % (whole.status, whole.message)]
    work = {}
    for trial in range(trials):
        for signal_name in ENDS:
            wait = draw.uniform(0, 1.1 * whole.seconds)
            work["%s after %.1f ms" % (signal_name, 1000 * wait)] = pool.submit(at_random, name, inputs, whole, signal_name, wait)
        wait = draw.uniform(0, whole.seconds)
        work["TSTP after %.1f ms" % (1000 * wait)] = pool.submit(stopped_and_continued, name, inputs, whole, wait)
    for signal_name in ("TERM", "INT", "HUP"):
        for how in ("ignore", "block"):
            work["%s, which is to %s" % (signal_name, how)] = pool.submit(left_as_it_is, name, inputs, whole, how, signal_name)
    for ignored in (False, True):
        work["ulimit -f%s" % (", ignored" * ignored)] = pool.submit(file_size, name, inputs, whole, ignored)
        work["a broken pipe%s" % (", ignored" * ignored)] = pool.submit(broken_pipe, name, inputs, whole, ignored)
    for descriptors in ((0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)):
        work["closed: %s" % (descriptors,)] = pool.submit(closed, name, inputs, whole, descriptors)
    results = ((what, result.result()) for what, result in work.items())
    return ["%s: %s" % result for result in results if result[1]]


# --- while it waits --------------------------------------------------------------------------------------------------------


def waiting_for_input(name, inputs, signal_name):
    """The input is a pipe that says nothing; the record comes after a stop that is continued."""
    reading, writing = os.pipe()
    os.set_inheritable(writing, False)
    trial = Trial(name, inputs, stdin=os.fdopen(reading))
    waits = trial.sleeps()
    trial.send(signal_name)
    if signal_name == "TSTP":
        time.sleep(0.05)
        waits = waits and trial.state() == "T"
        trial.send("CONT")
        with os.fdopen(writing, "wb") as pipe, open(os.path.join(inputs, PROGRAMS[name][1]), "rb") as record:
            pipe.write(record.read())
        trial.end()
        return waits, trial
    trial.end()
    os.close(writing)
    return waits, trial


def waiting_for_reader(name, inputs, signals, drained=False):
    """stdout is a pipe that is full. It is emptied before the end, or never."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 1 << 20)  # as large as the tools make it
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, bytes(4096))
    except BlockingIOError:
        os.set_blocking(writing, True)
    trial = Trial(name, inputs, stdout=writing)
    os.close(writing)
    waits = trial.sleeps()
    for signal_name in signals:
        trial.send(signal_name)
        time.sleep(0.05)
    if drained:
        while os.read(reading, 65536):
            pass
    trial.end()
    os.close(reading)
    return waits, trial


def try_waiting(inputs):
    for name in (name for name, program in PROGRAMS.items() if program[1]):
        whole = undisturbed(name, inputs)
        wrong = []
        for signal_name in ENDS:
            waits, trial = waiting_for_input(name, inputs, signal_name)
            listens = name.startswith("prunet-step") and signal_name in STOPS
            meant = 75 if listens else -getattr(signal, "SIG" + signal_name)
            if not waits or trial.status != meant or trial.wrong(whole, (meant,)):
                wrong.append("%s: status %s %s" % (signal_name, trial.status, trial.wrong(whole, (meant,))))
        waits, trial = waiting_for_input(name, inputs, "TSTP")
        if not waits or trial.status != 0 or trial.wrong(whole, ()):
            wrong.append("TSTP: status %s %s" % (trial.status, trial.wrong(whole, ())))
        check(not wrong, "%s: a signal while it waits for its input%s" % (name, ": " + "; ".join(wrong) if wrong else ""))
    for name in ("crop stdin", "prunet-infer map", "rawinfo", "prunet-plan"):
        whole = undisturbed(name, inputs)
        statuses = []
        for signal_name in ("TERM", "INT", "HUP", "KILL"):
            waits, trial = waiting_for_reader(name, inputs, [signal_name])
            statuses.append(waits and trial.status == -getattr(signal, "SIG" + signal_name) and not trial.wrong(whole, (trial.status,)))
        check(all(statuses), "%s: a signal while it waits for its reader" % name)


def try_step(inputs):
    """prunet-step finishes what it is at; who asks twice by hand does not want to wait."""
    for name in ("prunet-step", "prunet-step stdin"):
        for first in ("TERM", "INT"):
            waits, trial = waiting_for_reader(name, inputs, [first, "TERM", "HUP"], drained=True)
            check(waits and trial.status == 75 and not trial.left, "%s: %s, TERM and HUP: 75, got %s" % (name, first, trial.status))
        for signals in (["INT", "INT"], ["INT", "QUIT"], ["TERM", "INT", "INT"]):
            waits, trial = waiting_for_reader(name, inputs, signals)
            number = -getattr(signal, "SIG" + signals[-1])
            check(waits and trial.status == number and not trial.left and trial.made == trial.old,
                  "%s: %s: at once, nothing written, got %s" % (name, " and ".join(signals), trial.status))


def try_fifo(inputs):
    """A FIFO that no writer has opened yet."""
    fifo = os.path.join(inputs, "fifo")
    os.mkfifo(fifo)
    PROGRAMS["prunet-step FIFO"] = ("prunet-step --state {}/state -o out {}/fifo", None, ["out"])
    for signal_name in STOPS:
        trial = Trial("prunet-step FIFO", inputs)
        waits = trial.sleeps()
        trial.send(signal_name)
        trial.end()
        check(waits and trial.status == 75 and not trial.left, "prunet-step: %s before the FIFO has a writer: 75, got %s" % (signal_name, trial.status))
    trial = Trial("prunet-step FIFO", inputs)
    waits = trial.sleeps()
    with open(fifo, "wb") as pipe, open(os.path.join(inputs, "0.nrrd"), "rb") as record:
        pipe.write(record.read())
    check(waits and trial.end() == 0, "and then a writer: status 0")
    os.unlink(fifo)


def begin_phantom(folder):
    """A phantom whose case has a temporary folder, with a file in it."""
    before = os.listdir(folder) if os.path.isdir(folder) else []
    process = subprocess.Popen(["phantom", "-q", "--seed", "1", "--size", "96x96x80", "-o", folder], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        new = set(os.listdir(folder) if os.path.isdir(folder) else []) - set(before)
        if any(name.startswith(".") and digest(os.path.join(folder, name)) for name in new):
            break
        time.sleep(0.001)
    return process


def try_leftovers():
    """What kill -9 leaves goes when the same case is made again; what a process is at stays."""
    with tempfile.TemporaryDirectory() as home:
        whole, folder = os.path.join(home, "whole"), os.path.join(home, "folder")
        begin_phantom(whole).wait()
        killed = begin_phantom(folder)
        killed.kill()
        killed.wait()
        left = [name for name in os.listdir(folder) if name.startswith(".phantom_00001.")]
        check(len(left) == 1, "phantom, kill -9: leaves a folder: %s" % left)
        paused = begin_phantom(folder)
        paused.send_signal(signal.SIGSTOP)
        at_work = [name for name in os.listdir(folder) if name.startswith(".") and name not in left]
        check(not set(left) & set(os.listdir(folder)), "which the next one removes")
        begin_phantom(folder).wait()
        check(set(os.listdir(folder)) == {"phantom_00001", *at_work} and len(at_work) == 1, "but not that of one that runs")
        paused.send_signal(signal.SIGCONT)
        check(paused.wait() == 0 and digest(folder) == digest(whole), "which goes on to the same bytes")


def main():
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    names = sys.argv[2:] or list(PROGRAMS)
    draw = seeded()
    with tempfile.TemporaryDirectory(prefix="inputs.") as inputs:
        subprocess.run(["bash", "-euo", "pipefail", "-c", INPUTS], cwd=inputs, check=True, stderr=subprocess.DEVNULL)
        with concurrent.futures.ThreadPoolExecutor(2 * os.cpu_count()) as pool:
            for name in names:
                wrong = try_program(pool, name, inputs, trials, draw)
                check(not wrong, "%s: signals, a limit, closed descriptors" % name)
                for line in wrong:
                    print("# " + line)
        if not sys.argv[2:]:
            try_waiting(inputs)
            try_step(inputs)
            try_fifo(inputs)
            try_leftovers()
    finish()


if __name__ == "__main__":
    main()
