"""Weights between the authors' PyTorch state (.pt) and a checkpoint of ours; needs torch and safetensors.

    python3 pipelines/weights.py import STATE.pt LIKE.safetensors NEW.safetensors
    python3 pipelines/weights.py export CHECKPOINT.safetensors STATE.pt

LIKE is any checkpoint of the same network, such as a new one: prunet-init --seed 1 --encoder-blocks 3 -o like.safetensors.
NEW has its description, the weights of STATE, and an optimizer that has seen nothing; export takes the average of the
weights where the checkpoint has one. Tensor names are the same on both
sides. The authors' code feeds volumes as (x, y, z), ours as (z, y, x), so each kernel's three axes are transposed."""
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file


def transposed(tensor):
    return tensor.permute(0, 1, 4, 3, 2).contiguous() if tensor.dim() == 5 else tensor.contiguous()


def read(path):
    with safe_open(path, "pt") as file:
        return file.metadata(), {name: file.get_tensor(name) for name in file.keys()}


def import_state(state, like, new):
    saved = torch.load(state, map_location="cpu", weights_only=True)
    weights = {name.removeprefix("module."): tensor for name, tensor in saved.get("net_state_dict", saved).items()}
    metadata, tensors = read(like)
    tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith("average.")}
    metadata.pop("prunet.average_decay", None)
    names = {name for name in tensors if not name.startswith("optimizer.")}
    if names != set(weights):
        sys.exit(f"weights: {state} and {like} differ in {sorted(names ^ set(weights))[0]}: not the same network")
    for name in names:
        tensors[name] = transposed(weights[name].float())
        tensors["optimizer.exp_avg." + name] = torch.zeros_like(tensors[name])
        tensors["optimizer.exp_avg_sq." + name] = torch.zeros_like(tensors[name])
    save_file(tensors, new, {**metadata, "prunet.epoch": "0", "prunet.step": "0"})


def export_state(checkpoint, state):
    metadata, tensors = read(checkpoint)
    names = [name for name in tensors if not name.startswith(("optimizer.", "average."))]
    weights = {name: transposed(tensors.get("average." + name, tensors[name]).float()) for name in names}
    torch.save({"net_state_dict": weights, "epoch": int(metadata["prunet.epoch"])}, state)


if __name__ == "__main__":
    command, paths = sys.argv[1:2], sys.argv[2:]
    if command == ["import"] and len(paths) == 3:
        import_state(*paths)
    elif command == ["export"] and len(paths) == 2:
        export_state(*paths)
    else:
        sys.exit(__doc__)
