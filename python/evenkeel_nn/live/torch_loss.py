"""Losses by name, of each sample, in double precision."""

import dataclasses
import inspect

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .errors import InputError

_NAMES = {
    "cross_entropy": ("cross_entropy", "logits"),
    "sparse_categorical_crossentropy": ("cross_entropy", "logits"),
    "categorical_crossentropy": ("cross_entropy", "logits"),
    "nll": ("cross_entropy", "logits"),
    "bce_with_logits": ("binary_crossentropy", "logits"),
    "binary_crossentropy": ("binary_crossentropy", "logits"),
    "bce": ("binary_crossentropy", "probabilities"),
    "mse": ("mse", "logits"),
}
_MODULES = {
    nn.CrossEntropyLoss: "cross_entropy",
    nn.NLLLoss: "nll",
    nn.BCEWithLogitsLoss: "bce_with_logits",
    nn.BCELoss: "bce",
    nn.MSELoss: "mse",
}
_FUNCTIONS = {
    F.cross_entropy: "cross_entropy",
    F.nll_loss: "nll",
    F.binary_cross_entropy_with_logits: "bce_with_logits",
    F.binary_cross_entropy: "bce",
    F.mse_loss: "mse",
}


@dataclasses.dataclass
class Loss:
    """`kind` and `scores` in describe()'s words. `function`: the user's own, in place of a known one."""

    kind: str
    scores: str
    smoothing: float = 0.0
    ignored: tuple = ()
    function: object = None
    notes: tuple = ()


def implied(labels, outputs, positions, activation):
    """The loss that labels and outputs imply."""
    if labels is None:
        return "cross_entropy"
    if not labels.is_floating_point():
        binary = outputs == 1 or (
            positions == 1 and labels.ndim == 2 and labels.shape[1] == outputs and bool((labels.sum(1) != 1).any())
        )
    else:
        fits = labels.numel() == len(labels) * outputs * positions
        between = fits and bool(((labels >= 0) & (labels <= 1)).all())
        rows = between and outputs > 1 and bool(((labels.reshape(-1, outputs).sum(1) - 1).abs() < 1e-3).all())
        whole = bool((labels == labels.round()).all())
        if not fits and whole:
            return "cross_entropy"  # and the check of the labels says what is wrong
        if rows:
            return "cross_entropy"
        binary = between and (whole or outputs > 1)
        if not binary:
            return "mse"
    if not binary:
        return "cross_entropy"
    return "bce" if activation == "sigmoid" else "bce_with_logits"


def _named(name):
    """PyTorch's cross-entropies pass over this class number unless they are told another one."""
    loss = Loss(*_NAMES[name])
    loss.ignored = (-100,) if loss.kind == "cross_entropy" else ()
    return loss


def loss_of(loss, labels, outputs=2, positions=1, activation=None):
    """The Loss of a name, a PyTorch loss (module or function), or any callable of (outputs, labels). None: the one that
    labels and outputs imply."""
    if loss is None:
        return _named(implied(labels, outputs, positions, activation))
    if isinstance(loss, str):
        if loss not in _NAMES:
            raise InputError(
                f"loss={loss!r} is not known. Known: {', '.join(_NAMES)}, or a function of (outputs, labels)."
            )
        return _named(loss)
    if type(loss) in _MODULES:
        known = _named(_MODULES[type(loss)])
        known.smoothing = float(getattr(loss, "label_smoothing", 0.0))
        known.ignored = (loss.ignore_index,) if hasattr(loss, "ignore_index") else ()
        if getattr(loss, "weight", None) is not None or getattr(loss, "pos_weight", None) is not None:
            known.notes = ("The loss has weights of classes; here all samples weigh alike.",)
        return known
    try:
        if loss in _FUNCTIONS:
            return _named(_FUNCTIONS[loss])
    except TypeError:
        pass
    if not callable(loss):
        raise InputError(f"loss must be a name or a function of (outputs, labels), and is {type(loss).__name__}.")
    floats = labels is not None and labels.is_floating_point()
    return Loss(
        "mse" if floats and labels.ndim <= 1 else "cross_entropy",
        "logits",
        function=loss,
        notes=("The loss is a function of your own; its scale is compared with that of the usual loss.",),
    )


def positions_last(outputs, labels, axis):
    """Outputs as [N, positions, K] double; `axis` has the K outputs of a position."""
    if outputs.ndim == 1:
        return outputs.double().reshape(-1, 1, 1)
    moved = outputs.movedim(axis, -1)
    return moved.reshape(moved.shape[0], -1, moved.shape[-1]).double()


def class_axis(shape, label_shape):
    """Which axis of the outputs has the classes: the second one, PyTorch's, unless only the last one fits labels."""
    if len(shape) <= 2:
        return len(shape) - 1
    if label_shape is not None and len(label_shape) >= 2:
        if tuple(label_shape) == (shape[0], *shape[2:]):
            return 1
        if tuple(label_shape) == tuple(shape[:-1]):
            return len(shape) - 1
    return 1


def sample_losses(loss, z, labels, raw=None, raw_labels=None):
    """(losses [n], correct [n] or None), float64 on the CPU. `z`: [n, positions, K]; `labels`: int64 [n] or
    [n, positions], or float64 [n, ...]. `raw`, `raw_labels`: outputs and labels as the module and the user gave them,
    for a loss of the user's own."""
    if loss.function is not None:
        losses = own_losses(loss.function, raw, raw_labels)
        known = loss.kind == "mse" or labels.numel() == z.shape[0] * z.shape[1]
        correct = known_losses(loss, z, labels)[1] if known and loss.kind != "mse" else None
    else:
        losses, correct = known_losses(loss, z, labels)
    return losses.double().cpu(), None if correct is None else correct.cpu()


def known_losses(loss, z, labels):
    """The same with gradients, on the device, of a loss that is known by name."""
    n, positions, k = z.shape
    correct = None
    if loss.kind == "mse":
        losses = (z.reshape(n, -1) - labels.reshape(n, -1)).square().mean(1)
    elif loss.kind == "binary_crossentropy":
        target = labels
        if not target.is_floating_point() and k > 1 and target.numel() == n * positions:
            target = F.one_hot(target.reshape(n, positions).clamp(0, k - 1), k)
        target = target.reshape(n, positions, k).double()
        smooth = target * (1 - loss.smoothing) + 0.5 * loss.smoothing
        if loss.scores == "logits":
            losses = F.binary_cross_entropy_with_logits(z, smooth, reduction="none").mean((1, 2))
            half = 0.0
        else:
            losses = F.binary_cross_entropy(z.clamp(0, 1), smooth, reduction="none").mean((1, 2))
            half = 0.5
        if k > 1:
            correct = (z.argmax(2) == target.argmax(2)).double().mean(1)
        else:
            correct = ((z > half) == (target > 0.5)).double().mean((1, 2))
    else:
        logs = z.log_softmax(2)
        if labels.is_floating_point():
            target = labels.reshape(n, positions, k)
            smooth = target * (1 - loss.smoothing) + loss.smoothing / k
            losses = -(smooth * logs).sum(2).mean(1)
            correct = (z.argmax(2) == target.argmax(2)).double().mean(1)
        else:
            target = labels.reshape(n, positions)
            valid = torch.ones_like(target, dtype=torch.bool)
            for value in loss.ignored:
                valid &= target != value
            count = valid.sum(1).clamp_min(1)
            picked = -logs.gather(2, target.clamp(0, k - 1)[..., None])[..., 0]
            if loss.smoothing:
                picked = (1 - loss.smoothing) * picked - loss.smoothing * logs.mean(2)
            losses = torch.where(valid, picked, 0.0).sum(1) / count
            correct = ((z.argmax(2) == target) & valid).double().sum(1) / count
    return losses, correct


def own_losses(function, outputs, labels):
    """A user's loss of each sample."""
    kwargs = {}
    old = getattr(function, "reduction", None)
    try:
        if "reduction" in inspect.signature(function).parameters:
            kwargs["reduction"] = "none"
    except (TypeError, ValueError):
        pass
    try:
        if isinstance(old, str):
            function.reduction = "none"
        values = function(outputs, labels, **kwargs)
    finally:
        if isinstance(old, str):
            function.reduction = old
    if isinstance(values, torch.Tensor) and values.ndim and values.shape[0] == len(labels):
        return values.reshape(len(labels), -1).double().mean(1)
    # Only a mean: one sample at a time.
    values = [function(outputs[i : i + 1], labels[i : i + 1], **kwargs) for i in range(len(labels))]
    return torch.as_tensor(np.array([float(v) for v in values]))
