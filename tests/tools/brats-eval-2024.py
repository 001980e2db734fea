"""brats-eval --convention brats2024-*: the organisers' rules of 2024, against a reading of them in scipy."""

import importlib.util
import itertools

from _tap import check, finish, run

if importlib.util.find_spec("scipy") is None:
    print("ok - the rules of 2024 # skip needs scipy")
    finish()

from _lesion_rules import RULES, lesion_wise
from _lesions import LABELS, pair, save_map
from _scores import save_lines, table
from _volume import np

PAIRS = 40
SETS = {
    "gli": {"SNFH": (2,), "ET": (3,), "NETC": (1,), "RC": (4,), "TC": (1, 3), "WT": (1, 2, 3)},
    "goat": {"ET": (3,), "TC": (1, 3), "WT": (1, 2, 3)},
    "ped": {"ET": (1,), "NETC": (2,), "CC": (3,), "ED": (4,), "TC": (1, 2, 3), "WT": (1, 2, 3, 4)},
    "men-rt": {"GTV": (1,)},
}
SCHEME = {"gli": "gli", "ped": "ped", "men-rt": "men-rt"}
MEASURES = ("dice", "hd95", "nsd_0.5", "nsd_1.0", "tp", "fp", "fn")

# Surfaces are measured by the tool on the masks of one lesion, all at once; other tests hold it against
# surface-distance.
wanted, measured = [], {}


def surfaces(p, r, spacing):
    key = p.tobytes(), r.tobytes(), spacing
    if key not in measured:
        wanted.append((key, p, r, spacing))
    return measured.get(key, (0, 0, 0))


def measure_all():
    lines = []
    for number, (_, p, r, spacing) in enumerate(wanted):
        paths = ["%s%05d.nii.gz" % (side, number) for side in "pr"]
        for path, mask in zip(paths, (p, r)):
            save_map(path, mask.astype("u1"), spacing)
        lines.append("\t".join(["lesion%05d" % number, *paths]))
    save_lines("lesions", *lines)
    rows = table(
        run(
            "brats-eval",
            "--mask",
            "--convention",
            "deepmind",
            "--columns",
            "hd95,nsd_0.5,nsd_1.0",
            "--no-summary",
            "--pairs",
            "lesions",
        )[1]
    )[1]
    for (key, *_), row in zip(wanted, rows):
        measured[key] = row["hd95"], row["nsd_0.5"], row["nsd_1.0"]


def expectations(cases):
    return {
        (name, convention, region): lesion_wise(
            np.isin(p, values),
            np.isin(r, values),
            convention,
            region,
            np.prod(spacing),
            lambda a, b, s=spacing: surfaces(a, b, s),
        )
        for convention, (name, p, r, spacing) in cases
        for region, values in SETS[SCHEME.get(convention[10:], "goat")].items()
    }


cases = []
for number, convention in zip(range(PAIRS), itertools.cycle(RULES)):
    name = SCHEME.get(convention[10:], "goat")
    spacing = ((1, 1, 1), (1, 1, 3), (0.75, 1, 1.5))[number // 6 % 3]
    labels = {"goat": LABELS["GoAT"], "men-rt": (1,)}.get(name, LABELS["gli"])
    p, r = pair(400 + number, labels)
    if name == "men-rt":
        p, r = (p > 0).astype("u1"), (r > 0).astype("u1")
    cases.append((convention, ("case%02d" % number, p, r, spacing)))
expectations(cases)
measure_all()
expected = expectations(cases)
ours = {}
for convention in RULES:
    lines = []
    for name, p, r, spacing in [case for which, case in cases if which == convention]:
        paths = [save_map("%s_%s.nii.gz" % (name, side), array, spacing) for side, array in (("p", p), ("r", r))]
        lines.append("\t".join([name, *paths]))
    save_lines("pairs", *lines)
    status, out, err = run("brats-eval", "--convention", convention, "--pairs", "pairs", "--no-summary")
    header, rows = table(out)
    check(
        status == 0 and not err and {"nsd_0.5", "nsd_1.0"} < set(header),
        "%s: its columns have NSD at both tolerances" % convention,
    )
    ours.update({(row["case"], convention, row["region"]): [row[m] for m in MEASURES] for row in rows})
for convention in RULES:
    keys = [key for key in expected if key[1] == convention]
    wrong = [
        (key, ours.get(key), expected[key])
        for key in keys
        if key not in ours or any(abs(a - b) > 1e-6 for a, b in zip(ours[key], expected[key]))
    ]
    check(
        keys and not wrong,
        "%s: %d regions by the rules%s" % (convention, len(keys), ": %s" % (wrong[0],) if wrong else ""),
    )
check(
    set(ours) == set(expected) and len(cases) == PAIRS,
    "%d pairs, %d regions, none beside them" % (PAIRS, len(expected)),
)
sums = [sum(values) for values in zip(*expected.values())]
check(all(n > 10 for n in sums[4:]), "lesions found, invented and missed: %d, %d, %d" % tuple(sums[4:]))
alias = run("brats-eval", "--convention", "brats2024", "--columns", "dice,tp", "case00_p.nii.gz", "case00_r.nii.gz")[1]
named = run(
    "brats-eval", "--convention", "brats2024-gli", "--columns", "dice,tp", "case00_p.nii.gz", "case00_r.nii.gz"
)[1]
check(alias == named and b"brats2024-gli" in alias, "brats2024 is the glioma challenge")
finish()
