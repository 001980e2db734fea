"""The Python package safetensors reads our checkpoints; names, shapes and first values are PyTorch's."""
import math
import os
import subprocess
import sys

try:
    import numpy
    from safetensors import safe_open
except ImportError as error:
    print(f"ok - checkpoints in Python # skip needs {error.name}")
    sys.exit(0)


def check(name, passed):
    print(f"{'ok' if passed else 'not ok'} - {name}")


def load(path):
    with safe_open(path, "numpy") as file:
        return file.metadata(), {name: file.get_tensor(name) for name in file.keys()}


folder = os.environ.get("TMPDIR", "/tmp")
for golden in "reversible_1_1", "reversible_3_1", "baseline":
    wanted, tensors = load(f"tests/golden/{golden}.safetensors")
    shapes = {name[len("weight."):]: t.shape for name, t in tensors.items() if name.startswith("weight.")}
    path = os.path.join(folder, f"{golden}.safetensors")
    blocks = ["--encoder-blocks", wanted["prunet.encoder_blocks"]] if golden != "baseline" else []
    subprocess.run(["prunet-init", "--seed", "5", "--kind", wanted["prunet.kind"], "--channels",
                    wanted["prunet.channels"], "-o", path, *blocks], check=True)
    metadata, state = load(path)
    keys = [key for key in wanted if key.startswith("prunet.") and key != "prunet.seed"]
    check(f"{golden}: metadata as the golden file's", all(metadata[key] == wanted[key] for key in keys))
    check(f"{golden}: the seed is noted", metadata["prunet.seed"] == "5")
    vectors = "", "optimizer.exp_avg.", "optimizer.exp_avg_sq."
    check(f"{golden}: names and shapes of the authors' modules, three times",
          {n: t.shape for n, t in state.items()} == {v + n: s for v in vectors for n, s in shapes.items()})
    check(f"{golden}: Adam's means begin at zero",
          not any(t.any() for n, t in state.items() if n.startswith("optimizer.")))
    good = True
    for name in shapes:
        values, module = state[name], name.rsplit(".", 1)[0]
        if ".gn" in name:
            good &= bool((values == (1 if name.endswith("weight") else 0)).all())
        else:
            bound = 1 / math.sqrt(numpy.prod(state[module + ".weight"].shape[1:]))
            good &= bool(abs(values).max() <= bound * (1 + 1e-6))
            if values.size >= 400:
                good &= abs(values.mean()) < 0.2 * bound and abs(values.std() / bound * math.sqrt(3) - 1) < 0.1
    check(f"{golden}: convolutions uniform within 1/sqrt(fan-in), group norms 1 and 0", good)
