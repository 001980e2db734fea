"""brats-eval --convention brats2025, brats2026 and their -mets: as the organisers' package, frozen and live."""

import math
import os

SOURCE = os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
)  # before _scores leaves this folder

from _official import AREA, MEASURES, SETS, areas, installed, make, package
from _scores import folder, save_lines, table
from _tap import check, finish, run

GOLDEN = os.path.join(SOURCE, "tests/golden/metrics/official.tsv")
TOLERANCE = 1e-6


def same(ours, theirs):
    return ours == theirs or (math.isnan(ours) and math.isnan(theirs)) or abs(ours - theirs) <= TOLERANCE


def compared(ours, theirs):
    """How many values, and the first that differs, in words."""
    count, wrong = 0, []
    for key, values in theirs.items():
        for measure, value in values.items():
            count += 1
            if not same(ours.get(key, {}).get(measure, 1e30), value):
                wrong.append("%s %s %s is not %.9g" % (*key, measure, value))
    return count, wrong


def read_golden():
    scores = {}
    with open(GOLDEN) as file:
        header = file.readline().rstrip("\n").split("\t")
        for line in file:
            row = dict(zip(header, line.rstrip("\n").split("\t")))
            values = {m: float(row[m]) for m in MEASURES if row[m] != "-"}
            key = row["config"], int(row["spacing"])
            scores.setdefault(key, {})[row["case"], row["region"]] = values
            if row[AREA] != "-":
                golden_areas.setdefault(key, {})[row["case"], row["region"]] = float(row[AREA])
    return scores


def check_areas(name, theirs):
    """panoptica has 0 where both masks are empty, which is undefined here."""
    _, out, _ = run("brats-eval", "--convention", "brats2026", "--pairs", "pairs", "--no-summary", "--columns", AREA)
    rows = {(row["case"], row["region"]): row for row in table(out)[1]}
    check(
        len(rows) == len(theirs)
        and all(same(0 if row["both_empty"] else row[AREA], theirs[key]) for key, row in rows.items()),
        "%s: the area under F1 as panoptica %s" % (name, "computes it" if why is None else "computed it"),
    )


golden_areas = {}
golden = read_golden()
why = installed()
total = 0
for config, spacing, pairs in SETS:
    name = "%s, spacing 1x1x%d" % (config, spacing)
    place = os.path.join(folder, "%s%d" % (config, spacing))
    save_lines("pairs", *make(place, config, spacing, pairs))
    convention = "brats2026-mets" if config == "mets" else "brats2026"
    words = ["--scheme", config.lower(), "--pairs", "pairs", "--no-summary"]
    status, out, err = run("brats-eval", "--convention", convention, *words)
    header, rows = table(out)
    wanted = [m for m in MEASURES if config == "mets" or not m.startswith(("large", "small"))]
    check(status == 0 and not err and sorted(header[2:-5]) == sorted(wanted), "%s: the columns of the challenge" % name)
    ours = {(row["case"], row["region"]): row for row in rows}
    count, wrong = compared(ours, golden[config, spacing])
    total += count
    check(
        len(rows) == len(golden[config, spacing]) and not wrong,
        "%s: %d frozen values of the package%s" % (name, count, ": " + wrong[0] if wrong else ""),
    )
    if why:
        print("ok - %s: the package itself # skip %s" % (name, why))
    else:
        count, wrong = compared(ours, package(place, config))
        check(not wrong, "%s: %d values of the package itself%s" % (name, count, ": " + wrong[0] if wrong else ""))
    if config == "GoAT":
        check_areas(name, golden_areas[config, spacing])
        if not why:
            check_areas(name, areas(place, config))
    year_before = run("brats-eval", "--convention", convention.replace("2026", "2025"), *words)[1]
    check(year_before.replace(b"brats2025", b"brats2026") == out, "%s: 2025 has the same rules" % name)
check(sum(pairs for _, _, pairs in SETS) == 60 and total > 4000, "60 pairs, %d values" % total)
finish()
