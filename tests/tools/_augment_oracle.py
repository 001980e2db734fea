"""What augment does, in numpy, with the same counter-based random numbers."""

import math

from _volume import np

MASK = (1 << 64) - 1


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def bits(key, counter):
    step = 0x9E3779B97F4A7C15
    return mix((mix((key + step) & MASK) + (counter + 1) * step) & MASK)


def key_of(key, name):
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return bits(mix(key), value)


def uniform(key, counter):
    return (bits(key, counter) >> 11) * 2.0**-53


def normal(key, counter):
    radius = 1 - uniform(key, 2 * counter)
    return math.sqrt(-2 * math.log(radius)) * math.cos(2 * math.pi * uniform(key, 2 * counter + 1))


def cubic(t, a=-0.75):
    t = np.abs(t)
    near = (a + 2) * t**3 - (a + 3) * t**2 + 1
    far = a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a
    return np.where(t <= 1, near, np.where(t < 2, far, 0))


def resize_weights(n):
    """(n, 3): what each pixel takes from the 3 grid points."""
    weights = np.zeros((n, 3))
    at = (np.arange(n) + 0.5) * 3 / n - 0.5
    for tap in range(-1, 3):
        index = np.floor(at).astype(int) + tap
        np.add.at(weights, (np.arange(n), np.clip(index, 0, 2)), cubic(at - index))
    return weights


def reflect(q, n):
    q = np.mod(q + 0.5, 2 * n)
    return np.clip(np.where(q < n, q, 2 * n - q) - 0.5, 0, n - 1)


def source_coordinates(key, width, height, rotate, scale, elastic):
    angle = math.radians((2 * uniform(key_of(key, "rotate"), 0) - 1) * rotate)
    factor = 1 / scale + (scale - 1 / scale) * uniform(key_of(key, "scale"), 0)
    grid = [normal(key_of(key, "elastic"), i) * elastic for i in range(18)]
    u = []
    for axis, (d, n) in enumerate(zip(np.reshape(grid, (2, 3, 3)), (width, height))):
        p = np.arange(width)[None, :] if axis == 0 else np.arange(height)[:, None]
        displaced = p + resize_weights(height) @ d @ resize_weights(width).T
        u.append((reflect(displaced, n) - (n - 1) / 2) / factor)
    inside = (np.abs(u[0]) <= (width - 1) / 2) & (np.abs(u[1]) <= (height - 1) / 2)
    x = math.cos(angle) * u[0] + math.sin(angle) * u[1] + (width - 1) / 2
    y = math.cos(angle) * u[1] - math.sin(angle) * u[0] + (height - 1) / 2
    return np.clip(x, 0, width - 1), np.clip(y, 0, height - 1), inside


def augment(image, label, seed, epoch, case, rotate=20, scale=1.1, elastic=10, shift=0.1, flip=True, patch=None):
    channels, depth, height, width = image.shape
    key = bits(key_of(key_of(seed, "augment"), case) ^ 0x6A09E667F3BCC909, epoch)
    x, y, inside = source_coordinates(key, width, height, rotate, scale, elastic)
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    x1, y1, fx, fy = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1), x - x0, y - y0
    v = image.astype("f8")
    warped = (v[..., y0, x0] * (1 - fx) + v[..., y0, x1] * fx) * (1 - fy)
    warped += (v[..., y1, x0] * (1 - fx) + v[..., y1, x1] * fx) * fy
    shifts = [(2 * uniform(key_of(key, "shift"), c) - 1) * shift for c in range(channels)]
    warped = np.where(inside, warped, v[:, :1, :1, :1]) + np.reshape(shifts, (-1, 1, 1, 1))
    labels = np.where(inside, label[:, np.floor(y + 0.5).astype(int), np.floor(x + 0.5).astype(int)], 0)
    flips = [i - 3 for i in range(3) if flip and uniform(key_of(key, "flip"), 2 - i) < 0.5]
    warped, labels = np.flip(warped, flips), np.flip(labels, flips)
    for i, (n, p) in enumerate(zip((width, height, depth), patch or ())):
        start = int(uniform(key_of(key, "patch"), i) * (n - p + 1))
        window = (Ellipsis, slice(start, start + p), *[slice(None)] * i)
        warped, labels = warped[window], labels[window]
    return warped, labels
