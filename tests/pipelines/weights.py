"""pipelines/weights.py: what we trained segments a case in PyTorch in the authors' axes, what they trained does here."""
import os
import subprocess
import sys

try:
    import numpy
    import torch
    from safetensors import safe_open
except ImportError as error:
    print(f"ok - weights in PyTorch # skip without the package {error.name}")
    sys.exit(0)
sys.path.insert(0, "tests/bench")
import _torch_network as networks
from torch_step import read_records

folder = os.environ["TMPDIR"]


def check(name, passed):
    print(f"{'ok' if passed else 'not ok'} - {name}")


def path(name):
    return os.path.join(folder, name)


def run(command):
    subprocess.run(["bash", "-ec", "set -o pipefail; " + command], check=True, cwd=folder)


def weights(*arguments):
    return subprocess.run([sys.executable, "pipelines/weights.py", *arguments], capture_output=True, text=True)


def load(name):
    with safe_open(path(name), "pt") as file:
        return file.metadata(), {key: file.get_tensor(key) for key in file.keys()}


def difference(a, b):
    return float(numpy.abs(a - b).max())


# A case whose three sizes differ, so that a transposition shows.
run("phantom --seed 3 --cases 1 --size 56x48x32 -o cases >names && "
    "nii2raw --dir cases/phantom_00001 | crop --size 48x32x16 | standardize -o case.nrrd")
image = next(array for keys, array in read_records(path("case.nrrd")) if keys["prunet.role"] == "image")
kinds = {"reversible": "--channels 8,16,24,32,40 --encoder-blocks 2", "baseline": "--kind baseline --channels 4,8,16,32,64"}
for kind, options in kinds.items():
    run(f"prunet-init --seed 1 {options} -o start.safetensors && "
        "prunet-step --state start.safetensors --learning-rate 1e-3 -o ours.safetensors case.nrrd >steps && "
        "prunet-infer -m ours.safetensors case.nrrd -o ours.nrrd")
    ours = next(array for _, array in read_records(path("ours.nrrd")))

    check(f"{kind}: export", weights("export", path("ours.safetensors"), path("theirs.pt")).returncode == 0)
    metadata, _ = load("ours.safetensors")
    state = torch.load(path("theirs.pt"))["net_state_dict"]
    theirs = networks.from_checkpoint(metadata, state)
    with torch.no_grad():  # the authors' axes: (x, y, z)
        p = theirs(torch.from_numpy(image.transpose(0, 3, 2, 1).copy())[None])[0].numpy().transpose(0, 3, 2, 1)
    check(f"{kind}: equal outputs there ({difference(p, ours):.1e})", difference(p, ours) < 5e-6)

    torch.save({"net_state_dict": {"module." + name: tensor for name, tensor in state.items()}}, path("parallel.pt"))
    done = weights("import", path("parallel.pt"), path("start.safetensors"), path("back.safetensors"))
    check(f"{kind}: import", done.returncode == 0)
    run("prunet-infer -m back.safetensors case.nrrd -o back.nrrd")
    back = next(array for _, array in read_records(path("back.nrrd")))
    check(f"{kind}: equal outputs here, to the bit", numpy.array_equal(back, ours))
    metadata, tensors = load("back.safetensors")
    check(f"{kind}: the optimizer has seen nothing",
          metadata["prunet.step"] == "0" and not any(t.any() for name, t in tensors.items() if name[:10] == "optimizer."))
    run("prunet-step --state back.safetensors --epoch 1 case.nrrd >steps")

run("prunet-step --state start.safetensors --weight-average 0.5 -o ours.safetensors case.nrrd >steps && "
    "prunet-infer -m ours.safetensors case.nrrd -o ours.nrrd")
check("an average: export", weights("export", path("ours.safetensors"), path("theirs.pt")).returncode == 0)
check("import, like a state with an average",
      weights("import", path("theirs.pt"), path("ours.safetensors"), path("back.safetensors")).returncode == 0)
run("prunet-infer -m back.safetensors case.nrrd -o back.nrrd")
ours, back = (next(array for _, array in read_records(path(name))) for name in ("ours.nrrd", "back.nrrd"))
check("it is what segments there, too", numpy.array_equal(back, ours))

run("prunet-init --seed 1 --channels 8,16,24,32,40 -o other.safetensors")
done = weights("import", path("theirs.pt"), path("other.safetensors"), path("no.safetensors"))
check("another network is refused", done.returncode == 1 and "not the same network" in done.stderr)
check("and nothing is written", not os.path.exists(path("no.safetensors")))
