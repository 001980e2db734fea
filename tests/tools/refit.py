"""A model fitted to other modalities and regions: what keeps its name keeps its weights, what does not is drawn as prunet-init
draws it, all layers between stay; by prunet-model export --scheme and by prunet-step --fresh-optimizer --scheme alike."""

import json
import os
import struct

from _tap import check, finish, run

CHANNELS = ["--channels", "4,8,8", "--groups", "2"]


def read(path):
    """Metadata, and each tensor's shape and bytes."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    metadata = header.pop("__metadata__")
    return metadata, {n: (t["shape"], data[slice(*t["data_offsets"])]) for n, t in header.items()}


def make(path, text):
    with open(path, "w") as file:
        file.write(text)
    return path


def tool(*command):
    status, out, err = run(*command)
    check(status == 0, " ".join(command[:2]) + ": " + err.strip())
    return out.decode(), err


def export(model, scheme, *options):
    return tool("prunet-model", "export", "--scheme", scheme, *options, "-o", "fitted", model)[1]


def column(tensor, i):
    """Of a tensor (outputs, inputs, ...) all that belongs to one input."""
    (outputs, inputs, *rest), values = tensor
    size = 4
    for side in rest:
        size *= side
    return [values[(o * inputs + i) * size : (o * inputs + i + 1) * size] for o in range(outputs)]


def row(tensor, i):
    size = len(tensor[1]) // tensor[0][0]
    return tensor[1][i * size : (i + 1) * size]


def body(tensors, first):
    return {n: t for n, t in tensors.items() if n != first and not n.startswith(("lastConv.", "optimizer."))}


os.chdir(os.environ.get("TMPDIR", "/tmp"))
organ = make("organ", "scheme organ\nmodality ct\nlabel 1 A\nregion A 1\n")
mixed = make("mixed", "scheme mixed\nmodality t2\nmodality new\nmodality t1\nlabel 1 a\nlabel 2 b\nregion X 1 2 paints 1\nregion ET 2\n")

for kind, first in (("reversible", "firstConv.weight"), ("baseline", "encoders.0.conv1.weight")):
    options = ["--kind", kind, *CHANNELS[: 2 if kind == "baseline" else 4]]
    tool("prunet-init", "--seed", "3", *options, "-o", "model")
    before, old = read("model")
    err = export("model", mixed, "--seed", "9", "--output-bias", "-2")
    text = "first layer: kept t2 t1, drawn new; last layer: kept ET, drawn X"
    check(text in err and len(err.splitlines()) == 1, kind + ": said in a line")
    metadata, new = read("fitted")
    check(metadata["prunet.refitted"] == text, kind + ": and in the model")
    check((metadata["prunet.inputs"], metadata["prunet.outputs"]) == ("3", "2") and
          metadata["prunet.scheme"].startswith("scheme mixed; modality t2"), kind + ": it is the scheme's network")
    tool("prunet-init", "--seed", "9", "--output-bias", "-2", *options, "--scheme", mixed, "-o", "drawn")
    drawn = read("drawn")[1]
    check(column(new[first], 0) == column(old[first], 2) and column(new[first], 2) == column(old[first], 0),
          kind + ": modalities that it has keep their weights")
    check(column(new[first], 1) == column(drawn[first], 1), kind + ": the other is drawn as prunet-init draws it")
    check(all(row(new[n], 1) == row(old[n], 2) for n in ("lastConv.weight", "lastConv.bias")), kind + ": so does the region")
    check(all(row(new[n], 0) == row(drawn[n], 0) for n in ("lastConv.weight", "lastConv.bias")), kind + ": the other is drawn, with its bias")
    check(body(new, first) == body(old, first), kind + ": all between is the model's")
    export("model", organ, "--seed", "9")
    check(body(read("fitted")[1], first) == body(old, first), kind + ": of one modality and one region, too")
    check("kept none, drawn ct; last layer: kept none, drawn A" in read("fitted")[0]["prunet.refitted"], kind + ": nothing of the ends is left")

# Nothing to fit: the same bytes as without.
tool("prunet-init", "--seed", "3", *CHANNELS, "-o", "model")
tool("prunet-model", "export", "-o", "plain", "model")
for scheme in ("brats-2018", "brats-2023", "msd-brain"):
    err = export("model", scheme, "--seed", "9")
    check(open("fitted", "rb").read() == open("plain", "rb").read() and not err, scheme + ": a model that fits stays what it is")
export("model", organ, "--seed", "9")
os.rename("fitted", "fitted1")
export("model", organ, "--seed", "9")
check(open("fitted", "rb").read() == open("fitted1", "rb").read(), "the same bytes again")
export("model", organ, "--seed", "8")
check(open("fitted", "rb").read() != open("fitted1", "rb").read(), "another seed draws others")
export("fitted1", "brats-2018")
check("prunet.scheme" not in read("fitted")[0] and read("fitted")[0]["prunet.inputs"] == "4", "back to BraTS: no scheme is named")
export("model", mixed, "--half")
check(read("fitted")[0]["prunet.inputs"] == "3" and read("fitted")[1]["firstConv.weight"][0][1] == 3, "in half, too")

# prunet-step, with a record of the organ.
tool("phantom", "--quiet", "--seed", "4", "--cases", "1", "--size", "16x16x16", "-o", "raw")
case = sorted(os.listdir("raw"))[0]
os.makedirs("scan/scan_1")
for own, name in (("t1", "ct"), ("seg", "seg")):
    os.symlink("../../raw/%s/%s_%s.nii.gz" % (case, case, own), "scan/scan_1/scan_1_%s.nii.gz" % name)
labels = make("labels", "scheme organ\nmodality ct\nlabel 1 a\nlabel 2 b\nlabel 4 c\nregion A 1 2 4 paints 1\n")
with open("scan.nrrd", "wb") as file:
    file.write(run("nii2raw", "--scheme", labels, "--dir", "scan/scan_1")[1])
with open("ready.nrrd", "wb") as file:
    file.write(run("standardize", "scan.nrrd")[1])
tool("prunet-step", "--state", "model", "--fresh-optimizer", "--scheme", labels, "-o", "one", "ready.nrrd")
_, err = tool("prunet-step", "--state", "model", "--fresh-optimizer", "--scheme", labels, "-o", "two", "ready.nrrd")
check("first layer: kept none, drawn ct; last layer: kept none, drawn A" in err, "a step: said in a line")
check(open("one", "rb").read() == open("two", "rb").read(), "a step: the same bytes again")
export("model", labels, "--seed", "3")
tool("prunet-step", "-q", "--state", "fitted", "--fresh-optimizer", "-o", "three", "ready.nrrd")
check(open("one", "rb").read() == open("three", "rb").read(), "a step: the bytes that the exported model gives, by the state's seed")
tool("prunet-step", "-q", "--state", "one", "-o", "four", "ready.nrrd")
check(read("four")[0]["prunet.step"] == "2" and read("four")[0]["prunet.inputs"] == "1", "a step: the state is gone on with")
status, _, err = run("prunet-step", "--state", "one", "--scheme", mixed, "-o", "never", "ready.nrrd")
check(status == 2 and "--scheme is for --fresh-optimizer" in err and not os.path.exists("never"), "not in the midst of a training")
status, _, err = run("prunet-model", "export", "--scheme", "nothing", "-o", "never", "model")
check(status == 2 and "'nothing' is no scheme" in err and not os.path.exists("never"), "a scheme that is none")
status, _, err = run("prunet-model", "export", "--output-bias", "1", "-o", "never", "model")
check(status == 2 and "--output-bias is for --scheme" in err, "--output-bias alone")

# The voxel size that it was trained on goes along.
tool("prunet-model", "export", "--spacing", "2x2x2", "-o", "spaced", "model")
tool("prunet-step", "-q", "--state", "spaced", "--fresh-optimizer", "--scheme", labels, "-o", "five", "ready.nrrd")
check(read("five")[0].get("prunet.spacing") == "2x2x2", "the voxel size of a model goes on in what is trained from it")
tool("prunet-model", "export", "--spacing", "keep", "-o", "kept", "spaced")
check("prunet.spacing" not in read("kept")[0], "--spacing keep: none is said")
finish()
