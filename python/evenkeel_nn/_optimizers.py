"""Optimizers: a class for each, made of the library's own description of its fields."""

from __future__ import annotations

import inspect
from typing import Any, Dict

from ._layers import _bind, arguments_text, parameters_of
from ._loading import native

_SPELLED = {"adamw": "AdamW", "sgd": "SGD"}


class Optimizer:
    """What updates the weights: its fields, and no state. Fields are read as attributes."""

    _name: str = ""

    def __init__(self, *args: Any, **kwargs: Any):
        if type(self) is Optimizer:
            raise TypeError("Optimizer is the base of all optimizers: make an Adam or an SGD")
        self._settings: Dict[str, Any] = _bind(type(self), args, kwargs)

    def settings(self) -> Dict[str, Any]:
        """The training settings that this optimizer stands for."""
        return {"optimizer": self._name, **self._settings}

    def __getattr__(self, field: str) -> Any:
        if not field.startswith("_"):
            parameter = inspect.signature(type(self)).parameters.get(field)
            if parameter is not None:
                return self._settings.get(field, parameter.default)
        raise AttributeError(f"{type(self).__name__} has no field {field!r}")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._settings == other._settings

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self._settings.items())})"


def _made(description: dict) -> type:
    name = description["type"]
    spelled = _SPELLED.get(name, name.capitalize())
    cls = type(spelled, (Optimizer,), {
        "__doc__": f'The optimizer "{name}", with Keras\'s names and defaults.\n\nArgs:\n'
                   + arguments_text(description["fields"]),
        "__module__": "evenkeel_nn",
        "_name": name,
    })
    cls.__signature__ = inspect.Signature(parameters_of(description["fields"], False))
    return cls


CLASSES = {cls.__name__: cls for cls in map(_made, native.optimizer_descriptions())}
globals().update(CLASSES)
__all__ = ["Optimizer", *CLASSES]
