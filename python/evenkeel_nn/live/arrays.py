"""Figures of activations as NumPy arrays, in double, in chunks; and losses of each sample. For frameworks whose arrays
come to the CPU."""

import numpy as np

_CHUNK = 1 << 18


def _rows(x, axis):
    """[elements, C] of an array whose channels are `axis`."""
    x = np.moveaxis(x, axis, -1) if axis % x.ndim != x.ndim - 1 else x
    return x.reshape(-1, x.shape[-1])


def _chunks(rows):
    size = max(1, _CHUNK // max(1, rows.shape[1]))
    for i in range(0, len(rows), size):
        yield rows[i : i + size].astype(np.float64)


def moments(x, axis):
    """(count, mean [C], M2 [C]) of each channel."""
    rows = _rows(x, axis)
    if not len(rows):
        return 0.0, np.zeros(rows.shape[1]), np.zeros(rows.shape[1])
    shift = rows[:64].astype(np.float64).mean(0)
    first, second = np.zeros(rows.shape[1]), np.zeros(rows.shape[1])
    for part in _chunks(rows):
        part -= shift
        first += part.sum(0)
        second += np.einsum("ij,ij->j", part, part)
    mean = first / len(rows)
    return float(len(rows)), shift + mean, np.maximum(second - first * mean, 0)


def merged(a, b):
    """The moments of both sets of values together."""
    if a is None or a[0] == 0:
        return b
    if b[0] == 0:
        return a
    n, d = a[0] + b[0], b[1] - a[1]
    return n, a[1] + d * (b[0] / n), a[2] + b[2] + d * d * (a[0] * b[0] / n)


def extremes(x, axis):
    rows = _rows(x, axis)
    return rows.min(0).astype(np.float64), rows.max(0).astype(np.float64)


def histogram(x, axis, mean, deviation, bins=64):
    """(counts, number of values), as torch_moments.histogram."""
    rows, counts = _rows(x, axis), np.zeros(bins)
    for part in _chunks(rows):
        z = (part - mean) / deviation
        z = z[np.isfinite(z)]
        counts += np.bincount(np.clip(np.floor((z + 4) * (bins / 8)), 0, bins - 1).astype(np.int64), minlength=bins)
    return counts, float(rows.size)


def squares(x, axis):
    """The sum over the samples of x^2, for each element of one sample, channels last, flat."""
    x = np.moveaxis(x, axis, -1) if axis % x.ndim != x.ndim - 1 else x
    x = x.reshape(len(x), -1)
    total = np.zeros(x.shape[1])
    for part in _chunks(x):
        total += np.einsum("ij,ij->j", part, part)
    return total


def sample_losses(kind, scores, smoothing, z, labels):
    """(losses [n], correct [n] or None). `z`: [n, positions, K]; `labels`: int [n] or [n, positions], or floats.

    Probabilities are cut to 1e-7 from the ends, as Keras does."""
    n, positions, k = z.shape
    z = z.astype(np.float64)
    if kind == "mse":
        return np.square(z.reshape(n, -1) - labels.reshape(n, -1)).mean(1), None
    if labels.dtype.kind != "f" and (kind != "binary_crossentropy" or k > 1):
        target = np.eye(k)[np.clip(labels.reshape(n, positions), 0, k - 1)]
    else:
        target = labels.reshape(n, positions, k).astype(np.float64)
    if kind == "binary_crossentropy":
        smooth = target * (1 - smoothing) + 0.5 * smoothing
        if scores == "logits":
            losses, half = np.maximum(z, 0) - z * smooth + np.log1p(np.exp(-np.abs(z))), 0.0
        else:
            p, half = np.clip(z, 1e-7, 1 - 1e-7), 0.5
            losses = -smooth * np.log(p) - (1 - smooth) * np.log(1 - p)
        correct = (z.argmax(2) == target.argmax(2)).mean(1) if k > 1 else ((z > half) == (target > 0.5)).mean((1, 2))
        return losses.mean((1, 2)), correct.astype(np.float64)
    smooth = target * (1 - smoothing) + smoothing / k
    if scores == "logits":
        shifted = z - z.max(2, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(2, keepdims=True))
    else:
        logs = np.log(np.clip(z / z.sum(2, keepdims=True), 1e-7, 1 - 1e-7))
    return -(smooth * logs).sum(2).mean(1), (z.argmax(2) == target.argmax(2)).mean(1).astype(np.float64)
