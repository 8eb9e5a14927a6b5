"""PyTorch modules into our engine and back."""

import copy
import os
import re
import sys
import tempfile
import traceback
import warnings

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from . import torch_layers
from .errors import InputError, UnsupportedError, first
from .torch_network import check, unwrap
from .torch_state import RandomState


def _is_framework(path):
    parts = os.path.normpath(path).split(os.sep)
    return (
        "torch" in parts or "torchvision" in parts and "ops" in parts or "evenkeel_nn" in parts or path.startswith("<")
    )


class _ChannelDropout(nn.Module):
    """nn.Dropout2d by its arithmetic: the exporter has no operator for it, and the importer knows the arithmetic."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        keep = 1 - self.p
        return x * x.new_empty(x.shape[:2] + (1,) * (x.ndim - 2)).bernoulli_(keep).div_(keep)


def _exportable(module):
    """Replaces, in a copy, what the exporter does not know in training form."""
    for owner in module.modules():
        for name, child in list(owner.named_children()):
            if isinstance(child, nn.modules.dropout._DropoutNd) and child.p == 0:
                setattr(owner, name, nn.Identity())
            elif isinstance(child, (nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)):
                setattr(owner, name, _ChannelDropout(child.p).train(child.training))


def _user_frame(problem):
    """ "model.py:16" of the deepest frame of the user's own code: of the exception, or of the trace that it quotes."""
    frames = [f for f in traceback.extract_tb(problem.__traceback__) if not _is_framework(f.filename)]
    if frames and not re.search(r"onnx|Symbolic", type(problem).__name__ + type(problem).__module__):
        return f"{frames[-1].filename}:{frames[-1].lineno}: {frames[-1].line}"
    quoted = [(file, line) for file, line in re.findall(r"(\S+\.py)\((\d+)\)", str(problem)) if not _is_framework(file)]
    return ":".join(quoted[0]) if quoted else ""


def _first_sentence(problem):
    return re.split(r"\. Please feel free|  \[Caused by|\n", str(problem))[0]


def from_torch(module, example, *, opset=18):
    """A PyTorch module in our engine, through an ONNX file in training form.

    Args:
        module: on any device; it does not change. Its running statistics, dropout rates, momentum and epsilon are kept,
            and layers in evaluation mode of a module in training mode stay frozen.
        example: a batch of real inputs, [N, C, H, W] or [N, F]; a tuple for several inputs. Two samples are enough.
        opset: of ONNX.

    Returns:
        A model of ours: images are [N, H, W, C]. Findings and files have the module's own names; `record` has the names
        of the tensors. `to_torch()` and `save("x.onnx")` lead back.

    Raises:
        UnsupportedError: something in `forward` cannot be traced (the message has file and line), or it has operators
            that are not supported (all are named).
    """
    from .._model import load

    source = unwrap(module)
    check(source)
    inputs = tuple(example) if isinstance(example, (list, tuple)) else (example,)
    if not all(isinstance(t, torch.Tensor) and t.ndim for t in inputs):
        raise InputError(
            "from_torch: example must be a batch of inputs, a tensor or a tuple of tensors, as the module takes them."
        )
    device = next((t.device for t in list(source.parameters()) + list(source.buffers())), torch.device("cpu"))
    inputs = tuple(
        torch.cat([t, t]).to(device) if len(t) == 1 else t.to(device) for t in inputs
    )  # one has no statistics
    generators = RandomState()
    twin = copy.deepcopy(source)
    frozen = {path for path, m in source.named_modules() if source.training and not m.training}
    twin.train()
    for path, m in twin.named_modules():
        if path in frozen:
            m.training = False
    _exportable(twin)
    names = [f"input_{i}" if len(inputs) > 1 else "input" for i in range(len(inputs))]
    try:
        # On a copy of the copy: a pass in training mode moves the running statistics.
        _refuse_choices(copy.deepcopy(twin), inputs, type(source).__name__)
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            path = os.path.join(folder, f"{type(source).__name__}.onnx")
            try:
                torch.onnx.export(
                    twin,
                    inputs,
                    path,
                    dynamo=False,
                    training=torch.onnx.TrainingMode.PRESERVE,
                    do_constant_folding=False,
                    opset_version=opset,
                    input_names=names,
                    dynamic_axes={name: {0: "batch"} for name in names},
                )
            except Exception as problem:
                where = _user_frame(problem)
                raise UnsupportedError(
                    f"from_torch: {type(source).__name__} cannot be traced"
                    + (f" at {where}" if where else "")
                    + f": {_first_sentence(problem)}"
                ) from None
            model = load(path)
        _put_statistics_back(model, source, twin)
    finally:
        generators.restore()
    return model


def _put_statistics_back(model, source, twin):
    """The exporter ran the copy in training mode, which moved its running statistics by one batch."""
    weights = model.weights
    means = [name for name in weights if name.endswith("/moving_mean")]
    modules = dict(twin.named_modules())
    for path, old in source.named_modules():
        moved = modules.get(path)
        if not torch_layers.is_moving_normalization(old) or not torch_layers.is_moving_normalization(moved):
            continue
        found = (
            [f"{path}/moving_mean"]
            if f"{path}/moving_mean" in means
            else [
                name
                for name in means
                if np.array_equal(weights[name], moved.running_mean.detach().float().cpu().numpy())
            ]
        )
        for name in found[:1]:
            weights[name] = old.running_mean.detach().float().cpu().numpy()
            weights[name.replace("moving_mean", "moving_variance")] = old.running_var.detach().float().cpu().numpy()


class _Choices(TorchFunctionMode):
    """Where a forward pass looks at values of tensors, as a condition does: a trace would keep the choice as it was for
    the example."""

    def __init__(self):
        super().__init__()
        self.places = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if getattr(func, "__name__", "") in ("__bool__", "__int__", "__index__", "item", "tolist"):
            frame = sys._getframe(1)
            while frame is not None and _is_framework(frame.f_code.co_filename):
                frame = frame.f_back
            place = f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else ""
            if place and place not in self.places:
                self.places.append(place)
        return func(*args, **(kwargs or {}))


def _refuse_choices(twin, inputs, name):
    with _Choices() as choices, torch.no_grad():
        try:
            twin(*inputs)
        except Exception as problem:
            where = _user_frame(problem)
            raise InputError(
                f"from_torch: {name} cannot run the example" + (f" at {where}" if where else "") + f": {problem}"
            ) from problem
    if choices.places:
        raise UnsupportedError(
            f"from_torch: {name} chooses by the values of tensors, which a trace cannot follow: "
            f"{first(choices.places)}. Make it a fixed choice, or take that part out of the module."
        )


def to_torch(model):
    """A model of ours as a torch.nn.Module on the CPU, in evaluation mode.

    Images are [N, C, H, W], as PyTorch's. A model that came from PyTorch has its weights under their original names;
    otherwise they have the layers' names ("conv2d.weight").

    Raises:
        UnsupportedError: layers that have no counterpart; all are listed.
    """
    from .torch_graph import GraphModule

    return GraphModule.of(model)
