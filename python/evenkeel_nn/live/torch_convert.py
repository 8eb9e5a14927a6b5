"""PyTorch modules into our engine and back."""

import copy
import os
import tempfile
import traceback
import warnings

import torch

from .errors import InputError, UnsupportedError, first
from .torch_network import check, unwrap
from .torch_state import RandomState


def _is_framework(path):
    parts = os.path.normpath(path).split(os.sep)
    return "torch" in parts or "torchvision" in parts and "ops" in parts or "evenkeel_nn" in parts or path.startswith("<")


def _user_frame(problem):
    """"model.py:16" of the deepest frame of the user's own code."""
    frames = [f for f in traceback.extract_tb(problem.__traceback__) if not _is_framework(f.filename)]
    return f"{frames[-1].filename}:{frames[-1].lineno}: {frames[-1].line}" if frames else ""


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
        raise InputError("from_torch: example must be a batch of inputs, a tensor or a tuple of tensors, as the module takes "
                         "them.")
    device = next((t.device for t in list(source.parameters()) + list(source.buffers())), torch.device("cpu"))
    inputs = tuple(torch.cat([t, t]).to(device) if len(t) == 1 else t.to(device) for t in inputs)  # one has no statistics
    generators = RandomState()
    twin = copy.deepcopy(source)
    frozen = {path for path, m in source.named_modules() if source.training and not m.training}
    twin.train()
    for path, m in twin.named_modules():
        if path in frozen:
            m.training = False
    names = [f"input_{i}" if len(inputs) > 1 else "input" for i in range(len(inputs))]
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            path = os.path.join(folder, f"{type(source).__name__}.onnx")
            try:
                torch.onnx.export(twin, inputs, path, dynamo=False, training=torch.onnx.TrainingMode.PRESERVE,
                                  do_constant_folding=False, opset_version=opset, input_names=names,
                                  dynamic_axes={name: {0: "batch"} for name in names})
            except Exception as problem:
                where = _user_frame(problem)
                raise UnsupportedError(f"from_torch: {type(source).__name__} cannot be traced"
                                       + (f" at {where}" if where else "") + f": {problem}") from problem
            _refuse_frozen_choices(seen, source)
            model = load(path)
    finally:
        generators.restore()
    return model


def _refuse_frozen_choices(seen, source):
    """A condition on values would be traced as it was for the example."""
    places = []
    for warning in seen:
        if warning.category.__name__ == "TracerWarning" and not _is_framework(warning.filename):
            place = f"{warning.filename}:{warning.lineno}"
            if place not in places:
                places.append(place)
    if places:
        raise UnsupportedError(
            f"from_torch: {type(source).__name__} chooses by the values of tensors, which a trace cannot follow: "
            f"{first(places)}. Make it a fixed choice, or take that part out of the module.")


def to_torch(model):
    """A model of ours as a torch.nn.Module on the CPU, in evaluation mode.

    Images are [N, C, H, W], as PyTorch's. A model that came from PyTorch has its weights under their original names;
    otherwise they have the layers' names ("conv2d.weight").

    Raises:
        UnsupportedError: layers that have no counterpart; all are listed.
    """
    from .torch_graph import GraphModule

    return GraphModule.of(model)
