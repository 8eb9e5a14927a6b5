"""What a PyTorch module is: kind, traits and roles of its weights, in the words of Evenkeel's layers."""

import math
import re

import torch
from torch import nn

_NOISE = re.compile(r"drop(out|path|connect|block)|stochasticdepth", re.IGNORECASE)
_LAZY = nn.parameter.UninitializedTensorMixin


def is_moving_normalization(module):
    """Whether a module normalizes by running statistics: BatchNorm, SyncBatchNorm, FrozenBatchNorm2d, custom ones."""
    if isinstance(module, nn.modules.instancenorm._InstanceNorm):
        return False
    mean, variance = getattr(module, "running_mean", None), getattr(module, "running_var", None)
    return isinstance(mean, torch.Tensor) and isinstance(variance, torch.Tensor) and mean.shape == variance.shape


def noise_rate(module):
    """The fraction that a noise module drops; None if it is no noise module."""
    name = type(module).__name__
    if not (isinstance(module, nn.modules.dropout._DropoutNd) or _NOISE.search(name)):
        return None
    for attribute in ("p", "drop_prob", "rate", "drop_rate", "drop_path", "prob"):
        value = getattr(module, attribute, None)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    return None


def is_leaf(module):
    """Whether a module is one layer: its inside is not looked at."""
    if is_moving_normalization(module) or noise_rate(module) is not None:
        return True
    if isinstance(module, nn.MultiheadAttention):
        return True
    if isinstance(
        module, (nn.modules.conv._ConvNd, nn.Linear, nn.LayerNorm, nn.GroupNorm, nn.modules.batchnorm._NormBase)
    ):
        return True
    if any(True for _ in module.children()):
        return False
    return type(module).__module__.startswith(("torch.nn.modules", "torch.ao.", "torchvision.ops"))


def _number(value):
    """0.01, 6: a number as our texts write it."""
    return f"{value:g}"


_ACTIVATIONS = {
    nn.ReLU: "relu",
    nn.ReLU6: "clip(0, 6)",
    nn.Sigmoid: "sigmoid",
    nn.Tanh: "tanh",
    nn.SELU: "selu",
    nn.SiLU: "silu",
    nn.Mish: "mish",
    nn.Hardswish: "hard_swish",
    nn.Softsign: "softsign",
    nn.Hardsigmoid: "hard_sigmoid",
}


def activation_text(module):
    """Our text of an activation module, or None."""
    if type(module) in _ACTIVATIONS:
        return _ACTIVATIONS[type(module)]
    if type(module) is nn.LeakyReLU:
        return f"leaky_relu({_number(module.negative_slope)})"
    if type(module) is nn.ELU:
        return f"elu({_number(module.alpha)})"
    if type(module) is nn.GELU:
        return "gelu_tanh" if module.approximate == "tanh" else "gelu"
    if type(module) is nn.Hardtanh:
        return f"clip({_number(module.min_val)}, {_number(module.max_val)})"
    if type(module) is nn.Softplus and module.beta == 1:
        return "softplus"
    return None


# Functions by name: the text of their activation, from their arguments.
FUNCTION_ACTIVATIONS = {
    "relu": "relu",
    "relu_": "relu",
    "relu6": "clip(0, 6)",
    "sigmoid": "sigmoid",
    "sigmoid_": "sigmoid",
    "tanh": "tanh",
    "tanh_": "tanh",
    "selu": "selu",
    "silu": "silu",
    "mish": "mish",
    "hardswish": "hard_swish",
    "softsign": "softsign",
    "hardsigmoid": "hard_sigmoid",
}


def function_activation(name, args, kwargs, channel_axis, ndim):
    """Our text of an activation function's call, or None."""
    if name in FUNCTION_ACTIVATIONS:
        return FUNCTION_ACTIVATIONS[name]

    def argument(index, key, default):
        return kwargs.get(key, args[index] if len(args) > index else default)

    if name in ("leaky_relu", "leaky_relu_"):
        return f"leaky_relu({_number(argument(1, 'negative_slope', 0.01))})"
    if name in ("elu", "elu_"):
        return f"elu({_number(argument(1, 'alpha', 1.0))})"
    if name == "gelu":
        return "gelu_tanh" if kwargs.get("approximate") == "tanh" else "gelu"
    if name in ("hardtanh", "clamp", "clamp_", "clip"):
        low, high = argument(1, "min_val", kwargs.get("min")), argument(2, "max_val", kwargs.get("max"))
        if name == "hardtanh":
            low, high = -1.0 if low is None else low, 1.0 if high is None else high
        if isinstance(low, (int, float)) and high is None and low == 0:
            return "relu"
        if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low < high:
            return f"clip({_number(low)}, {_number(high)})"
        return None
    if name in ("softmax", "log_softmax"):
        axis = argument(1, "dim", None)
        if isinstance(axis, int) and channel_axis is not None and axis % ndim == channel_axis % ndim:
            return name
    return None


def _pair(value, count):
    return [int(v) for v in value] if isinstance(value, (list, tuple)) else [int(value)] * count


def _window(module, axes):
    size, strides = _pair(module.kernel_size, axes), _pair(module.stride, axes)
    dilation = _pair(module.dilation, axes)
    if module.padding == "same":
        totals = [d * (k - 1) for d, k in zip(dilation, size)]
        padding = [side for total in totals for side in (total // 2, total - total // 2)]
    elif module.padding == "valid":
        padding = [0] * (2 * axes)
    else:
        padding = [side for p in _pair(module.padding, axes) for side in (p, p)]
    if axes == 1:  # a window of height 1
        size, strides, dilation, padding = [1] + size, [1] + strides, [1] + dilation, [0, 0] + padding
    return {"size": size, "strides": strides, "dilation": dilation, "padding": padding}


def _linear_default(fan_in):
    return f"uniform({1 / math.sqrt(fan_in):.9g})" if fan_in > 0 else None


def _weight(name, role, initializer=None):
    return {"name": name, "role": role} | ({"initializer": initializer} if initializer else {})


def _convolution(module):
    """Traits and weights of Conv1d, Conv2d and their transposed forms; None of others."""
    plain, transposed = {nn.Conv1d: 1, nn.Conv2d: 2}, {nn.ConvTranspose1d: 1, nn.ConvTranspose2d: 2}
    for kinds, turned in ((plain, False), (transposed, True)):
        for kind, axes in kinds.items():
            if isinstance(module, kind) and type(module).forward is kind.forward and "weight" in module._parameters:
                fan_in = module.weight.shape[1] * math.prod(module.weight.shape[2:])
                traits = {
                    "linear": {
                        "outputs": module.out_channels,
                        "groups": module.groups,
                        "transposed": turned,
                        "window": _window(module, axes),
                    }
                }
                weights = [_weight("weight", "kernel", _linear_default(fan_in))]
                if module.bias is not None:
                    weights.append(_weight("bias", "bias", _linear_default(fan_in)))
                return traits, weights
    return None


def _affine(module):
    weights = []
    for name, role, initial in (("weight", "gamma", "ones"), ("bias", "beta", "zeros")):
        tensor = getattr(module, name, None)
        if isinstance(tensor, torch.Tensor):
            weights.append(_weight(name, role if tensor.ndim == 1 else "other", initial))
    return weights


def _moving(module):
    weights = _affine(module) + [
        _weight("running_mean", "moving_mean", "zeros"),
        _weight("running_var", "moving_variance", "ones"),
    ]
    batches = getattr(module, "num_batches_tracked", None)
    momentum = getattr(module, "momentum", 0.1)
    if momentum is None and isinstance(batches, torch.Tensor):
        weights.append(_weight("num_batches_tracked", "batches", "zeros"))
    learns = isinstance(module, nn.modules.batchnorm._BatchNorm) or isinstance(batches, torch.Tensor)
    traits = {
        "normalization": {
            "over": "batch",
            "epsilon": float(getattr(module, "eps", 1e-5)),
            "moving": {
                "momentum": 0.0 if momentum is None else 1.0 - float(momentum),
                "unbiased": True,
                "frozen": not learns,
            },
        },
        "per_channel": True,
    }
    activation = next((activation_text(child) for child in module.children() if activation_text(child)), None)
    if activation:  # timm's BatchNormAct2d
        traits["activation"] = activation
    return traits, weights


def _normalization(module):
    """Traits and weights of a normalization; None of others."""
    if is_moving_normalization(module):
        return _moving(module)
    if isinstance(module, nn.modules.batchnorm._BatchNorm):  # track_running_stats=False
        return {"normalization": {"over": "batch", "epsilon": module.eps}, "per_channel": True}, _affine(module)
    if isinstance(module, nn.modules.instancenorm._InstanceNorm):
        return {"normalization": {"over": "group", "epsilon": module.eps, "groups": -1}, "per_channel": True}, _affine(
            module
        )
    if isinstance(module, nn.GroupNorm):
        return {"normalization": {"over": "group", "epsilon": module.eps, "groups": module.num_groups}}, _affine(module)
    if isinstance(module, nn.LayerNorm):
        over = "position" if len(module.normalized_shape) == 1 else "group"
        return {
            "normalization": {"over": over, "epsilon": module.eps} | ({"groups": 1} if over == "group" else {})
        }, _affine(module)
    if isinstance(module, nn.RMSNorm):
        epsilon = module.eps if module.eps is not None else float(torch.finfo(torch.float32).eps)
        return {"normalization": {"over": "position", "epsilon": epsilon, "centered": False}}, _affine(module)
    return None


def noise_traits(rate, per, alpha=False):
    """Traits of a layer that drops a fraction `rate` in training."""
    traits = {"identity_in_evaluation": True, "per_channel": True}
    if rate <= 0:
        return traits
    if (
        alpha
    ):  # keeps mean and variance of a selu's output: the dropped become selu's lowest value, then all is rescaled
        low = -1.7580993408473766
        scale_square = 1 / ((1 - rate) * (1 + rate * low * low))
        return traits | {"noise": {"factor_variance": scale_square * rate * (1 - rate), "per": per}}
    if rate >= 1:
        return traits | {"noise": {"factor_variance": 1.0, "per": per}}
    return traits | {"noise": {"rate": rate, "per": per}}


def _noise(module):
    rate = noise_rate(module)
    if rate is None:
        return None
    name = type(module).__name__
    if isinstance(module, (nn.AlphaDropout, nn.FeatureAlphaDropout)):
        return noise_traits(rate, "channel" if "Feature" in name else "element", alpha=True)
    if isinstance(module, (nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)):
        return noise_traits(rate, "channel")
    if isinstance(module, nn.Dropout):
        return noise_traits(rate, "element")
    if re.search("path|stochasticdepth|connect", name, re.IGNORECASE):
        return noise_traits(rate, "other" if getattr(module, "mode", "row") == "batch" else "sample")
    return noise_traits(rate, "other" if re.search("block", name, re.IGNORECASE) else "element")


def describe_module(module, shape_in, shape_out, channel_axis):
    """(traits, weights, opaque) of a leaf module. `shape_in`, `shape_out`: with the samples' axis; `channel_axis`: of
    the input. `weights` name the module's own tensors; those of tensors that it does not name are added as "other"."""
    found = _convolution(module) or _normalization(module)
    if found:
        return *found, False
    if isinstance(module, nn.Linear) and type(module).forward is nn.Linear.forward and "weight" in module._parameters:
        bound = _linear_default(module.in_features)
        weights = [_weight("weight", "kernel", bound)]
        if module.bias is not None:
            weights.append(_weight("bias", "bias", bound))
        return {"linear": {"outputs": module.out_features, "groups": 1, "transposed": False}}, weights, False
    noise = _noise(module)
    if noise is not None:
        return noise, [], False
    text = activation_text(module)
    if (
        text is None
        and isinstance(module, (nn.Softmax, nn.LogSoftmax))
        and module.dim is not None
        and channel_axis is not None
    ):
        if module.dim % len(shape_in) == channel_axis % len(shape_in):
            return (
                {
                    "activation": "softmax" if isinstance(module, nn.Softmax) else "log_softmax",
                    "identity_in_evaluation": True,
                },
                [],
                False,
            )
    if text:
        return {"activation": text, "identity_in_evaluation": True, "per_channel": True}, [], False
    if isinstance(module, nn.PReLU):
        return {"per_channel": True}, [_weight("weight", "slope", "constant(0.25)")], False
    if isinstance(module, nn.Identity):
        return {"identity_in_evaluation": True, "per_channel": True}, [], False
    if isinstance(module, nn.Flatten):
        return axes_traits(shape_in, shape_out, channel_axis), [], False
    name = type(module).__name__
    if isinstance(module, (nn.modules.pooling._MaxPoolNd, nn.modules.pooling._AdaptiveMaxPoolNd)):
        return {"pooling": "maximum", "per_channel": True}, [], False
    if isinstance(module, (nn.modules.pooling._AvgPoolNd, nn.modules.pooling._AdaptiveAvgPoolNd)):
        return {"pooling": "mean", "per_channel": True}, [], False
    if "Upsample" in name or "ZeroPad" in name or "ReflectionPad" in name or "ReplicationPad" in name:
        return {"per_channel": True}, [], False
    return {}, [], True


def axes_traits(shape_in, shape_out, channel_axis):
    """Traits of a function that moves numbers into other axes. PyTorch's order of a flattened image is channel by
    channel; only where there is one position is it the order that Evenkeel calls flattened."""
    ndim = len(shape_in)
    if tuple(shape_in) == tuple(shape_out):
        return {"identity_in_evaluation": True, "per_channel": True}
    axis = 1 if channel_axis is None else channel_axis % ndim
    one_position = math.prod(shape_in[1:]) == shape_in[axis]
    if len(shape_out) == 2 and (one_position or axis == ndim - 1):
        return {"identity_in_evaluation": True, "per_channel": True, "axes": "flattened"}
    return {"axes": "permuted" if len(shape_out) == 2 else "reshaped"}


def is_lazy(module):
    """Whether the module has weights that do not exist yet."""
    tensors = list(module._parameters.values()) + list(module._buffers.values())
    return any(isinstance(t, _LAZY) for t in tensors)


def to_ours(tensor, role, module):
    """A weight in Evenkeel's layout: kernels [height, width, in, out] and [in, out]; of transposed convolutions
    [height, width, out, in]."""
    if role not in ("kernel", "first_kernel") or tensor.ndim < 2:
        return tensor if tensor.ndim else tensor.reshape(1)
    if tensor.ndim == 2:
        return tensor.t()
    # [O, I, *window] -> [*window, I, O]; transposed, [I, O, *window] -> [*window, O, I]: the same permutation.
    return tensor.permute(*range(2, tensor.ndim), 1, 0)


def from_ours(tensor, role, like):
    """The inverse of to_ours, in the shape of the framework's tensor `like`."""
    if role not in ("kernel", "first_kernel") or like.ndim < 2:
        return tensor.reshape(like.shape)
    if like.ndim == 2:
        return tensor.t()
    return tensor.permute(like.ndim - 1, like.ndim - 2, *range(like.ndim - 2))
