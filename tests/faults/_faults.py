"""Shared by tools.py and stages.py: one call of a class fails in a program (shim/faults.c), and what came of it is judged."""

import collections
import hashlib
import os
import random
import struct
import sys
import tempfile
import time

CLASSES = "memory map read write sync rename open close stat thread seek other".split()
COUNTERS = 14  # the shim's: CLASSES in this order, then "remove" (what cannot be removed is left, nothing to judge) and "change"
SANITIZER = "verify_asan_link_order=0:exitcode=99"  # a status of its own for what it finds, leaks included
SHIM = os.path.join(os.environ.get("BUILD", "build"), "faults.so")

# What may come of a fault. Everything else is a defect.
GOOD = {
    "refused": "the right status and a message; no output, or the whole of it after its name was given",
    "tolerated": "status 0, and the bytes of an undisturbed run",
}

failures = 0


def check(passed, name, *details):
    global failures
    print("%s - %s" % ("ok" if passed else "not ok", name))
    for detail in details:
        print("# " + detail.replace("\n", "\n# "))
    sys.stdout.flush()
    failures += not passed


def is_memory_damaged(message):
    """Whether a sanitizer, or the C library, says so."""
    return any(word in message for word in ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "corrupted", "double free"))


def is_sanitizers_end(message):
    """Whether the sanitizer itself could not go on for want of memory; it ends the program then as it is."""
    return "AddressSanitizer: CHECK failed" in message


class Counter:
    """The file in which the shim counts; an environment that names it."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="counter.")
        self.file.write(bytes(8 * COUNTERS))
        self.file.flush()

    def environment(self, kind="", at=0, action="fail"):
        chosen = {"FAULT_CLASS": kind, "FAULT_AT": str(at), "FAULT_ACTION": action, "FAULT_COUNTER": self.file.name}
        return dict(chosen, LD_PRELOAD=os.path.abspath(SHIM), ASAN_OPTIONS=SANITIZER)

    def counts(self):
        """How many calls there were of each class, in a program that was run under the shim."""
        self.file.seek(0)
        counts = dict(zip(CLASSES + ["remove", "change"], struct.unpack("%dQ" % COUNTERS, self.file.read())))
        if not any(counts.values()):
            raise SystemExit(SHIM + " has counted no call: was it built (make faults)?")
        return counts


def calls_to_fail(count, most, draw, spread=False):
    """Which of `count` calls fail, one a run: all, or of more than `most` the first five eighths of these, and others at
    random among the rest; with `spread` all at random."""
    if count <= most:
        return list(range(1, count + 1))
    first = 0 if spread else most * 5 // 8
    return list(range(1, first + 1)) + sorted(draw.sample(range(first + 1, count + 1), most - first))


def digest(path):
    """Of a file, or of a folder's files with their names; None where there is nothing."""
    if os.path.isdir(path):
        return [(name, digest(os.path.join(path, name))) for name in sorted(os.listdir(path))]
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class Table:
    """What was tried: a row for each program and class of calls."""

    def __init__(self):
        self.rows, self.start = [], time.time()

    def add(self, program, kind, calls, outcomes):
        self.rows.append((program, kind, calls, collections.Counter(outcomes)))

    def tried(self):
        return sum(sum(outcomes.values()) for _, _, _, outcomes in self.rows)

    def lines(self):
        """Markdown: a row a program, a column a class; "38/12" is 12 faults tried of 38 calls."""
        programs = list(dict.fromkeys(row[0] for row in self.rows))
        cells = {(program, kind): "%d/%d" % (calls, sum(outcomes.values())) for program, kind, calls, outcomes in self.rows}
        names = [name for name in dict.fromkeys(name for row in self.rows for name in row[3])]
        yield "| | " + " | ".join(CLASSES + names) + " |"
        yield "|---" * (1 + len(CLASSES) + len(names)) + "|"
        for program in programs:
            sums = collections.Counter()
            for row in self.rows:
                sums.update(row[3] if row[0] == program else {})
            numbers = [cells.get((program, kind), "-") for kind in CLASSES] + [str(sums[name]) for name in names]
            yield "| %s | %s |" % (program, " | ".join(numbers))

    def print(self):
        print("# %d faults in %d s; calls/faults tried of each class, then outcomes" % (self.tried(), time.time() - self.start))
        for line in self.lines():
            print("# " + line)


def seeded():
    """A generator of random numbers; `make faults` gives another seed each time, `make test` tries the same calls."""
    seed = int(os.environ.get("PRUNET_TEST_SEED") or 1)
    print("# PRUNET_TEST_SEED=%d" % seed)
    return random.Random(seed)
