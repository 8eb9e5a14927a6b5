"""Golden networks of layers that pad, crop, resize, pool and reshape; cases.py has the form."""

from cases import FLATTEN, conv, dense, norm, option

SHAPE_CASES = [
    option(
        "padding_and_cropping",
        [
            ("ZeroPadding2D", dict(padding=[2, 1])),
            conv(5, 3, strides=2, activation="tanh"),
            ("ZeroPadding2D", dict()),
            norm(momentum=0.75),
            ("Cropping2D", dict(cropping=[2, 0])),
            conv(4, 2, activation="elu"),
            FLATTEN,
            dense(4),
        ],
        [9, 6, 3],
    ),
    # Larger and smaller, whole factors and others.
    option(
        "resizing",
        [
            ("UpSampling2D", dict(size=[2, 3], interpolation="bilinear")),
            conv(5, 3, activation="tanh"),
            ("Resizing", dict(height=9, width=5, interpolation="nearest")),
            conv(4, 2, activation="tanh"),
            ("UpSampling2D", dict(size=2)),
            ("Resizing", dict(height=6, width=7, interpolation="bilinear")),
            conv(3, 2, activation="elu"),
            FLATTEN,
            dense(4),
        ],
        [4, 5, 3],
    ),
    # Each channel has a mean and variance of its own; dense layers at each position, with a softmax over the last axis.
    option(
        "normalization_and_positions",
        [
            ("Normalization", dict(mean=[0.5, -1.0, 0.0], variance=[0.25, 4.0, 2.0])),
            dense(7, activation="tanh"),
            ("Reshape", dict(target_shape=[5, -1])),
            dense(6, activation="softmax"),
            ("Reshape", dict(target_shape=[5, 2, 3])),
            ("GlobalMaxPooling2D", dict(keepdims=True)),
            FLATTEN,
            dense(4),
        ],
        [4, 5, 3],
    ),
]
