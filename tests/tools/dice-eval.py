"""dice-eval: files, lists and streams; the table; what is refused."""

import json
import os
import statistics
import subprocess

from _scores import (COUNTS, REGIONS, SHAPE, affine, close, labels, overlap, refused, region, save_bytes, save_lines,
                     save_nifti, scored, table)
from _tap import check, finish, run
from _volume import np, record

prediction, reference = labels(1), labels(2)
save_nifti("p.nii.gz", prediction)
save_nifti("r.nii", reference)


def agrees(rows, case, p, r, names=REGIONS, enhancing=4):
    """Whether the rows are those of one case, in order and with the values of the definition."""
    good = [(row["case"], row["region"]) for row in rows] == [(case, name) for name in names]
    for row in rows:
        wanted = overlap(region(p, row["region"], enhancing), region(r, row["region"], enhancing))
        good = good and all(map(close, (row["dice"], row["sensitivity"], row["specificity"]), wanted))
    return good


# --- files -----------------------------------------------------------------------------------------------------------

status, out, err = run("dice-eval", "p.nii.gz", "r.nii")
header, rows = table(out)
check(status == 0 and not err and agrees(rows, "p", prediction, reference), "two NIfTI files: ET, WT, TC by definition")
check(header == ["case", "region", "dice", "sensitivity", "specificity"] + COUNTS, "the columns are an interface")
check(all(row["convention"] == "brats" and row["both_empty"] == row["left_out"] == 0 for row in rows),
      "the convention stands in every row, brats without being asked")

save_bytes("p.nrrd", record(prediction, "label", "A"))
save_bytes("r.nrrd", record(reference, "label", "A"))
plain = out
for p, r in (("p.nrrd", "r.nrrd"), ("p.nii.gz", "r.nrrd"), ("p.nrrd", "r.nii")):
    status, out, _ = run("dice-eval", p, r)
    check(status == 0 and out == plain, "%s against %s says the same" % (p, r))
script = """
for file in p.nrrd p.nii.gz; do
    dice-eval <(cat $file) r.nii | cut -f 2- >rows.pipe && cmp rows.pipe rows || exit 1
    mkfifo slow; { head -c 1 $file; sleep 0.1; head -c 3 $file | tail -c 2; sleep 0.1; tail -c +4 $file; } >slow &
    dice-eval slow r.nii | cut -f 2- >rows.pipe && cmp rows.pipe rows && wait $! && rm slow || exit 1
done"""
save_lines("rows", *("\t".join(line.split("\t")[1:]) for line in plain.decode().splitlines()))
done = subprocess.run(["bash", "-o", "pipefail", "-c", script], capture_output=True)
check(done.returncode == 0, "records and NIfTI from pipes, slow ones, too %s" % (done.stdout + done.stderr).decode())
status, out, _ = run("dice-eval", "-", "r.nii", stdin=record(prediction.astype("<f4"), "label", "A"))
check(status == 0 and table(out)[1][0]["dice"] == rows[0]["dice"], "a record on stdin against a file, labels as floats")

rng = np.random.default_rng(5)
prob = rng.choice(np.array([0, 0.5, 0.500001, 1], "<f4"), (3,) + SHAPE)
channels = dict(zip(("WT", "TC", "ET"), prob > 0.5))
save_bytes("both.nrrd", record(prob, "prob", "A", 0) + record(reference, "label", "A"))
status, out, _ = run("dice-eval", "both.nrrd", "both.nrrd")
_, rows = table(out)
check(status == 0 and all(close(row["dice"], overlap(channels[row["region"]], region(reference, row["region"]))[0])
                          for row in rows), "probabilities count above one half, channel by channel, nested or not")
save_nifti("prob.nii.gz", prob, kind="f", affine=affine())
check(run("dice-eval", "prob.nii.gz", "r.nii")[1].split(b"\n")[1:] == out.replace(b"both", b"prob").split(b"\n")[1:],
      "so do those of a NIfTI with three channels")

near = prediction + rng.choice(np.array([0, 1e-6, -9e-4, 9e-4]), SHAPE)
save_nifti("near.nii", near.astype("<f4"), kind="f", affine=affine())
save_bytes("near.nrrd", record(near.astype("<f4"), "label", "A"))
for path in ("near.nii", "near.nrrd"):
    status, out, err = run("dice-eval", path, "r.nii")
    check(status == 0 and [list(row.values())[1:] for row in table(out)[1]] == [list(row.values())[1:] for row in table(plain)[1]],
          "labels within 0.001 of whole numbers are those: " + path)
    check(err.count("\n") == 1 and path in err and "%d labels are not whole" % (near != prediction).sum() in err, "and are counted: " + err)
save_nifti("far.nii", (prediction + 0.002 * (prediction == 2)).astype("<f4"), kind="f", affine=affine())
check(refused(run("dice-eval", "far.nii", "r.nii"), 65, "far.nii", "2.002"), "0.002 is too far")
status, out, _ = run("dice-eval", "--mask", "p.nii.gz", "r.nii")
check(status == 0 and agrees(table(out)[1], "p", prediction, reference, ["mask"]), "--mask is one region of all labels")
odd = rng.choice(np.array([0, 7, 300], "<i2"), SHAPE)
save_nifti("odd.nii", odd, kind="h")
status, out, _ = run("dice-eval", "--mask", "odd.nii", "r.nii")
check(status == 0 and agrees(table(out)[1], "odd", odd, reference, ["mask"]), "--mask takes any value")

p23, r23 = labels(3, (0, 1, 2, 3)), labels(4, (0, 1, 2, 3))
save_nifti("p23.nii", p23)
save_nifti("r23.nii", r23)
status, out, err = run("dice-eval", "--scheme", "2023", "p23.nii", "r23.nii")
check(status == 0 and not err and agrees(table(out)[1], "p23", p23, r23, enhancing=3), "--scheme 2023: enhancing is 3")
status, out, err = run("dice-eval", "p23.nii", "r.nii")
check(status == 0 and refused((status, out, err), 0, "warning", "p23.nii", "2023"), "2023's labels under 2018's: a warning")
save_nifti("p23as18.nii", np.where(p23 == 3, 4, p23).astype("u1"))
status, out, _ = run("dice-eval", "--scheme", "2023", "p23as18.nii", "r23.nii")
check(status == 0 and agrees(table(out)[1], "p23as18", p23, r23, enhancing=3), "one map may use 4, the other 3")

msd = np.array([0, 2, 1, 3], "u1")[p23]
save_nifti("msd.nii", msd)
for other, scheme, warnings in (("p23.nii", "2023", 1), ("p23as18.nii", "2023", 1), ("p23as18.nii", "2018", 2), ("r23.nii", "2023", 0)):
    status, out, err = run("dice-eval", "--scheme", scheme, "msd.nii", other)
    check(status == 0 and err.count("Decathlon") == err.count("\n") == warnings, "the Decathlon's numbers against %s under %s: %s" % (other, scheme, err))
status, out, err = run("dice-eval", stdin=scored("A", np.where(p23 == 3, 4, p23).astype("u1"), np.where(msd == 3, 4, msd).astype("u1")))
check(status == 0 and err.count("case A: core and oedema lie in each other's places") == 1, "also in a stream")

two = np.where(reference == 4, 2, reference).astype("u1")
save_nifti("two.nii", two)
save_nifti("four.nii", reference)
save_nifti("BRATS_001.nii", two)
save_bytes("two.nrrd", record(two, "label", "two"))
for words, doubt in ((["two.nii", "two.nii"], "references: label numbers 1, 2 are read as brats-2018 has them; they fit brats-ped, msd-brain, too"),
                     (["--scheme", "2023", "two.nii", "two.nii"], ""), (["two.nii", "two.nrrd"], ""), (["two.nii", "four.nii"], ""),
                     (["two.nii", "BRATS_001.nii"], "the name says msd-brain, where they are other regions")):
    status, _, err = run("dice-eval", *words)
    check(status == 0 and err.count("\n") == bool(doubt) and doubt in err, "numbers that fit two schemes: %s: %s" % (" ".join(words), err))
save_bytes("two.tsv", b"a\ttwo.nii\ttwo.nii\nb\ttwo.nii\tfour.nii\n")
check(run("dice-eval", "--pairs", "two.tsv")[2] == "", "one case with the number that decides is enough")
save_bytes("two.tsv", b"a\ttwo.nii\ttwo.nii\nb\ttwo.nii\ttwo.nii\n")
check(run("dice-eval", "--pairs", "two.tsv")[2].count("\n") == 1, "else it is said once")

# --- empty masks under the conventions -------------------------------------------------------------------------------

empty, full = np.zeros(SHAPE, "u1"), labels(6, (0, 1, 2, 4))
nan = float("nan")
for convention, both, only_p, only_r in (("brats", (1, 1), (0, 0), (0, 0)), ("prunet-2019", (1, 1), (0, 0), (0, 1)),
                                         ("monai", (nan, nan), (0, 0), (nan, nan)), ("deepmind", (nan, nan), (0, 0), (0, nan)),
                                         ("medpy", (1, 0), (0, 0), (0, 0)), ("brats2023-gli", (1, 1), (0, 0), (0, 0))):
    good = True
    for p, r, wanted, flags in ((empty, empty, both, (1, 0, 0)), (empty, full, only_p, (0, 1, 0)),
                                (full, empty, only_r, (0, 0, 1))):
        save_nifti("e.nii", p)
        save_nifti("f.nii", r)
        status, out, _ = run("dice-eval", "--convention", convention, "e.nii", "f.nii")
        for row in table(out)[1]:
            found = (row["dice"], row["sensitivity"])
            good = good and status == 0 and repr(found) == repr(tuple(map(float, wanted)))
            good = good and (row["both_empty"], row["prediction_empty"], row["reference_empty"]) == flags
            good = good and row["left_out"] == any(map(np.isnan, found))
    check(good, "%s: Dice and sensitivity of empty masks, and that they are counted" % convention)

# --- lists -----------------------------------------------------------------------------------------------------------

cases = ["case-%d" % i for i in range(7)]
maps = {name: (labels(20 + i), labels(40 + i)) for i, name in enumerate(cases)}
maps["case-3"] = (maps["case-3"][0] * (maps["case-3"][0] != 4), maps["case-3"][1] * (maps["case-3"][1] != 4))
for name, (p, r) in maps.items():
    save_nifti(name + ".nii.gz", p)
    save_nifti(name + "_seg.nii.gz", r)
save_lines("pairs", "# a comment", *("%s.nii.gz\t%s_seg.nii.gz" % (name, name) for name in cases), "")
save_lines("named", *("%s %s.nii.gz %s_seg.nii.gz" % (name, name, name) for name in cases))
save_lines("cases", *cases)
status, out, err = run("dice-eval", "--convention", "monai", "--pairs", "pairs", "--expect", "cases")
_, rows = table(out)
check(status == 0 and not err and [r["case"] for r in rows[:21:3]] == cases, "a list: a row a case and region, in order")
good = True
for name in REGIONS:
    column = [row["dice"] for row in rows[:21] if row["region"] == name and not np.isnan(row["dice"])]
    found = {row["case"]: row for row in rows[21:] if row["region"] == name}
    wanted = {"mean": statistics.mean(column), "sd": statistics.stdev(column), "median": statistics.median(column),
              "q25": np.percentile(column, 25), "q75": np.percentile(column, 75), "counted": len(column)}
    good = good and list(found) == list(wanted) and all(close(found[key]["dice"], wanted[key]) for key in wanted)
    left = 7 - len(column)
    good = good and all(row["both_empty"] == row["left_out"] == left for row in found.values())
check(good, "then mean, sd, median, q25, q75, counted, with the numbers of empty and left-out cases")
check(rows[21]["left_out"] == 1, "a case without enhancing tumour is left out of the mean, and said to be")
check(run("dice-eval", "--convention", "monai", "--pairs", "named")[1] == out, "names may be given, spaces for tabs")
for threads in ("1", "2", "5"):
    check(run("dice-eval", "--convention", "monai", "--pairs", "pairs", "--threads", threads)[1] == out,
          "the same bytes with %s threads" % threads)
status, short, _ = run("dice-eval", "--pairs", "pairs", "--no-summary", "--no-header")
check(status == 0 and len(short.splitlines()) == 21, "--no-summary, --no-header")

status, out, _ = run("dice-eval", "--convention", "monai", "--pairs", "pairs", "--json")
lines = [json.loads(line) for line in out.splitlines()]
check(status == 0 and list(lines[0]) == ["case", "region", "dice", "sensitivity", "specificity"] + COUNTS
      and all(close(a["dice"], b["dice"]) for a, b in zip(lines, rows) if a["dice"] is not None), "JSON Lines")
check([line["statistic"] for line in lines[21:27]] == ["mean", "sd", "median", "q25", "q75", "counted"]
      and lines[9]["dice"] is None and lines[9]["both_empty"] == 1, "statistics, and null for what is undefined")

for text, status, words, name in (
    (["p.nii.gz r.nii", "p.nii.gz r.nii"], 65, ["case p", "more than once"], "a case that comes twice"),
    (["mean p.nii.gz r.nii"], 65, ["mean", "summary"], "a case with the name of a statistic"),
    (["a/b p.nii.gz r.nii"], 65, ["line 1", "a/b"], "a name that is no case name"),
    (["p.nii.gz"], 65, ["line 1", "1 field"], "a line of one field"),
    (["A p.nii.gz r.nii more"], 65, ["line 1", "4 fields"], "a line of four fields"),
    (["# nothing"], 65, ["no case"], "an empty list"),
    (["A p.nii.gz r.nii", "B gone.nii r.nii"], 1, ["case B", "gone.nii"], "a file that is not there"),
):
    save_lines("bad", *text)
    result = run("dice-eval", "--pairs", "bad", "-o", "bad.tsv")
    check(refused(result, status, *words) and not os.path.exists("bad.tsv"),
          "%s is refused: %s" % (name, result[2].strip()))
for names, words, name in ((cases[:-1], ["case-6"], "a case too many"), (cases + ["case-7"], ["case-7"], "a missing case"),
                           (cases[::-1], ["case-0"], "another order")):
    save_lines("expected", *names)
    result = run("dice-eval", "--pairs", "pairs", "--expect", "expected", "-o", "bad.tsv")
    check(refused(result, 65, *words) and not os.path.exists("bad.tsv"), "--expect: %s is refused" % name)

# --- streams ---------------------------------------------------------------------------------------------------------

stream = b"".join(scored(name, *maps[name]) for name in cases)
_, wanted, _ = run("dice-eval", "--pairs", "pairs", "--no-summary")
status, out, err = run("dice-eval", "-", "--expect", "cases", stdin=stream)
check(status == 0 and not err and out == wanted, "a stream on stdin: the same rows, no summary")
check(run("dice-eval", stdin=stream)[1] == wanted, "stdin without an operand")
check(run("dice-eval", "--summary", stdin=stream)[1] == run("dice-eval", "--pairs", "pairs")[1], "--summary adds it")
image = record(np.ones((4,) + SHAPE, "<f4"), "image", "A", 0)
status, out, _ = run("dice-eval", stdin=image + scored("A", prob, reference, "prob"))
check(status == 0 and all(close(row["dice"], overlap(channels[row["region"]], region(reference, row["region"]))[0])
                          for row in table(out)[1]), "a prob record in a stream; images pass by")
one, p_only, r_prob = scored("A", prediction, reference), record(prediction, "label", "A"), record(prob, "prob", "A", 1)
for data, words, name in (
    (b"", [], "an empty stream"),
    (one[:-5], ["A"], "a stream that ends in a payload"),
    (one[:200], [], "a stream that ends in a header"),
    (record(prediction, "label", "A", 0), ["A"], "a stream that ends before the reference"),
    (p_only, ["A", "no reference"], "a last case without a reference"),
    (p_only + scored("B", prediction, reference), ["case A", "no reference"], "a case without a reference"),
    (one + scored("B", prediction, reference) + one, ["case A", "more than once"], "a case that comes twice"),
    (record(prediction, "label", "A", 0) + record(reference, "label", "A", 0) + p_only, ["case A", "after"], "a third record"),
    (record(prediction, "label", "A", 0) + r_prob, ["case A", "prob"], "a reference of probabilities"),
    (scored("A", prediction, reference[:, :, 1:].copy()), ["case A", "9x8x7", "8x8x7"], "another size"),
    (record(prediction, "label", "A", 0) + record(reference, "label", "A", 1, (0, 8, 0)), ["case A", "affine"], "another place"),
    (scored("A", prob[:2], reference, "prob"), ["case A", "2 channels"], "two channels of probabilities"),
    (scored("A", prediction * np.float32("nan"), reference), ["case A", "nan"], "labels that are no numbers"),
    (scored("mean", prediction, reference), ["mean"], "a case with the name of a statistic"),
    (record(np.ones((4,) + SHAPE, "<f4"), "image", "A"), ["no prediction"], "images alone"),
):
    result = run("dice-eval", stdin=data)
    check(refused(result, 65, *words), "%s is refused: %s" % (name, result[2].strip()))
result = run("dice-eval", "--expect", "cases", stdin=stream[: len(stream) // 7 * 6])
check(refused(result, 65, "case-6"), "--expect: a stream without its last case is refused")

# --- other refusals --------------------------------------------------------------------------------------------------

save_nifti("small.nii", reference[:, :, 1:])
save_nifti("moved.nii", reference, affine=affine()[:3] + (0.01,) + affine()[4:])
save_nifti("nearly.nii", reference, affine=affine()[:3] + (0.0005,) + affine()[4:])
save_nifti("five.nii", np.where(reference == 4, 5, reference).astype("u1"))
save_nifti("half.nii", reference / 2, kind="f")
save_nifti("mixed.nii", np.where(reference == 2, 3, reference).astype("u1"))
save_bytes("case-b.nrrd", record(reference, "label", "B"))
save_bytes("two.nrrd", record(prediction, "label", "A", 0) + record(reference, "label", "A"))
save_bytes("image.nrrd", image.replace(b"prunet.last:=0", b"prunet.last:=1"))
with open("r.nii", "rb") as file:
    save_bytes("cut.nii", file.read()[:-1])
fives = int((reference == 4).sum())
for r, words, name in (
    ("small.nii", ["p.nii.gz", "small.nii", "9x8x7", "8x8x7"], "another size"),
    ("moved.nii", ["p.nii.gz", "moved.nii", "affine"], "another affine"),
    ("five.nii", ["five.nii", "%d voxels are 5" % fives], "a label 5"),
    ("half.nii", ["half.nii", "0.5"], "a label of one half"),
    ("mixed.nii", ["mixed.nii", "3", "4"], "labels 3 and 4 in one map"),
    ("cut.nii", ["cut.nii"], "a file that was cut"),
    ("two.nrrd", ["two.nrrd", "2 records"], "two records that could be the reference"),
    ("image.nrrd", ["image.nrrd", "no record"], "an image"),
):
    result = run("dice-eval", "p.nii.gz", r)
    check(refused(result, 65, *words) and not result[1], "%s is refused: %s" % (name, result[2].strip()))
check(refused(run("dice-eval", "p.nrrd", "case-b.nrrd"), 65, "case A", "case B"), "records of different cases are refused")
check(run("dice-eval", "p.nii.gz", "nearly.nii")[0] == 0, "affines within 1e-3 are the same")
check(refused(run("dice-eval", "p.nii.gz", "gone.nii"), 1, "gone.nii"), "a missing file is a failure")

for words in (["--convention", "none", "p.nii.gz", "r.nii"], ["a", "b", "c"], ["--pairs", "pairs", "p.nii.gz"],
              ["--scheme", "2019", "p.nii.gz", "r.nii"], ["--mask", "--scheme", "2018", "p.nii.gz", "r.nii"],
              ["--expect", "cases", "p.nii.gz", "r.nii"], ["--summary", "--no-summary"], ["--threads", "-1"], ["-", "-"]):
    status, out, err = run("dice-eval", *words)
    check(status == 2 and not out and err, "usage: %s" % " ".join(words))
result = run("dice-eval", "p.nii.gz", "r.nii", env={"PRUNET_THREADS": "two"})
check(refused(result, 2, "PRUNET_THREADS", "two") and not result[1], "PRUNET_THREADS is read")
check(refused(run("dice-eval", "--max-bytes", "2015", "p.nii.gz", "r.nii"), 65, "p.nii.gz", "2015")
      and run("dice-eval", "--max-bytes", "2016", "p.nii.gz", "r.nii")[1] == plain, "--max-bytes of files: 504 voxels as float")
check(refused(run("dice-eval", "--max-bytes", "503", "p.nrrd", "r.nii"), 65, "p.nrrd", "503"), "--max-bytes of a record file")
check(refused(run("dice-eval", "--max-bytes", "503", stdin=stream), 65, "503"), "--max-bytes of a stream")
with open("/dev/full", "wb") as full:
    done = subprocess.run(["dice-eval", "p.nii.gz", "r.nii"], stdout=full, stderr=subprocess.PIPE)
check(done.returncode == 1 and done.stderr.count(b"\n") == 1, "a full disk is a failure, in one line")
status, out, _ = run("dice-eval", "p.nii.gz", "r.nii", "-o", "out.tsv")
with open("out.tsv", "rb") as file:
    check(status == 0 and not out and file.read() == plain, "-o writes the table")
finish()
