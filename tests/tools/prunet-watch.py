"""prunet-watch: what it shows of a run, on a terminal of 80 columns and elsewhere. Standard library only."""

import os
import re

from _tap import check, finish, run
from _terminal import Terminal

os.chdir(os.environ["TMPDIR"])
HEAD = "epoch\tlearning_rate\tsteps\tloss\ttrain_wt\ttrain_tc\ttrain_et\tdice_wt\tdice_tc\tdice_et\tvalidation\tbest\taverage\taverage_best\tstop\n"


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


def make_run(name, epochs, goal=None, stop="no"):
    rows = "".join("%d\t1e-3\t3\t%.6f\t.1\t.1\t.1\t%.6f\t%.6f\t%.6f\t%.6f\t%d\t-\t-\t%s\n" % (e, 2.5 / e, 1 - 0.5 / e, 0.8 - 0.5 / e, 0.7 - 0.5 / e, 0.9 - 0.5 / e, e, stop if e == epochs else "no") for e in range(1, epochs + 1))
    if epochs:
        write(name + "/log.tsv", HEAD + rows)
        write(name + "/times.tsv", "epoch\tsteps\tseconds\tseconds_a_step\twaiting\twaiting_share\n" + "".join("%d\t3\t6\t2.000\t0\t0\n" % e for e in range(1, epochs + 1)))
    write(name + "/manifest/training", "a\nb\nc\n")
    os.makedirs(name + "/epochs", exist_ok=True)
    if goal:
        write(name + "/goal.tsv", "epochs\t%d\n" % goal)


make_run("one", 4, 9)
write("one/epochs/.0005.running/now", "epoch\tstep\tcase\tloss\tdice_wt\tdice_tc\tdice_et\tseconds\twaiting\n5\t13\ta\t0.5\t.1\t.1\t.1\t3\t1\n")
code, out, err = run("prunet-watch", "--once", "one", env={"LC_ALL": "C"})
text = out.decode()
check(code == 0 and not err and "epoch 5 of 9, case 1 of 3" in text, "where it stands: " + text.splitlines()[0])
check("0:08 min left of the epoch, 0:56 min of all" in text, "what is left: by the steps of this epoch, 4 s each")
check("25.0 % waiting" in text and "loss 0.5000 so far" in text, "the running epoch's loss and waiting")
write("one/manifest/run.tsv", "BATCH\t3\n")
check("4.00 s a case" in run("prunet-watch", "--once", "one", env={"LC_ALL": "C"})[1].decode() and "4.00 s a step" in text, "in batches, seconds of a case")
os.remove("one/manifest/run.tsv")
check(re.search(r"^loss +0\.6250  @\S*_  best 0\.6250 in 4$", text, re.M), "the loss falls")
check(re.search(r"^WT +0\.8750  _\S*@  best 0\.8750 in 4$", text, re.M) and text.index("ET") < text.index("WT") < text.index("TC"), "Dice of each region rises")
check(all(ord(c) < 128 for c in text), "ASCII where the locale is")
utf8 = run("prunet-watch", "--once", "one", env={"LC_ALL": "C.UTF-8"})[1].decode()
check("▁" in utf8 and "█" in utf8, "block letters where it is UTF-8")
write("one/epochs/.0005.running/now", "epoch\tstep\tcase\tloss\tdice_wt\tdice_tc\tdice_et\tseconds\twaiting\n5\t13\ta\t0.5\t.1\t.1\t.1\t3\t1\n5\t14\tb\t0.")
check(run("prunet-watch", "--once", "one")[0] == 0, "a table that is being written")
os.rename("one/epochs/.0005.running", "one/epochs/.0005.trained")
check("epoch 5 of 9, validating" in run("prunet-watch", "--once", "one")[1].decode(), "a validation")

make_run("none", 0)
check("epoch 1, case 0 of 3" in run("prunet-watch", "--once", "none")[1].decode(), "before the first epoch")
make_run("done", 300, 300)
code, out, err = run("prunet-watch", "done", env={"LC_ALL": "C"})
lines = out.decode().splitlines()
check(code == 0 and len(lines) == 300 and lines[0].startswith("epoch 1 of 300: loss 2.5000, Dice 0.4000 ET 0.200 WT 0.500 TC 0.300"), "no terminal: a line an epoch, and the end: " + lines[0])
wide = run("prunet-watch", "--once", "done", env={"LC_ALL": "C"})[1].decode().splitlines()
check(max(map(len, wide)) <= 80 and len(wide[1].split()[2]) == 40, "300 epochs in a sparkline of 40")
check(max(len(line) for line in run("prunet-watch", "--once", "--columns", "33", "one", env={"LC_ALL": "C.UTF-8"})[1].decode().splitlines()) <= 33, "a narrow terminal")
make_run("early", 5, 300, stop="yes")
check("ended after epoch 5" in run("prunet-watch", "--once", "early")[1].decode(), "stopped early")
make_run("odd", 2)
write("odd/journal.txt", "first\n\033[2Jred\tand\007 more\n")
check(b"\033" not in run("prunet-watch", "--once", "odd")[1] and b"?[2Jred?and? more" in run("prunet-watch", "--once", "odd")[1], "what a terminal would obey is not passed on")
write("odd/log.tsv", "nonsense\n1\t2\n")
check(run("prunet-watch", "--once", "odd")[0] == 0, "a damaged log is no log")


def regions_of(name):
    return re.findall(r"^(\S+) .* best ", run("prunet-watch", "--once", name)[1].decode(), re.M)[1:-1]


make_run("organ", 2)
write("organ/log.tsv", open("organ/log.tsv").read().replace("_wt", "_liver").replace("_tc", "_cyst").replace("_et", "_vein"))
check(regions_of("organ") == ["liver", "cyst", "vein"], "regions that no scheme is known of are called as the columns")
write("organ/manifest/scheme", "scheme organ\nmodality ct\nlabel 1 a\nlabel 2 b\nregion Liver 1\nregion CYST 2\nrows CYST Liver\n")
check(regions_of("organ") == ["CYST", "Liver", "vein"], "those of the run's scheme by its names and in its order, then the others: %s" % regions_of("organ"))
write("organ/manifest/scheme", "nonsense\n")
check(regions_of("organ") == ["liver", "cyst", "vein"], "a damaged scheme is none")
check(run("prunet-watch", "nothing")[0] == 1 and run("prunet-watch", ".")[0] == 1 and run("prunet-watch")[0] == 2, "no run, no folder, no name")

# A terminal: it draws over itself, and ends with the training.
make_run("live", 1, 2)
watcher = Terminal("prunet-watch", "--interval", "1", "live", env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"})
while watcher.read(60) and b"epoch 2 of 2" not in watcher.text:
    pass
make_run("live", 2, 2)
seen, status = watcher.end()
check(status == 0 and "\033[" in seen and "ended after epoch 2" in seen, "on a terminal it draws over itself and ends with the training")
plain = re.sub(r"\033\[[0-9]*[AJ]", "", seen)
check(max(map(len, plain.splitlines())) <= 80, "in 80 columns")
finish()
