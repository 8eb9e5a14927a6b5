"""A live Keras 3 model as the doctor asks for it, on any backend: described once, then measured pass by pass.

Passes run the model eagerly while `Layer.__call__` and `Operation.__call__` are replaced in their classes: each layer
is seen, nested and subclassed ones too, and no layer is touched. Statistics are supplied by assigning the moving ones
for a pass.
"""

import contextlib
import math
import random

import keras
import numpy as np

from . import arrays, keras_layers
from . import data as sets
from .errors import InputError, UnsupportedError
from .graph import Node, Stop, peak_elements
from .live_network import Figures, LiveNetwork, free_memory

_LOSSES = {
    "cross_entropy": "cross_entropy",
    "sparse_categorical_crossentropy": "cross_entropy",
    "categorical_crossentropy": "cross_entropy",
    "binary_crossentropy": "binary_crossentropy",
    "bce_with_logits": "binary_crossentropy",
    "bce": "binary_crossentropy",
    "mse": "mse",
    "mean_squared_error": "mse",
    "SparseCategoricalCrossentropy": "cross_entropy",
    "CategoricalCrossentropy": "cross_entropy",
    "BinaryCrossentropy": "binary_crossentropy",
    "MeanSquaredError": "mse",
}


def to_host(array):
    if hasattr(array, "detach"):
        array = array.detach().cpu()
    if keras.ops.is_tensor(array):
        return keras.ops.convert_to_numpy(array)
    return np.asarray(array)


def _tensors(value):
    return [t for t in keras.tree.flatten(value) if keras.ops.is_tensor(t)]


def _number(tensor):
    """A tensor's values as a NumPy array that can be computed with."""
    array = keras.ops.convert_to_numpy(tensor)
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float32)


class _Py:
    """A PyDataset in batches spread over it."""

    def __init__(self, data, samples):
        self._data, count = data, len(data)
        size = len(next(iter(sets.leaves(data[0])), ())) or 1
        self._order = range(count) if samples <= 0 else sets.spread(count, max(1, math.ceil(samples / size)))

    def __iter__(self):
        return (self._data[int(i)] for i in self._order)


def _loader(data, samples):
    if not hasattr(data, "__iter__") and hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        return _Py(data, samples), {}
    if type(data).__module__.startswith("torch."):
        from .torch_network import spread_loader

        return spread_loader(data, samples)
    return data, {}


class _Calls:
    """Follows a forward pass. Subclasses say what to do with each leaf layer and each operation."""

    def __init__(self, model):
        self._model, self._stack, self._counts, self._inside = model, [], {}, 0

    def before(self, name, layer, tensors, args, kwargs):
        """May replace kwargs of the call; `tensors` are as the layer computes with them."""
        return kwargs

    def after(self, name, layer, args, output):
        pass

    def container(self, layer, kwargs):
        return kwargs

    def _named(self, base):
        count = self._counts[base] = self._counts.get(base, 0) + 1
        return base if count == 1 else f"{base} ({count})"

    def __enter__(self):
        from keras.src.ops.operation import Operation

        self._classes = keras.layers.Layer, Operation
        layer_call, operation_call = keras.layers.Layer.__call__, Operation.__call__
        self._old = layer_call, operation_call
        calls = self

        def of_layer(layer, *args, **kwargs):
            if calls._inside or not calls._stack and layer is not calls._model:
                return layer_call(layer, *args, **kwargs)
            if not keras_layers.is_leaf(layer):
                path = [] if layer is calls._model else [layer.name]
                calls._stack.append((calls._stack[-1] if calls._stack else []) + path)
                try:
                    return layer_call(layer, *args, **calls.container(layer, kwargs))
                finally:
                    calls._stack.pop()
            name = calls._named("/".join(calls._stack[-1] + [layer.name]) if calls._stack else layer.name)
            calls._inside, calls._current = 1, (name, layer)
            try:
                output = layer_call(layer, *args, **kwargs)
            finally:
                calls._inside = 0
            calls.after(name, layer, (args, kwargs), output)
            return output

        def of_operation(operation, *args, **kwargs):
            if isinstance(operation, keras.layers.Layer):
                if calls._inside and calls._current and calls._current[1] is operation:
                    name, layer = calls._current
                    calls._current = None
                    kwargs = calls.before(name, layer, _tensors((args, kwargs)), args, dict(kwargs))
                return operation_call(operation, *args, **kwargs)
            if calls._inside or not calls._stack:
                return operation_call(operation, *args, **kwargs)
            name = calls._named("/".join(calls._stack[-1] + [operation.name]))
            calls._inside, calls._current = 1, None
            try:
                calls.before(name, operation, _tensors((args, kwargs)), args, kwargs)
                output = operation_call(operation, *args, **kwargs)
            finally:
                calls._inside = 0
            calls.after(name, operation, (args, kwargs), output)
            return output

        self._current = None
        keras.layers.Layer.__call__, Operation.__call__ = of_layer, of_operation
        return self

    def __exit__(self, *problem):
        layer, operation = self._classes
        layer.__call__, operation.__call__ = self._old


class _Recorder(_Calls):
    """Records the graph of one pass; which normalizations would use their moving statistics in training."""

    def __init__(self, model, first_axis):
        super().__init__(model)
        self.nodes, self._of, self._alive, self._first_axis = [], {}, [], first_axis
        self._frozen, self._inputs, self._known, self._unread = {}, {}, {}, set()
        self.repeated, self.noisy_containers = [], False

    def track_input(self, tree):
        for t in _tensors(tree):
            self._of[id(t)] = -1
            self._alive.append(t)

    def before(self, name, layer, tensors, args, kwargs):
        self._inputs[name] = tensors
        if isinstance(layer, keras.layers.Layer):
            training = kwargs.get("training")
            if keras_layers.is_moving_normalization(layer):
                self._frozen[name] = not layer.trainable or not training
            if "training" in kwargs:
                kwargs["training"] = False
        return kwargs

    def after(self, name, layer, args, output):
        outputs = _tensors(output)
        given = _tensors(args)
        if not outputs:
            return
        inputs = [self._of[id(t)] for t in given if id(t) in self._of]
        loose = [t for t in given if id(t) not in self._of]
        actual = self._inputs.get(name) or given
        if loose and not inputs and self.nodes:  # through functions that are not seen
            inputs = sorted(self._unread) or [len(self.nodes) - 1]
            before = Node(
                f"{name} input",
                "function",
                inputs,
                {},
                [],
                tuple(loose[0].shape),
                self._axis(None, loose[0]),
                self._axis(None, loose[0]),
                True,
            )
            self.nodes.append(before)
            self._unread.clear()
            inputs = [len(self.nodes) - 1]
        elif not inputs:
            inputs = [-1] if given else []
        inputs = list(dict.fromkeys(inputs))
        if not actual:
            return
        axis_in, axis = self._axis(layer, actual[0]), self._axis(layer, outputs[0])
        weights, roles = [], {}
        shape_in, shape_out = tuple(actual[0].shape), tuple(outputs[0].shape)
        if isinstance(layer, keras.layers.Layer):
            if id(layer) in self._known and layer.weights:
                traits, opaque = {}, True
                self.repeated.append((name, self._known[id(layer)]))
            else:
                self._known.setdefault(id(layer), name)
                traits, roles, opaque = keras_layers.describe_layer(
                    layer, shape_in, shape_out, axis_in, self._frozen.get(name, False)
                )
                weights = self._weights(name, layer, roles)
        else:
            kind = type(layer).__name__
            merge = {
                "Add": "sum",
                "Multiply": "product",
                "Subtract": "difference",
                "Maximum": "maximum",
                "Minimum": "minimum",
            }.get(kind)
            same = len(given) == 2 and all(tuple(t.shape) == shape_out for t in given)
            traits, opaque = ({"merge": merge}, False) if merge and same and len(inputs) == 2 else ({}, True)
        if traits.get("merge") and len(inputs) < 2:
            traits, opaque = {}, True
        self.nodes.append(
            Node(name, type(layer).__name__, inputs, traits, weights, shape_out, axis, axis_in, opaque, layer, name)
        )
        index = len(self.nodes) - 1
        self._unread -= set(inputs)
        self._unread.add(index)
        for t in outputs:
            self._of[id(t)] = index
            self._alive.append(t)

    def _axis(self, layer, tensor):
        ndim = len(tensor.shape)
        if layer is not None and keras_layers.is_moving_normalization(layer):
            axis = layer.axis[0] if isinstance(layer.axis, (list, tuple)) else layer.axis
            return axis % ndim
        if getattr(layer, "data_format", None) == "channels_first" and ndim > 2:
            return 1
        if getattr(layer, "data_format", None) is None and self._first_axis and ndim > 3 and layer is not None:
            return 1
        return ndim - 1 if ndim > 1 else None

    @staticmethod
    def _weights(name, layer, roles):
        found = []
        places = {}
        for attribute, role in roles.items():
            variable = getattr(layer, attribute, None)
            if variable is not None and hasattr(variable, "assign"):
                places[id(variable)] = (attribute, role)
        trainable = {id(v) for v in layer.trainable_variables}
        for v in layer.weights:
            attribute, role = places.get(id(v), (None, "other"))
            initializer = getattr(layer, f"{attribute}_initializer", None) if attribute else None
            text = keras_layers.initializer_text(initializer) if initializer is not None else None
            found.append(
                {
                    "name": f"{name}/{v.name}",
                    "role": role,
                    "tensor": v,
                    "module": layer,
                    "trainable": id(v) in trainable,
                }
                | ({"initializer": text} if text else {})
            )
        names = [w["name"] for w in found]
        for i, w in enumerate(found):
            if names.index(w["name"]) != i:
                w["name"] += f" ({names[:i].count(w['name']) + 1})"
        return found

    def finish(self, output):
        placed = {id(w["tensor"]) for node in self.nodes for w in node.weights}
        for v in self._model.weights:
            if id(v) not in placed and self.nodes and "seed_generator" not in v.path:
                placed.add(id(v))
                parts = v.path.split("/")
                node = max(self.nodes, key=lambda n: sum(a == b for a, b in zip(n.name.split("/"), parts)))
                node.weights.append(
                    {"name": v.path, "role": "other", "tensor": v, "module": None, "trainable": bool(v.trainable)}
                )
        return self._of.get(id(output), len(self.nodes) - 1 if self.nodes else None)


class _Watcher(_Calls):
    """Takes figures in a pass, sets each layer's mode, and gives normalizations the statistics of the batch."""

    def __init__(self, network, batch, want, stop_after, figures, noise):
        super().__init__(network.model)
        self._network, self._batch, self._stop_after, self._noise = network, batch, stop_after, noise
        self._wanted = set(want.get("input_moments", ()))
        self._histograms, self._squares = want.get("input_histograms", {}), set(want.get("input_squares", ()))
        self._signals, self._seen = set(want.get("output_signals", ())), set()
        self.moments, self.histograms = figures.moments, figures.histograms
        self.squares, self.signals = figures.squares, figures.signals

    def container(self, layer, kwargs):
        return kwargs

    def before(self, name, layer, tensors, args, kwargs):
        if isinstance(layer, keras.layers.Layer) and "training" in kwargs:
            kwargs["training"] = bool(self._noise and self._network.is_noisy(layer))
        name = self._network.first_names.get(id(layer), name)
        watched = name in self._wanted or name in self._batch or name in self._histograms or name in self._squares
        if watched and tensors:
            node, x = self._network.by_name[name], _number(tensors[0])
            if name in self._wanted or name in self._batch:
                found = arrays.moments(x, node.input_axis)
                if name in self._wanted:
                    self.moments[name] = arrays.merged(self.moments.get(name), found)
                if name in self._batch:
                    self._network.supply(layer, found[1], found[2] / max(found[0], 1))
            if name in self._histograms:
                counts, number = arrays.histogram(x, node.input_axis, *self._histograms[name])
                old = self.histograms.get(name, (0.0, 0.0))
                self.histograms[name] = (old[0] + counts, old[1] + number)
            if name in self._squares:
                self.squares[name] = self.squares.get(name, 0.0) + arrays.squares(x, node.input_axis)
        if self._stop_after is not None and name in self._stop_after:
            self._seen.add(name)
            if self._seen == self._stop_after:
                raise Stop
        return kwargs

    def after(self, name, layer, args, output):
        if name not in self._signals:
            return
        x = _number(_tensors(output)[0])
        axis = self._network.by_name[name].axis
        axis = x.ndim - 1 if axis is None else axis
        found, (low, high) = arrays.moments(x, axis), arrays.extremes(x, axis)
        old = self.signals.get(name)
        if old is not None:
            found, low, high = arrays.merged(old[0], found), np.minimum(old[1], low), np.maximum(old[2], high)
        self.signals[name] = (found, low, high)


class KerasNetwork(LiveNetwork):
    """The maker of evidence for a Keras 3 model. Nothing of the model stays changed: use it as a context manager, or
    call restore()."""

    framework = "keras"
    _noun = "model"

    def __init__(
        self,
        model,
        data,
        *,
        train=None,
        loss=None,
        samples=2048,
        batch=None,
        outputs=None,
        call=None,
        autocast=None,
        memory=None,
        optimizer=None,
        records=None,
        class_names=None,
        check_outputs=True,
    ):
        del autocast  # Keras's dtype policies are the model's own
        self.model = model
        if not model.built or not model.weights and not model.layers:
            raise InputError(
                f"{type(model).__name__} {model.name!r} is not built yet: call it on a batch once, or load its weights."
            )
        self._outputs, self._call = outputs, call
        self._changed = {}
        self._random = _Generators()
        self._seeds = _seed_states(model)
        self._modes = [(layer, layer.trainable) for layer in all_layers(model)]
        try:
            self._prepare(data, train, loss, samples, batch, memory, optimizer, records or {}, class_names)
            if check_outputs:
                self._refuse_nan()
        except BaseException:
            self.restore()
            raise

    def _prepare(self, data, train, loss, samples, batch, memory, optimizer, records, class_names):
        self._draw(
            data, train, samples=samples, batch=batch, to_host=to_host, concatenate=np.concatenate, loader=_loader
        )
        self.memory = memory or free_memory()
        self._trace()
        self._loss(loss)
        labels = self._sets["data"].labels
        shape = self._logits_shape
        self.outputs = shape[-1] if len(shape) > 1 else 1
        self.positions = max(1, math.prod(shape[1:-1])) if len(shape) > 1 else 1
        few = sets.fewer(self._sets.values(), self.outputs * self.positions, memory)
        labels = self._sets["data"].labels
        self._infer_loss(labels)
        self._notes.extend(few)
        self._labels = {which: self._ready_labels(s) for which, s in self._sets.items() if s is not None}
        self._arrays, self._class_names = {}, class_names
        self._records(optimizer, records)

    # Forward passes.

    def _inputs(self, which, rows, x=None):
        sample = self._sets[which]
        if x is not None:
            x = np.asarray(x)
            return np.moveaxis(x, -1, self.input_axis) if self.input_axis not in (None, x.ndim - 1) else x
        whole = len(rows) == sample.size and bool((np.asarray(rows) == np.arange(sample.size)).all())
        return sample.inputs if whole else sets.map_tree(lambda a: a[rows], sample.inputs)

    def _forward(self, inputs, training=False):
        inputs = sets.map_tree(keras.ops.convert_to_tensor, inputs)
        with _no_gradients():
            if self._call is not None:
                return self._call(self.model, inputs)
            try:
                return self.model(inputs, training=training)
            except TypeError as problem:
                if "training" not in str(problem):
                    raise
                return self.model(inputs)

    def _logits(self, outputs):
        chosen = self._chosen(outputs)
        if keras.ops.is_tensor(chosen) and len(chosen.shape):
            return chosen
        which = repr(next(iter(outputs), "out")) if isinstance(outputs, dict) else "0"
        raise InputError(f"The model returns {sets.seen(outputs)}. Say which one has the scores: outputs={which}.")

    def is_noisy(self, layer):
        return keras_layers.is_noise(layer)

    def _keep(self, variable):
        if id(variable) not in self._changed:
            self._changed[id(variable)] = (variable, keras.ops.convert_to_numpy(variable.value).copy())

    def supply(self, layer, mean, variance):
        """Makes a normalization use these statistics until the end of the pass."""
        for v, values in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
            if id(v) not in self._switched:
                self._switched[id(v)] = (v, keras.ops.convert_to_numpy(v.value).copy())
            v.assign(np.asarray(values, dtype=np.float32).reshape(v.shape))

    @contextlib.contextmanager
    def _pass(self, step):
        """Statistics that are supplied, and the states of generators, return at its end."""
        self._switched = {}
        seeds, others = _seed_states(self.model), _Generators()
        try:
            seed = (0x5EED + 0x9E3779B1 * int(step)) % (1 << 31)
            for i, (v, old) in enumerate(seeds):
                v.assign(np.array([seed, i], dtype=old.dtype).reshape(old.shape) if old.size == 2 else old)
            others.seed(seed)
            yield
        finally:
            for v, old in list(self._switched.values()) + seeds:
                v.assign(old)
            self._switched = {}
            others.restore()

    # The description.

    def _trace(self):
        rows = np.arange(min(2, self._sets["data"].size))
        inputs = sets.map_tree(keras.ops.convert_to_tensor, self._inputs("data", rows))
        with self._pass(0):
            attempts = []
            for training in (True, False):
                recorder = _Recorder(self.model, keras.config.image_data_format() == "channels_first")
                recorder.track_input(inputs)
                try:
                    with recorder:
                        outputs = self._forward(inputs, training)
                except Exception:
                    if not training:
                        raise
                    continue
                attempts.append((recorder, outputs))
                break
        recorder, outputs = attempts[0]
        logits = self._logits(outputs)
        if not recorder.nodes:
            raise UnsupportedError(f"{type(self.model).__name__} {self.model.name!r}: no layer was seen in its call.")
        self.output, self.nodes = recorder.finish(logits), recorder.nodes
        self._logits_shape = tuple(int(n) for n in logits.shape)
        self.by_name, self.first_names, self.weights = {}, {}, {}
        for node in self.nodes:
            self.by_name.setdefault(node.name, node)
            if isinstance(node.module, keras.layers.Layer) and node.module.weights:
                self.first_names.setdefault(id(node.module), node.name)
            for w in node.weights:
                self.weights.setdefault(w["name"], w)
        self._repeated = {first for _, first in recorder.repeated}
        self._moving = [n.name for n in self.nodes if n.traits.get("normalization", {}).get("moving")]
        leaf = next(sets.leaves(self._sets["data"].inputs))
        self.input_axis = 1 if keras.config.image_data_format() == "channels_first" and leaf.ndim > 3 else None
        per_sample = max(peak_elements(self.nodes), math.prod(leaf.shape[1:]) if leaf.ndim > 1 else 1)
        self.sample_bytes = per_sample * 8

    def _loss(self, loss):
        """Kind, scores and label smoothing of the loss given, or of the compiled one."""
        self._kind = self._smoothing = self._scores = self._own_loss = None
        self._notes = []
        compiled = loss is None
        loss = getattr(self.model, "loss", None) if compiled else loss
        if isinstance(loss, (list, tuple, dict)):
            loss = None
        if loss is None:
            return
        name = loss if isinstance(loss, str) else getattr(loss, "__name__", None) or type(loss).__name__
        if name not in _LOSSES:
            if isinstance(loss, str):
                raise InputError(
                    f"loss={loss!r} is not known. Known: {', '.join(k for k in _LOSSES if k.islower())}, "
                    "or a function of (labels, outputs)."
                )
            self._own_loss = loss
            self._notes.append("The loss is a function of your own; its scale is compared with that of the usual loss.")
            return
        self._kind = _LOSSES[name]
        self._smoothing = float(
            getattr(loss, "label_smoothing", None) or getattr(loss, "_fn_kwargs", {}).get("label_smoothing", 0.0) or 0.0
        )
        if self._kind == "mse":
            self._scores = "logits"
        elif name == "bce_with_logits":
            self._scores = "logits"
        elif not isinstance(loss, str):
            logits = getattr(loss, "from_logits", None)
            logits = getattr(loss, "_fn_kwargs", {}).get("from_logits", False) if logits is None else logits
            self._scores = "logits" if logits else "probabilities"
        elif compiled:
            self._scores = "probabilities"  # Keras's default of a loss by name

    def _infer_loss(self, labels):
        last = self.nodes[self.output].traits.get("activation")
        if self._kind is None:
            whole = labels is None or labels.dtype.kind in "iub"
            fits = labels is not None and labels.size == len(labels) * self.outputs * self.positions
            if whole:
                self._kind = "binary_crossentropy" if self.outputs == 1 and labels is not None else "cross_entropy"
            elif not fits:
                self._kind = "cross_entropy"
            elif self.outputs > 1 and np.allclose(labels.reshape(-1, self.outputs).sum(1), 1, atol=1e-3):
                self._kind = "cross_entropy"
            else:
                self._kind = "binary_crossentropy" if last == "sigmoid" else "mse"
        if self._scores is None:
            end = {"cross_entropy": "softmax", "binary_crossentropy": "sigmoid"}.get(self._kind)
            self._scores = "probabilities" if end is not None and last == end else "logits"
        self._smoothing = self._smoothing or 0.0

    def _ready_labels(self, sample):
        if sample.labels is None:
            return None
        y = sample.labels
        if y.ndim == 2 and y.shape[1] == 1 and self.outputs > 1:
            y = y[:, 0]  # Keras's own form of class numbers
        if y.dtype.kind == "f" and self._kind == "cross_entropy" and y.ndim == 1 and np.all(y == np.round(y)):
            y = y.astype(np.int64)  # Keras takes these
        y = sets.checked_labels(y, self._kind, self.outputs, self.positions, sample.name)
        sets.checked_range(y, self.outputs, sample.name)
        return y

    def _records(self, optimizer, records):
        optimizer = optimizer if optimizer is not None else getattr(self.model, "optimizer", None)
        self.records, self.lost = {}, list(self._notes)
        if optimizer is not None:
            self.records["updates"] = int(keras.ops.convert_to_numpy(optimizer.iterations.value))
            if self.records["updates"] == 0:
                del self.records["updates"]  # compiled again after training
            if getattr(optimizer, "weight_decay", None):
                self.records["weight_decay"] = float(optimizer.weight_decay)
            if getattr(optimizer, "use_ema", False):
                self.records["ema_momentum"] = float(optimizer.ema_momentum)
        else:
            self.lost.append("The model has no optimizer: the number of updates is not known.")
        if "batch_size" not in records:
            self.lost.append("A model does not tell the batch size of its training; batch_size= does.")
        self.records.update(records)
        for name in sorted(self._repeated):
            self.lost.append(f"{name} is called several times; its figures are those of all calls together.")

    def _shape(self, shape, axis):
        shape = [int(n) for n in shape[1:]] or [1]
        if axis is not None and 0 < axis < len(shape):
            shape.append(shape.pop(axis - 1))
        return shape

    def describe(self):
        """The graph of layers, their traits, weights and records, as plain data (PROTOCOL)."""
        layers = []
        for node in self.nodes:
            weights = [
                {k: w[k] for k in ("name", "role", "trainable", "initializer") if k in w}
                | {"shape": [int(n) for n in w["tensor"].shape] or [1]}
                for w in node.weights
            ]
            trains = [w["trainable"] for w in node.weights if w["role"] not in ("moving_mean", "moving_variance")]
            layers.append(
                {
                    "name": node.name,
                    "kind": node.kind,
                    "inputs": [int(i) for i in node.inputs] or [-1],
                    "output_shape": self._shape(node.shape, node.axis),
                    "traits": node.traits,
                    "weights": weights,
                    "trainable": any(trains) if trains else True,
                    "opaque": bool(node.opaque),
                }
            )
        x = self._single("data")
        return {
            "framework": "keras",
            "class": type(self.model).__name__,
            "input_shape": [1] if x is None else self._shape(x.shape, self.input_axis),
            "outputs": int(self.outputs),
            "loss": self._kind,
            "scores": self._scores,
            "label_smoothing": self._smoothing,
            "layers": layers,
            "output": int(self.output),
            "records": self.records,
            "lost": self.lost,
        }

    def _single(self, which):
        x = self._sets[which].inputs
        if not isinstance(x, np.ndarray):
            leaves = list(sets.leaves(x))
            x = leaves[0] if len(leaves) == 1 and isinstance(x, (list, tuple)) else None
        if x is None or x.ndim < 2 or (x.dtype.kind != "f" and x.dtype != np.uint8):
            return None
        return x

    def _images(self, which):
        x = self._single(which)
        if x is None:
            return None
        x = np.moveaxis(x, self.input_axis, -1) if self.input_axis not in (None, x.ndim - 1) else x
        return np.ascontiguousarray(x if x.dtype == np.uint8 else x.astype(np.float32))

    def _targets(self, labels):
        return sets.as_targets(labels, self.outputs, self.positions)

    # Weights.

    def weight(self, name):
        """A tensor, float32; Keras's layouts are Evenkeel's."""
        value = keras.ops.convert_to_numpy(self.weights[name]["tensor"].value)
        return np.array(value, dtype=np.float32, order="C").reshape(value.shape or (1,))

    def set_weight(self, name, array):
        """Sets a tensor, until restore()."""
        v = self.weights[name]["tensor"]
        self._keep(v)
        v.assign(np.asarray(array, dtype=np.float32).reshape(v.shape))

    # Measurements.

    def run(self, which, rows, x=None, y=None, *, statistics=None, noise=False, step=0, want=None):
        """One batch: see PROTOCOL, and torch_network.TorchNetwork.run."""
        rows = np.asarray(rows, dtype=np.int64)
        statistics = statistics or {}
        division = self._divided(rows, statistics, noise, want)
        want, found, figures = division.want, [], Figures()
        with self._pass(step):
            self._supply_all(statistics)
            for part in division.parts:
                watcher = _Watcher(self, division.batch, want, division.stop_after, figures, noise)
                try:
                    with watcher:
                        outputs = self._forward(
                            self._inputs(which, rows[part], None if x is None else x[part]), bool(noise)
                        )
                except Stop:
                    continue
                found.append(self._scores_of(which, rows[part], outputs, None if y is None else y[part], want))
        return self._answer(found, figures, want)

    def _scores_of(self, which, rows, outputs, labels, want):
        answer = {}
        if not ("losses" in want or "outputs" in want):
            return answer
        tensor = self._logits(outputs)
        z = _number(tensor).reshape(len(rows), self.positions, self.outputs)
        if "outputs" in want:
            answer["outputs"] = z.reshape(len(rows), -1).astype(np.float32)
        if "losses" in want:
            if labels is None:
                if self._labels[which] is None:
                    raise InputError(f"{self._sets[which].name} has no labels, which the loss needs.")
                labels = self._labels[which][rows]
            answer["losses"], answer["correct"] = arrays.sample_losses(
                self._kind, self._scores, self._smoothing, z, np.asarray(labels)
            )
            if self._own_loss is not None:
                raw = self._sets[which].labels[rows]
                values = [self._own_loss(raw[i : i + 1], tensor[i : i + 1]) for i in range(len(rows))]
                answer["losses"] = np.array([float(np.mean(keras.ops.convert_to_numpy(v))) for v in values])
        return answer

    def gradient_norms(self, which, rows):
        """{weight: (norm, size)} of one training step's gradients of the mean loss, without the update."""
        from .keras_gradients import gradients

        rows = np.asarray(rows, dtype=np.int64)
        if self._labels[which] is None:
            raise InputError(f"{self._sets[which].name} has no labels, which the loss needs.")
        trainable = {id(v) for v in self.model.trainable_variables}
        weights = {n: w["tensor"] for n, w in self.weights.items() if id(w["tensor"]) in trainable}
        if not weights:
            return {}
        states = [(v, keras.ops.convert_to_numpy(v.value).copy()) for v in self.model.non_trainable_variables]
        labels = self._labels[which][rows]
        try:
            with self._pass(0):
                inputs = sets.map_tree(keras.ops.convert_to_tensor, self._inputs(which, rows))
                norms = gradients(
                    self.model,
                    inputs,
                    list(weights.values()),
                    lambda outputs: self._mean_loss(self._logits(outputs), labels),
                )
        finally:
            for v, old in states:
                v.assign(old)
        return {n: (norm, int(np.prod(v.shape))) for (n, v), norm in zip(weights.items(), norms)}

    def _mean_loss(self, z, labels):
        """The mean loss as the backend differentiates it."""
        logits = self._scores == "logits"
        z = keras.ops.cast(z, "float32")
        if self._kind == "mse":
            return keras.ops.mean(
                keras.ops.square(
                    keras.ops.reshape(z, (len(labels), -1)) - labels.reshape(len(labels), -1).astype(np.float32)
                )
            )
        if self._kind == "binary_crossentropy":
            target = labels if labels.dtype.kind == "f" or self.outputs == 1 else np.eye(self.outputs)[labels]
            target = keras.ops.reshape(keras.ops.convert_to_tensor(target.astype(np.float32)), z.shape)
            return keras.ops.mean(keras.ops.binary_crossentropy(target, z, from_logits=logits))
        z = keras.ops.reshape(z, (-1, self.outputs))
        if labels.dtype.kind == "f":
            return keras.ops.mean(keras.ops.categorical_crossentropy(labels.astype(np.float32), z, from_logits=logits))
        return keras.ops.mean(
            keras.ops.sparse_categorical_crossentropy(labels.reshape(-1).astype(np.int32), z, from_logits=logits)
        )

    def _refuse_nan(self):
        """NaN outputs of finite weights and inputs have a cause outside of the weights."""
        for w in self.weights.values():
            values = self.weight(w["name"])
            if not np.isfinite(values).all() or (w["role"] == "moving_variance" and (values < 0).any()):
                return
        rows = np.arange(min(2, self._sets["data"].size))
        if not (where := self._where_not_finite(rows)):
            return
        raise InputError(
            where
            + ". Look at the size of the inputs, or at functions that divide or take logarithms."
        )

    # The end.

    def restore(self):
        """Everything as it was."""
        for v, old in list(self._changed.values()) + self._seeds:
            v.assign(old)
        self._changed = {}
        for layer, trainable in self._modes:
            if layer.trainable != trainable:
                layer.trainable = trainable
        self._random.restore()


class _Generators:
    """The state of the generators outside of Keras that layers may draw from."""

    def __init__(self):
        self._torch = None
        if keras.backend.backend() == "torch":
            from .torch_state import RandomState

            self._torch = RandomState()
        self._numpy, self._python = np.random.get_state(), random.getstate()

    def seed(self, seed):
        if self._torch is not None:
            import torch

            torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)

    def restore(self):
        if self._torch is not None:
            self._torch.restore()
        np.random.set_state(self._numpy)
        random.setstate(self._python)


def all_layers(model):
    return list(model._flatten_layers()) if hasattr(model, "_flatten_layers") else list(model.layers)


def _seed_states(model):
    """(variable, value) of every generator of random numbers among a model's layers, and Keras's global one."""
    found = {}
    for layer in all_layers(model):
        for value in vars(layer).values():
            if isinstance(value, keras.random.SeedGenerator):
                found[id(value.state)] = value.state
    from keras.src.backend.common import global_state
    from keras.src.random import seed_generator

    shared = global_state.get_global_attribute(
        getattr(seed_generator, "GLOBAL_SEED_GENERATOR", "global_seed_generator")
    )
    if shared is not None:
        found[id(shared.state)] = shared.state
    return [(v, keras.ops.convert_to_numpy(v.value).copy()) for v in found.values()]


@contextlib.contextmanager
def _no_gradients():
    if keras.backend.backend() == "torch":
        import torch

        with torch.no_grad():
            yield
    else:
        yield
