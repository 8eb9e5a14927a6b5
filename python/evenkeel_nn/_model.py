"""Models: a description with its weights."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

from ._data import as_array
from ._errors import input_error
from ._layers import Layer, Symbol, wrapped
from ._loading import native

PathLike = Union[str, "os.PathLike[str]"]


class Weights(Mapping):
    """A model's tensors by name, such as "conv2d/kernel": NumPy arrays over the model's own memory.

    Reading gives a view, float32, without a copy; what is written into it is the model's weight. A view stays valid,
    and shows training go on, as long as it is held. Assigning copies values into the tensor. Layouts are Keras's:
    kernels of convolutions [height, width, in, out], of dense layers [in, out].
    """

    def __init__(self, held: Any):
        self._held = held
        self._infos = {name: (shape, state, trainable) for name, shape, state, trainable in held.weights}

    def _known(self, name: str) -> str:
        if name in self._infos:
            return name
        import difflib

        near = difflib.get_close_matches(name, self._infos, 1)
        raise KeyError(f"no tensor is named {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))

    def __getitem__(self, name: str):
        return self._held.weight(self._known(name))

    def __setitem__(self, name: str, values: Any) -> None:
        view = self[name]
        array = as_array(values, f"weights[{name!r}]")
        if array.shape != view.shape:
            raise input_error(f"weights[{name!r}]", f"an array {view.shape}", f"one {array.shape}")
        view[...] = array

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)

    def is_state(self, name: str) -> bool:
        """Whether it is a moving statistic, not a parameter."""
        return self._infos[self._known(name)][1]

    def is_trainable(self, name: str) -> bool:
        """Whether the optimizer updates it."""
        return self._infos[self._known(name)][2]

    def __repr__(self) -> str:
        width = max(map(len, self._infos), default=0)
        return "\n".join(f"{name:<{width}}  {shape}" for name, (shape, _, _) in self._infos.items())


class Model:
    """A graph of layers with its weights.

    Args:
        inputs: what `ek.Input` returned; a list for several.
        outputs: what the last layers returned; a list for several, the main one first.
        name: of the model.
        seed: for the initial weights, dropout masks and the order of training data.

    Example:
        x = ek.Input((28, 28, 1))
        y = ek.Conv2D(8, kernel_size=3, activation="relu")(x)
        model = ek.Model(x, ek.Dense(10)(ek.Flatten()(y)))
    """

    history: Optional[Any] = None  # of the last fit
    before: Optional[Dict[str, Any]] = None  # of a repaired copy: loss and accuracy before the repair, ...
    after: Optional[Dict[str, Any]] = None  # ... and after it
    repair: Any = None  # what was done to it (ek.repair)

    def __init__(self, inputs: Union[Symbol, Sequence[Symbol]], outputs: Union[Symbol, Sequence[Symbol]],
                 name: str = "model", seed: int = 0):
        ends = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        begins = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        nodes, names = _graph(begins, ends)
        described = [(begin.name or ("input" if len(begins) == 1 else f"input_{i + 1}"), begin.shape)
                     for i, begin in enumerate(begins)]
        training = {"seed": seed} if seed else {}
        last = [names[id(end)] for end in ends]
        self._native = native.build(name, described, nodes, last, training)

    @classmethod
    def _of(cls, held: Any) -> "Model":
        model = object.__new__(cls)
        model._native = held
        return model

    @classmethod
    def from_toml(cls, text: str) -> "Model":
        """A model with weights drawn from its seed, from the text of a model file (docs/training.md)."""
        return Model._of(native.from_toml(text, "from_toml"))

    # What the other modules of the package use.
    def _is_built(self) -> bool:
        return True

    def _held(self, sample_shape: Optional[Sequence[int]]) -> Any:
        """The library's model; a chain that has no input shape yet takes that of these samples."""
        return self._native

    @property
    def name(self) -> str:
        """The model's name."""
        return self._held(None).name

    @property
    def layers(self) -> List[Layer]:
        """The layers, in order, with their names."""
        return [wrapped(node["layer"]) for node in self._held(None).layers]

    @property
    def graph(self) -> List[Dict[str, Any]]:
        """Of each layer: its `name`, `layer`, `inputs` (names), `output_shape` (of a sample) and `parameters`."""
        return [{**node, "layer": wrapped(node["layer"])} for node in self._held(None).layers]

    @property
    def inputs(self) -> List[Tuple[str, Tuple[int, ...]]]:
        """The model's inputs: names, and shapes of a sample."""
        return [(name, tuple(shape)) for name, shape in self._held(None).inputs]

    @property
    def outputs(self) -> List[str]:
        """The names of the layers whose outputs are the model's, the main one first."""
        return self._held(None).outputs

    @property
    def input_shape(self) -> Tuple[int, ...]:
        """Of a sample of the first input."""
        return self.inputs[0][1]

    @property
    def output_shape(self) -> Tuple[int, ...]:
        """Of a sample of the main output."""
        return tuple(self._held(None).output_shape)

    @property
    def parameters(self) -> int:
        """How many numbers the weights are, moving statistics among them."""
        return self._held(None).parameters

    @property
    def weights(self) -> Weights:
        """The tensors by name: `model.weights["conv2d/kernel"]` is a NumPy array over the model's memory."""
        return Weights(self._held(None))

    @property
    def training(self) -> Dict[str, Any]:
        """The settings of training: those of the file that it came from, or of the last fit."""
        return self._held(None).training

    @property
    def class_names(self) -> List[str]:
        """The names of the classes, if they are known."""
        return self._held(None).class_names

    @class_names.setter
    def class_names(self, names: Sequence[str]) -> None:
        self._held(None).class_names = list(names)

    @property
    def notes(self) -> List[str]:
        """What was remarkable when the model was opened."""
        return self._held(None).notes

    @property
    def record(self) -> Optional[Dict[str, Any]]:
        """What is known of the file of another program that the model came from; None for one of ours."""
        return self._held(None).record

    @property
    def learning_rate(self) -> Optional[float]:
        """The learning rate of the next update; may be set while `fit` runs, by a callback. None before training."""
        return self._held(None).learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self._held(None).learning_rate = rate

    @property
    def seed(self) -> int:
        """For the initial weights, dropout masks and the order of training data."""
        return self._held(None).seed

    def to_toml(self) -> str:
        """The text of its model file, with the settings of training."""
        return self._held(None).toml

    def save(self, path: PathLike, *, training: bool = False, fold: bool = False) -> None:
        """Saves the model.

        Args:
            path: by its ending: .onnx and .keras for other programs; .safetensors for the weights, with the model in
                their metadata; .toml for the model alone. Without an ending: a folder with model.toml and
                weights.safetensors, which `ek.load` and the program open.
            training: .onnx: noise and normalizations in training mode.
            fold: .onnx: normalizations folded into the layers before them.

        Raises:
            UnsupportedError: the format cannot express some layers; all of them are listed.
            ResourceError: the file cannot be written.
        """
        import warnings

        for note in self._held(None).save(os.fspath(path), training, fold):
            warnings.warn(note, stacklevel=2)

    def load_weights(self, path: PathLike, format: str = "") -> None:
        """Replaces the weights by those of a file of the same model.

        Args:
            path: .safetensors in our names, or a foreign file of the same network.
            format: "pytorch" for a safetensors file of a state_dict.
        """
        self._held(None).load_weights(os.fspath(path), format)

    def copy(self) -> "Model":
        """A copy with weights of its own. It does not have the optimizer's state."""
        copied = Model._of(self._held(None).clone())
        copied.history, copied.before, copied.after, copied.repair = self.history, self.before, self.after, self.repair
        return copied

    def __copy__(self) -> "Model":
        return self.copy()

    def __deepcopy__(self, _: Any) -> "Model":
        return self.copy()

    def __reduce__(self):
        weights = {name: array.copy() for name, array in self.weights.items()}
        return _restored, (self.to_toml(), weights, self.class_names)

    def fit(self, x: Any, y: Any = None, **arguments: Any):
        """Trains the model: `ek.fit(model, x, y, ...)`."""
        from ._training import fit

        return fit(self, x, y, **arguments)

    def evaluate(self, x: Any, y: Any = None, **arguments: Any):
        """Loss and accuracy: `ek.evaluate(model, x, y, ...)`."""
        from ._training import evaluate

        return evaluate(self, x, y, **arguments)

    def predict(self, x: Any, **arguments: Any):
        """Outputs for samples: `ek.predict(model, x, ...)`."""
        from ._training import predict

        return predict(self, x, **arguments)

    def diagnose(self, data: Any, train: Any = None, **arguments: Any):
        """Why it behaves in evaluation as it does: `ek.diagnose(model, data, ...)`."""
        from ._report import diagnose

        return diagnose(self, data, train, **arguments)

    def summary(self) -> None:
        """Prints the layers with their output shapes and parameters, as Keras does."""
        summary(self)

    def to_torch(self):
        """The same network as a torch.nn.Module."""
        from . import live

        return live.to_torch(self)

    def to_keras(self):
        """The same network as a Keras model."""
        from . import live

        return live.to_keras(self)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {shape}" for name, shape in self.inputs)
        return f"<{type(self).__name__} {self.name!r}: {shapes} -> {self.output_shape}, {self.parameters:,} parameters>"


class Sequential(Model):
    """A chain of layers with its weights.

    Args:
        layers: the layers; the first element may be an `ek.Input`.
        input_shape: of a sample, in place of an `ek.Input`. Without both, the first samples that the model sees decide.
        name: of the model.
        seed: for the initial weights, dropout masks and the order of training data.

    Example:
        model = ek.Sequential([ek.Input((28, 28, 1)), ek.Rescaling(1 / 255), ek.Conv2D(8), ek.BatchNormalization(),
                               ek.Activation("relu"), ek.Flatten(), ek.Dropout(0.3), ek.Dense(10)])
    """

    def __init__(self, layers: Sequence[Union[Layer, Symbol]] = (), *, input_shape: Optional[Sequence[int]] = None,
                 name: str = "model", seed: int = 0):
        self._native = None
        self._chain: List[Layer] = []
        self._input = ("input", tuple(input_shape)) if input_shape is not None else None
        self._name, self._seed = name, seed
        for layer in layers:
            self.add(layer)
        if self._input is not None and self._chain:
            self._build()

    def add(self, layer: Union[Layer, Symbol]) -> None:
        """Appends a layer. A model that has its weights begins with new ones."""
        if isinstance(layer, Symbol) and layer.layer is None and not self._chain:
            self._input = (layer.name or "input", layer.shape)
        elif isinstance(layer, Layer):
            self._chain.append(layer)
            self._native = None
        else:
            raise input_error("Sequential", "layers", f"an object of type {type(layer).__name__}",
                              "ek.Model(inputs, outputs) makes a graph.")

    def _build(self) -> None:
        if self._input is None:
            raise input_error(f"model {self._name!r}", "the shape of its input", "none so far",
                              "Begin with ek.Input((height, width, channels)).")
        training = {"seed": self._seed} if self._seed else {}
        nodes = [(layer._native, []) for layer in self._chain]
        self._native = native.build(self._name, [self._input], nodes, [], training)

    def _is_built(self) -> bool:
        return self._native is not None or self._input is not None

    def _held(self, sample_shape: Optional[Sequence[int]]) -> Any:
        if self._native is None:
            if self._input is None and sample_shape is not None:
                self._input = ("input", tuple(sample_shape) or (1,))
            self._build()
        return self._native


def _graph(begins: List[Symbol], ends: List[Symbol]):
    """The layers between, each after those that it reads, and the names of all."""
    for symbol in begins:
        if not isinstance(symbol, Symbol) or symbol.layer is not None:
            raise input_error("Model: inputs", "what ek.Input returned", f"{symbol!r}")
    names: Dict[int, str] = {}
    for i, begin in enumerate(begins):
        names[id(begin)] = begin.name or ("input" if len(begins) == 1 else f"input_{i + 1}")
    nodes: List[Tuple[Any, List[str]]] = []
    counts: Dict[str, int] = {}
    taken: Dict[int, str] = {}

    def visit(end: Symbol) -> None:
        waiting = [end]
        while waiting:
            symbol = waiting[-1]
            if id(symbol) in names:
                waiting.pop()
                continue
            if symbol.layer is None:
                raise input_error("Model: inputs", "every input that its outputs depend on", f"none for {symbol!r}")
            unread = [read for read in symbol.inputs if id(read) not in names]
            if unread:
                waiting.extend(reversed(unread))
                continue
            waiting.pop()
            layer = symbol.layer
            if id(layer) in taken:
                raise input_error(f"layer {taken[id(layer)]!r}", "a layer for each use", "one that is called twice",
                                  "Layers do not share weights here: make another one.")
            name = layer.name or _default_name(type(layer).__name__, counts, names)
            taken[id(layer)] = names[id(symbol)] = name
            nodes.append((native.make_layer(type(layer).__name__, name, layer.settings(True)),
                          [names[id(read)] for read in symbol.inputs]))

    for end in ends:
        if not isinstance(end, Symbol):
            raise input_error("Model: outputs", "what a layer returned", f"an object of type {type(end).__name__}")
        visit(end)
    return nodes, names


def _default_name(kind: str, counts: Dict[str, int], names: Dict[int, str]) -> str:
    while True:
        count = counts.get(kind, 0)
        counts[kind] = count + 1
        name = native.snake_case(kind) + (f"_{count}" if count else "")
        if name not in names.values():
            return name


def _restored(toml: str, weights: Dict[str, Any], class_names: List[str]) -> Model:
    model = Model.from_toml(toml)
    for name, values in weights.items():
        model.weights[name] = values
    model.class_names = class_names
    return model


def summary(model: Model) -> None:
    """Prints a model's layers with their output shapes and parameters, as Keras does."""
    print(model._held(None).summary, end="")


def load(path: PathLike, weights: Optional[PathLike] = None, *, input_shape: Optional[Sequence[int]] = None,
         preprocess: str = "", force_preprocess: bool = False, weights_format: str = "") -> Model:
    """Opens a model: whatever the program opens.

    Args:
        path: a run folder (its weights, or its newest checkpoint), a model file (.toml; weights are drawn from its
            seed unless they are given), a weights file with its model (.safetensors), or a file of another program
            (.onnx, .keras, .h5).
        weights: a file with other weights for it.
        input_shape: (height, width, channels) of a foreign network whose file leaves it open.
        preprocess: layers to put in front, such as "imagenet".
        force_preprocess: even if the model begins with such layers.
        weights_format: "pytorch" for a safetensors file of a state_dict.

    Returns:
        The model. `notes` says what was remarkable, `record` what is known of a foreign file.

    Raises:
        InputError: nothing is there, or it is damaged.
        UnsupportedError: a foreign network has operators that are not supported; all are listed.
    """
    return Model._of(native.open(os.fspath(path), os.fspath(weights) if weights is not None else "", input_shape,
                                 preprocess, force_preprocess, weights_format))


def from_onnx(path: PathLike, **options: Any) -> Model:
    """Opens an ONNX file: `ek.load` for a file that must be one."""
    if not os.fspath(path).endswith(".onnx"):
        raise input_error("from_onnx", "a file that ends in .onnx", os.fspath(path))
    return load(path, **options)


def from_keras(model: Any) -> Model:
    """A Keras 3 model in our engine, through a .keras file of its own.

    Args:
        model: a keras.Model that can be saved, of any backend; or the path of a .keras or .h5 file.

    Raises:
        UnsupportedError: it has layers that are not supported; all are listed.
    """
    import tempfile

    if isinstance(model, (str, os.PathLike)):
        return load(model)
    if not hasattr(model, "save"):
        raise input_error("from_keras", "a Keras model, or the path of its file", f"a {type(model).__name__}")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        model.save(path)
        return load(path)
