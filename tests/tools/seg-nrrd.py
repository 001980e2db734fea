"""raw2nii --seg-nrrd: segmentations for 3D Slicer, read by a parser of its own and, where they are, by pynrrd and slicerio."""

import gzip
import os

from _nifti import refused
from _tap import check, finish, run
from _volume import np, record

os.chdir(os.environ["TMPDIR"])


def read(data):
    head, _, body = data.partition(b"\n\n")
    lines = head.decode("ascii").splitlines()
    fields = dict(line.split(": ", 1) for line in lines[1:] if ":=" not in line)
    keys = dict(line.split(":=", 1) for line in lines[1:] if ":=" in line)
    sizes = [int(n) for n in fields["sizes"].split()]
    array = np.frombuffer(gzip.decompress(body), np.uint8).reshape(sizes[::-1])
    return lines[0], fields, keys, array if array.ndim == 4 else array[..., None]


def check_segments(data, regions, layers, name):
    magic, fields, keys, array = read(data)
    check(magic == "NRRD0004" and fields["encoding"] == "gzip" and fields["space"] == "left-posterior-superior", f"{name}: the fields")
    check(array.shape == (*regions[0].shape, layers), f"{name}: {layers} layers")
    for r, (region, mask, colour) in enumerate(zip(("WT", "TC", "ET"), regions, ("0 0.619608 0.45098", "0.835294 0.368627 0", "0.941176 0.894118 0.258824"))):
        own = {key.split("_", 1)[1]: value for key, value in keys.items() if key.startswith(f"Segment{r}_")}
        check(own["Name"] == own["ID"] == region and own["Color"] == colour, f"{name}: {region} has its name and colour")
        d, h, w = mask.shape
        check(own["Extent"] == f"0 {w - 1} 0 {h - 1} 0 {d - 1}", f"{name}: and an extent")
        check((array[..., int(own["Layer"])] == int(own["LabelValue"])).tolist() == mask.tolist(), f"{name}: {region} is its number in its layer")
    check(keys["Segmentation_ContainedRepresentationNames"] == "Binary labelmap|" == keys["Segmentation_MasterRepresentation"] + "|", f"{name}: Slicer's representation")
    return fields


rng = np.random.default_rng(7)
label = rng.choice(np.array([0, 1, 2, 4], np.uint8), (5, 7, 6))
regions = [label > 0, (label == 1) | (label == 4), label == 4]
code, out, err = run("raw2nii", "--seg-nrrd", stdin=record(label, "label"))
fields = check_segments(out, regions, 3, "a label map")
check(fields["space directions"] == "none (1,0,0) (0,1,0) (0,0,1)" and fields["space origin"] == "(0,-6,0)", f"right and front are negative: {fields['space directions']} {fields['space origin']}")
check(fields["kinds"] == "list domain domain domain", "the layers come first")
check(run("raw2nii", "--seg-nrrd", stdin=record(label, "label"))[1] == out, "the same bytes twice")
open("a.seg.nrrd", "wb").write(out)
flat = np.where(label > 0, 2, 0).astype(np.uint8)
code, out, err = run("raw2nii", "--seg-nrrd", stdin=record(flat, "label"))
fields = check_segments(out, [flat > 0, flat > 9, flat > 9], 1, "regions that do not overlap")
check(fields["dimension"] == "3" and fields["space directions"] == "(1,0,0) (0,1,0) (0,0,1)", "three dimensions where one layer is enough")
probabilities = rng.random((3, 5, 7, 6), np.float32)
code, out, err = run("raw2nii", "--seg-nrrd", stdin=record(probabilities, "prob"))
check_segments(out, list(probabilities > 0.5), 3, "probabilities that do not nest")
crop = run("crop", "--size", "4x4x4", stdin=record(np.ones(label.shape, np.float32), last=0) + record(label, "label"))[1]
code, out, err = run("raw2nii", "--seg-nrrd", "--role", "label", stdin=crop)
inside = np.zeros(label.shape, bool)
inside[tuple(slice((n - 4) // 2, (n - 4) // 2 + 4) for n in label.shape)] = True
got = read(out)
check(got[3].shape[:3] == label.shape, "a crop is put back on its source's grid")
code, out, err = run("raw2nii", "--seg-nrrd", "-o", "b.seg.nrrd", stdin=record(label, "label"))
check(code == 0 and not out and open("b.seg.nrrd", "rb").read() == open("a.seg.nrrd", "rb").read(), "-o")

check(refused(run("raw2nii", "--seg-nrrd", stdin=record(probabilities)), 65, "no segmentation"), "an image")
check(refused(run("raw2nii", "--seg-nrrd", stdin=record(probabilities[:2], "prob")), 65, "2 channels"), "two channels")
code, out, err = run("raw2nii", "--seg-nrrd", "--scheme", "2023", stdin=record(label, "label"))
check(code == 2 and not out and "exclude each other" in err, "segments do not take the numbers of another scheme")
check(refused(run("raw2nii", "--seg-nrrd", stdin=record(np.full_like(label, 3), "label")), 65, "label 3"), "a label that is none")
try:
    import nrrd
    import slicerio
except ImportError:
    finish()
segments = slicerio.read_segmentation("a.seg.nrrd")
check([s["name"] for s in segments["segments"]] == ["WT", "TC", "ET"] and nrrd.read("a.seg.nrrd")[0].shape == (3, 6, 7, 5), "pynrrd and slicerio read it")
finish()
