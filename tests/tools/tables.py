"""Tables are aligned on a terminal and have tabs everywhere else: needs Python alone."""

import os
import subprocess
import time

from _terminal import Terminal

os.chdir(os.environ["TMPDIR"])


def check(passed, name):
    print(("ok" if passed else "not ok") + " - " + name)


def terminal(*command, **options):
    return Terminal(*command, **options).end()


def piped(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def column_of(text, number):
    return [row.split("\t")[number] for row in text.splitlines()]


plan = ("prunet-plan", "--size", "32x32x32", "--channels", "8,16")
# On a machine that is busy a row may be waited for, and then widens its columns late: the best of several.
table = piped(*plan)
shown, status = min((terminal(*plan) for _ in range(5)), key=lambda run: len({line.index(word) for line, word in zip(run[0].splitlines(), column_of(table, 1))}))
check(status == 0 and "\t" not in shown and shown.count("\n") == table.count("\n"), "a terminal's table has as many rows and no tab")
check("".join(shown.split()) == "".join(table.split()), "and the same text")
lines = shown.splitlines()
column = column_of(table, 3)
end = lines[0].index("bytes") + len("bytes")
check(all(line[:end].endswith(cell) for line, cell in zip(lines, column)), "a column of numbers ends at one place")
start = lines[0].index("item")
check(all(line[start - 2 : start] == "  " and line[start] != " " for line in lines), "a column of words begins at one")
check(not any(line.endswith(" ") for line in lines), "no blank ends a line")
check(terminal(*plan, "--tsv") == (table, 0), "--tsv gives the tabs back")
check(terminal(*plan, "--json") == (piped(*plan, "--json"), 0), "JSON is as it is")
check(piped(*plan, "--tsv") == table, "--tsv changes nothing elsewhere")
terminal(*plan, "-o", "file")
check(open("file").read() == table, "nor is a file's table aligned")
check(terminal("prunet", "help") == (piped("prunet", "help"), 0), "text without tabs is as it is")

# Names of several bytes a letter.
for name, text in (("größe", "one"), ("a", "two")):
    open(name, "w").write(text)
lines = terminal("file-digest", "größe", "a", "--no-header")[0].splitlines()
check([line.split("  ")[-1] for line in lines] == ["größe", "a"], "letters beyond ASCII")

# A row is shown when it is there, where the next one takes a while.
piped("phantom", "--cases", "2", "--size", "48x48x48", "-o", "data")
reader, writer = os.pipe()
shown = Terminal("rawinfo", stdin=reader)
os.close(reader)
record = subprocess.run(["nii2raw", "--no-label", "--dir", "data/phantom_00001"], stdout=subprocess.PIPE, check=True).stdout
for _ in range(2):
    with open(writer, "wb", closefd=False) as pipe:
        pipe.write(record)
    time.sleep(1.0)
shown.read(60)
check(b"phantom_00001" in shown.text, "a table that grows slowly shows its rows as they come")
os.close(writer)
seen, status = shown.end()
check(status == 0 and seen.count("phantom_00001") == 2 and "case" in seen, "all of them")

# Of a command that fails, the rows before.
open("cut", "wb").write(record + record[:999])
shown, status = terminal("rawinfo", "cut", stderr=subprocess.DEVNULL)
check(status == 65 and shown.count("phantom_00001") == 1, "a cut input: the rows before it, and status 65")
