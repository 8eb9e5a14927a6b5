"""A model of ours as a PyTorch module: a module per layer, and a forward that follows the graph."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .errors import UnsupportedError, first


def _pair(value):
    return [int(v) for v in value] if isinstance(value, (list, tuple)) else [int(value)] * 2


def _sides(padding, sizes, reach, strides):
    """[top, bottom, left, right] of "same", "valid", a number, two or four."""
    if padding == "valid":
        return [0, 0, 0, 0]
    if padding == "same":
        sides = []
        for n, r, s in zip(sizes, reach, strides):
            total = max((-(-n // s) - 1) * s + r - n, 0)
            sides += [total // 2, total - total // 2]
        return sides
    values = [int(v) for v in padding] if isinstance(padding, (list, tuple)) else [int(padding)]
    if len(values) == 1:
        return values * 4
    return [values[0], values[0], values[1], values[1]] if len(values) == 2 else values


def _padded(x, sides, value=0.0):
    top, bottom, left, right = sides
    return F.pad(x, (left, right, top, bottom), value=value) if any(sides) else x


def _last(x, function):
    """A function over the channels as the last axis."""
    return function(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2) if x.ndim == 4 else function(x)


def _channels(x, vector):
    return vector[:, None, None] if x.ndim == 4 else vector


def activation(text):
    """The function of one of our activation texts."""
    name, _, rest = str(text).partition("(")
    numbers = [float(v) for v in rest.rstrip(")").split(",")] if rest else []
    name = name.strip()
    simple = {
        "linear": lambda x: x,
        "relu": F.relu,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "selu": F.selu,
        "silu": F.silu,
        "swish": F.silu,
        "mish": F.mish,
        "softplus": F.softplus,
        "softsign": F.softsign,
        "gelu": F.gelu,
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
        "hard_swish": F.hardswish,
        "hard_sigmoid": F.hardsigmoid,
        "relu6": F.relu6,
        "softmax": lambda x: x.softmax(1 if x.ndim == 4 else -1),
        "log_softmax": lambda x: x.log_softmax(1 if x.ndim == 4 else -1),
    }
    if name in simple:
        return simple[name]
    if name == "elu":
        return lambda x: F.elu(x, numbers[0] if numbers else 1.0)
    if name == "leaky_relu":
        return lambda x: F.leaky_relu(x, numbers[0] if numbers else 0.2)
    if name == "clip":
        return lambda x: x.clamp(numbers[0], numbers[1])
    raise UnsupportedError(f"the activation {text}")


class _Activated:
    """Mixed into modules whose last step is an activation."""

    act = None

    def finish(self, y):
        return y if self.act is None else self.act(y)


class Conv(nn.Conv2d, _Activated):
    """Our convolutions of images: padding may differ by side."""

    sides = "valid"

    def forward(self, x):
        reach = [d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel_size)]
        sides = _sides(self.sides, x.shape[2:], reach, self.stride)
        return self.finish(
            F.conv2d(_padded(x, sides), self.weight, self.bias, self.stride, 0, self.dilation, self.groups)
        )


class Conv1d(nn.Conv1d, _Activated):
    """[N, L, C]."""

    sides = "valid"

    def forward(self, x):
        reach = [1, self.dilation[0] * (self.kernel_size[0] - 1) + 1]
        padding = self.sides
        if isinstance(padding, int):
            padding = [0, 0, padding, padding]
        sides = _sides(padding, [1, x.shape[1]], reach, [1, self.stride[0]])
        y = F.conv1d(
            F.pad(x.transpose(1, 2), sides[2:]), self.weight, self.bias, self.stride, 0, self.dilation, self.groups
        )
        return self.finish(y.transpose(1, 2))


class Transposed(nn.ConvTranspose2d, _Activated):
    """Cut to the size that our layer has."""

    begin, size = (0, 0), (0, 0)

    def forward(self, x):
        y = F.conv_transpose2d(x, self.weight, None, self.stride, 0, 0, self.groups, self.dilation)
        (top, left), (height, width) = self.begin, self.size
        y = F.pad(y, (0, max(0, left + width - y.shape[3]), 0, max(0, top + height - y.shape[2])))
        y = y[:, :, top : top + height, left : left + width]
        return self.finish(y if self.bias is None else y + self.bias[:, None, None])


class Linear(nn.Linear, _Activated):
    def forward(self, x):
        return self.finish(_last(x, lambda t: F.linear(t, self.weight, self.bias)))


class Separable(nn.Module, _Activated):
    def __init__(self, depthwise, pointwise):
        super().__init__()
        self.depthwise, self.pointwise = depthwise, pointwise

    def forward(self, x):
        return self.finish(self.pointwise(self.depthwise(x)))


class LayerNorm(nn.LayerNorm):
    def forward(self, x):
        return _last(x, super().forward)


class RMSNorm(nn.RMSNorm):
    def forward(self, x):
        return _last(x, super().forward)


class GroupNorm(nn.GroupNorm):
    def forward(self, x):
        return super().forward(x) if x.ndim != 3 else super().forward(x.transpose(1, 2)).transpose(1, 2)


class FrozenBatchNorm2d(nn.BatchNorm2d):
    """Uses its running statistics in every mode."""

    def train(self, mode=True):
        return super().train(False)


class FrozenBatchNorm1d(nn.BatchNorm1d):
    """Uses its running statistics in every mode."""

    def train(self, mode=True):
        return super().train(False)


class Scale(nn.Module):
    """A factor of each channel, and perhaps an offset."""

    def __init__(self, channels, shift):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels)) if shift else None

    def forward(self, x):
        y = x * _channels(x, self.weight)
        return y if self.bias is None else y + _channels(x, self.bias)


class PRelu(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(shape))

    def forward(self, x):
        slope = self.weight.permute(2, 0, 1) if self.weight.ndim == 3 else self.weight
        return torch.where(x >= 0, x, slope * x)


class Function(nn.Module):
    """A layer without weights."""

    def __init__(self, function, text=""):
        super().__init__()
        self._function, self._text = function, text

    def forward(self, *inputs):
        return self._function(*inputs)

    def extra_repr(self):
        return self._text


class StochasticDepth(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        keep = 1 - self.p
        return x * x.new_empty((len(x),) + (1,) * (x.ndim - 1)).bernoulli_(keep).div_(keep)


def _flatten(x):
    return x.permute(0, 2, 3, 1).flatten(1) if x.ndim == 4 else x.flatten(1)


def _reshape(target, shape_in):
    def function(x):
        x = x.permute(0, 2, 3, 1) if x.ndim == 4 else x
        y = x.reshape(len(x), *target)
        return y.permute(0, 3, 1, 2) if y.ndim == 4 else y

    return function


def _permute(dims):
    def function(x):
        x = x.permute(0, 2, 3, 1) if x.ndim == 4 else x
        y = x.permute(0, *dims)
        return y.permute(0, 3, 1, 2) if y.ndim == 4 else y

    return function


def _pool(kind, s):
    size = _pair(s["pool_size"])
    strides = _pair(s["strides"]) if s.get("strides") else size

    def function(x):
        sides = _sides(s["padding"], x.shape[2:], size, strides)
        ceil = bool(s.get("ceil_mode"))
        even = sides[0] == sides[1] and sides[2] == sides[3] and 2 * sides[0] <= size[0] and 2 * sides[2] <= size[1]
        if kind == "max":
            if even:
                return F.max_pool2d(x, size, strides, (sides[0], sides[2]), ceil_mode=ceil)
            return F.max_pool2d(_padded(x, sides, float("-inf")), size, strides, ceil_mode=ceil)
        counts = bool(s.get("count_include_pad"))
        if even:
            return F.avg_pool2d(x, size, strides, (sides[0], sides[2]), ceil_mode=ceil, count_include_pad=counts)
        total = F.avg_pool2d(_padded(x, sides), size, strides, ceil_mode=ceil)
        if counts:
            return total
        return total / F.avg_pool2d(_padded(torch.ones_like(x[:1, :1]), sides), size, strides, ceil_mode=ceil)

    return function


def _interpolate(s, size=None):
    mode = s.get("interpolation", "nearest")
    corners = bool(s.get("align_corners")) if mode == "bilinear" else None
    if size is None:
        factors = _pair(s["size"])
        return lambda x: F.interpolate(
            x, size=[n * f for n, f in zip(x.shape[2:], factors)], mode=mode, align_corners=corners
        )
    return lambda x: F.interpolate(x, size=size, mode=mode, align_corners=corners)


def _reduce(function):
    def run(*inputs):
        total = inputs[0]
        for x in inputs[1:]:
            total = function(total, x)
        return total

    return run


class _Builder:
    """Makes the module of one layer of ours; (module, {our tensor: (attribute, layout)})."""

    def __init__(self, channels_first_flatten):
        self._channels_first_flatten = channels_first_flatten

    def make(self, kind, s, shape_in, shape_out, weights):
        method = getattr(self, f"_{kind}", None)
        if method is not None:
            return method(s, shape_in, shape_out, weights)
        simple = {
            "Input": lambda: lambda x: x,
            "Flatten": lambda: self._flat(shape_in),
            "Add": lambda: _reduce(torch.add),
            "Multiply": lambda: _reduce(torch.mul),
            "Subtract": lambda: torch.sub,
            "Maximum": lambda: _reduce(torch.maximum),
            "Minimum": lambda: _reduce(torch.minimum),
            "Average": lambda: lambda *xs: sum(xs[1:], xs[0]) / len(xs),
            "Concatenate": lambda: lambda *xs: torch.cat(xs, 1 if xs[0].ndim == 4 else -1),
            "Activation": lambda: activation(s["activation"]),
            "MaxPooling2D": lambda: _pool("max", s),
            "AveragePooling2D": lambda: _pool("mean", s),
            "GlobalAveragePooling2D": lambda: lambda x: x.mean((2, 3), keepdim=bool(s.get("keepdims"))),
            "GlobalMaxPooling2D": lambda: lambda x: x.amax((2, 3), keepdim=bool(s.get("keepdims"))),
            "AdaptiveAveragePooling2D": lambda: lambda x: F.adaptive_avg_pool2d(x, _pair(s["output_size"])),
            "ZeroPadding2D": lambda: lambda x: _padded(x, _sides(s["padding"], (), (), ())),
            "Cropping2D": lambda: self._crop(s),
            "UpSampling2D": lambda: _interpolate(s),
            "Resizing": lambda: _interpolate(s, [int(s["height"]), int(s["width"])]),
            "Reshape": lambda: _reshape(list(s["target_shape"]), shape_in),
            "Permute": lambda: _permute(list(s["dims"])),
            "Rescaling": lambda: lambda x: x.float() * s["scale"] + s["offset"],
            "Normalization": lambda: self._standardize(s),
            "SliceChannels": lambda: self._slice(int(s["begin"]), int(s["count"])),
            "ChannelShuffle": lambda: self._shuffle(int(s["groups"])),
        }
        if kind in simple:
            return Function(simple[kind](), kind), {}
        modules = {
            "Dropout": lambda: nn.Dropout(s["rate"]),
            "SpatialDropout2D": lambda: nn.Dropout2d(s["rate"]),
            "StochasticDepth": lambda: StochasticDepth(s["rate"]),
            "AlphaDropout": lambda: nn.AlphaDropout(s["rate"]),
        }
        if kind in modules and not s.get("noise_shape"):
            return modules[kind](), {}
        raise UnsupportedError(kind)

    def _flat(self, shape_in):
        return (lambda x: x.flatten(1)) if self._channels_first_flatten else _flatten

    @staticmethod
    def _crop(s):
        top, bottom, left, right = _sides(s["cropping"], (), (), ())
        return lambda x: x[:, :, top : x.shape[2] - bottom, left : x.shape[3] - right]

    @staticmethod
    def _slice(begin, count):
        return lambda x: x.narrow(1 if x.ndim == 4 else -1, begin, count)

    @staticmethod
    def _shuffle(groups):
        return lambda x: F.channel_shuffle(x, groups)

    @staticmethod
    def _standardize(s):
        mean, deviation = torch.tensor(s["mean"]), torch.tensor(s["variance"]).sqrt()
        return lambda x: (x.float() - _channels(x, mean)) / _channels(x, deviation)

    @staticmethod
    def _act(module, s):
        if s.get("activation", "linear") != "linear":
            module.act = activation(s["activation"])
        return module

    def _Conv2D(self, s, shape_in, shape_out, weights):
        m = Conv(
            shape_in[-1],
            int(s["filters"]),
            _pair(s["kernel_size"]),
            _pair(s["strides"]),
            0,
            _pair(s["dilation_rate"]),
            int(s["groups"]),
            bool(s["use_bias"]),
        )
        m.sides = s["padding"]
        return self._act(m, s), {"kernel": ("weight", (3, 2, 0, 1)), "bias": ("bias", None)}

    def _Conv1D(self, s, shape_in, shape_out, weights):
        m = Conv1d(
            shape_in[-1],
            int(s["filters"]),
            int(s["kernel_size"]),
            int(s["strides"]),
            0,
            int(s["dilation_rate"]),
            int(s["groups"]),
            bool(s["use_bias"]),
        )
        m.sides = s["padding"]
        return self._act(m, s), {"kernel": ("weight", (2, 1, 0)), "bias": ("bias", None)}

    def _DepthwiseConv2D(self, s, shape_in, shape_out, weights):
        m = Conv(
            shape_in[-1],
            shape_out[-1],
            _pair(s["kernel_size"]),
            _pair(s["strides"]),
            0,
            _pair(s["dilation_rate"]),
            shape_in[-1],
            bool(s["use_bias"]),
        )
        m.sides = s["padding"]
        roles = {name: ("weight", (2, 3, 0, 1)) for name in weights if name != "bias"}
        return self._act(m, s), roles | {"bias": ("bias", None)}

    def _SeparableConv2D(self, s, shape_in, shape_out, weights):
        between = shape_in[-1] * int(s["depth_multiplier"])
        depthwise = Conv(
            shape_in[-1],
            between,
            _pair(s["kernel_size"]),
            _pair(s["strides"]),
            0,
            _pair(s["dilation_rate"]),
            shape_in[-1],
            False,
        )
        depthwise.sides = s["padding"]
        pointwise = Conv(between, int(s["filters"]), 1, 1, 0, 1, 1, bool(s["use_bias"]))
        return self._act(Separable(depthwise, pointwise), s), {
            "depthwise_kernel": ("depthwise.weight", (2, 3, 0, 1)),
            "pointwise_kernel": ("pointwise.weight", (3, 2, 0, 1)),
            "bias": ("pointwise.bias", None),
        }

    def _Conv2DTranspose(self, s, shape_in, shape_out, weights):
        size, strides, dilation = _pair(s["kernel_size"]), _pair(s["strides"]), _pair(s["dilation_rate"])
        m = Transposed(
            shape_in[-1], int(s["filters"]), size, strides, 0, 0, int(s["groups"]), bool(s["use_bias"]), dilation
        )
        reach = [d * (k - 1) + 1 for d, k in zip(dilation, size)]
        if s["padding"] == "same":
            m.begin = tuple(max(r - t, 0) // 2 for r, t in zip(reach, strides))
        else:
            sides = _sides(s["padding"], (), (), ())
            m.begin = (sides[0], sides[2])
        m.size = tuple(shape_out[:2])
        return self._act(m, s), {"kernel": ("weight", (3, 2, 0, 1)), "bias": ("bias", None)}

    def _Dense(self, s, shape_in, shape_out, weights):
        m = Linear(shape_in[-1], int(s["units"]), bool(s["use_bias"]))
        return self._act(m, s), {"kernel": ("weight", (1, 0)), "bias": ("bias", None)}

    def _BatchNormalization(self, s, shape_in, shape_out, weights):
        rank = len(shape_in)
        if s["axis"] not in (-1, rank) or s["virtual_batch_size"]:
            raise UnsupportedError("BatchNormalization with another axis or virtual batches")
        if rank == 2:
            raise UnsupportedError("BatchNormalization of sequences")
        frozen = bool(s["frozen_statistics"])
        cls = {
            (3, False): nn.BatchNorm2d,
            (1, False): nn.BatchNorm1d,
            (3, True): FrozenBatchNorm2d,
            (1, True): FrozenBatchNorm1d,
        }[rank, frozen]
        momentum = None if s["cumulative_average"] else 1 - s["momentum"]
        m = cls(shape_in[-1], s["epsilon"], momentum, bool(s["scale"] or s["center"]), bool(s["moving_statistics"]))
        for used, p in ((s["scale"], m.weight), (s["center"], m.bias)):
            if p is not None and not used:
                p.requires_grad_(False)
        return m, {
            "gamma": ("weight", None),
            "beta": ("bias", None),
            "moving_mean": ("running_mean", None),
            "moving_variance": ("running_var", None),
            "batches": ("num_batches_tracked", None),
        }

    def _LayerNormalization(self, s, shape_in, shape_out, weights):
        return LayerNorm(shape_in[-1], s["epsilon"], bool(s["scale"] or s["center"])), {
            "gamma": ("weight", None),
            "beta": ("bias", None),
        }

    def _RMSNormalization(self, s, shape_in, shape_out, weights):
        return RMSNorm(shape_in[-1], s["epsilon"], bool(s["scale"])), {name: ("weight", None) for name in weights}

    def _GroupNormalization(self, s, shape_in, shape_out, weights):
        groups = shape_in[-1] if int(s["groups"]) == -1 else int(s["groups"])
        return GroupNorm(groups, shape_in[-1], s["epsilon"], bool(s["scale"] or s["center"])), {
            "gamma": ("weight", None),
            "beta": ("bias", None),
        }

    def _InstanceNormalization(self, s, shape_in, shape_out, weights):
        return self._GroupNormalization(dict(s, groups=-1), shape_in, shape_out, weights)

    def _Affine(self, s, shape_in, shape_out, weights):
        return Scale(shape_in[-1], True), {"gamma": ("weight", None), "beta": ("bias", None)}

    def _LayerScale(self, s, shape_in, shape_out, weights):
        return Scale(shape_in[-1], False), {name: ("weight", None) for name in weights}

    def _PReLU(self, s, shape_in, shape_out, weights):
        ((name, array),) = weights.items()
        return PRelu(array.shape), {name: ("weight", None)}


# Layers between a Flatten and a Dense that treat each feature by itself.
_BY_FEATURE = ("Dropout", "Activation", "BatchNormalization", "AlphaDropout", "Affine")


def _flattened(graph, shapes):
    """{layer: (H, W, C)} where a module of PyTorch has features in the order of [C, H, W]: from each Flatten on, to the
    Dense layers that read it. A Flatten that anything else reads keeps our order."""
    readers = {}
    for node in graph:
        for read in node["inputs"]:
            readers.setdefault(read, []).append(node)
    found = {}
    for node in graph:
        shape = shapes[node["inputs"][0]] if node["inputs"] else ()
        if type(node["layer"]).__name__ != "Flatten" or len(shape) != 3:
            continue
        chain, waiting, simple = [node["name"]], [node["name"]], True
        while waiting and simple:
            for reader in readers.get(waiting.pop(), []) or [None]:
                kind = type(reader["layer"]).__name__ if reader is not None else ""
                if kind in _BY_FEATURE and len(reader["inputs"]) == 1:
                    waiting.append(reader["name"])
                elif kind != "Dense":
                    simple = False
                    break
                chain.append(reader["name"])
        if simple:
            found |= {name: tuple(shape) for name in chain}
    return found


def _reordered(array, shape):
    """Features of axis 0 from [H, W, C] to [C, H, W]."""
    rest = array.shape[1:]
    return np.moveaxis(array.reshape(*shape, *rest), 2, 0).reshape(-1, *rest)


class GraphModule(nn.Module):
    """A network of ours: `forward` follows its graph. Images are [N, C, H, W]."""

    @classmethod
    def of(cls, model):
        """The module of a model, with its weights."""
        module = cls()
        from_torch = (model.record or {}).get("format") == "onnx"  # then layers are named for modules
        shapes = {name: tuple(shape) for name, shape in model.inputs}
        module._steps, module._outputs, refused = [], list(model.outputs), []
        module._inputs = [name for name, _ in model.inputs]
        graph, weights = model.graph, model.weights
        for node in graph:
            node["inputs"] = list(node["inputs"]) or module._inputs[:1]
            shapes[node["name"]] = tuple(node["output_shape"])
        flattened = _flattened(graph, shapes) if from_torch else {}
        for node in graph:
            name, layer = node["name"], node["layer"]
            own = {
                t[len(name) + 1 :]: weights[t]
                for t in weights
                if t.startswith(name + "/") and "/" not in t[len(name) + 1 :]
            }
            settings, shape_in = layer.settings(False), shapes[node["inputs"][0]]
            try:
                builder = _Builder(name in flattened)
                leaf, places = builder.make(type(layer).__name__, settings, shape_in, shapes[name], own)
            except UnsupportedError as problem:
                refused.append(f"{name} ({problem})")
                continue
            path = name if from_torch else name.replace(".", "_")
            path = path.replace("/", "_").replace(" ", "_")
            module._put(path, leaf)
            module._steps.append((name, path, node["inputs"]))
            for suffix, array in own.items():
                if suffix in places:
                    array = np.array(array, dtype=np.float32)
                    if name in flattened and len(array) == np.prod(flattened[name]):
                        array = _reordered(array, flattened[name])
                    module._load(leaf, *places[suffix], array, settings.get("trainable", True))
        if refused:
            raise UnsupportedError(f"to_torch: layers without a counterpart: {first(refused, 20)}.")
        return module.eval()

    def _put(self, path, leaf):
        owner, parts = self, path.split(".")
        for part in parts[:-1]:
            if part not in owner._modules:
                owner.add_module(part, nn.Module())
            owner = owner._modules[part]
        if parts[-1] in owner._modules:
            raise UnsupportedError(f"to_torch: two layers have the name {path}.")
        owner.add_module(parts[-1], leaf)

    @staticmethod
    @torch.no_grad()
    def _load(leaf, attribute, layout, array, trainable):
        target = leaf
        *owners, last = attribute.split(".")
        for part in owners:
            target = getattr(target, part)
        tensor = getattr(target, last)
        if tensor is None:
            return
        if layout is not None:
            array = array.transpose(layout)
        tensor.copy_(torch.from_numpy(np.ascontiguousarray(array)).reshape(tensor.shape))
        if isinstance(tensor, nn.Parameter) and not trainable:
            tensor.requires_grad_(False)

    def forward(self, *inputs):
        values = dict(zip(self._inputs, inputs))
        for name, path, reads in self._steps:
            values[name] = self.get_submodule(path)(*(values[r] for r in reads))
        found = [values[name] for name in self._outputs]
        return found[0] if len(found) == 1 else tuple(found)
