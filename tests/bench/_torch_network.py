"""The partially reversible U-Net and its baseline, written anew in PyTorch, to compare speed and results with.

Module names equal the tensor names of a checkpoint, so that load_state_dict takes one as it is.
Axes are (N, C, D, H, W). Works with PyTorch 1.13 and 2.x."""

import torch
from torch import nn
from torch.nn import functional as F


class Branch(nn.Module):
    """conv3x3x3(LeakyReLU(GroupNorm(u)))"""

    def __init__(self, channels, groups):
        super().__init__()
        self.gn = nn.GroupNorm(groups, channels)
        self.conv = nn.Conv3d(channels, channels, 3, padding=1, bias=False)

    def forward(self, u):
        return self.conv(F.leaky_relu(self.gn(u)))


class Reverse(torch.autograd.Function):
    """A sequence of blocks that keeps only its output and recomputes its inputs on the way back."""

    @staticmethod
    def forward(ctx, x, blocks, *parameters):
        ctx.blocks = blocks
        with torch.no_grad():
            x1, x2 = x.chunk(2, 1)
            for block in blocks:
                x1 = x1 + block.f_block(x2)
                x2 = x2 + block.g_block(x1)
            y = torch.cat((x1, x2), 1)
        ctx.y = y.detach()
        return y

    @staticmethod
    def backward(ctx, dy):
        y1, y2 = ctx.y.chunk(2, 1)
        d1, d2 = dy.chunk(2, 1)
        del ctx.y
        for block in reversed(ctx.blocks):
            y1 = y1.detach().requires_grad_()
            with torch.enable_grad():
                g = block.g_block(y1)
            g.backward(d2)
            y2, d1 = y2 - g.detach(), d1 + y1.grad
            x2 = y2.detach().requires_grad_()
            with torch.enable_grad():
                f = block.f_block(x2)
            f.backward(d1)
            y1, d2 = y1.detach() - f.detach(), d2 + x2.grad
            y2 = x2.detach()
        return (torch.cat((d1, d2), 1), None) + (None,) * (len(ctx.needs_input_grad) - 2)


class Block(nn.Module):
    def __init__(self, channels, groups):
        super().__init__()
        self.f_block = Branch(channels // 2, groups)
        self.g_block = Branch(channels // 2, groups)


class Sequence(nn.Module):
    def __init__(self, channels, groups, count):
        super().__init__()
        self.reversible_blocks = nn.ModuleList(Block(channels, groups) for _ in range(count))
        self.keep = False

    def forward(self, x):
        if not self.keep and torch.is_grad_enabled():
            return Reverse.apply(x, list(self.reversible_blocks), *self.parameters())
        x1, x2 = x.chunk(2, 1)
        for block in self.reversible_blocks:
            x1 = x1 + block.f_block(x2)
            x2 = x2 + block.g_block(x1)
        return torch.cat((x1, x2), 1)


def revtorch_sequence(channels, groups, count):
    """The same from the package RevTorch, which the authors used."""
    import revtorch
    branches = [[Branch(channels // 2, groups) for _ in "FG"] for _ in range(count)]
    return revtorch.ReversibleSequence(nn.ModuleList(revtorch.ReversibleBlock(f, g) for f, g in branches))


class Encoder(nn.Module):
    def __init__(self, before, channels, groups, count, sequence):
        super().__init__()
        if before:
            self.conv = nn.Conv3d(before, channels, 1)
        self.reversibleBlocks = sequence(channels, groups, count)

    def forward(self, x):
        if hasattr(self, "conv"):
            x = self.conv(F.max_pool3d(x, 2))
        return self.reversibleBlocks(x)


class Decoder(nn.Module):
    def __init__(self, channels, after, groups, count, sequence):
        super().__init__()
        self.reversibleBlocks = sequence(channels, groups, count)
        if after:
            self.conv = nn.Conv3d(channels, after, 1)

    def forward(self, x, skip):
        x = self.reversibleBlocks(x)
        if skip is None:
            return x
        return skip + F.interpolate(self.conv(x), scale_factor=2, mode="trilinear", align_corners=False)


class Reversible(nn.Module):
    def __init__(self, channels, encoder_blocks, decoder_blocks, groups, inputs=4, outputs=3, sequence=Sequence):
        super().__init__()
        c = list(channels)
        self.firstConv = nn.Conv3d(inputs, c[0], 3, padding=1, bias=False)
        self.encoders = nn.ModuleList(
            Encoder(c[i - 1] if i else None, c[i], groups, encoder_blocks, sequence)
            for i in range(len(c)))
        self.decoders = nn.ModuleList(
            Decoder(c[i], c[i - 1] if i else None, groups, decoder_blocks, sequence)
            for i in reversed(range(len(c))))
        self.lastConv = nn.Conv3d(c[0], outputs, 1)

    def keep_activations(self, keep):
        for module in self.modules():
            if isinstance(module, Sequence):
                module.keep = keep

    def forward(self, x):
        x, skips = self.firstConv(x), []
        for encoder in self.encoders:
            x = encoder(x)
            skips.append(x)
        skips = [None] + skips[:-1]
        for decoder, skip in zip(self.decoders, reversed(skips)):
            x = decoder(x, skip)
        return torch.sigmoid(self.lastConv(x))


class PlainEncoder(nn.Module):
    def __init__(self, before, channels, width, groups, second):
        super().__init__()
        self.conv1 = nn.Conv3d(before, channels, 3, padding=1, bias=False)
        self.gn1 = nn.GroupNorm(groups, channels)
        self.pool = width > 0
        if second:
            self.conv2 = nn.Conv3d(channels, channels, 3, padding=1, bias=False)
            self.gn2 = nn.GroupNorm(groups, channels)

    def forward(self, x):
        if self.pool:
            x = F.max_pool3d(x, 2)
        x = F.leaky_relu(self.gn1(self.conv1(x)))
        return F.leaky_relu(self.gn2(self.conv2(x))) if hasattr(self, "conv2") else x


class PlainDecoder(nn.Module):
    def __init__(self, channels, after, first, width):
        super().__init__()
        groups = min(after, width)
        if first:
            self.conv1 = nn.Conv3d(channels, channels, 3, padding=1, bias=False)
            self.gn1 = nn.GroupNorm(groups, channels)
        self.conv2 = nn.Conv3d(channels, after, 3, padding=1, bias=False)
        self.gn2 = nn.GroupNorm(groups, after)

    def forward(self, x, skip):
        if hasattr(self, "conv1"):
            x = F.leaky_relu(self.gn1(self.conv1(x)))
        x = F.leaky_relu(self.gn2(self.conv2(x)))
        if skip is None:
            return x
        return skip + F.interpolate(x, scale_factor=2, mode="trilinear", align_corners=False)


class Baseline(nn.Module):
    def __init__(self, channels, inputs=4, outputs=3):
        super().__init__()
        c, last = list(channels), len(channels) - 1
        self.encoders = nn.ModuleList(
            PlainEncoder(c[i - 1] if i else inputs, c[i], i, min(c[i], c[0]), i < last) for i in range(len(c)))
        self.decoders = nn.ModuleList(
            PlainDecoder(c[i], c[max(i - 1, 0)], i < last, c[0]) for i in reversed(range(len(c))))
        self.lastConv = nn.Conv3d(c[0], outputs, 1)

    def keep_activations(self, keep):
        """The baseline keeps all of them."""

    forward = Reversible.__dict__["forward"]


def from_checkpoint(metadata, state, sequence=Sequence):
    """The network that a checkpoint's metadata describes, with its weights."""
    channels = [int(c) for c in metadata["prunet.channels"].split(",")]
    sizes = int(metadata["prunet.inputs"]), int(metadata["prunet.outputs"])
    if metadata["prunet.kind"] == "baseline":
        network = Baseline(channels, *sizes)
        network.firstConv = nn.Identity()
    else:
        blocks = int(metadata["prunet.encoder_blocks"]), int(metadata["prunet.decoder_blocks"])
        network = Reversible(channels, *blocks, int(metadata["prunet.groups"]), *sizes, sequence)
    network.load_state_dict({k: v for k, v in state.items() if not k.startswith("optimizer.")})
    return network


def dice_loss(p, target):
    """Sum over the regions of 1 - (2 sum(p t) + 1) / (sum(p) + sum(t) + 1); p (N,K,D,H,W), target alike."""
    axes = (0, 2, 3, 4)
    return (1 - (2 * (p * target).sum(axes) + 1) / (p.sum(axes) + target.sum(axes) + 1)).sum()
