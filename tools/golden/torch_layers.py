"""Our layers in PyTorch's own operations, for the conventions in which PyTorch differs from Keras.

Each function computes one layer of a case: x is [N, H, W, C] (or [N, F]) as in the model file; its tensors are leaves in our
layouts, permuted here, so that their gradients come back in our layouts. State (moving statistics) is changed in place, as
PyTorch does it.
"""

import math

import torch
import torch.nn.functional as F


class Layer:
    """What a layer function is given: its options, its place for tensors, and the mode."""

    def __init__(self, name, options, tensors, draw, training):
        self.name, self.options, self.tensors, self.draw, self.training = name, options, tensors, draw, training

    def get(self, key, default=None):
        return self.options.get(key, default)

    def pair(self, key, default):
        value = self.options.get(key, default)
        return [value, value] if isinstance(value, int) else list(value)

    def parameter(self, name, shape):
        return self._tensor(name, shape, True)

    def state(self, name, shape):
        return self._tensor(name, shape, False)

    def _tensor(self, name, shape, learned):
        full = f"{self.name}/{name}"
        if full not in self.tensors:
            self.tensors[full] = torch.tensor(self.draw(name, list(shape)), requires_grad=learned)
        return self.tensors[full]


def planes(x):
    return x.permute(0, 3, 1, 2)


def pixels(x):
    return x.permute(0, 2, 3, 1)


def padded(layer, x):
    """x [N, C, H, W] with the padding that is not the same on both sides done, and the rest as PyTorch's argument."""
    padding = layer.get("padding", "valid")
    if padding == "valid":
        return x, [0, 0]
    if isinstance(padding, int):
        return x, [padding, padding]
    if len(padding) == 2:
        return x, list(padding)
    top, bottom, left, right = padding
    return F.pad(x, [left, right, top, bottom]), [0, 0]


ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": F.relu,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
    "relu6": F.relu6,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "hard_sigmoid": F.hardsigmoid,
    "hard_swish": F.hardswish,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "leaky_relu(0.01)": lambda x: F.leaky_relu(x, 0.01),
    "elu(0.5)": lambda x: F.elu(x, 0.5),
    "clip(-0.5, 1.5)": lambda x: F.hardtanh(x, -0.5, 1.5),
    "log_softmax": lambda x: F.log_softmax(x, dim=-1),
}


def activated(layer, y):
    return ACTIVATIONS[layer.get("activation", "linear")](y)


def with_bias(layer, outputs):
    return layer.parameter("bias", [outputs]) if layer.get("use_bias", True) else None


def conv2d(layer, x):
    filters, groups = layer.get("filters"), layer.get("groups", 1)
    kernel = layer.parameter("kernel", [*layer.pair("kernel_size", 3), x.shape[-1] // groups, filters])
    y, padding = padded(layer, planes(x))
    y = F.conv2d(y, kernel.permute(3, 2, 0, 1), with_bias(layer, filters), layer.pair("strides", 1), padding,
                 layer.pair("dilation_rate", 1), groups)
    return activated(layer, pixels(y))


def depthwise_conv2d(layer, x):
    channels, each = x.shape[-1], layer.get("depth_multiplier", 1)
    kernel = layer.parameter("kernel", [*layer.pair("kernel_size", 3), channels, each])
    of_torch = kernel.permute(2, 3, 0, 1).reshape(channels * each, 1, *kernel.shape[:2])
    y, padding = padded(layer, planes(x))
    y = F.conv2d(y, of_torch, with_bias(layer, channels * each), layer.pair("strides", 1), padding,
                 layer.pair("dilation_rate", 1), channels)
    return activated(layer, pixels(y))


def conv2d_transpose(layer, x):
    filters = layer.get("filters")
    kernel = layer.parameter("kernel", [*layer.pair("kernel_size", 3), filters, x.shape[-1]])
    _, padding = padded(layer, planes(x))
    y = F.conv_transpose2d(planes(x), kernel.permute(3, 2, 0, 1), with_bias(layer, filters), layer.pair("strides", 1),
                           padding, layer.pair("output_padding", 0), 1, layer.pair("dilation_rate", 1))
    return activated(layer, pixels(y))


def conv1d(layer, x):
    filters, groups = layer.get("filters"), layer.get("groups", 1)
    kernel = layer.parameter("kernel", [layer.get("kernel_size"), x.shape[-1] // groups, filters])
    padding = layer.get("padding", "valid")
    y = F.conv1d(x.permute(0, 2, 1), kernel.permute(2, 1, 0), with_bias(layer, filters), layer.get("strides", 1),
                 0 if padding == "valid" else padding, layer.get("dilation_rate", 1), groups)
    return activated(layer, y.permute(0, 2, 1))


def dense(layer, x):
    kernel = layer.parameter("kernel", [x.shape[-1], layer.get("units")])
    return activated(layer, F.linear(x, kernel.T, with_bias(layer, layer.get("units"))))


def max_pooling(layer, x):
    y, padding = padded(layer, planes(x))
    pool = layer.pair("pool_size", 2)
    return pixels(F.max_pool2d(y, pool, layer.pair("strides", pool), padding, ceil_mode=layer.get("ceil_mode", False)))


def average_pooling(layer, x):
    y, padding = padded(layer, planes(x))
    pool = layer.pair("pool_size", 2)
    return pixels(F.avg_pool2d(y, pool, layer.pair("strides", pool), padding, layer.get("ceil_mode", False),
                               layer.get("count_include_pad", False)))


def upsampling(layer, x):
    size = [n * factor for n, factor in zip(x.shape[1:3], layer.pair("size", 2))]
    return resized(layer, x, size)


def resizing(layer, x):
    return resized(layer, x, [layer.get("height"), layer.get("width")])


def resized(layer, x, size):
    if layer.get("interpolation", "nearest") == "nearest":
        return pixels(F.interpolate(planes(x), size, mode="nearest"))
    return pixels(F.interpolate(planes(x), size, mode="bilinear", align_corners=layer.get("align_corners", False)))


def batch_norm(layer, x):
    channels = [x.shape[-1]]
    gamma, beta = layer.parameter("gamma", channels), layer.parameter("beta", channels)
    y = planes(x) if x.dim() == 4 else x
    epsilon = layer.get("epsilon", 1e-3)
    if not layer.get("moving_statistics", True):
        y = F.batch_norm(y, None, None, gamma, beta, True, 0.0, epsilon)
    else:
        mean, variance = layer.state("moving_mean", channels), layer.state("moving_variance", channels)
        factor = 1 - layer.get("momentum", 0.99)
        if layer.get("cumulative_average", False):
            batches = layer.state("batches", [1])
            if layer.training:
                batches += 1
            factor = 1 / max(float(batches), 1.0)
        training = layer.training and not layer.get("frozen_statistics", False)  # as in eval() while the rest trains
        y = F.batch_norm(y, mean, variance, gamma, beta, training, factor, epsilon)
    return pixels(y) if x.dim() == 4 else y


def padding(layer, x):
    top, bottom, left, right = layer.get("padding")
    mode = {"reflect": "reflect", "edge": "replicate"}[layer.get("mode", "reflect")]
    return pixels(F.pad(planes(x), [left, right, top, bottom], mode=mode))


def prelu(layer, x):
    shared = layer.get("shared_axes", [])
    alpha = layer.parameter("alpha", [1 if axis + 1 in shared else size for axis, size in enumerate(x.shape[1:])])
    return torch.where(x > 0, x, alpha * x)  # F.prelu has one alpha per channel only


def channel_shuffle(layer, x):
    return pixels(F.channel_shuffle(planes(x), layer.get("groups")))


def pool_all(reduce):
    def layer_function(layer, x):
        return reduce(x, dim=(1, 2), keepdim=layer.get("keepdims", False))
    return layer_function


def group_norm(layer, x):
    channels = [x.shape[-1]]
    return pixels(F.group_norm(planes(x), layer.get("groups"), layer.parameter("gamma", channels),
                               layer.parameter("beta", channels), layer.get("epsilon", 1e-3)))


def merged(combine):
    def layer_function(layer, *inputs):
        y = inputs[0]
        for x in inputs[1:]:
            y = combine(y, x)
        return y
    return layer_function


LAYERS = {
    "Conv2D": conv2d,
    "DepthwiseConv2D": depthwise_conv2d,
    "Conv2DTranspose": conv2d_transpose,
    "Conv1D": conv1d,
    "Dense": dense,
    "MaxPooling2D": max_pooling,
    "AveragePooling2D": average_pooling,
    "AdaptiveAveragePooling2D": lambda layer, x: pixels(F.adaptive_avg_pool2d(planes(x), layer.pair("output_size", 1))),
    "GlobalAveragePooling2D": pool_all(torch.mean),
    "GlobalMaxPooling2D": pool_all(torch.amax),
    "UpSampling2D": upsampling,
    "Resizing": resizing,
    "BatchNormalization": batch_norm,
    "GroupNormalization": group_norm,
    "PReLU": prelu,
    "Padding2D": padding,
    "ChannelShuffle": channel_shuffle,
    "LayerScale": lambda layer, x: x * layer.parameter("gamma", [x.shape[-1]]),
    "Activation": activated,
    "Flatten": lambda layer, x: x.flatten(1),
    "Reshape": lambda layer, x: x.reshape(x.shape[0], *layer.get("target_shape")),
    "Add": merged(torch.add),
    "Multiply": merged(torch.mul),
    "Subtract": merged(torch.sub),
    "Maximum": merged(torch.maximum),
    "Minimum": merged(torch.minimum),
    "Concatenate": lambda layer, *inputs: torch.cat(inputs, dim=-1),
}



def compute(case, tensors, x, training, draw=None):
    """The outputs of a case's network. Tensors that do not exist yet are drawn."""
    x = torch.as_tensor(x).double()
    values, last = {"input": x}, x
    for kind, options in case.layers:
        options = dict(options)
        name = options.pop("name", None) or f"layer{len(values)}"
        sources = [values[source] for source in options.pop("inputs", [])] or [last]
        last = LAYERS[kind](Layer(name, options, tensors, draw, training), *sources)
        values[name] = last
    return last


def standard_draw(random):
    """As make_goldens.py draws: no zero bias, no gamma of 1, no moving variance of 1."""

    def draw(name, shape):
        if name == "kernel":
            value = random.normal(0, math.sqrt(1.5 / math.prod(shape[:-1])), shape)
        elif name == "gamma":
            value = random.uniform(0.5, 1.5, shape) * random.choice([1, 1, -1], shape)
        elif name == "moving_variance":
            value = random.uniform(0.5, 2, shape)
        elif name == "batches":
            value = random.uniform(0, 0, shape)
        else:
            value = random.normal(0, 0.3, shape)
        return value.astype("float32").astype("float64")

    return draw
