"""What augment does to intensities, in numpy, with matrices where the tool has filters."""

import math

from _augment_oracle import bits, key_of, normal, uniform
from _volume import np

NUMBER = 0x6A09E667F3BCC909  # of random_key_number


def case_key(seed, epoch, case):
    return bits(key_of(key_of(seed, "augment"), case) ^ NUMBER, epoch)


def drawn(key, what, channel, chance, low, high, none):
    own = key_of(key, what)
    there = uniform(own, 2 * channel) < chance
    return low + (high - low) * uniform(own, 2 * channel + 1) if there else none


def blur_matrix(n, deviation):
    d = np.subtract.outer(np.arange(n), np.arange(n))
    return np.where(np.abs(d) <= math.ceil(3 * deviation), np.exp(-0.5 * (d / deviation) ** 2), 0)


def coarse_matrix(n, factor):
    """Means over equal cells, and linear interpolation between their centres."""
    cells = max(1, int(math.floor(n / factor + 0.5)))
    edges = np.arange(cells + 1) * n / cells
    voxels = np.arange(n)
    overlap = np.minimum.outer(edges[1:], voxels + 1) - np.maximum.outer(edges[:-1], voxels)
    means = np.clip(overlap, 0, None) * cells / n
    centres = (edges[1:] + edges[:-1]) / 2
    return np.stack([np.interp(voxels + 0.5, centres, row) for row in np.eye(cells)], axis=1) @ means


def filtered(volume, matrices):
    """matrices: of x, y, z; normalised over the brain."""
    brain = volume != 0

    def run(array):
        for axis, matrix in zip((2, 1, 0), matrices):
            array = np.moveaxis(np.tensordot(matrix, array, (1, axis)), 0, axis)
        return array

    return np.where(brain, run(volume) / np.where(brain, run(brain.astype("f8")), 1), 0)


def with_brain(volume, change):
    result, brain = volume.copy(), volume != 0
    if brain.any():
        result[brain] = change(volume[brain])
    return result


def gamma_of(values, exponent):
    low, high = values.min(), values.max()
    if high <= low:
        return values
    changed = ((values - low) / (high - low)) ** exponent
    return (changed - changed.mean()) / changed.std() * values.std() + values.mean()


def intensity(volume, key, channel, chance=0.2, gamma=1, contrast=1, blur=0, low_resolution=1, noise=0):
    """One modality (z, y, x) after its effects; None where there is none."""
    exponent = math.exp(drawn(key, "gamma", channel, chance, -math.log(gamma), math.log(gamma), 0))
    factor = math.exp(drawn(key, "contrast", channel, chance, -math.log(contrast), math.log(contrast), 0))
    deviation = drawn(key, "blur", channel, chance, 0, blur, 0)
    coarse = drawn(key, "low resolution", channel, chance, 1, low_resolution, 1)
    axes = 6 * uniform(key_of(key, "coarse axes"), channel)
    noisy = drawn(key, "noise", channel, chance, 0, noise, 0)
    sizes = volume.shape[::-1]
    result = volume.astype("f8")
    if exponent != 1:
        result = with_brain(result, lambda values: gamma_of(values, exponent))
    if factor != 1:
        result = with_brain(result, lambda values: values.mean() + factor * (values - values.mean()))
    if deviation > 0:
        result = filtered(result, [blur_matrix(n, deviation) for n in sizes])
    if coarse > 1:
        result = filtered(result, [coarse_matrix(n, coarse) if axes >= 3 or axis == int(axes) else np.eye(n)
                                   for axis, n in enumerate(sizes)])
    if noisy > 0:
        own = bits(key_of(key, "white noise") ^ NUMBER, channel)
        white = np.reshape([normal(own, i) for i in range(result.size)], result.shape)
        result = np.where(result != 0, result + noisy * white, 0)
    return None if (exponent, factor, deviation, coarse, noisy) == (1, 1, 0, 1, 0) else result


def dropped(key, channels, probability):
    own = key_of(key, "drop modality")
    gone = [uniform(own, c) < probability for c in range(channels)]
    if all(gone):
        gone[int(channels * uniform(own, channels))] = False
    return gone
