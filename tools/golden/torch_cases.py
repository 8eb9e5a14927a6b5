"""Golden networks for PyTorch's conventions (torch_layers.py): explicit padding, ceil_mode, corner conventions and the like.
The same form as cases.py; every layer with tensors has a name."""

from cases import Case, activation, conv

FLATTEN = ("Flatten", {})


def layer(kind, **options):
    return kind, options


def head(units=3):
    return layer("Dense", units=units, name="head")


def case(name, input, *layers, **options):
    training = dict(loss="sparse_categorical_crossentropy", optimizer="sgd", learning_rate=0.1, batch_size=5)
    return Case("torch_" + name, input, list(layers), training, **options)


def each_activation(*functions):
    """A chain of narrow dense layers, one for each function."""
    layers = []
    for i, function in enumerate(functions):
        layers.append(layer("Dense", units=7, activation=function, name=f"dense{i}"))
    return layers


TORCH_CASES = [
    case(
        "convolution_padding",
        [9, 8, 3],
        conv(5, 3, strides=2, padding=1, activation="tanh", name="even"),
        conv(7, [3, 2], padding=[2, 1], dilation_rate=2, activation="tanh", name="dilated"),
        conv(6, 3, strides=[2, 1], padding=[0, 2, 1, 0], name="sides"),
        FLATTEN,
        head(),
    ),
    case(
        "convolution_groups",
        [7, 6, 6],
        conv(9, 3, padding=1, groups=3, activation="tanh", name="grouped"),
        layer("DepthwiseConv2D", kernel_size=3, strides=2, padding=1, depth_multiplier=2, name="depthwise"),
        conv(6, 1, groups=2, activation="tanh", name="pointwise"),
        layer("DepthwiseConv2D", kernel_size=5, padding=2, use_bias=False, name="wide"),
        FLATTEN,
        head(),
    ),
    case(
        "convolution_transpose",
        [4, 5, 3],
        layer("Conv2DTranspose", filters=5, kernel_size=3, strides=2, padding=1, output_padding=1, activation="tanh",
              name="doubles"),
        layer("Conv2DTranspose", filters=4, kernel_size=[2, 3], strides=[1, 2], padding=[0, 1], name="wider"),
        layer("GlobalAveragePooling2D"),
        head(),
    ),
    case(
        "convolution_1d",
        [11, 4],
        layer("Conv1D", filters=6, kernel_size=3, padding=1, strides=2, groups=2, activation="tanh", name="grouped"),
        layer("Conv1D", filters=5, kernel_size=2, dilation_rate=2, name="dilated"),
        FLATTEN,
        head(),
    ),
    case(
        "pooling",
        [9, 8, 3],
        layer("MaxPooling2D", pool_size=3, strides=2, padding=1, ceil_mode=True),
        conv(5, 3, padding=1, activation="tanh", name="conv"),
        layer("AveragePooling2D", pool_size=3, strides=2, padding=1, ceil_mode=True, count_include_pad=True),
        conv(4, 1, activation="tanh", name="pointwise"),
        layer("AveragePooling2D", pool_size=2, strides=1, padding=1, count_include_pad=False),
        layer("AdaptiveAveragePooling2D", output_size=[3, 2]),
        FLATTEN,
        head(),
    ),
    case(
        "pooling_of_everything",
        [5, 4, 3],
        conv(5, 2, activation="tanh", name="conv"),
        layer("GlobalMaxPooling2D", keepdims=True, name="maximum"),
        layer("GlobalAveragePooling2D", keepdims=True, inputs=["conv"], name="mean"),
        layer("Concatenate", inputs=["maximum", "mean"], name="both"),
        layer("Flatten", name="flat"),
        head(),
    ),
    case(
        "resize",
        [4, 5, 3],
        layer("UpSampling2D", size=2, interpolation="bilinear"),
        conv(4, 3, activation="tanh", name="conv"),
        layer("Resizing", height=7, width=4, interpolation="bilinear", align_corners=True),
        layer("UpSampling2D", size=[1, 2], interpolation="nearest"),
        conv(3, 3, activation="tanh", name="last"),
        FLATTEN,
        head(),
    ),
    case(
        "activations_of_the_output",
        [6],
        *each_activation("selu", "relu6", "clip(-0.5, 1.5)", "softplus", "leaky_relu(0.01)", "elu(0.5)"),
        head(),
    ),
    case(
        "activations_of_the_input",
        [6],
        *each_activation("gelu", "gelu_tanh", "silu", "mish", "softsign", "hard_sigmoid", "hard_swish"),
        head(),
    ),
    case(
        "activation_after_norm",
        [6, 5, 3],
        conv(6, 3, use_bias=False, name="conv"),
        layer("BatchNormalization", momentum=0.9, epsilon=1e-5, unbiased_moving_variance=True, name="norm"),
        activation("hard_swish"),
        conv(5, 2, use_bias=False, name="second"),
        layer("BatchNormalization", momentum=0.9, epsilon=1e-5, unbiased_moving_variance=True, name="second_norm"),
        activation("silu"),
        FLATTEN,
        head(),
    ),
    case(
        "prelu",
        [4, 5, 3],
        conv(5, 2, name="conv"),
        layer("PReLU", shared_axes=[1, 2], name="per_channel"),
        layer("PReLU", shared_axes=[1, 2, 3], name="one"),
        FLATTEN,
        head(),
    ),
    case(
        "squeeze_and_excitation",
        [5, 6, 3],
        conv(6, 3, activation="silu", name="features"),
        layer("GlobalAveragePooling2D", keepdims=True, name="squeeze"),
        conv(3, 1, activation="silu", name="reduce"),
        conv(6, 1, activation="sigmoid", name="expand"),
        layer("Multiply", inputs=["features", "expand"], name="scaled"),
        layer("LayerScale", name="scale"),
        layer("Subtract", inputs=["scale", "features"], name="difference"),
        layer("Maximum", inputs=["difference", "scale"], name="larger"),
        FLATTEN,
        head(),
    ),
    case(
        "channel_shuffle",
        [4, 5, 6],
        conv(6, 1, groups=3, activation="tanh", name="grouped"),
        layer("ChannelShuffle", groups=3),
        conv(4, 2, groups=2, activation="tanh", name="again"),
        FLATTEN,
        head(),
    ),
    case(
        "batch_norm_cumulative",
        [5, 4, 3],
        conv(6, 2, use_bias=False, name="conv"),
        layer("BatchNormalization", cumulative_average=True, epsilon=1e-5, unbiased_moving_variance=True, name="norm"),
        activation("tanh"),
        FLATTEN,
        head(),
    ),
    case(
        "batch_norm_of_the_batch",
        [5, 4, 3],
        conv(6, 2, use_bias=False, name="conv"),
        layer("BatchNormalization", moving_statistics=False, epsilon=1e-5, name="norm"),
        activation("tanh"),
        FLATTEN,
        head(),
    ),
    case(
        "batch_norm_frozen",
        [5, 4, 3],
        conv(6, 2, use_bias=False, name="conv"),
        layer("BatchNormalization", frozen_statistics=True, epsilon=1e-5, unbiased_moving_variance=True, name="norm"),
        activation("tanh"),
        conv(5, 2, use_bias=False, name="second"),
        layer("BatchNormalization", momentum=0.9, epsilon=1e-5, unbiased_moving_variance=True, name="second_norm"),
        FLATTEN,
        head(),
    ),
    case(
        "padding_of_the_image",
        [4, 5, 3],
        layer("Padding2D", padding=[2, 1, 0, 3], mode="reflect"),
        conv(5, 3, activation="tanh", name="conv"),
        layer("Padding2D", padding=[1, 0, 2, 2], mode="edge"),
        conv(4, 3, name="second"),
        FLATTEN,
        head(),
    ),
    case(
        "log_softmax",
        [6],
        layer("Dense", units=7, activation="log_softmax", name="dense"),
        head(5),
        activation("log_softmax"),
    ),
]
