"""Cases of activations, merges that repeat axes of size 1, and learned slopes (cases.py says what a case is)."""

from cases import FLATTEN, activation, conv, dense, norm, option


def merge(kind, *inputs, **options):
    return kind, dict(inputs=list(inputs), **options)


ACTIVATION_CASES = [
    # Gradients from f(x).
    option(
        "activations_of_the_output",
        [
            dense(17, activation="selu"),
            dense(16, activation="softplus"),
            dense(17, activation="softsign"),
            dense(15, activation="relu6"),
            dense(17, activation="hard_sigmoid"),
            dense(4),
        ],
    ),
    # Gradients from x: not fused in training.
    option(
        "activations_of_the_input",
        [
            dense(17, activation="gelu"),
            dense(16, activation="silu"),
            dense(17, activation="mish"),
            dense(15, activation="hard_swish"),
            dense(4),
        ],
    ),
    # Fused into the normalization, whose gradient finds x again; the max pooling is not.
    option(
        "activations_after_norm",
        [
            conv(6, 3, use_bias=False),
            norm(momentum=0.75),
            activation("silu"),
            ("MaxPooling2D", dict(pool_size=2)),
            conv(7, 1, use_bias=False),
            norm(momentum=0.75, scale=False),
            activation("gelu"),
            conv(5, 1, use_bias=False),
            norm(center=False),
            activation("hard_swish"),
            FLATTEN,
            dense(9, use_bias=False),
            norm(momentum=0.9),
            activation("mish"),
            dense(4),
        ],
        [8, 7, 3],
    ),
    option(
        "squeeze_and_excitation",
        [
            conv(6, 3, activation="silu", name="features"),
            ("AveragePooling2D", dict(pool_size=[4, 3], name="squeeze")),
            conv(3, 1, activation="silu"),
            conv(6, 1, activation="hard_sigmoid", name="gate"),
            merge("Multiply", "features", "gate", name="scaled"),
            conv(1, 1, activation="sigmoid", name="where"),
            merge("Multiply", "where", "scaled"),
            FLATTEN,
            dense(4),
        ],
        [6, 5, 3],
    ),
    # Nine units: with as many units as samples (7), TensorFlow 2.21 computes other outputs in training than in evaluation.
    option(
        "merges",
        [
            dense(9, activation="tanh", name="a"),
            dense(9, activation="elu", name="b"),
            dense(1, activation="tanh", name="c"),
            merge("Maximum", "a", "b", "c", name="d"),
            merge("Minimum", "b", "a", name="e"),
            merge("Subtract", "d", "e", name="f"),
            merge("Average", "f", "a", "b", name="g"),
            merge("Add", "g", "c"),
            dense(4),
        ],
    ),
    option(
        "prelu",
        [
            conv(5, 2),
            ("PReLU", {}),
            conv(4, 2),
            ("PReLU", dict(shared_axes=[1, 2])),
            ("PReLU", dict(shared_axes=[1, 3])),
            FLATTEN,
            dense(4),
        ],
        [5, 4, 3],
    ),
]
