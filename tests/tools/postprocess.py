"""postprocess: what it changes and what it leaves, and the search for its threshold."""

from _scores import SHAPE, refused, save_lines, save_nifti, scored, table
from _tap import check, finish, run
from _volume import np, record, records


def scene(enhancing, at=(1, 1, 1)):
    """A tumour of 3x3x3 voxels with `enhancing` of them, and one voxel of oedema away from it."""
    array = np.zeros(SHAPE, "u1")
    z, y, x = at
    core = np.ones(27, "u1")
    core[:enhancing] = 4
    array[z : z + 3, y : y + 3, x : x + 3] = core.reshape(3, 3, 3)
    array[6, 7, 8] = 2
    return array


reference = scene(9)
stream = scored("A", scene(5), reference) + scored("B", scene(12), reference)
status, out, err = run("postprocess", stdin=stream)
check(status == 0 and not err and [r["array"].tobytes() for r in records(out)] == [r["array"].tobytes() for r in records(stream)],
      "nothing is done by default")
status, out, _ = run("postprocess", "--et-minimum", "6", stdin=stream)
found = [r["array"] for r in records(out)]
check(status == 0 and np.array_equal(found[0], np.where(scene(5) == 4, 1, scene(5))), "little enhancing tumour becomes core")
check(np.array_equal(found[2], scene(12)), "much of it stays")
check(np.array_equal(found[1], reference) and np.array_equal(found[3], reference), "references are not touched")
status, out, _ = run("postprocess", "--et-minimum", "5", stdin=stream)
check(np.array_equal(records(out)[0]["array"], scene(5)), "the minimum itself is enough")
status, out, _ = run("postprocess", "--component-minimum", "2", stdin=stream)
wanted = scene(5)
wanted[6, 7, 8] = 0
check(status == 0 and np.array_equal(records(out)[0]["array"], wanted), "a small component becomes background")
status, out, _ = run("postprocess", "--component-minimum", "28", stdin=stream)
check(not records(out)[0]["array"].any(), "so does the tumour where it is small")
touching = scene(5)
touching[4, 4, 4] = 2  # shares a corner with the tumour
status, out, _ = run("postprocess", "--component-minimum", "28", stdin=record(touching, "label", "A"))
check(records(out)[0]["array"].sum() == touching.sum() - 2, "voxels that share a corner hang together")
half = record(scene(5), "label", "A").replace(b"(-1,0,0)", b"(-2,0,0)").replace(b"prunet.grid", b"prunet.other")
half = half.replace(b"prunet.affine", b"prunet.more")
status, out, _ = run("postprocess", "--et-minimum", "10", stdin=half)
check(status == 0 and 4 in records(out)[0]["array"], "volumes are in mm^3: five voxels of two")
image = record(np.ones((4,) + SHAPE, "<f4"), "image", "A", 0)
status, out, _ = run("postprocess", "--et-minimum", "6", stdin=image + stream)
check([r["prunet.role"] for r in records(out)][:3] == ["image", "label", "label"] and records(out)[0]["array"].all(),
      "images pass")
check(refused(run("postprocess", stdin=record(scene(5) * np.uint8(2), "label", "A")), 65, "A", "label 8"), "a label 8 is refused")

# --- search ----------------------------------------------------------------------------------------------------------

none = np.where(reference == 4, 1, reference).astype("u1")
cases = {"a": (scene(3), none), "b": (scene(4), none), "c": (scene(6), scene(9)), "d": (scene(0), none), "e": (scene(12), scene(9))}
stream = b"".join(scored(name, *pair) for name, pair in cases.items())
status, out, err = run("postprocess", "--search", stdin=stream)
header, rows = table(out)
check(status == 0 and not err and header == ["et_minimum", "dice_et", "hd95_et", "changed", "cases", "best", "convention"],
      "--search prints a table")
dice = [2 * 6 / 15, 2 * 9 / 21]  # c and e as predicted
wanted = [(0, sum(dice) + 1, 0), (3.5, sum(dice) + 2, 1), (5, sum(dice) + 3, 2), (9, dice[1] + 3, 3), (13, 3, 4)]
check([(row["et_minimum"], round(5 * row["dice_et"], 6), row["changed"]) for row in rows]
      == [(a, round(b, 6), c) for a, b, c in wanted], "every choice, with its mean Dice and the cases that it changes")
check([row["best"] for row in rows] == [0, 0, 1, 0, 0], "the best is marked")
for name, (p, r) in cases.items():
    save_nifti(name + ".nii", p)
    save_nifti(name + "_seg.nii", r)
save_lines("pairs", *("%s.nii\t%s_seg.nii" % (name, name) for name in cases))
check(run("postprocess", "--search", "--pairs", "pairs")[1] == out, "files say the same")
best = [row["et_minimum"] for row in rows if row["best"]][0]
_, better, _ = run("postprocess", "--et-minimum", str(best), stdin=stream)
_, scores, _ = run("dice-eval", "--summary", stdin=better)
mean = [row["dice"] for row in table(scores)[1] if row["case"] == "mean" and row["region"] == "ET"][0]
check(abs(mean - (sum(dice) + 3) / 5) < 1e-8, "the filter then reaches what the search promised")
check(run("postprocess", "--search", "--no-header", stdin=stream)[1] == out[out.index(b"\n") + 1 :], "--no-header")
check(run("postprocess", "--search", "--max-bytes", "1", stdin=stream)[0] == 65, "--max-bytes")
check(run("postprocess", "--search", stdin=b"")[0] == 65, "an empty stream is refused")
for words in (["--search", "--et-minimum", "3"], ["--pairs", "pairs"], ["--et-minimum", "-1"], ["--no-header"]):
    status, out, err = run("postprocess", *words)
    check(status == 2 and not out and err, "usage: %s" % " ".join(words))
finish()
