"""Repairs of Keras models: statistics from data, and what needs no training."""

import random

import keras
import numpy as np

from . import keras_layers
from .errors import UnsupportedError
from .keras_network import KerasNetwork, all_layers
from .live_network import is_iterator

_SLOTS = {"gamma": "gamma", "beta": "beta", "moving mean": "moving_mean", "moving variance": "moving_variance"}


def copy_of(model, inputs):
    """A copy of a model with its weights. `inputs`: a small batch, which builds a subclassed one."""
    try:
        if keras_layers.is_model(model) and type(model).__name__ in ("Functional", "Sequential"):
            twin = keras.models.clone_model(model)
        else:
            twin = type(model).from_config(model.get_config())
            twin(inputs)
        twin.set_weights(model.get_weights())
    except (NotImplementedError, TypeError, ValueError) as problem:
        raise UnsupportedError(
            f"{type(model).__name__} {model.name!r} cannot be copied: {problem}. Give it get_config(), "
            "as keras.saving.save_model needs it too."
        ) from problem
    try:
        if getattr(model, "compiled", False):
            twin.compile_from_config(model.get_compile_config())
    except Exception:  # a loss that is no part of Keras: the copy is not compiled
        pass
    return twin


def _silence(model):
    changes = []
    for layer in all_layers(model):
        kernel = getattr(layer, "kernel", getattr(layer, "gamma", None))
        if kernel is None or not hasattr(kernel, "assign"):
            continue
        values = keras.ops.convert_to_numpy(kernel.value).copy()
        depthwise = keras_layers.kind_of(layer).startswith("Depthwise")
        axis = values.ndim - 2 if depthwise or keras_layers.kind_of(layer).endswith("Transpose") else values.ndim - 1
        bad = ~np.isfinite(np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)).all(1)
        other = getattr(layer, "bias", getattr(layer, "beta", None))
        offsets = None
        if other is not None and hasattr(other, "assign") and tuple(other.shape) == bad.shape:
            offsets = keras.ops.convert_to_numpy(other.value).copy()
            bad |= ~np.isfinite(offsets)
        if not bad.any():
            continue
        np.moveaxis(values, axis, 0)[bad] = 0
        kernel.assign(values)
        if offsets is not None:
            offsets[bad] = 0
            other.assign(offsets)
        changes.append((layer.name, f"{int(bad.sum())} channels with NaN or infinite weights are zero now"))
    return changes


def repair_model(model, data, plan, *, validation=None, memory=None, **options):
    """A repaired copy of a model, what changed, and the scores; as torch_repair.repair_module."""
    if is_iterator(data):
        data = list(data)
    shown = data if validation is None else validation
    common = {"memory": memory, "check_outputs": False} | options
    with KerasNetwork(model, shown, **common) as live:
        rows = np.arange(live.samples("data")["size"])
        before = live.run("data", rows, want={"losses": True})
        inputs = live._inputs("data", rows[:2])
    states = np.random.get_state(), random.getstate()
    try:
        mended = copy_of(model, inputs)  # dropout without a seed draws one
    finally:
        np.random.set_state(states[0])
        random.setstate(states[1])
    changes = _silence(mended) if plan.get("silence") else []
    # By the path in the graph: the copy's layers are in the same order.
    with KerasNetwork(mended, data, **common | {"samples": 0}) as live:
        layers = {n.name: n.module for n in live.nodes}
        for path, moved in plan.get("reorder", {}).items():
            old = {
                slot: keras.ops.convert_to_numpy(getattr(layers[path], _SLOTS[slot]).value).copy() for slot, _ in moved
            }
            for slot, has in moved:
                getattr(layers[path], _SLOTS[has]).assign(old[slot])
            changes.append((path, "its vectors are where they belong"))
        found, after = {}, None
        every = np.arange(live.samples("data")["size"])
        if plan.get("statistics"):
            found = live.full_statistics("data", every, frozen_too=True)["layers"]
            if validation is None and len(every) > 1:  # each half with the statistics of the other
                halves, parts = (every[::2], every[1::2]), []
                for here, there in (halves, halves[::-1]):
                    layers_of = live.full_statistics("data", there, frozen_too=True)["layers"]
                    statistics = {n: (mean, m2 / count) for n, (count, mean, m2) in layers_of.items()}
                    parts.append(live.run("data", here, statistics=statistics, want={"losses": True}))
                after = {
                    k: np.concatenate([p[k] for p in parts])
                    for k in ("losses", "correct")
                    if parts[0].get(k) is not None
                }
    for path in plan.get("invert", ()):
        layers[path].momentum = 1 - layers[path].momentum
        changes.append((path, f"momentum is {layers[path].momentum:g}"))
    for path, (count, mean, m2) in found.items():
        layers[path].moving_mean.assign(mean.astype(np.float32))
        layers[path].moving_variance.assign((m2 / count).astype(np.float32))
        changes.append((path, "statistics of the data"))
    if after is None:
        with KerasNetwork(mended, shown, **common) as live:
            after = live.run("data", rows, want={"losses": True})
    scored = {
        "before": _metrics(before),
        "after": _metrics(after),
        "on": "validation" if validation is not None else ("cross-fitted halves" if found else "data"),
    }
    return mended, changes, scored


def _metrics(answer):
    correct = answer.get("correct")
    return {"loss": float(answer["losses"].mean()), "accuracy": None if correct is None else float(correct.mean())}
