"""Networks of PyTorch: their files in several forms, and what PyTorch computes with them in both modes."""

import copy
import io
import warnings

import numpy as np
import onnx
import torch
from torch import nn

NORMALIZATIONS = (nn.BatchNorm1d, nn.BatchNorm2d)
NOISE = ("Dropout", "Dropout2d", "StochasticDepth")


def rounded(tensor, steps):
    """To multiples of 1/steps: numbers of few bits, so that an archive of them is small."""
    return torch.round(tensor * steps) / steps


def perturb(module, x, seed, steps=None):
    """Statistics of a batch, then off by up to a third of a deviation; scales and shifts that are not 1 and 0."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(like, low, high):
        return low + (high - low) * torch.rand(like.shape, generator=generator)

    norms = [m for m in module.modules() if isinstance(m, NORMALIZATIONS)]
    momenta = [m.momentum for m in norms]
    with torch.no_grad():
        for m in module.modules():
            for name in ("weight", "bias"):
                p = getattr(m, name, None)
                if isinstance(p, nn.Parameter) and p.ndim == 1:
                    p.copy_(uniform(p, 0.8, 1.2) if name == "weight" else uniform(p, -0.1, 0.1))
            if isinstance(getattr(m, "layer_scale", None), nn.Parameter):
                m.layer_scale.copy_(uniform(m.layer_scale, 0.5, 1.0))
        for m in norms:
            m.momentum = 1.0
        module.train()
        module(*x)
        for m, momentum in zip(norms, momenta):
            m.momentum = momentum
            deviation = m.running_var.sqrt()
            m.running_mean += deviation * uniform(deviation, -0.33, 0.33)
            m.running_var *= uniform(deviation, 0.7, 1.3)
            m.num_batches_tracked.fill_(7)
        if steps:
            for tensor in [*module.parameters(), *module.buffers()]:
                if tensor.is_floating_point():
                    floor = 1.0 / steps if tensor.ndim == 1 and tensor.min() > 0 else None
                    tensor.copy_(rounded(tensor, steps))
                    if floor:
                        tensor.clamp_(min=floor)


def as_list(outputs):
    return list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]


def without_noise(module):
    module = copy.deepcopy(module)
    for m in module.modules():
        if type(m).__name__ in NOISE:
            m.p = 0.0
    return module


def computed(module, x):
    """Outputs in both modes, and statistics after one pass in training mode: PyTorch's, whose variance is unbiased, and
    those that ONNX's operator defines, whose variance is not."""
    module = without_noise(module)
    with torch.no_grad():
        module.eval()
        evaluated = as_list(module(*x))
        before = {name: b.clone() for name, b in module.named_buffers()}
        sizes, hooks = {}, []
        for name, m in module.named_modules():
            if isinstance(m, NORMALIZATIONS):
                hooks.append(m.register_forward_hook(
                    lambda m, i, o, name=name: sizes.update({name: i[0].numel() // i[0].shape[1]})))
        module.train()
        trained = as_list(module(*x))
        for hook in hooks:
            hook.remove()
    statistics, biased = {}, {}
    for name, m in module.named_modules():
        if isinstance(m, NORMALIZATIONS):
            for what in ("running_mean", "running_var"):
                key = f"{name}.{what}"
                statistics[key] = getattr(m, what).numpy()
                old, step = before[key], getattr(m, what) - before[key]
                # new = (1 - a) old + a batch: the batch's biased variance is (n - 1) / n of what was added.
                batch = old + step / m.momentum
                n = sizes[name]
                factor = (n - 1) / n if what == "running_var" else 1.0
                biased[key] = ((1 - m.momentum) * old + m.momentum * batch * factor).numpy()
    return evaluated, trained, statistics, biased


def export(module, x, names, outputs, form, opset):
    """The bytes of a file. Forms: "folded", as PyTorch exports by default; "evaluate", in evaluation mode with its
    normalizations; "fixed", the same for a batch of one and no other; "train", in training mode; "dynamo", the exporter
    of PyTorch 2.5 and later, which knows no training mode and folds too; "dynamo_unfolded", the same unoptimized."""
    if form == "fixed":
        x = tuple(one[:1] for one in x)
    original, module = module, copy.deepcopy(module)
    module.train(form == "train")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if form.startswith("dynamo"):
            module.eval()
            batch = torch.export.Dim("batch", min=2, max=1024)
            program = torch.onnx.export(module, x, dynamo=True, verbose=False, input_names=names, output_names=outputs,
                                        dynamic_shapes=tuple({0: batch} for _ in x), optimize=form == "dynamo")
            model = program.model_proto
        else:
            mode = {"folded": torch.onnx.TrainingMode.EVAL, "train": torch.onnx.TrainingMode.TRAINING}
            file = io.BytesIO()
            torch.onnx.export(module, x, file, dynamo=False, opset_version=opset, input_names=names, output_names=outputs,
                              training=mode.get(form, torch.onnx.TrainingMode.PRESERVE),
                              do_constant_folding=form == "folded",
                              dynamic_axes=None if form == "fixed" else {n: {0: "batch"} for n in [*names, *outputs]})
            model = onnx.load_from_string(file.getvalue())
            with_statistics(model, original)
    return without_traces(model)


def with_statistics(model, module):
    """The exporter runs the module, which in training mode moves its statistics before they are written: those of the
    module again."""
    buffers = dict(module.named_buffers())
    for tensor in model.graph.initializer:
        if tensor.name in buffers:
            tensor.CopyFrom(onnx.numpy_helper.from_array(buffers[tensor.name].numpy(), tensor.name))


def without_traces(model):
    """Where the exporter's caller was: paths of this machine."""
    def clean(message):
        kept = [p for p in message.metadata_props if "stack_trace" not in p.key]
        del message.metadata_props[:]
        message.metadata_props.extend(kept)
        message.ClearField("doc_string")

    clean(model)
    clean(model.graph)
    for node in model.graph.node:
        clean(node)
    return model


def names_of(x, outputs):
    return [f"x{i}" if len(x) > 1 else "x" for i in range(len(x))], \
           [f"y{i}" if len(outputs) > 1 else "y" for i in range(len(outputs))]


def arrays_of(module, x):
    """Everything that a case has besides its files."""
    evaluated, trained, statistics, biased = computed(module, x)
    names, outputs = names_of(x, evaluated)
    arrays = {f"input/{n}": v.numpy() for n, v in zip(names, x)}
    arrays.update({f"evaluate/{n}": v.numpy() for n, v in zip(outputs, evaluated)})
    arrays.update({f"train/{n}": v.numpy() for n, v in zip(outputs, trained)})
    arrays.update({f"statistics/{n}": v for n, v in statistics.items()})
    arrays.update({f"biased/{n}": v for n, v in biased.items()})
    return {name: np.ascontiguousarray(value, np.float32) for name, value in arrays.items()}
