"""Makes evenkeel_nn.live importable without the compiled library: then the package is a bare folder."""

import os
import pathlib
import sys
import types

# TensorFlow and the compiler of torch.compile end each other's process: KERAS_BACKEND=tensorflow is for the Keras tests
# alone.
os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

sys.path.insert(0, str(pathlib.Path(__file__).parent))  # torch_models, keras_models
try:
    import evenkeel_nn  # noqa: F401
except ImportError:
    for name in [name for name in sys.modules if name.partition(".")[0] == "evenkeel_nn"]:
        del sys.modules[name]
    package = types.ModuleType("evenkeel_nn")
    package.__path__ = [str(pathlib.Path(__file__).resolve().parents[2] / "evenkeel_nn")]
    sys.modules["evenkeel_nn"] = package
