"""Draws a sample from whatever holds data: arrays, a DataLoader, any iterable of batches."""

import dataclasses
import itertools

import numpy as np

from .errors import InputError

_LIMIT = 1_000_000  # batches without a sample before an iterable is given up


@dataclasses.dataclass
class Sample:
    """Samples of one set, in memory. `inputs`: an array [N, ...], or a list, tuple or dict of them. `labels`: [N] int,
    [N, ...] int (one per position), [N, K] float, or None."""

    inputs: object
    labels: object
    size: int
    name: str
    facts: dict = dataclasses.field(default_factory=dict)  # what the loader tells of training


def is_array(value):
    return hasattr(value, "shape") and hasattr(value, "dtype")


def seen(value, depth=0):
    """What a value is, in words: "a tuple of 3: Tensor [32, 3, 8, 8] float32, ..."."""
    if value is None:
        return "None"
    if is_array(value):
        dtype = str(value.dtype).replace("torch.", "")
        return f"{type(value).__name__} [{', '.join(str(n) for n in value.shape)}] {dtype}"
    if depth > 1:
        return type(value).__name__
    if isinstance(value, dict):
        return "a dict with " + ", ".join(
            f"{key!r}: {seen(v, depth + 1)}" for key, v in itertools.islice(value.items(), 6)
        )
    if isinstance(value, (list, tuple)):
        parts = ", ".join(seen(v, depth + 1) for v in value[:5])
        return f"a {type(value).__name__} of {len(value)}" + (f": {parts}" if parts else "")
    if isinstance(value, (int, float, str, bool)):
        return repr(value)
    return f"{type(value).__name__}"


def leaves(tree):
    """The arrays of a list, tuple, dict or dataclass of arrays, in order."""
    if isinstance(tree, dict):
        for value in tree.values():
            yield from leaves(value)
    elif isinstance(tree, (list, tuple)):
        for value in tree:
            yield from leaves(value)
    elif is_array(tree):
        yield tree


def map_tree(function, tree):
    """The same structure with `function` of each array. Values that are no arrays stay."""
    if isinstance(tree, dict):
        return {key: map_tree(function, value) for key, value in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(map_tree(function, value) for value in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(map_tree(function, value) for value in tree)
    return function(tree) if is_array(tree) else tree


def join(trees, concatenate):
    one = trees[0]
    if isinstance(one, dict):
        return {key: join([t[key] for t in trees], concatenate) for key in one}
    if isinstance(one, (list, tuple)):
        return type(one)(join([t[i] for t in trees], concatenate) for i in range(len(one)))
    if is_array(one):
        return concatenate(trees)
    return one


def _split(batch, function):
    """A batch's inputs and labels."""
    if function is not None:
        parts = function(batch)
        if not isinstance(parts, (list, tuple)) or len(parts) != 2:
            raise InputError(f"batch= must return a pair (inputs, labels), and returned {seen(parts)}.")
        return parts[0], parts[1]
    if isinstance(batch, (list, tuple)) and len(batch) == 2 and not isinstance(batch[1], (dict, str)):
        return batch[0], batch[1]
    if is_array(batch) or (isinstance(batch, (list, tuple)) and len(batch) == 1):
        raise InputError(
            f"The data have no labels: a batch is {seen(batch)}. Give pairs (inputs, labels), or say what a batch is "
            "with batch=lambda b: (b, None); then what needs labels is not checked."
        )
    example = "b[0], b[1]"
    if isinstance(batch, dict):
        keys = list(batch)
        label = next((k for k in keys if str(k).lower() in ("label", "labels", "y", "target", "targets")), keys[-1])
        inputs = next((k for k in keys if k != label), keys[0])
        example = f"b[{inputs!r}], b[{label!r}]"
    raise InputError(
        f"A batch must be a pair (inputs, labels), and is {seen(batch)}. "
        f"Say which parts are meant: batch=lambda b: ({example})."
    )


def spread(total, samples):
    """`samples` indices of `total`, evenly spread; all of them where there are no more."""
    if samples <= 0 or total <= samples:
        return np.arange(total)
    return (np.arange(samples, dtype=np.int64) * total) // samples


def draw(data, samples, *, name="data", batch=None, to_host, concatenate, loader=None):
    """Draws up to `samples` samples (0: all) and keeps them in memory.

    Arrays: evenly spread. Anything else: the first batches, as they come; `loader` may replace `data` by a loader that
    yields a spread sample, and returns facts about it. `to_host` brings an array of the framework to memory,
    `concatenate` joins a list of them.
    """
    facts = {}
    if loader is not None:
        data, facts = loader(data, samples)
    if (
        isinstance(data, (list, tuple))
        and len(data) == 2
        and is_array(data[0])
        and (data[1] is None or is_array(data[1]))
    ):
        x, y = data
        if y is not None and len(x) != len(y):
            raise InputError(f"Inputs and labels differ in number: {seen(x)} and {seen(y)}.")
        rows = spread(len(x), samples)
        take = lambda a: to_host(a) if len(rows) == len(x) else to_host(a[rows])
        sample = Sample(take(x), None if y is None else take(y), len(rows), name, facts)
        return _checked(sample)
    if is_array(data):
        raise InputError(f"The {name} have no labels: {seen(data)}. Give a pair (inputs, labels).")
    if isinstance(data, (str, bytes)) or not hasattr(data, "__iter__"):
        raise InputError(
            f"{name} must be a pair of arrays, a DataLoader or an iterable of batches, and is {seen(data)}."
        )
    inputs, labels, count = [], [], 0
    for index, item in enumerate(data):
        x, y = _split(item, batch)
        x = map_tree(to_host, x)
        if not any(True for _ in leaves(x)):
            raise InputError(f"The inputs of a batch have no array: {seen(x)}. batch= says which parts are meant.")
        if y is not None and not is_array(y):
            try:
                y = np.asarray(y)
            except (ValueError, TypeError):
                y = None
            if y is None or y.dtype.kind not in "iufb":
                raise InputError(
                    f"The labels must be an array, and are {seen(_split(item, batch)[1])}. "
                    "batch= says which part of a batch they are."
                )
        n = len(next(leaves(x)))
        y = None if y is None else to_host(y)
        if y is not None and (len(y.shape) == 0 or len(y) != n):
            raise InputError(f"Inputs and labels of a batch differ in number: {seen(x)} and {seen(y)}.")
        if count and (y is None) != (labels[-1] is None):
            raise InputError(f"Some batches of {name} have labels and some have none.")
        if samples > 0 and count + n > samples:
            n = samples - count
            x, y = map_tree(lambda a: a[:n], x), None if y is None else y[:n]
        inputs.append(x)
        labels.append(y)
        count += n
        if (samples > 0 and count >= samples) or index > _LIMIT:
            break
    if not count:
        exhausted = iter(data) is data
        raise InputError(
            f"{name} yielded no samples. "
            + (
                "It is an iterator that was used up already: give the loader itself, or a list of batches."
                if exhausted
                else "Is the data set empty?"
            )
        )
    try:
        x = join(inputs, concatenate)
        y = None if labels[0] is None else concatenate(labels)
    except (ValueError, RuntimeError, KeyError, IndexError, TypeError) as problem:
        shapes = sorted({seen(leaf) for item in inputs for leaf in leaves(item)})
        raise InputError(
            f"The batches of {name} do not fit together: {', '.join(shapes[:4])}. "
            "Samples must have one size; batch= can crop or pad them."
        ) from problem
    return _checked(Sample(x, y, count, name, facts))


def _checked(sample):
    """Refuses inputs that have NaN or infinite values, with the sample's number."""
    if sample.size == 0:
        raise InputError(f"{sample.name} has no samples.")
    for leaf in leaves(sample.inputs):
        values = leaf if isinstance(leaf, np.ndarray) else None
        if values is None and hasattr(leaf, "is_floating_point"):
            if not leaf.is_floating_point():
                continue
            bad = ~leaf.isfinite().reshape(leaf.shape[0], -1).all(1)
            bad = bad.numpy()
        elif values is not None and values.dtype.kind == "f":
            bad = ~np.isfinite(values.reshape(len(values), -1)).all(1)
        else:
            continue
        if bad.any():
            raise InputError(
                f"{int(bad.sum())} of {sample.size} samples of {sample.name} have NaN or infinite inputs; the first is "
                f"number {int(np.argmax(bad))} of those drawn. Leave them out or mend them."
            )
    return sample


def checked_labels(labels, loss, outputs, positions, name):
    """Labels as the loss takes them: int64 [N] or [N, positions], or float64 [N, outputs]. Raises InputError.

    `outputs`: K of one position; `positions`: of one sample, 1 of a classifier.
    """
    y = np.asarray(labels)
    n = len(y)
    if y.dtype == bool:
        y = y.astype(np.int64)
    if loss == "mse":
        if y.size != n * outputs * positions:
            raise InputError(f"{name}: labels {seen(labels)} do not fit {outputs * positions} outputs of a sample.")
        return y.astype(np.float64).reshape(n, -1)
    if loss == "binary_crossentropy":
        if y.size == n * outputs * positions:
            out = y.reshape(n, -1)
            low, high = out.min(), out.max()
            if not (low >= 0 and high <= 1):
                raise InputError(f"{name}: labels from {low} to {high}; a binary loss takes labels from 0 to 1.")
            if outputs * positions == 1 and y.dtype.kind in "iu":
                return out.reshape(n).astype(np.int64)
            return out.astype(np.float64)
    if y.dtype.kind == "f":
        if y.size == n * outputs * positions and outputs > 1 and positions == 1:
            return y.astype(np.float64).reshape(n, outputs)
        whole = bool(np.all(y == np.round(y)))
        raise InputError(
            f"{name}: labels are {seen(labels)}"
            + (", whole numbers stored as floats" if whole else "")
            + f"; cross-entropy over {outputs} classes takes class numbers. "
            + (
                "Convert them: batch=lambda b: (b[0], b[1].long())."
                if whole
                else 'For targets that are numbers use loss="mse"; for one number from 0 to 1 loss="bce_with_logits".'
            )
        )
    if positions == 1 and y.ndim == 2 and y.shape[1] == outputs and outputs > 1:
        if not bool(np.all(y.sum(1) == 1)) or y.min() < 0:
            raise InputError(
                f"{name}: labels {seen(labels)} have several ones in a row: classes that may occur together. "
                'Then the loss is "bce_with_logits".'
            )
        return y.astype(np.float64)
    if y.size != n * positions:
        raise InputError(
            f"{name}: labels are {seen(labels)}, and the network has {positions} position(s) of {outputs} outputs. "
            f"Give class numbers [{n}]"
            + (f" or one-hot rows [{n}, {outputs}]." if positions == 1 else " for each position.")
        )
    return y.astype(np.int64).reshape(n) if positions == 1 else y.astype(np.int64).reshape(n, positions)


_ONE_HOT = 1 << 26  # numbers of one-hot labels that are made for what only looks at labels


def shown_labels(labels, outputs, positions):
    """Labels as the doctor reads them: int64 [N], or float32 [N, positions * outputs]; None where labels of positions
    would be too large as one-hot rows. Losses do not need them. Ignored positions are zeros."""
    if labels.dtype.kind == "f":
        return np.ascontiguousarray(labels.astype(np.float32).reshape(len(labels), -1))
    if labels.ndim == 1:
        return np.ascontiguousarray(labels.astype(np.int64))
    if labels.size * outputs > _ONE_HOT:
        return None
    rows = np.zeros((labels.size, outputs), np.float32)
    flat = labels.reshape(-1)
    known = np.flatnonzero((flat >= 0) & (flat < outputs))
    rows[known, flat[known]] = 1
    return rows.reshape(len(labels), positions * outputs)


def checked_range(labels, outputs, name, ignored=()):
    """Refuses class numbers that the network has no output for."""
    if labels.dtype.kind not in "iu" or outputs < 2:
        return
    bad = (labels < 0) | (labels >= outputs)
    for value in ignored:
        bad &= labels != value
    if bad.any():
        raise InputError(
            f"{name}: class numbers from {labels.min()} to {labels.max()}, and the network has outputs 0 to "
            f"{outputs - 1}. Number the classes from 0, or name what a batch's labels are with batch=."
        )
