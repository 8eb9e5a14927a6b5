"""Repairs of PyTorch modules: statistics from data, and what needs no training."""

import copy
import itertools

import numpy as np
import torch
from torch import nn

from . import data as sets
from .errors import InputError
from .live_network import TOLERANCE
from .torch_network import TorchNetwork, unwrap
from .torch_trace import tensors_of

_SLOTS = {"gamma": "weight", "beta": "bias", "moving mean": "running_mean", "moving variance": "running_var"}


def is_learning(module):
    """Whether it is a batch normalization with running statistics that training updates."""
    return isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is not None


def _any_tensor(outputs):
    return next(tensors_of(outputs))


def _first_entry(batch):
    return batch[0] if isinstance(batch, (list, tuple)) else batch


def update_bn(loader, module, call=None, *, device=None, memory=None):
    """Sets the running statistics of a module's batch normalizations to those of the loader's data.

    Stands in for torch.optim.swa_utils.update_bn, with two differences: dropout is off, and the statistics are exact.
    They are those that all data would give as one batch, each layer's with the statistics of all data in the layers
    before it. Data that do not fit the memory go through the module several times, until the statistics stay.

    Args:
        loader: an iterable of batches. The first entry of a batch that is a list or tuple is the input.
        module: on any device. Modes stay; `num_batches_tracked` becomes the number of batches.
        call: `call(module, batch)` runs the module on a batch of the loader, where its input is something else.
        device: not needed: inputs are moved to the module's device. Kept for PyTorch's signature.
        memory: bytes that activations may take; None: what is free allows.

    Raises:
        InputError: the loader is empty, or a batch has no tensor.
    """
    del device
    if call is not None and not callable(call):  # PyTorch's third argument is the device
        call = None
    if not any(is_learning(m) for m in unwrap(module).modules()):
        return
    set_statistics(*statistics_of(module, loader, call=call, memory=memory))


def statistics_of(module, loader, *, inputs_of=None, call=None, memory=None, frozen_too=False, **options):
    """({normalization: (mean, variance with n - 1)}, number of batches) of all data of a loader."""
    if iter(loader) is loader:
        loader = list(loader)
    inputs_of = inputs_of or ((lambda b: b) if call is not None else _first_entry)
    beginning = next(iter(loader), None)
    if beginning is None:
        raise InputError("The loader yielded no batch. An iterator can be used only once; is the data set empty?")
    some = sets.map_tree(lambda t: t[:2] if len(t.shape) else t, inputs_of(beginning))
    if not any(True for _ in sets.leaves(some)):
        raise InputError(
            f"A batch is {sets.seen(beginning)}, which has no tensor. "
            "call=lambda module, batch: module(...) runs the module on it."
        )
    with TorchNetwork(
        module,
        [(some, None)],
        batch=lambda b: b,
        samples=2,
        call=call,
        outputs=_any_tensor,
        memory=memory,
        check_outputs=False,
        **options,
    ) as live:
        names = [n for n in live._moving if frozen_too or is_learning(live.by_name[n].module)]
        if not names:
            return {}, 0
        found, batches = _exact(live, names, lambda: (inputs_of(b) for b in loader), call is None)
        return {
            live.by_name[n].module: (mean, m2 / max(count - 1, 1)) for n, (count, mean, m2) in found.items()
        }, batches


def _exact(live, names, batches, may_join):
    """Moments of all data, each layer's with all data's statistics before it; and the number of batches."""
    fits = int(max(1, live.memory // max(1, live.sample_bytes)))
    kept, number, ended = [], 0, True
    for inputs in batches():
        kept.append(sets.map_tree(torch.as_tensor, inputs))
        number += len(next(sets.leaves(inputs)))
        if number > fits or not may_join:
            ended = False
            break
    try:
        whole = sets.join(kept, torch.cat)
    except (RuntimeError, ValueError, KeyError, IndexError, TypeError):
        whole, ended = kept[0], False
    on_batch = dict.fromkeys(names, "batch")
    found, _ = live.moments_of([whole], names, on_batch)
    if ended:
        return found, len(kept)
    before = float("inf")
    for _ in range(len(names) + 1):
        statistics = {n: (mean, m2 / count) for n, (count, mean, m2) in found.items()}
        count = itertools.count()
        new, _ = live.moments_of((b for b in batches() if next(count) >= 0), names, statistics)
        moves = [live.distance([np.asarray(v) for v in found[n]], [np.asarray(v) for v in new[n]], n) for n in names]
        # What is before the first normalization differs between two passes only if the data do: random changes of the
        # images never settle, so that passes end where they bring nothing.
        is_random = before < float("inf") and moves[0] > TOLERANCE * 1e-3
        moved, last = max(moves), before
        found, before = new, moved
        if not moved > TOLERANCE or (is_random and moved > last / 2):
            break
    return found, next(count)


@torch.no_grad()
def set_statistics(found, batches):
    """Puts statistics into the buffers of modules."""
    for module, (mean, variance) in found.items():
        module.running_mean.copy_(mean)
        module.running_var.copy_(variance)
        if getattr(module, "num_batches_tracked", None) is not None:
            module.num_batches_tracked.fill_(batches)


def _scores(live, rows, statistics):
    answer = live.run("data", rows, statistics=statistics, want={"losses": True})
    correct = answer.get("correct")
    return answer["losses"], correct


def _metrics(losses, correct):
    found = {"loss": float(np.mean(np.concatenate(losses)))}
    found["accuracy"] = None if correct[0] is None else float(np.mean(np.concatenate(correct)))
    return found


def _supplied(layers):
    return {n: (mean, m2 / max(count - 1, 1)) for n, (count, mean, m2) in layers.items()}


@torch.no_grad()
def silence_bad_channels(module):
    """Zeroes the output channels and units that have NaN or infinite weights: what removing them computes, with the
    shapes as they are. Returns (path, what changed) pairs."""
    changes = []
    for path, m in module.named_modules():
        weight = m._parameters.get("weight")
        if weight is None or not weight.is_floating_point():
            continue
        transposed = isinstance(m, nn.modules.conv._ConvTransposeNd)
        axis = 1 if transposed and m.groups == 1 else 0
        bad = ~weight.isfinite().movedim(axis, 0).reshape(weight.shape[axis], -1).all(1)
        bias = m._parameters.get("bias")
        if bias is not None and bias.shape == bad.shape:
            bad |= ~bias.isfinite()
        if not bad.any():
            continue
        weight.movedim(axis, 0)[bad] = 0
        if bias is not None and bias.shape == bad.shape:
            bias[bad] = 0
        changes.append((path, f"{int(bad.sum())} channels with NaN or infinite weights are zero now"))
    return changes


@torch.no_grad()
def reorder_vectors(module, path, moved):
    """Puts vectors of a normalization where they belong. `moved`: pairs (slot, what it has)."""
    m = module.get_submodule(path)
    old = {slot: getattr(m, name).detach().clone() for slot, name in _SLOTS.items() if getattr(m, name) is not None}
    for slot, has in moved:
        getattr(m, _SLOTS[has]).copy_(old[slot])


def repair_module(module, data, plan, *, validation=None, memory=None, **options):
    """A repaired deep copy of a module, and what was done.

    Args:
        plan: {"statistics": bool, "invert": layers whose momentum is inverted, "silence": bool, "reorder": {layer:
            [(slot, has)]}}.
        options: of TorchNetwork (batch, outputs, call, loss, samples, ...).
    """
    source = unwrap(module)
    mended = copy.deepcopy(source)
    changes = []
    if plan.get("silence"):
        changes += silence_bad_channels(mended)
    for path, moved in plan.get("reorder", {}).items():
        reorder_vectors(mended, path, moved)
        changes.append((path, "its vectors are where they belong"))
    for path in plan.get("invert", ()):
        m = mended.get_submodule(path)
        if m.momentum is not None:
            m.momentum = 1 - m.momentum
            changes.append((path, f"momentum is {m.momentum:g}"))
    scored = {}
    scoring = options | {"samples": options.get("samples", 2048)}
    shown = data if validation is None else validation
    if iter(shown) is shown or iter(data) is data:
        shown = data = list(data) if validation is None else shown
    with TorchNetwork(source, shown, memory=memory, check_outputs=False, **scoring) as live:
        rows = np.arange(live.samples("data")["size"])
        before = _scores(live, rows, {})
        scored["before"] = _metrics([before[0]], [before[1]])
    if plan.get("statistics"):
        if validation is None and len(rows) > 1:  # each half with the statistics of the other
            with TorchNetwork(mended, data, memory=memory, check_outputs=False, **scoring) as live:
                halves = [rows[::2], rows[1::2]]
                parts = [
                    _scores(live, here, _supplied(live.full_statistics("data", there, frozen_too=True)["layers"]))
                    for here, there in (halves, halves[::-1])
                ]
                scored["after"] = _metrics([p[0] for p in parts], [p[1] for p in parts])
        found, batches = _all_statistics(mended, data, memory, options)
        old = {m: (m.running_mean.double().cpu().clone(), m.running_var.double().cpu().clone()) for m in found}
        set_statistics(found, batches)
        paths = {m: n for n, m in mended.named_modules()}
        changes += [(paths[m], _change(old[m], found[m], getattr(m, "eps", 1e-5))) for m in found]
    if "after" not in scored:
        with TorchNetwork(mended, shown, memory=memory, check_outputs=False, **scoring) as live:
            after = _scores(live, rows, {})
            scored["after"] = _metrics([after[0]], [after[1]])
    scored["on"] = (
        "validation" if validation is not None else ("cross-fitted halves" if plan.get("statistics") else "data")
    )
    return mended, changes, scored


def _all_statistics(module, data, memory, options):
    """Statistics of all of `data`, whatever holds them."""
    kept = {k: options[k] for k in ("call", "autocast") if options.get(k) is not None} | {"frozen_too": True}
    batch = options.get("batch")
    if isinstance(data, (list, tuple)) and len(data) == 2 and sets.is_array(data[0]):
        x = torch.as_tensor(data[0])
        loader = [x[i : i + 256] for i in range(0, len(x), 256)]
        return statistics_of(module, loader, inputs_of=lambda b: b, memory=memory, **kept)
    if isinstance(data, torch.utils.data.Dataset):
        data = torch.utils.data.DataLoader(data, batch_size=256)
    inputs_of = (lambda b: batch(b)[0]) if batch is not None else _first_entry
    return statistics_of(module, data, inputs_of=inputs_of, memory=memory, **kept)


def _change(old, new, epsilon):
    va, vb = old[1] + epsilon, torch.as_tensor(new[1]).double().cpu() + epsilon
    distance = 0.5 * (va / vb - 1 - (va / vb).log() + (old[0] - torch.as_tensor(new[0]).double().cpu()) ** 2 / vb)
    return f"statistics of the data; they were {float(distance.mean()):.3g} nats away"
