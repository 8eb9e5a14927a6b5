"""Writes stubs into a folder: _native.pyi by nanobind's stubgen, _layers.pyi and _optimizers.pyi from the classes.

Run by the build with the package in PYTHONPATH.
"""

from __future__ import annotations

import inspect
import pathlib
import sys
import textwrap

# The package beside this file has no module; the built one is in PYTHONPATH.
sys.path.pop(0)

HEAD = '''"""Written by write_stubs.py from the library's own descriptions."""

from typing import Any, Dict, List, Optional, Sequence, Union

'''


def signature_text(cls: type) -> str:
    parts, named = [], False
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and not named:
            parts.append("*")
            named = True
        default = "" if parameter.default is inspect.Parameter.empty else f" = {parameter.default!r}"
        parts.append(f"{parameter.name}: {annotation_text(parameter)}{default}")
    return ", ".join(["self", *parts])


def annotation_text(parameter: inspect.Parameter) -> str:
    return inspect.formatannotation(parameter.annotation)


def class_text(cls: type, base: str) -> str:
    doc = textwrap.indent('"""' + inspect.getdoc(cls) + '\n"""', "    ")
    fields = "".join(f"    @property\n    def {name}(self) -> {annotation_text(p)}: ...\n"
                     for name, p in inspect.signature(cls).parameters.items() if name != "name")
    return f"class {cls.__name__}({base}):\n{doc}\n    def __init__({signature_text(cls)}) -> None: ...\n{fields}\n"


def main(folder: pathlib.Path) -> None:
    from nanobind import stubgen

    import evenkeel_nn._layers as layers
    import evenkeel_nn._native as native
    import evenkeel_nn._optimizers as optimizers

    folder.mkdir(parents=True, exist_ok=True)
    stub = stubgen.StubGen(native)
    stub.put(native)
    (folder / "_native.pyi").write_text(stub.get())
    base = '''class Layer:
    @property
    def name(self) -> str: ...
    def settings(self, only_changed: bool = False) -> Dict[str, Any]: ...
    def __call__(self, inputs: Union["Symbol", Sequence["Symbol"]]) -> "Symbol": ...

class Symbol:
    layer: Optional[Layer]
    inputs: List["Symbol"]
    name: str
    shape: Any

def Input(shape: Sequence[int], name: str = "") -> Symbol: ...
def wrapped(layer: Any) -> Layer: ...

'''
    classes = "".join(class_text(cls, "Layer") for cls in layers.CLASSES.values())
    (folder / "_layers.pyi").write_text(HEAD + base + classes + f"__all__: List[str]\n")
    base = "class Optimizer:\n    def settings(self) -> Dict[str, Any]: ...\n\n"
    classes = "".join(class_text(cls, "Optimizer") for cls in optimizers.CLASSES.values())
    (folder / "_optimizers.pyi").write_text(HEAD + base + classes + "__all__: List[str]\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
