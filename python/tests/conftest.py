import pathlib
import subprocess
import sys

import numpy as np
import pytest

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


@pytest.fixture
def model():
    return small_model()


@pytest.fixture
def data():
    return small_data()


@pytest.fixture(scope="session")
def trained_once():
    model = small_model()
    ek.fit(model, *small_data(), epochs=4, batch_size=16, optimizer=ek.Adam(3e-3), verbose=False)
    return model


@pytest.fixture
def trained(trained_once):
    return trained_once.copy()


@pytest.fixture
def program():
    """Runs the program that the package holds; returns the finished process."""

    def run(*arguments, check=True):
        done = subprocess.run([sys.executable, "-m", "evenkeel_nn", *map(str, arguments)], capture_output=True, text=True)
        assert not check or done.returncode == 0, done.stderr
        return done

    return run


@pytest.fixture
def folder(tmp_path) -> pathlib.Path:
    return tmp_path
