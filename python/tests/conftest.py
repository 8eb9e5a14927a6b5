import pathlib
import signal
import subprocess
import sys

import pytest
from support import small_data, small_model

import evenkeel_nn as ek


@pytest.fixture(autouse=True)
def python_hears_ctrl_c():
    """Also where the tests run in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def model():
    return small_model()


@pytest.fixture
def data():
    return small_data()


@pytest.fixture(scope="session")
def trained_once():
    model = small_model()
    ek.fit(model, *small_data(), epochs=12, batch_size=16, optimizer=ek.Adam(3e-3), verbose=False)
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
