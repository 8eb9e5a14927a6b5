"""Figures of activations, reduced where they arise: in double on the module's device, in chunks."""

import torch

_CHUNK = 1 << 18  # elements that are converted to double at a time


def by_channel(x, axis):
    """[rows, before, C, after] of a tensor whose channels are `axis`: no copy where the layout allows."""
    axis %= x.ndim
    rows = x.shape[0] if axis > 0 else 1
    before = 1
    for n in x.shape[1:axis]:
        before *= n
    return x.reshape(rows, before, x.shape[axis], -1)


def chunks(x, elements=_CHUNK):
    """Parts of a [rows, ...] tensor that have about so many elements."""
    per_row = max(1, x.numel() // max(1, x.shape[0]))
    return x.split(max(1, (elements if x.device.type == "cpu" else elements * 16) // per_row))


def _double(device):
    return torch.float32 if device.type == "mps" else torch.float64


def moments(x, axis):
    """(count, mean [C], M2 [C], smallest None, ...) of each channel, float64. M2: sum of squared deviations."""
    x = by_channel(x.detach(), axis)
    dtype = _double(x.device)
    count = x.numel() // max(1, x.shape[2])
    if count == 0:
        zero = torch.zeros(x.shape[2], dtype=torch.float64)
        return 0.0, zero, zero
    shift = x[:1].to(dtype).mean((0, 1, 3))
    first, second = torch.zeros_like(shift), torch.zeros_like(shift)
    for part in chunks(x):
        d = part.to(dtype) - shift[:, None]
        first += d.sum((0, 1, 3))
        second += d.mul_(d).sum((0, 1, 3))
    mean = first / count
    m2 = (second - first * mean).clamp_min_(0)  # clamp keeps NaN
    return float(count), (shift + mean).double().cpu(), m2.double().cpu()


def merged(a, b):
    """The moments of both sets of values together."""
    if a is None or a[0] == 0:
        return b
    if b[0] == 0:
        return a
    n = a[0] + b[0]
    d = b[1] - a[1]
    return n, a[1] + d * (b[0] / n), a[2] + b[2] + d * d * (a[0] * b[0] / n)


def extremes(x, axis):
    """(smallest [C], largest [C]), NaN where an element is."""
    x = by_channel(x.detach(), axis)
    return x.amin((0, 1, 3)).double().cpu(), x.amax((0, 1, 3)).double().cpu()


def histogram(x, axis, mean, deviation, bins=64):
    """(counts [bins] float64, number of values) of (x - mean) / deviation from -4 to 4; the ends have what is beyond.
    What is not finite is left out of the counts."""
    x = by_channel(x.detach(), axis)
    dtype = _double(x.device)
    mean = torch.as_tensor(mean, dtype=dtype, device=x.device)[:, None]
    deviation = torch.as_tensor(deviation, dtype=dtype, device=x.device)[:, None]
    counts = torch.zeros(bins, dtype=torch.float64)
    for part in chunks(x):
        z = (part.to(dtype) - mean) / deviation
        z = z[z.isfinite()]
        index = ((z + 4) * (bins / 8)).floor_().clamp_(0, bins - 1).long()
        counts += torch.bincount(index, minlength=bins).double().cpu()
    return counts, float(x.numel())


def squares(x, axis):
    """The sum over the samples of x^2 for each element of one sample, channels last, flat."""
    x = x.detach()
    dtype = _double(x.device)
    total = None
    for part in chunks(x):
        s = part.to(dtype).square().sum(0)
        total = s if total is None else total + s
    axis %= x.ndim
    if axis > 0:
        total = total.movedim(axis - 1, -1)
    return total.reshape(-1).double().cpu()
