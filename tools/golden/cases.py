"""The golden networks, as data: what goes into each model.toml, and how its data is drawn.

A layer is (Keras class, Keras arguments); `name` and `inputs` as in the model file (design section 5). Channel counts are
odd, batches are odd and always full: five of them make the data set. No bias stands right before a batch normalization:
its gradient would be pure rounding.
"""

from dataclasses import dataclass


@dataclass
class Case:
    name: str
    input: list
    layers: list
    training: dict
    pixels: str = "normal"  # "normal": float32 N(0, 1); "unit": float32 k/255; "uint8"
    labels: str = "integer"  # "integer" [N], "one_hot" [N, K] or "targets" [N, K]
    steps: bool = True  # False: evaluation quantities only
    fit: bool = False  # also what Keras's fit reports and leaves behind


def conv(filters, kernel_size, **options):
    return "Conv2D", dict(filters=filters, kernel_size=kernel_size, **options)


def dense(units, **options):
    return "Dense", dict(units=units, **options)


def norm(**options):
    return "BatchNormalization", options


def activation(kind, **options):
    return "Activation", dict(activation=kind, **options)


FLATTEN = ("Flatten", {})


def option(name, layers=None, input=None, labels="integer", **training):
    """A small case for an option of training, which has to matter in every step."""
    defaults = dict(loss="sparse_categorical_crossentropy", optimizer="sgd", learning_rate=0.1, batch_size=7)
    return Case(name, input or [6], layers or SMALL, {**defaults, **training}, labels=labels, fit=True)


# Every kind of trainable tensor: kernels, a bias, gamma, beta.
SMALL = [dense(9, use_bias=False), norm(momentum=0.75), activation("tanh"), dense(4)]

CASES = [
    # Even input and stride 2: `same` pads more at the end. One stride per direction in the second convolution.
    Case(
        "conv_same_stride2",
        [8, 6, 3],
        [
            conv(5, 3, strides=2, padding="same", activation="relu"),
            conv(17, 3, strides=[2, 1], padding="same", activation="tanh"),
            FLATTEN,
            dense(4),
        ],
        dict(loss="sparse_categorical_crossentropy", optimizer="sgd", learning_rate=0.1, batch_size=5),
    ),
    Case(
        "conv_rectangular",
        [9, 8, 3],
        [
            conv(5, [3, 2], strides=[1, 2], activation="leaky_relu"),
            conv(17, [2, 5], strides=[3, 2], padding="same", activation="tanh"),
            ("GlobalAveragePooling2D", {}),
            dense(30, activation="sigmoid"),
            dense(3),
        ],
        dict(
            loss="categorical_crossentropy", optimizer="sgd", learning_rate=0.1, momentum=0.9, nesterov=False, batch_size=7
        ),
        labels="one_hot",
    ),
    Case(
        "batch_norm_after_dense",
        [11],
        [
            dense(30, use_bias=False),
            norm(momentum=0.75, epsilon=1e-5),
            activation("elu"),
            dense(17, use_bias=False),
            norm(center=False),
            activation("sigmoid"),
            dense(5, use_bias=False),
            norm(momentum=0.75, scale=False),
            activation("tanh"),
            dense(4),
        ],
        dict(
            loss="sparse_categorical_crossentropy",
            optimizer="sgd",
            learning_rate=0.1,
            momentum=0.9,
            nesterov=True,
            batch_size=9,
        ),
    ),
    # Adam's defaults are Keras's. The activations differ, one pool overlaps the borders of an odd size.
    Case(
        "batch_norm_after_convolution",
        [7, 9, 3],
        [
            conv(17, 3, padding="same", use_bias=False),
            norm(),
            activation("elu"),
            ("MaxPooling2D", dict(pool_size=2, padding="same")),
            conv(5, 3, use_bias=False),
            norm(momentum=0.75, scale=False, epsilon=1e-5),
            activation("leaky_relu"),
            conv(30, [2, 1], use_bias=False),
            norm(center=False, scale=False),
            activation("relu"),
            FLATTEN,
            dense(5),
        ],
        dict(loss="sparse_categorical_crossentropy", optimizer="adam", learning_rate=0.01, batch_size=5),
    ),
    # The speedup study's shape: normalization before convolutions and dense layers, input included.
    Case(
        "batch_norm_before_layers",
        [10, 9, 3],
        [
            norm(),
            conv(5, 3, strides=2, activation="relu"),
            norm(momentum=0.75),
            conv(6, 3, activation="relu"),
            FLATTEN,
            norm(),
            dense(17, activation="relu"),
            norm(epsilon=1e-5),
            dense(10),
        ],
        dict(loss="sparse_categorical_crossentropy", optimizer="adam", learning_rate=0.001, batch_size=9),
        pixels="unit",
    ),
    Case(
        "max_pooling",
        [11, 9, 3],
        [
            conv(5, 3, padding="same", activation="elu"),
            ("MaxPooling2D", dict(pool_size=3, strides=2, padding="same")),
            conv(17, 1, activation="tanh"),
            ("MaxPooling2D", dict(pool_size=[2, 3], strides=1)),
            ("MaxPooling2D", dict(pool_size=2, padding="same")),
            FLATTEN,
            dense(3),
        ],
        dict(loss="mse", optimizer="sgd", learning_rate=0.05, momentum=0.5, batch_size=5),
        labels="targets",
    ),
    # With `same` padding Keras divides by the number of real elements. The input is even, so the padding is uneven.
    Case(
        "average_pooling",
        [8, 7, 3],
        [
            conv(5, 3, padding="same", activation="relu"),
            ("AveragePooling2D", dict(pool_size=3, strides=2, padding="same")),
            conv(17, 1, activation="leaky_relu"),
            ("AveragePooling2D", dict(pool_size=[3, 2], strides=1)),
            FLATTEN,
            dense(4),
        ],
        dict(loss="sparse_categorical_crossentropy", optimizer="sgd", learning_rate=0.1, batch_size=5),
    ),
    # The placement study's shape on raw pixels.
    Case(
        "rescaling_uint8",
        [13, 11, 3],
        [
            ("Rescaling", dict(scale=1 / 63.86, offset=-120.69 / 63.86)),
            conv(5, 3, padding="same", use_bias=False),
            norm(),
            activation("elu"),
            ("MaxPooling2D", dict(pool_size=2, padding="same")),
            conv(17, 3, padding="same", use_bias=False),
            norm(),
            activation("elu"),
            ("MaxPooling2D", dict(pool_size=2, padding="same")),
            FLATTEN,
            dense(6, activation="elu"),
            dense(10),
        ],
        dict(
            loss="sparse_categorical_crossentropy",
            optimizer="adam",
            learning_rate=0.005,
            beta_1=0.8,
            beta_2=0.95,
            epsilon=1e-4,
            batch_size=7,
        ),
        pixels="uint8",
    ),
    Case(
        "residual_add",
        [6, 5, 3],
        [
            ("Input", dict(name="pixels")),
            conv(5, 3, padding="same", use_bias=False, name="stem", inputs=["pixels"]),
            norm(name="stem_norm"),
            activation("relu", name="stem_relu"),
            conv(5, 3, padding="same", use_bias=False, name="inner"),
            norm(name="inner_norm", momentum=0.9),
            ("Add", dict(name="sum", inputs=["inner_norm", "stem_relu"])),
            activation("elu", name="sum_elu"),
            ("GlobalAveragePooling2D", dict(name="pool")),
            dense(4, name="head"),
        ],
        dict(
            loss="categorical_crossentropy", optimizer="adam", learning_rate=0.01, beta_1=0.5, beta_2=0.9, batch_size=7
        ),
        labels="one_hot",
    ),
    # "input" names the model's input without an Input layer; the layers without a name get Keras's.
    Case(
        "concatenate",
        [7, 6, 3],
        [
            conv(5, 3, padding="same", activation="relu", name="wide", inputs=["input"]),
            conv(3, 1, use_bias=False, name="narrow", inputs=["input"]),
            norm(name="narrow_norm"),
            activation("tanh", name="narrow_tanh"),
            ("Concatenate", dict(name="both", inputs=["wide", "narrow_tanh", "input"])),
            conv(17, 3, strides=2, activation="elu"),
            FLATTEN,
            dense(5),
        ],
        dict(loss="sparse_categorical_crossentropy", optimizer="sgd", learning_rate=0.05, momentum=0.9, batch_size=5),
    ),
    Case(
        "softmax_output",
        [6, 6, 3],
        [
            conv(5, 3, use_bias=False),
            norm(),
            activation("relu"),
            FLATTEN,
            dense(5),
            activation("softmax"),
        ],
        dict(loss="categorical_crossentropy", optimizer="adam", learning_rate=0.005, batch_size=7),
        labels="one_hot",
    ),
    Case(
        "sigmoid_output",
        [5, 6, 3],
        [conv(17, 3, activation="tanh"), FLATTEN, dense(3, activation="sigmoid")],
        dict(loss="binary_crossentropy", optimizer="sgd", learning_rate=0.1, momentum=0.8, nesterov=True, batch_size=5),
        labels="one_hot",
    ),
    # One output: the label is the target, the accuracy a threshold.
    Case(
        "binary_single_output",
        [10],
        [dense(17, use_bias=False), norm(), activation("leaky_relu"), dense(1)],
        dict(loss="binary_crossentropy", optimizer="sgd", learning_rate=0.2, batch_size=9),
    ),
    Case(
        "mse_regression",
        [13],
        [dense(30, activation="relu"), dense(17, use_bias=False), norm(momentum=0.75), activation("elu"), dense(5)],
        dict(loss="mse", optimizer="adam", learning_rate=0.01, beta_1=0.7, beta_2=0.99, epsilon=1e-5, batch_size=7),
        labels="targets",
    ),
    Case(
        "dropout_evaluation",
        [6, 5, 3],
        [
            ("Dropout", dict(rate=0.2)),
            conv(5, 3, padding="same", use_bias=False),
            norm(),
            activation("elu"),
            ("Dropout", dict(rate=0.3)),
            FLATTEN,
            dense(17, activation="relu"),
            ("Dropout", dict(rate=0.5)),
            dense(4),
        ],
        dict(loss="sparse_categorical_crossentropy", optimizer="adam", learning_rate=0.001, batch_size=7),
        steps=False,
    ),
    # The depth study's plain net, four convolutions deep. Smaller than 28x28, or its first dense kernel alone would fill
    # the size limit; 10x10 keeps the uneven padding of the stride-2 layer.
    Case(
        "depth_plain_small",
        [10, 10, 1],
        [
            conv(4 * i, 3, strides=2 if i % 3 == 0 else 1, padding="same", activation="relu") for i in range(1, 5)
        ]
        + [FLATTEN, dense(20, activation="relu"), dense(10)],
        dict(loss="binary_crossentropy", optimizer="adam", learning_rate=0.002, epsilon=1e-8, batch_size=5),
        pixels="unit",
    ),
    # A bare weights file: names by default, no metadata. Also expects `scores` and `classes`.
    Case(
        "python_weights",
        [6, 7, 3],
        [
            conv(5, 3, padding="same"),
            norm(),
            activation("relu"),
            conv(6, 3, strides=2, padding="same", use_bias=False),
            norm(scale=False),
            activation("relu"),
            FLATTEN,
            dense(17, activation="elu"),
            dense(4),
        ],
        dict(loss="sparse_categorical_crossentropy", optimizer="adam", learning_rate=0.001, batch_size=5),
        steps=False,
    ),
    # Limits that some gradients are above and some below.
    option("clipnorm", momentum=0.9, clipnorm=0.3),
    option("global_clipnorm", optimizer="adam", learning_rate=0.02, global_clipnorm=0.2),
    option("clipvalue", momentum=0.9, nesterov=True, clipvalue=0.02),
    option("weight_decay_sgd", momentum=0.9, weight_decay=0.5),
    option("weight_decay_adam", optimizer="adam", learning_rate=0.02, weight_decay=0.5),
    option("adamw", optimizer="adamw", learning_rate=0.1),
    option("ema", optimizer="adam", learning_rate=0.05, ema_momentum=0.7),
    # A frozen layer has no penalty.
    option(
        "l2",
        [
            conv(3, 3, kernel_regularizer="l2(0.1)"),
            FLATTEN,
            dense(6, activation="tanh", kernel_regularizer="l2(0.5)", trainable=False),
            dense(4, kernel_regularizer="l2"),
        ],
        [5, 4, 2],
    ),
    option("label_smoothing_labels", label_smoothing=0.2),
    option(
        "label_smoothing_one_hot",
        [*SMALL, activation("softmax")],
        labels="one_hot",
        loss="categorical_crossentropy",
        label_smoothing=0.1,
    ),
    option("label_smoothing_sigmoid", labels="one_hot", loss="binary_crossentropy", label_smoothing=0.3),
    option("class_weight_labels", class_weight=[0.5, 2.0, 1.5, 0.0]),
    option(
        "class_weight_one_hot", labels="one_hot", loss="categorical_crossentropy", class_weight=[3.0, 0.25, 1.0, 2.0]
    ),
    option(
        "class_weight_single_output",
        [dense(9, activation="tanh", kernel_regularizer="l2(0.02)"), dense(1)],
        loss="binary_crossentropy",
        label_smoothing=0.1,
        class_weight=[0.5, 2.0],
    ),
    option(
        "layer_normalization",
        [
            conv(5, 3, use_bias=False),
            ("LayerNormalization", dict()),
            activation("elu"),
            ("LayerNormalization", dict(epsilon=1e-5, center=False)),
            FLATTEN,
            dense(30),
            ("LayerNormalization", dict(scale=False)),
            activation("tanh"),
            dense(4),
        ],
        [7, 5, 3],
        momentum=0.9,
    ),
    # Two groups, one group, instances.
    option(
        "group_normalization",
        [
            conv(6, 3, padding="same", use_bias=False),
            ("GroupNormalization", dict(groups=2)),
            activation("elu"),
            conv(5, 3, use_bias=False),
            ("GroupNormalization", dict(groups=1, epsilon=1e-5, scale=False)),
            activation("elu"),
            conv(4, 2, use_bias=False),
            ("GroupNormalization", dict(groups=-1, center=False)),
            activation("tanh"),
            FLATTEN,
            dense(4),
        ],
        [7, 5, 3],
    ),
    option(
        "rms_normalization",
        [
            conv(5, 3, use_bias=False),
            ("RMSNormalization", dict()),
            activation("elu"),
            FLATTEN,
            dense(30),
            ("RMSNormalization", dict(epsilon=0.01)),
            activation("tanh"),
            dense(4),
        ],
        [7, 5, 3],
    ),
    # Limits that some channels reach and some do not.
    option(
        "batch_renormalization",
        [
            conv(6, 3, use_bias=False),
            ("BatchRenormalization", dict(momentum=0.75)),
            activation("elu"),
            FLATTEN,
            dense(17, use_bias=False),
            ("BatchRenormalization", dict(momentum=0.9, epsilon=1e-5, r_max=1.25, d_max=0.25)),
            activation("tanh"),
            dense(4),
        ],
        [6, 5, 3],
        momentum=0.9,
    ),
    # Groups of two and four of seven: the last one is smaller.
    option(
        "ghost_batches",
        [
            conv(6, 3, use_bias=False),
            norm(momentum=0.75, virtual_batch_size=2),
            activation("elu"),
            FLATTEN,
            dense(17, use_bias=False),
            norm(momentum=0.9, epsilon=0.1, virtual_batch_size=4),
            activation("tanh"),
            dense(4),
        ],
        [6, 5, 3],
    ),
    option(
        "batch_norm_along_an_axis",
        [
            norm(axis=1),
            conv(5, 3, use_bias=False),
            norm(axis=-2, momentum=0.75),
            activation("elu"),
            ("Permute", dict(dims=[3, 1, 2])),
            norm(axis=1, scale=False),
            activation("tanh"),
            FLATTEN,
            dense(4),
        ],
        [6, 5, 3],
    ),
    Case(
        "dropout_kinds_evaluation",
        [6, 5, 3],
        [
            ("GaussianDropout", dict(rate=0.2)),
            conv(5, 3, padding="same", activation="elu"),
            ("SpatialDropout2D", dict(rate=0.3)),
            FLATTEN,
            dense(17, activation="elu"),
            ("AlphaDropout", dict(rate=0.4)),
            dense(4),
        ],
        dict(loss="sparse_categorical_crossentropy", optimizer="adam", learning_rate=0.001, batch_size=7),
        steps=False,
    ),
]

# These files use the names above.
from cases_activation import ACTIVATION_CASES  # noqa: E402
from cases_convolution import CONVOLUTION_CASES  # noqa: E402
from cases_shapes import SHAPE_CASES  # noqa: E402

CASES += CONVOLUTION_CASES + SHAPE_CASES + ACTIVATION_CASES
