"""The lesion-wise rules of the challenges of 2023 and 2024, read anew in scipy. The rules decide which lesions there
are, which are compared and what is averaged; how far apart two surfaces are is asked from `surfaces`."""

from scipy import ndimage

from _volume import np

NEIGHBOURS_18 = ndimage.generate_binary_structure(3, 2)
NEIGHBOURS_26 = ndimage.generate_binary_structure(3, 3)
PENALTY = 374
# dilations, mm^3 that are at most too small, the same for ET
RULES = {
    "brats2024-gli": (3, 20, 10),
    "brats2024-ssa": (3, 50, 50),
    "brats2024-ped": (5, 10, 10),
    "brats2024-met": (1, 2, 2),
    "brats2024-men": (1, 50, 50),
    "brats2024-men-rt": (1, 50, 50),
}


def dice(p, r):
    return 2 * (p & r).sum() / (p.sum() + r.sum())


def lesion_wise(p, r, convention, region, voxel, surfaces):
    """Means of Dice, HD95, NSD at 0.5 and 1 mm; lesions found, false positives, lesions missed. surfaces(p, r): the
    three distances."""
    dilations, least, least_et = RULES[convention]
    least = least_et if region == "ET" else least
    grown = ndimage.binary_dilation(r, NEIGHBOURS_18, iterations=dilations)
    lesion_of, lesions = ndimage.label(grown, NEIGHBOURS_26)
    lesion_of = lesion_of * r
    part_of, parts = ndimage.label(p, NEIGHBOURS_26)
    touched, scores, found = set(), [], 0
    for k in range(1, lesions + 1):
        lesion = lesion_of == k
        around = ndimage.binary_dilation(lesion, NEIGHBOURS_18, iterations=dilations)
        match = set(np.unique(part_of[around])) - {0}
        touched |= match
        if lesion.sum() * voxel <= least:
            continue
        found += bool(match)
        union = np.isin(part_of, sorted(match)) if match else None
        scores.append((dice(union, lesion), *surfaces(union, lesion)) if match else (0, PENALTY, 0, 0))
    missed, false = len(scores) - found, parts - len(touched)
    scores += [(0, PENALTY, 0, 0)] * false
    means = [sum(column) / len(scores) for column in zip(*scores)] if scores else [1, 0, 1, 1]
    return [*map(float, means), found, false, missed]
