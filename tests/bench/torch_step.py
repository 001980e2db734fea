"""Adam steps, or one inference, of the same network in PyTorch: for `make bench` and the learning curves.

    torch_step.py CHECKPOINT RECORDS [--epochs N] [--order FILE] [--infer] [--keep | --revtorch] [--channels-last] [--threads N]
                  [--double | --device cuda [--autocast]]

RECORDS is a file of image and label records, pair by pair. Prints a TSV row a step: step, case, loss, seconds; then a
comment line with the version, the median of the seconds without the first step, the peak of the resident memory and that
less what was resident before the first step, and the peak of what PyTorch has reserved of a card's memory. --infer prints seconds only and, with --output FILE, writes the
probabilities as raw float32 (C, D, H, W). --keep keeps the activations instead of recomputing them."""

import argparse
import resource
import statistics
import sys
import time

import numpy
import torch
from safetensors import safe_open

import _torch_network as networks

TYPES = {"float": numpy.float32, "uint8": numpy.uint8}


def read_records(path):
    """Yields (keys, array in C order) of each record of a stream in a file."""
    data = numpy.memmap(path, mode="r")
    at = 0
    while at < len(data):
        end = bytes(data[at:at + 65536]).index(b"\n\n") + 2
        fields, keys = {}, {}
        for line in bytes(data[at:at + end]).decode("ascii").splitlines()[1:]:
            if ":=" in line:
                keys.update([line.split(":=", 1)])
            elif ": " in line and not line.startswith("#"):
                fields.update([line.split(": ", 1)])
        shape = [int(n) for n in reversed(fields["sizes"].split())]
        kind = numpy.dtype(TYPES[fields["type"]])
        count = int(numpy.prod(shape)) * kind.itemsize
        yield keys, data[at + end:at + end + count].view(kind).reshape(shape)
        at += end + count


def read_cases(path):
    """Case name -> (image, target) tensors; the regions are WT, TC, ET."""
    cases, image = {}, None
    for keys, array in read_records(path):
        if keys["prunet.role"] == "image":
            image = torch.from_numpy(numpy.array(array))[None]
        else:
            regions = numpy.stack((array != 0, (array == 1) | (array == 4), array == 4))
            cases[keys["prunet.case"]] = image, torch.from_numpy(regions.astype(numpy.float32))[None]
    return cases


def resident_peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def wait(device):
    """Until the device has done what was asked of it."""
    if device == "cuda":
        torch.cuda.synchronize()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("records")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--order", help="file of case names, a line a step, instead of the records' order")
    parser.add_argument("--infer", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--revtorch", action="store_true", help="recompute by the package RevTorch")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--double", action="store_true", help="all of it in float64")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--autocast", action="store_true", help="convolutions in bfloat16")
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--output")
    a = parser.parse_args()

    torch.set_num_threads(a.threads)
    with safe_open(a.checkpoint, "pt") as f:
        network = networks.from_checkpoint(f.metadata(), {k: f.get_tensor(k) for k in f.keys()},
                                           networks.revtorch_sequence if a.revtorch else networks.Sequence)
    network.keep_activations(a.keep)
    layout = torch.channels_last_3d if a.channels_last else torch.contiguous_format
    kind = torch.float64 if a.double else torch.float32
    network = network.to(a.device, kind, memory_format=layout)
    optimizer = torch.optim.Adam(network.parameters(), a.learning_rate, eps=1e-8, weight_decay=1e-5)
    cases = read_cases(a.records)
    order = open(a.order).read().split() if a.order else list(cases) * a.epochs
    before, seconds = resident_peak(), []
    print("step\tcase\tloss\tseconds")
    for step, name in enumerate(order, 1):
        image, target = cases[name]
        image, target = image.to(a.device, kind, memory_format=layout), target.to(a.device, kind)
        wait(a.device)
        start = time.monotonic()
        if a.infer:
            with torch.no_grad(), torch.autocast(a.device, torch.bfloat16, enabled=a.autocast):
                p = network(image)
            loss = networks.dice_loss(p.to(kind), target)
        else:
            optimizer.zero_grad()
            with torch.autocast(a.device, torch.bfloat16, enabled=a.autocast):
                p = network(image)
            loss = networks.dice_loss(p.to(kind), target)
            loss.backward()
            optimizer.step()
        wait(a.device)
        seconds.append(time.monotonic() - start)
        print(f"{step}\t{name}\t{loss.item():.9g}\t{seconds[-1]:.3f}", flush=True)
    if a.output:
        p.detach().float().cpu().numpy()[0].astype("<f4").tofile(a.output)
    print(f"# torch {torch.__version__}, {a.threads} threads, {'keep' if a.keep else 'RevTorch' if a.revtorch else 'recompute'}, "
          f"{'channels last' if a.channels_last else 'contiguous'}, {kind}: "
          f"median {statistics.median(seconds[1:] or seconds):.3f} s, "
          f"resident peak {resident_peak():.0f} MiB, {resident_peak() - before:.0f} MiB above the start"
          f"{f', {torch.cuda.max_memory_reserved() / 2**20:.0f} MiB of the card' if a.device == 'cuda' else ''}", file=sys.stdout)


if __name__ == "__main__":
    main()
