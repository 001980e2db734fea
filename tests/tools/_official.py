"""What the organisers' own package (brats-evaluation 0.0.10, over panoptica) says of seeded pairs.

    python3 -m venv venv && venv/bin/pip install brats-evaluation==0.0.10
    venv/bin/python tests/tools/_official.py tests/golden/metrics/official.tsv

writes what tests/tools/brats-eval-official.py compares with where the package is missing."""

import csv
import importlib.metadata
import os
import subprocess
import sys

from _lesions import LABELS, pair, save_map

VERSION = "0.0.10"
# name of the package's configuration, ours, spacing in mm, pairs
SETS = [(config, spacing, pairs) for config in ("GoAT", "gli", "mets", "ped") for spacing, pairs in ((1, 8), (3, 7))]
DETECTION = (("tp", "tp"), ("fp", "fp"), ("fn", "fn"), ("prec", "precision"), ("rec", "recall"), ("f1", "f1"))
NAMES = {"all_instance_" + theirs: ours for theirs, ours in DETECTION}
for theirs, ours in (("dsc", "dice"), ("nsd", "nsd"), ("hd95", "hd95")):
    NAMES["global_" + theirs] = ours
    NAMES["lesionwise_%s_mean" % theirs] = "lesion_" + ours
    NAMES["lesionwise_%s_std" % theirs] = "lesion_%s_std" % ours
for kind in ("large", "small"):
    NAMES.update({"%s_instance_%s" % (kind, theirs): "%s_%s" % (kind, ours) for theirs, ours in DETECTION})
MEASURES = list(NAMES.values())
AREA = "f1_auc"  # of GoAT: panoptica has it, the challenge does not print it


def installed():
    """None, or why the package cannot be asked."""
    try:
        found = importlib.metadata.version("brats-evaluation")
    except importlib.metadata.PackageNotFoundError:
        return "brats-evaluation is not installed"
    return None if found == VERSION else "brats-evaluation is %s, not %s" % (found, VERSION)


def make(folder, config, spacing, pairs):
    """Writes the pairs and returns the lines of a list of them."""
    lines = []
    for side in ("pred", "ref"):
        os.makedirs(os.path.join(folder, side))
    for number in range(pairs):
        name = "BraTS-X-%05d-000" % (100 * (spacing > 1) + number)
        maps = pair(1000 * spacing + 17 * sorted(LABELS).index(config) + number, LABELS[config])
        paths = [os.path.join(folder, side, name + end) for side, end in (("pred", ".nii.gz"), ("ref", "-seg.nii.gz"))]
        for path, array in zip(paths, maps):
            save_map(path, array, (1, 1, spacing))
        lines.append("\t".join([name, *paths]))
    return lines


def package(folder, config):
    """(case, REGION) -> measure -> value, by the package's two commands."""
    summary, table = os.path.join(folder, "scores.json"), os.path.join(folder, "scores.csv")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "brats_evaluation.evaluation",
            "--config",
            config,
            "--ref_path",
            os.path.join(folder, "ref"),
            "--pred_path",
            os.path.join(folder, "pred"),
            "--summary_json",
            summary,
        ],
        check=True,
        capture_output=True,
    )
    kind = ["mets", "--vol_threshold", "27", "--overlap_threshold", "0.2"] if config == "mets" else ["seg"]
    subprocess.run(
        [
            sys.executable,
            "-m",
            "brats_evaluation.metrics_parser",
            *kind,
            "--json_path",
            summary,
            "--output_csv_path",
            table,
        ],
        check=True,
        capture_output=True,
    )
    scores = {}
    with open(table) as file:
        for row in csv.DictReader(file):
            if row["subject_id"] in ("mean", "std", "median"):
                continue
            for column, value in row.items():
                measure, _, region = column.rpartition("_")
                if measure in NAMES:
                    key = row["subject_id"].replace("-seg.nii.gz", ""), region.upper()
                    scores.setdefault(key, {})[NAMES[measure]] = float(value or "nan")
    return scores


def areas(folder, config):
    """(case, REGION) -> area under F1 over the matching threshold, by panoptica with the package's configuration."""
    from importlib.resources import files

    from panoptica import Panoptica_Evaluator

    path = str(files("brats_evaluation").joinpath("configs", "config_%s.yaml" % config))
    evaluator = Panoptica_Evaluator.load_from_config(path)
    found = {}
    for name in sorted(os.listdir(os.path.join(folder, "pred"))):
        case = name.replace(".nii.gz", "")
        paths = [os.path.join(folder, side, case + end) for side, end in (("pred", ".nii.gz"), ("ref", "-seg.nii.gz"))]
        for region, result in evaluator.evaluate_autc(*paths, threshold_step_size=0.1).items():
            found[case, region.upper()] = result.get_autc("rq")
    return found


def main(path):
    import tempfile

    why = installed()
    if why:
        sys.exit("_official: " + why)
    with open(path, "w") as file:
        file.write("\t".join(["config", "spacing", "case", "region", *MEASURES, AREA]) + "\n")
        for config, spacing, pairs in SETS:
            with tempfile.TemporaryDirectory() as folder:
                make(folder, config, spacing, pairs)
                area = areas(folder, config) if config == "GoAT" else {}
                for (case, region), values in package(folder, config).items():
                    cells = ["%.9g" % values[m] if m in values else "-" for m in MEASURES]
                    cells.append("%.9g" % area[case, region] if area else "-")
                    file.write("\t".join([config, str(spacing), case, region, *cells]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
