"""prunet-report: the twelve items, their numbers, hostile text, old and damaged runs, folders of predictions. Needs numpy."""

import base64
import html.parser
import json
import os
import re

from _nifti import nifti, refused, save
from _tap import check, finish, run
from _volume import np, record

os.chdir(os.environ["TMPDIR"])
ITEMS = "run curves scores cases gallery volumes lesions calibration nesting checks comparison methods".split()
REGIONS = ("ET", "WT", "TC")
EVIL = "<script>alert(1)</script>&\"'"
PIXEL = base64.b64encode(b"\x89PNG not looked at").decode()


class Page(html.parser.HTMLParser):
    """The text of each section, the elements, and what is referred to."""

    def __init__(self, text):
        super().__init__()
        self.text, self.tags, self.links, self.section = {None: ""}, [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.tags.append(tag)
        self.links += [values[key] for key in ("href", "src") if key in values]
        if any(key.startswith("on") for key in values):
            self.tags.append("handler")
        if tag == "section":
            self.section = values["id"]
            self.text[self.section] = ""

    def handle_data(self, data):
        self.text[self.section] += data

    def handle_endtag(self, tag):
        if tag == "section":
            self.section = None


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def report(*operands):
    code, out, err = run("prunet-report", "-o", "-", *operands)
    assert code == 0, err
    return Page(out.decode()), out.decode()


rng = np.random.default_rng(5)


def make_run(name, count=30, shift=0.0, epochs=12):
    """A run with `count` cases; returns their Dice by region."""
    write(name + "/manifest/run.tsv", "row\tsmall\nseed\t7\nKIND\treversible\nCHANNELS\t8,16\nENCODER_BLOCKS\t1\nDECODER_BLOCKS\t1\nLEARNING_RATE\t1e-3\nCROP\t64x64x64\n")
    write(name + "/manifest/circumstances.tsv", "version\tprunet-step (prunet) 9.8.7\nhost\t%s\ncpu\tslow\nbackend\tcpu\n" % EVIL)
    write(name + "/manifest/inputs.tsv", "x\ttraining\t%s\ny\tvalidation\t%s\n" % ("a" * 64, "b" * 64))
    head = "epoch\tlearning_rate\tsteps\tloss\ttrain_wt\ttrain_tc\ttrain_et\tdice_wt\tdice_tc\tdice_et\tvalidation\tbest\taverage\taverage_best\tstop\n"
    write(name + "/log.tsv", head + "".join("%d\t1e-3\t3\t%f\t.1\t.1\t.1\t.5\t.4\t.3\t.4\t1\t%s\t-\tno\n" % (e, 2 / e, "-" if e < 3 else ".4") for e in range(1, epochs + 1)))
    write(name + "/times.tsv", "epoch\tsteps\tseconds\tseconds_a_step\twaiting\twaiting_share\n" + "".join("%d\t3\t6\t2\t0\t0\n" % e for e in range(1, epochs + 1)))
    write(name + "/epochs/%04d/usage.tsv" % epochs, "planned\tmeasured\n104857600\t209715200\n")
    write(name + "/journal.txt", "2026-01-01 warning: beware %s\nstarted\ta tab\n" % EVIL)
    os.makedirs(name + "/epochs/0003", exist_ok=True)
    write(name + "/epochs/0003/state.safetensors", "state")
    os.symlink("epochs/0003", name + "/best")
    dice = {}
    rows = ["case\titem\tregion\tkey\tvalue"]
    for i in range(count):
        case = "case_%03d" % i
        rows += [f"{case}\tcase\t-\tconvention\tbrats", f"{case}\tcase\t-\timage\t{'ok' if i else 'non-finite:3'}"]
        rows += [f"{case}\tcase\t-\tcut_off\t812"] if i == 7 else []
        for r, region in enumerate(REGIONS):
            value = dice[case, region] = round(float(np.clip(0.6 + 0.1 * r + 0.01 * (i % 9) + shift * (1 + i % 4), 0, 1)), 6)
            rows += [f"{case}\tscore\t{region}\t{key}\t{v}" for key, v in (("dice", value), ("sensitivity", 0.9), ("specificity", 0.99), ("hd95", "inf" if i == 4 else i % 7), ("volume_prediction", 1000 * (i + 2)), ("volume_reference", 1000 * (i + 1)))]
            rows += [f"{case}\tlesion\t{region}\tfound\t{50 * (i + 1)}", f"{case}\tlesion\t{region}\tmissed\t5", f"{case}\tpredicted\t{region}\tmissed\t7"]
            rows += [f"{case}\tcalibration\t{region}\t0\t100 2 3", f"{case}\tcalibration\t{region}\t19\t50 49 40", f"{case}\twrong\t{region}\taxial:{i}\t{i}", f"{case}\tpicture\t{region}\taxial:{i}\t{PIXEL}"]
        rows.append(f"{case}\toutside\tET\tTC\t{i % 3}")
    write(name + "/evaluation/cases.tsv", "\n".join(rows) + "\n")
    return dice


dice = make_run("one")
page, text = report("one")
check(list(page.text) == [None, *ITEMS], "the twelve items in their order")
check(all(page.text[item].strip() for item in ITEMS), "and something in each")
check("script" not in page.tags and "handler" not in page.tags and "link" not in page.tags, "no script, no handler, no style from elsewhere")
check(all(link.startswith(("#", "data:")) for link in page.links) and "@import" not in text and "url(" not in text, "nothing is fetched")
check(EVIL in page.text["run"] and EVIL in page.text["checks"] and EVIL not in text, "text of tables is text")
for words in ("small", "7", "9.8.7", "1 for training, 1 for validation", "12, the best is number 3", "100 MiB", "200 MiB", "2.00"):
    check(words in page.text["run"], f"the header has {words}")
check(__import__("hashlib").sha256(b"state").hexdigest() in page.text["run"], "the best state's digest")
check(page.text["curves"].count("best: epoch 3") == 3 and "Learning rate" in page.text["curves"], "curves with the best epoch")
values = np.array([dice[c, "WT"] for c, r in dice if r == "WT"])
check("%.4f" % values.mean() in page.text["scores"] and "%.4f" % values.std(ddof=1) in page.text["scores"] and "%.4f" % np.median(values) in page.text["scores"] and "brats" in page.text["scores"], "mean, sd and median as numpy's, and the convention")
low, high = (float(x) for x in re.search(r"(0\.\d{4}) … (0\.\d{4})", page.text["scores"]).groups())
check(low < values.mean() - 0.1 + 0.02 and high > low, "an interval")
check("∞" in page.text["cases"] and page.text["cases"].count("case_") == 30, "each case's row, an infinite distance included")
styles = re.findall(r'<tr style="--s1:(\d+);[^"]*"><th scope=row>(case_\d+)', text)
ranked = [case for _, case in sorted((int(n), case) for n, case in styles)]
check([dice[c, "ET"] for c in ranked] == sorted(dice[c, "ET"] for c in ranked) and len(ranked) == 30, "the order by Dice, worst first")
check(page.tags.count("img") == 9 and page.text["gallery"].count("worst:") == page.text["gallery"].count("best:") == 3, "nine pictures")
check("worst: case_000" in page.text["gallery"], "the worst is the worst")
check("bias 1.00 ml, limits of agreement 1.00 … 1.00 ml" in page.text["volumes"] and "correlation 1.000" in page.text["volumes"], "volumes: bias and correlation")
check("30 of 60 found, 30 wrongly found" in page.text["lesions"], "lesions found, missed, wrongly found")
check("expected calibration error %.4f, 30 cases" % ((1 + 9) / 150) in page.text["calibration"], "the calibration error")
check("30" in page.text["nesting"] and "20 of 30" in page.text["nesting"] and "case_002" in page.text["nesting"], "what does not nest, and where most")
check("non-finite:3" in page.text["checks"] and "30 cases were looked at. Remarks: 2" in page.text["checks"], "remarks on the data")
check("case_007label map812 label voxels lie outside of the crop" in page.text["checks"] and page.text["checks"].count("outside of the crop") == 1, "which cases have label voxels outside of the crop, and how many")
check("--beside" in page.text["comparison"], "no second run: said in one line")
check("partially reversible" in page.text["methods"] and "8,16" in page.text["methods"] and "1000 bootstrap" in page.text["methods"], "a methods paragraph")
data = json.loads(base64.b64decode([link for link in page.links if "json" in link][0].split(",")[1]))
code, alone, err = run("prunet-report", "--json", "one")
check(json.loads(alone) == data and len(data["set"]["cases"]) == 30 and data["set"]["cases"][4]["WT"]["hd95"] == "inf" and data["set"]["circumstances"]["host"] == EVIL, "all numbers as JSON, in the page and alone")
check(run("prunet-report", "one", "-o", "-")[1].decode() == text, "the same page twice")
check(not os.path.exists("one/report.html"), "-o - leaves nothing in the run")
code, out, err = run("prunet", "report", "one")
check(code == 0 and not out and "one/report.html" in err and open("one/report.html").read() == text, "prunet report RUN: the page is RUN/report.html, and said")
code, out, err = run("prunet", "report", "-q", "one/")
check(code == 0 and not out and not err and open("one/report.html").read() == open("one//report.html").read(), "-q: not said")
check(run("prunet-report", "--json", "-q", "one")[1], "--json is for stdout all the same")
code, out, err = run("prunet-report", "one", "-o", "page.html")
check(code == 0 and not out and open("page.html").read() == text, "-o")

# two runs
make_run("two", 28, shift=-0.03)
page, text = report("one", "--beside", "two")
check("over the 28 cases that both have" in page.text["comparison"], "the cases that both have")
differences = [dice["case_%03d" % i, "WT"] - round(float(np.clip(0.7 + 0.01 * (i % 9) - 0.03 * (1 + i % 4), 0, 1)), 6) for i in range(28)]
check("%.4f" % np.mean(differences) in page.text["comparison"], "the mean difference")
check(page.text["comparison"].count("<0.0001") >= 3, "signed ranks: no chance")
page, _ = report("one", "--beside", "one")
check("1.0000" in page.text["comparison"], "a run beside itself")

# a chart's last number along its horizontal axis, where it is long
low = re.sub(r"(case_0*(\d+)\tscore\t\w+\tdice)\t\S+", lambda m: f"{m[1]}\t{0.0095 + 0.002 * (int(m[2] or 0) % 9) / 8:.6f}", open("two/evaluation/cases.tsv").read())
os.system("cp -r two low")
write("low/evaluation/cases.tsv", low)
_, text = report("low", "--beside", "low")
texts = [(float(x), anchor, words) for x, anchor, words in re.findall(r"<text x=([0-9.]+) y=[0-9.]+ text-anchor=(\w+)>([^<]*)<", text)]
check(("end", "0.0115") in [t[1:] for t in texts] and any(t[1:] == ("middle", "0.01") for t in texts), "long numbers are there")
check(not [t for t in texts if t[0] + (3.3 * len(t[2]) if t[1] == "middle" else 0) > 440], "no number leaves its chart")

# runs that lack something
os.makedirs("old/evaluation")
for name in ("manifest", "epochs"):
    os.system("cp -r one/%s old/" % name)
write("old/log.tsv", open("one/log.tsv").read())
head = "case\tregion\tdice\tsensitivity\tspecificity\tboth_empty\tprediction_empty\treference_empty\tleft_out\tconvention\n"
write("old/evaluation/dice.tsv", head + "".join(f"c{i}\t{r}\t0.{i + 3}\t0.5\t0.6\t0\t0\t0\t0\tbrats\n" for i in range(3) for r in REGIONS) + "mean\tET\t0.4\t0.5\t0.6\t0\t0\t0\t0\tbrats\n")
write("old/evaluation/hd95.tsv", "case\tregion\thd95\tconvention\n" + "".join(f"c{i}\t{r}\t{'nan' if i else 4}\tbrats\n" for i in range(3) for r in REGIONS))
page, text = report("old")
check(list(page.text) == [None, *ITEMS] and "0.4000" in page.text["scores"], "a run of an earlier version: its tables' scores")
check(all("make evaluate of this version" in page.text[item] for item in ("gallery", "volumes", "lesions", "calibration", "nesting")), "and a line for what it has not noted")
os.makedirs("young/manifest")
write("young/manifest/run.tsv", "row\tx\nseed\t1\n")
page, text = report("young")
check(list(page.text) == [None, *ITEMS] and all(len(page.text[item].strip().splitlines()) <= 3 for item in ITEMS[1:11]), "a run without an epoch: a line an item")
write("partly/log.tsv", open("one/log.tsv").read().splitlines()[0] + "\n")
check(list(report("partly")[0].text) == [None, *ITEMS], "a log without a row")
write("single/evaluation/cases.tsv", "case\titem\tregion\tkey\tvalue\nc\tscore\tWT\tdice\t1\n")
check(list(report("single")[0].text) == [None, *ITEMS], "one case with one score")

# damaged and hostile ones
check(refused(run("prunet-report", "nowhere"), 1, "nowhere: no such run"), "no such folder")
os.makedirs("shut/report.html")
check(refused(run("prunet-report", "shut"), 1, "shut/report.html: is a folder; -o FILE writes elsewhere"), "where the page cannot be written: what to do")
os.mkdir("empty")
check(refused(run("prunet-report", "empty"), 65, "is no run"), "a folder that is no run")
good = open("one/evaluation/cases.tsv").read()
first = "case\titem\tregion\tkey\tvalue\n"
for what, text, word in (("a cut table", good[: len(good) // 2].rsplit("\t", 1)[0], "line"), ("another table", "a\tb\n1\t2\n", "columns"), ("a picture that is none", first + 'c\tpicture\tWT\tz\t"><script>\n', "base64"),
                         ("a name that is none", first + "../c\tscore\tWT\tdice\t1\n", "../c"), ("too many regions", first + "".join(f"c\tscore\tR{i}\tdice\t1\n" for i in range(9)), "R8"), ("a lesion of nothing", first + "c\tlesion\tWT\tfound\t-3\n", "-3"),
                         ("a bin that is none", first + "c\tcalibration\tWT\t-1\t1 1 1\n", "calibration"), ("a case in two places", first + "c\tscore\tWT\tdice\t1\nd\tscore\tWT\tdice\t1\nc\tscore\tWT\tdice\t1\n", "together"), ("a NUL", first + "c\0\tscore\tWT\tdice\t1\n", "NUL")):
    write("bad/evaluation/cases.tsv", text)
    result = run("prunet-report", "bad")
    check(refused(result, 65, word, "cases.tsv") and not os.path.exists("bad/report.html"), f"{what}: refused, nothing is left {result[2].strip()}")
write("bad/evaluation/cases.tsv", first + f"c\tscore\t{EVIL}\tdice\t1e300\nc\twrong\t{EVIL}\t{EVIL}\t3\nc\tcase\t-\timage\t{EVIL}\nc\tcase\t-\tconvention\t{EVIL}\nc\tscore\t{EVIL}\tvolume_prediction\t-1e308\nc\tscore\t{EVIL}\tvolume_reference\t1e308\n")
page, text = report("bad")
check("script" not in page.tags and EVIL not in text, "names, slices, checks and a convention that are markup; numbers without sense")
for options in ((), ("one", "two"), ("--predictions", "a"), ("one", "--predictions", "a", "--references", "b"), ("one", "--mask")):
    code, out, err = run("prunet-report", *options)
    check(code == 2 and not out, f"usage: {' '.join(options) or 'nothing'}")

# predictions of others
for name in ("p", "r", "data/HGG/c2", "data/c1"):
    os.makedirs(name)
label = np.zeros((6, 20, 22), np.uint8)
label[2:5, 4:14, 5:15] = 2
label[3:5, 6:12, 7:12] = 4
for i in (1, 2):
    open(f"p/c{i}.nrrd", "wb").write(record(np.roll(label, i, 2), "label", f"c{i}"))
    open(f"r/c{i}_seg.nrrd", "wb").write(record(label, "label", f"c{i}"))
open("data/c1/c1_seg.nrrd", "wb").write(record(label, "label", "c1"))
open("data/HGG/c2/c2-seg.nrrd", "wb").write(record(label, "label", "c2"))
open("data/c1/c1_t1.nrrd", "wb").write(b"not looked at")
page, text = report("--predictions", "p", "--references", "r")
check(list(page.text) == [None, *ITEMS] and "No run was given" in page.text["run"] and "No run was given" in page.text["curves"], "without a run")
want = np.mean([2 * ((np.roll(label, i, 2) > 0) & (label > 0)).sum() / (2 * (label > 0).sum()) for i in (1, 2)])
check("%.4f" % want in page.text["scores"] and page.tags.count("img") == 9, "scores and pictures of predictions")
check(report("--predictions", "p", "--references", "data")[1] == text, "references in a data set's folders")
for name in ("p2", "r2"):
    os.mkdir(name)
    save(name + "/c1.nii.gz", nifti(label.ravel().tolist(), label.shape[::-1], (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0), "B"))
pages = {name: report("--predictions", "p2", "--references", "r2", "--scheme", name)[1] for name in ("brats-2024", "gli")}
check(all("<span>Dice RC<" in page for page in pages.values()), "--scheme: the regions of a scheme and of a challenge")
code, out, err = run("prunet-report", "--predictions", "p", "--references", "r", "--scheme", "none-such")
check(code == 2 and "none-such" in err, "and none of what is no scheme")
check("mask" in report("--predictions", "p", "--references", "r", "--mask")[0].text["scores"], "--mask")
open("r/c3.nrrd", "wb").write(record(label, "label", "c3"))
code, out, err = run("prunet", "report", "--predictions", "p", "--references", "r")
check(code == 0 and b"<html" in out and "1 of 3 references" in err, "a reference without a prediction is warned of")
check(refused(run("prunet-report", "--predictions", "r", "--references", "p"), 65, "c3", "no reference"), "a prediction without a reference")
check(refused(run("prunet-report", "--predictions", "empty", "--references", "r"), 65, "empty"), "no prediction")
open("p/c1_seg.nrrd", "wb").write(record(label, "label", "c1"))
check(refused(run("prunet-report", "--predictions", "p", "--references", "r"), 65, "both of case c1"), "two files of one case")

# a single case, and drops of the rate that the training did not come to
make_run("alone", 1, epochs=4)
with open("alone/manifest/run.tsv", "a") as table:
    table.write("RATE_DROPS\t2,3,250\nRATE_DIVISOR\t5\n")
code, out, err = run("prunet-report", "alone")
text = re.sub("<[^>]*>", " ", open("alone/report.html", encoding="utf-8").read())
check(code == 0 and "–, 1 case " in text and not re.search("[0-9] … [0-9]", text), "one case has no interval")
check("1 case was scored" in text and "1 cases" not in text, "and is one")
check("divided by 5 after epoch 2, 3," in re.sub(" +", " ", text.replace(" ,", ",")), "the methods name the drops that were")

# as large as BraTS' training set
make_run("many", 285, epochs=300)
before = os.times().children_user
code, out, err = run("prunet-report", "many")
size = os.path.getsize("many/report.html")
check(code == 0 and size < 20e6 and os.times().children_user - before < 10, f"285 cases: {size / 1e6:.1f} MB, {os.times().children_user - before:.1f} s")
finish()
