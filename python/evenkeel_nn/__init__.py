"""Evenkeel: train, diagnose and repair networks that use normalization and dropout.

    import evenkeel_nn as ek

    model = ek.Sequential([ek.Input((28, 28, 1)), ek.Rescaling(1 / 255), ek.Conv2D(8), ek.BatchNormalization(),
                           ek.Activation("relu"), ek.Flatten(), ek.Dropout(0.3), ek.Dense(10)])
    history = ek.fit(model, x, y, validation=(x_test, y_test), epochs=3)
    report = ek.diagnose(model, (x_test, y_test), train=(x, y))
    mended = ek.repair(model, (x, y), fix="all")

Layers, optimizers and arguments have Keras's names and defaults. `ek.diagnose` also takes a live torch.nn.Module or a
Keras model. Errors are `ek.InputError`, `ek.ResourceError` and `ek.UnsupportedError`.
"""

from __future__ import annotations

from . import _layers, _optimizers
from ._data import Dataset, load_data
from ._errors import EvenkeelError, FindingsError, InputError, InternalError, ResourceError, UnsupportedError
from ._layers import *  # noqa: F403
from ._loading import native as _native_module
from ._model import Model, Sequential, Weights, from_keras, from_onnx, load, summary
from ._optimizers import *  # noqa: F403
from ._plotting import plot_images
from ._report import Fact, Finding, Remedy, Repair, Report, codes, diagnose, repair, repairs
from ._study import StudyResult, studies, study
from ._training import (Callback, EarlyStopping, Evaluation, History, ReduceLROnPlateau, TerminateOnNaN, evaluate, fit,
                        predict)

__version__: str = _native_module.version

# Those that need PyTorch or Keras are loaded when they are first asked for.
_LIVE = ("update_bn", "from_torch")

__all__ = [
    "Callback", "Dataset", "EarlyStopping", "Evaluation", "EvenkeelError", "Fact", "Finding", "FindingsError",
    "History", "InputError", "InternalError", "Model", "ReduceLROnPlateau", "Remedy", "Repair", "Report",
    "ResourceError", "Sequential", "StudyResult", "TerminateOnNaN", "UnsupportedError", "Weights", "codes", "diagnose",
    "evaluate", "fit", "from_keras", "from_onnx", "load", "load_data", "plot_images", "predict", "repair", "repairs",
    "studies", "study", "summary", *_layers.__all__, *_optimizers.__all__, *_LIVE
]


def __getattr__(name: str):
    if name in _LIVE:
        from . import live

        return getattr(live, name)
    raise AttributeError(f"module 'evenkeel_nn' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
