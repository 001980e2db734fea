"""Makes losses.safetensors, the golden values of the loss `dice+bce`, with PyTorch in double precision:

    python3 tests/golden/_losses.py tests/golden/losses.safetensors

z: logits [regions][z][y][x], some of them as extreme as 1e4; t: 0 and 1. For the settings A, B, C and D (factors of Dice
and cross-entropy, smooth; in D the last region is nowhere) the total loss.A and its gradient dz.A. bce: by region, the sum over the voxels. All are rounded to single once, at the end."""
import sys

import torch
from safetensors.torch import save_file

SETTINGS = {"A": (1.0, 1.0, 1.0), "B": (0.5, 3.0, 1.0), "C": (1.0, 1.0, 0.25), "D": (1.0, 1.0, 1e-5)}


def losses(z, t, smooth):
    p = torch.sigmoid(z)
    axes = (1, 2, 3)
    dice = 1 - (2 * (p * t).sum(axes) + smooth) / (p.sum(axes) + t.sum(axes) + smooth)
    bce = torch.nn.functional.binary_cross_entropy_with_logits(z, t, reduction="none")
    return dice.sum(), bce


generator = torch.Generator().manual_seed(1)
z = (3 * torch.randn(3, 5, 7, 9, generator=generator)).float().double()
t = (torch.rand(3, 5, 7, 9, generator=generator) < 0.3).double()
for voxel, value in enumerate((1e4, -1e4, 88, -88, 104, -104, 17, -17, 0)):
    for region in range(3):
        z.view(3, -1)[region, 31 * voxel + region] = value
z.requires_grad_()

tensors = {"z": z.detach(), "t": t, "p": torch.sigmoid(z).detach()}
tensors["bce"] = losses(z, t, 1)[1].sum((1, 2, 3)).detach()
for name, (dice_weight, bce_weight, smooth) in SETTINGS.items():
    inside = t.clone()
    if name == "D":
        inside[-1] = 0
    dice, bce = losses(z, inside, smooth)
    loss = dice_weight * dice + bce_weight * bce.mean((1, 2, 3)).sum()
    tensors[f"loss.{name}"] = loss.detach().reshape(1)
    tensors[f"dz.{name}"] = torch.autograd.grad(loss, z)[0]
metadata = {f"settings.{name}": " ".join(map(str, values)) for name, values in SETTINGS.items()}
save_file({f"losses.{name}": value.float().contiguous() for name, value in tensors.items()}, sys.argv[1], metadata)
