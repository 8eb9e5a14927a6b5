"""What a Keras layer is: traits and roles of its weights, in the words of Evenkeel's layers."""

import math

_ACTIVATIONS = {
    "relu": "relu",
    "elu": "elu(1)",
    "selu": "selu",
    "gelu": "gelu",
    "silu": "silu",
    "swish": "silu",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "softmax": "softmax",
    "log_softmax": "log_softmax",
    "softplus": "softplus",
    "softsign": "softsign",
    "hard_sigmoid": "hard_sigmoid",
    "hard_silu": "hard_swish",
    "hard_swish": "hard_swish",
    "mish": "mish",
    "relu6": "clip(0, 6)",
    "leaky_relu": "leaky_relu(0.2)",
}
_MERGES = {
    "Add": "sum",
    "Multiply": "product",
    "Subtract": "difference",
    "Average": "mean",
    "Maximum": "maximum",
    "Minimum": "minimum",
}
_INITIALIZERS = {
    "GlorotUniform": "glorot_uniform",
    "GlorotNormal": "glorot_normal",
    "HeNormal": "he_normal",
    "HeUniform": "he_uniform",
    "LecunNormal": "lecun_normal",
    "LecunUniform": "lecun_uniform",
    "Zeros": "zeros",
    "Ones": "ones",
}
# Layers that are one step, though they have layers inside.
_WHOLE = {
    "MultiHeadAttention",
    "GroupQueryAttention",
    "GroupedQueryAttention",
    "RNN",
    "LSTM",
    "GRU",
    "SimpleRNN",
    "Bidirectional",
    "TimeDistributed",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "SpectralNormalization",
    "EinsumDense",
    "StackedRNNCells",
    "Pipeline",
}
_NOISE = {
    "Dropout": "element",
    "SpatialDropout1D": "channel",
    "SpatialDropout2D": "channel",
    "SpatialDropout3D": "channel",
    "GaussianDropout": "element",
    "AlphaDropout": "element",
    "GaussianNoise": "element",
}


def kind_of(layer):
    """The name of the first class of Keras itself among a layer's classes: of a subclass, what it specializes."""
    for base in type(layer).__mro__:
        if base.__module__.split(".")[0] == "keras" and base.__name__ not in ("Layer", "Operation"):
            return base.__name__
    return type(layer).__name__


def is_model(layer):
    return any(
        base.__name__ in ("Model", "Functional", "Sequential") and base.__module__.startswith("keras")
        for base in type(layer).__mro__
    )


def is_leaf(layer):
    """Whether a layer is one step of the graph."""
    if is_model(layer):
        return False
    if any(base.__name__ in _WHOLE for base in type(layer).__mro__):
        return True
    return not [inner for inner in getattr(layer, "_layers", []) or [] if type(inner).__name__ != "DTypePolicy"]


def is_moving_normalization(layer):
    return hasattr(layer, "moving_mean") and hasattr(layer, "moving_variance") and hasattr(layer, "momentum")


def is_noise(layer):
    """Whether `training` means noise to a layer."""
    name = kind_of(layer)
    return (
        name in _NOISE or "drop" in type(layer).__name__.lower() or getattr(layer, "dropout", 0) not in (0, 0.0, None)
    )


def activation_text(function):
    """Our text of an activation function; None of linear, "?" of one that we do not know."""
    if function is None:
        return None
    name = getattr(function, "__name__", None) or type(function).__name__
    if name == "linear":
        return None
    if name in _ACTIVATIONS:
        return _ACTIVATIONS[name]
    if hasattr(function, "get_config"):  # a layer as an activation
        return _activation_layer(function) or "?"
    return "?"


def _activation_layer(layer):
    name = kind_of(layer)
    if name == "ReLU":
        if layer.threshold:
            return None
        if layer.max_value is not None:
            return None if layer.negative_slope else f"clip(0, {float(layer.max_value):g})"
        return f"leaky_relu({float(layer.negative_slope):g})" if layer.negative_slope else "relu"
    if name == "LeakyReLU":
        return f"leaky_relu({float(layer.negative_slope):g})"
    if name == "ELU":
        return f"elu({float(layer.alpha):g})"
    if name == "Activation":
        return activation_text(layer.activation)
    if name == "Softmax":
        return "softmax" if layer.axis in (-1, [-1]) else None
    return None


def initializer_text(initializer):
    name = type(initializer).__name__
    if name in _INITIALIZERS:
        return _INITIALIZERS[name]
    if name == "Constant" and isinstance(initializer.value, (int, float)):
        return f"constant({float(initializer.value):g})"
    if name == "TruncatedNormal" and not initializer.mean:
        return f"truncated_normal({float(initializer.stddev):g})"
    return None


def _tuple(value, count):
    return [int(v) for v in value] if isinstance(value, (list, tuple)) else [int(value)] * count


def _window(layer, axes, shape_in, transposed):
    """`shape_in`: sizes of the input along the window's axes."""
    size, strides, dilation = (_tuple(v, axes) for v in (layer.kernel_size, layer.strides, layer.dilation_rate))
    padding = []
    for k, s, d, n in zip(size, strides, dilation, shape_in):
        reach = d * (k - 1) + 1
        if layer.padding == "same":
            total = max(reach - s, 0) if transposed else max((math.ceil(n / s) - 1) * s + reach - n, 0)
            padding += [total // 2, total - total // 2]
        else:
            padding += [reach - 1, 0] if layer.padding == "causal" else [0, 0]
    if axes == 1:
        size, strides, dilation, padding = [1] + size, [1] + strides, [1] + dilation, [0, 0] + padding
    return {"size": size, "strides": strides, "dilation": dilation, "padding": padding}


def _linear(layer, kind, shape_in, axis):
    """Traits and roles {attribute: role} of convolutions and dense layers."""
    inner = [n for i, n in enumerate(shape_in) if i not in (0, axis)]
    axes = {
        "Conv1D": 1,
        "Conv2D": 2,
        "Conv1DTranspose": 1,
        "Conv2DTranspose": 2,
        "DepthwiseConv1D": 1,
        "DepthwiseConv2D": 2,
        "SeparableConv1D": 1,
        "SeparableConv2D": 2,
    }.get(kind)
    bias = {"bias": "bias"} if getattr(layer, "bias", None) is not None else {}
    if kind == "Dense":
        return {"linear": {"outputs": int(layer.units), "groups": 1, "transposed": False}}, {"kernel": "kernel"} | bias
    if axes is None:
        return None
    transposed = kind.endswith("Transpose")
    window = _window(layer, axes, inner, transposed)
    if kind.startswith("Depthwise"):
        return {
            "linear": {"outputs": int(layer.depth_multiplier), "groups": -1, "transposed": False, "window": window},
            "per_channel": int(layer.depth_multiplier) == 1,
        }, {"kernel": "kernel"} | bias
    if kind.startswith("Separable"):
        return {"linear": {"outputs": int(layer.filters), "groups": 1, "transposed": False, "window": window}}, {
            "depthwise_kernel": "first_kernel",
            "pointwise_kernel": "kernel",
        } | bias
    return {
        "linear": {
            "outputs": int(layer.filters),
            "groups": int(getattr(layer, "groups", 1)),
            "transposed": transposed,
            "window": window,
        }
    }, {"kernel": "kernel"} | bias


def _normalization(layer, kind, frozen, ndim):
    roles = {"gamma": "gamma", "beta": "beta"}
    if is_moving_normalization(layer):
        return {
            "normalization": {
                "over": "batch",
                "epsilon": float(layer.epsilon),
                "axis": int(layer.axis),
                "moving": {"momentum": float(layer.momentum), "unbiased": False, "frozen": bool(frozen)},
            },
            "per_channel": True,
        }, roles | {"moving_mean": "moving_mean", "moving_variance": "moving_variance"}
    if kind == "GroupNormalization":
        return {"normalization": {"over": "group", "epsilon": float(layer.epsilon), "groups": int(layer.groups)}}, roles
    if kind in ("LayerNormalization", "RMSNormalization"):
        axes = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
        last = [a % ndim for a in axes] == [ndim - 1]
        return {
            "normalization": {"over": "position" if last else "group", "epsilon": float(layer.epsilon)}
            | ({} if last else {"groups": 1})
            | ({"centered": False} if kind == "RMSNormalization" else {})
        }, roles | {"scale": "gamma"}
    return None


def _noise(layer, kind):
    rate = float(getattr(layer, "rate", 0.0) or 0.0)
    traits = {"identity_in_evaluation": True, "per_channel": True}
    if kind == "GaussianNoise":
        return traits | ({"noise": {"factor_variance": 0.0, "per": "other"}} if layer.stddev else {})
    if not 0 < rate < 1:
        return traits
    if kind == "GaussianDropout":
        return traits | {"noise": {"factor_variance": rate / (1 - rate), "per": "element"}}
    if kind == "AlphaDropout":
        low = -1.7580993408473766
        return traits | {"noise": {"factor_variance": rate / (1 + rate * low * low), "per": "element"}}
    shape = getattr(layer, "noise_shape", None)
    per = _NOISE.get(
        kind,
        "sample" if "path" in type(layer).__name__.lower() or "depth" in type(layer).__name__.lower() else "element",
    )
    return traits | {"noise": {"rate": rate, "per": "other" if shape is not None else per}}


def describe_layer(layer, shape_in, shape_out, axis, frozen):
    """(traits, roles {attribute: role}, opaque). `shape_in`, `shape_out`: with the samples; `axis`: of channels."""
    kind = kind_of(layer)
    found = _linear(layer, kind, shape_in, axis)
    if found:
        traits, roles = found
        text = activation_text(layer.activation)
        if text == "?":
            return traits, roles, True
        return traits | ({"activation": text} if text else {}), roles, False
    found = _normalization(layer, kind, frozen, len(shape_in))
    if found:
        return *found, False
    if kind in _NOISE or (is_noise(layer) and isinstance(getattr(layer, "rate", None), (int, float))):
        return _noise(layer, kind), {}, False
    text = _activation_layer(layer)
    if text == "?":
        return {}, {}, True
    if text or kind == "Activation":
        return (
            {"identity_in_evaluation": True, "per_channel": text not in ("softmax", "log_softmax")}
            | ({"activation": text} if text else {}),
            {},
            False,
        )
    if kind == "PReLU":
        return {"per_channel": True}, {"alpha": "slope"}, False
    if kind in ("Identity", "ActivityRegularization", "InputLayer"):
        return {"identity_in_evaluation": True, "per_channel": True}, {}, False
    if kind == "Flatten":
        last = axis == len(shape_in) - 1 or math.prod(shape_in[1:]) == shape_in[axis]
        return (
            (
                {"identity_in_evaluation": True, "per_channel": True, "axes": "flattened"}
                if last
                else {"axes": "permuted"}
            ),
            {},
            False,
        )
    if kind == "Reshape":
        return {"identity_in_evaluation": True, "axes": "reshaped"}, {}, False
    if kind == "Permute":
        return {"axes": "permuted"}, {}, False
    if kind in _MERGES:
        return {"merge": _MERGES[kind]}, {}, False
    if kind == "Concatenate":
        last = layer.axis % len(shape_out) == axis % len(shape_out)
        return ({"merge": "concatenation"}, {}, False) if last else ({}, {}, True)
    if "MaxPool" in kind:
        return {"pooling": "maximum", "per_channel": True}, {}, False
    if "AveragePool" in kind:
        return {"pooling": "mean", "per_channel": True}, {}, False
    if kind.startswith(("ZeroPadding", "Cropping", "UpSampling", "Rescaling", "Resizing")):
        return {"per_channel": True}, {}, False
    return {}, {}, True
