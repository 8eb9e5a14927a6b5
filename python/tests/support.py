"""What tests share: a small model, and data for it."""

import numpy as np

import evenkeel_nn as ek


def small_model(seed=0, name="small"):
    """Normalization and dropout, on images of 8x8."""
    return ek.Sequential([
        ek.Input((8, 8, 1)),
        ek.Rescaling(1 / 255),
        ek.Conv2D(4, use_bias=False),
        ek.BatchNormalization(momentum=0.9),
        ek.Activation("relu"),
        ek.Flatten(),
        ek.Dropout(0.2),
        ek.Dense(3),
    ], name=name, seed=seed)


def small_data(n=96, seed=1, classes=3):
    """Bars at a place that tells the class, in noise."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    x = rng.integers(0, 60, (n, 8, 8, 1), dtype=np.uint8)
    for i, label in enumerate(y):
        x[i, :, 1 + 2 * label:3 + 2 * label] += 150
    return x, y
