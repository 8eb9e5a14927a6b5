"""Layers: a class for each, made of the library's own description of its fields."""

from __future__ import annotations

import inspect
import textwrap
from typing import Any, Dict, List, Optional, Sequence, Union

from ._errors import input_error
from ._loading import native


class Layer:
    """A layer's description: its fields, and no weights. Fields are read as attributes and do not change.

    Called with what `ek.Input` or another layer returned, it becomes a part of a graph (`ek.Model`); a layer that
    merges is called with a list.
    """

    __slots__ = ("_native",)
    _fields: tuple = ()

    def __init__(self, *args: Any, **kwargs: Any):
        if type(self) is Layer:
            raise TypeError("Layer is the base of all layers: make a Conv2D, a Dense, ...")
        bound = _bind(type(self), args, kwargs)
        name = bound.pop("name", None)
        object.__setattr__(self, "_native", native.make_layer(type(self).__name__, name or "", bound))

    @property
    def name(self) -> str:
        """The layer's name; empty until a model gives it one."""
        return self._native.name

    def settings(self, only_changed: bool = False) -> Dict[str, Any]:
        """The fields with their values; with `only_changed`, those that differ from the defaults."""
        return self._native.settings(only_changed)

    def __getattr__(self, field: str) -> Any:
        if not field.startswith("_"):
            settings = self._native.settings(False)
            if field in settings:
                return settings[field]
        raise AttributeError(f"{type(self).__name__} has no field {field!r}")

    def __setattr__(self, field: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is a description: make a new layer with {field}={value!r}")

    def __call__(self, inputs: Union["Symbol", Sequence["Symbol"]]) -> "Symbol":
        symbols = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        for symbol in symbols:
            if not isinstance(symbol, Symbol):
                raise input_error(type(self).__name__, "what ek.Input or a layer returned",
                                  f"an object of type {type(symbol).__name__}",
                                  "A model computes: ek.predict(model, x).")
        return Symbol(self, symbols)

    def __dir__(self):
        return sorted({*object.__dir__(self), *self._fields})

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and (self.name, self.settings()) == (other.name, other.settings())

    def __hash__(self) -> int:
        return hash((type(self), self.name, tuple(self.settings().items())))

    def __repr__(self) -> str:
        parts = [f"{key}={value!r}" for key, value in self.settings(True).items()]
        if self.name:
            parts.append(f"name={self.name!r}")
        return f"{type(self).__name__}({', '.join(parts)})"

    def __reduce__(self):
        return _restored, (type(self).__name__, self.name, self.settings(True))


class Symbol:
    """What a layer yields in a graph that is being written down. It has no numbers."""

    __slots__ = ("layer", "inputs", "name", "shape")

    def __init__(self, layer: Optional[Layer], inputs: List["Symbol"], name: str = "", shape: Any = None):
        self.layer, self.inputs, self.name, self.shape = layer, inputs, name, shape

    def __repr__(self) -> str:
        return f"<input {self.name or 'input'} {tuple(self.shape)}>" if self.layer is None else f"<output of {self.layer!r}>"


def Input(shape: Sequence[int], name: str = "") -> Symbol:
    """The beginning of a model.

    Args:
        shape: of one sample, without the batch: (height, width, channels) or (features,).
        name: of the input; a model with several needs names.

    Returns:
        A symbol that layers are called with; or the first element of `ek.Sequential`'s list.
    """
    if isinstance(shape, int):
        shape = (shape,)
    return Symbol(None, [], name, tuple(shape))


def _bind(cls: type, args: tuple, kwargs: Dict[str, Any]) -> Dict[str, Any]:
    try:
        return dict(inspect.signature(cls).bind(*args, **kwargs).arguments)
    except TypeError as error:
        names = [p for p in inspect.signature(cls).parameters]
        unknown = [key for key in kwargs if key not in names]
        if not unknown:
            raise TypeError(f"{cls.__name__}: {error}") from None
        import difflib

        near = difflib.get_close_matches(unknown[0], names, 1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise TypeError(f'{cls.__name__}: unknown argument "{unknown[0]}". Known: {", ".join(names)}.{hint}') from None


def parameters_of(fields: Sequence[dict], with_name: bool) -> List[inspect.Parameter]:
    """A signature: what is required first, as in Keras, then the rest in the library's order."""
    ordered = [f for f in fields if f["required"]] + [f for f in fields if not f["required"]]
    parameters = [
        inspect.Parameter(f["name"], inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=_annotation(f),
                          default=inspect.Parameter.empty if f["required"] else f["default"]) for f in ordered
    ]
    if with_name:
        parameters.append(
            inspect.Parameter("name", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Optional[str]))
    return parameters


def _annotation(field: dict) -> Any:
    default, accepts = field["default"], field["accepts"]
    kind: Any = Any
    if isinstance(default, bool):
        kind = bool
    elif isinstance(default, str) or field["choices"]:
        kind = str
    elif "two" in accepts or "pair" in accepts:
        kind = Union[int, Sequence[int]]
    elif "list" in accepts or isinstance(default, tuple):
        kind = Sequence[int] if "whole" in accepts else Sequence[float]
    elif "whole number" in accepts:
        kind = int
    elif "number" in accepts:
        kind = float
    return kind if field["required"] or default is not None else Optional[kind]


def arguments_text(fields: Sequence[dict]) -> str:
    """The fields as a docstring lists them."""
    lines = []
    for field in fields:
        default = "required" if field["required"] else f"default {field['default']!r}"
        choices = f"; one of {', '.join(field['choices'])}" if field["choices"] else ""
        text = f"{field['name']}: {field['help']} ({field['accepts']}{choices}; {default})."
        lines.append(textwrap.fill(text, 96, initial_indent="    ", subsequent_indent="        "))
    return "\n".join(lines)


def _made(description: dict) -> type:
    fields = description["fields"]
    name_line = "    name: of the layer; without one it gets Keras's, such as conv2d or conv2d_1."
    doc = textwrap.fill(description["about"], 100)
    doc += "\n\nArgs:\n" + "\n".join(filter(None, [arguments_text(fields), name_line]))
    cls = type(description["type"], (Layer,), {
        "__slots__": (),
        "__doc__": doc,
        "__module__": "evenkeel_nn",
        "_fields": tuple(f["name"] for f in fields),
    })
    cls.__signature__ = inspect.Signature(parameters_of(fields, True))
    return cls


# Input is the function above: the beginning of a model, as in Keras.
CLASSES = {d["type"]: _made(d) for d in native.layer_descriptions() if d["type"] != "Input"}
globals().update(CLASSES)
__all__ = ["Layer", "Input", *CLASSES]


def wrapped(layer: Any) -> Layer:
    """A layer of the library as an object of its class."""
    cls = CLASSES.get(layer.type, Layer)
    made = object.__new__(cls)
    object.__setattr__(made, "_native", layer)
    return made


def _restored(kind: str, name: str, settings: Dict[str, Any]) -> Layer:
    return wrapped(native.make_layer(kind, name, settings))
