"""What the tests in Python share: running a command, and TAP lines, which tests/run gathers. Standard library only."""

import os
import subprocess
import sys

failures = 0


def check(passed, name):
    """One line for one promise."""
    global failures
    print("%s - %s" % ("ok" if passed else "not ok", name), flush=True)
    failures += not passed


def finish():
    sys.exit(failures != 0)


def run(*command, stdin=b"", env=None, **options):
    """Exit status, stdout and stderr of a command; env: variables beside those of the test."""
    done = subprocess.run(command, input=stdin, capture_output=True, env={**os.environ, **(env or {})}, **options)
    return done.returncode, done.stdout, done.stderr.decode()
