"""The golden networks of convolutions with groups, dilation and one axis, depthwise, separable and transposed ones."""

from cases import FLATTEN, Case, activation, conv, dense, norm

TRAINING = dict(loss="sparse_categorical_crossentropy", optimizer="sgd", learning_rate=0.1, batch_size=5)


def layer(kind, **options):
    return kind, options


def case(name, input, *layers):
    return Case(name, input, [*layers, FLATTEN, dense(4)], TRAINING)


CONVOLUTION_CASES = [
    # `same` of an even span and of one with gaps; gaps in one direction alone.
    case(
        "conv_dilated",
        [9, 8, 3],
        conv(5, 3, padding="same", dilation_rate=2, activation="tanh"),
        conv(7, [2, 3], padding="same", dilation_rate=[3, 1], activation="tanh"),
        conv(5, [3, 2], dilation_rate=[1, 2]),
    ),
    case(
        "conv_groups",
        [7, 6, 6],
        conv(9, 3, padding="same", strides=2, groups=3, activation="tanh"),
        conv(6, [2, 3], groups=3, use_bias=False),
        norm(momentum=0.75),
        activation("relu"),
    ),
    case(
        "depthwise",
        [9, 10, 3],
        layer("DepthwiseConv2D", kernel_size=3, strides=2, padding="same", depth_multiplier=2, activation="tanh"),
        layer("DepthwiseConv2D", kernel_size=[2, 3], padding="same", use_bias=False),
        norm(momentum=0.75),
        activation("relu"),
        layer("DepthwiseConv2D", kernel_size=2, dilation_rate=2, depthwise_regularizer="l2(0.01)"),
    ),
    case(
        "separable",
        [8, 7, 3],
        layer("SeparableConv2D", filters=5, kernel_size=3, strides=2, padding="same", depth_multiplier=2, activation="tanh"),
        layer("SeparableConv2D", filters=7, kernel_size=[2, 3], use_bias=False, pointwise_regularizer="l2(0.01)"),
        norm(momentum=0.75),
        activation("elu"),
    ),
    # Outputs larger than size * stride, equal to it, and with gaps between windows.
    case(
        "conv_transpose",
        [3, 4, 3],
        layer("Conv2DTranspose", filters=5, kernel_size=3, strides=2, activation="tanh"),
        layer("Conv2DTranspose", filters=4, kernel_size=[4, 3], strides=[2, 1], padding="same", use_bias=False),
        norm(momentum=0.75),
        activation("relu"),
        conv(5, 3, strides=2),
        layer("Conv2DTranspose", filters=3, kernel_size=2, strides=3),
    ),
    case(
        "conv_transpose_output_padding",
        [3, 4, 3],
        layer("Conv2DTranspose", filters=5, kernel_size=3, strides=2, padding="same", output_padding=0, activation="tanh"),
        layer("Conv2DTranspose", filters=4, kernel_size=2, strides=2, output_padding=1, activation="tanh"),
        layer("Conv2DTranspose", filters=3, kernel_size=3, strides=[3, 2], padding="same", output_padding=[2, 1], activation="tanh"),
        ("GlobalAveragePooling2D", {}),
    ),
    case(
        "conv_1d",
        [13, 4],
        layer("Conv1D", filters=6, kernel_size=4, strides=2, padding="same", activation="tanh"),
        layer("Conv1D", filters=9, kernel_size=3, padding="same", groups=3, use_bias=False),
        norm(momentum=0.75),
        activation("relu"),
        layer("Conv1D", filters=5, kernel_size=2, dilation_rate=3),
    ),
]
