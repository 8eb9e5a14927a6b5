"""fit, evaluate and predict, as in Keras."""

from __future__ import annotations

import os
import textwrap
import warnings
from typing import Any, Dict, List, Optional, Sequence, Union

from ._data import dataset
from ._errors import input_error
from ._loading import native
from ._model import Model
from ._optimizers import Optimizer
from ._plotting import pyplot
from ._progress import Line, progress_of


class Callback:
    """What is called while `ek.fit` trains: methods that a subclass overrides, with Keras's names.

    Attributes:
        model: the model that is trained. Its weights may be read, and its learning rate be set.

    A method that raises ends the training with that exception. A text that `on_epoch_end` or `on_train_batch_end`
    returns ends it too, as the reason.
    """

    model: Optional[Model] = None

    def on_train_begin(self, logs: Dict[str, Any]) -> None:
        """Before the first step. `logs`: steps, steps_per_epoch, epochs, batch_size."""

    def on_train_batch_end(self, step: int, logs: Dict[str, Any]) -> Optional[str]:
        """After each step, counted from 1. `logs`: loss, accuracy (means of the epoch so far), learning_rate."""

    def on_epoch_end(self, epoch: int, logs: Dict[str, Any]) -> Optional[str]:
        """After each epoch, counted from 1. `logs`: loss, accuracy, val_loss, val_accuracy, learning_rate, seconds."""

    def on_train_end(self, history: "History") -> None:
        """After the last step."""


class _Settings(Callback):
    """A callback of the library: it stands for settings of training."""

    def __init__(self, settings: Dict[str, Any]):
        self.settings = {key: value for key, value in settings.items() if value is not None}


class EarlyStopping(_Settings):
    """Ends training after `patience` epochs without improvement.

    Args:
        patience: epochs.
        monitor: "val_loss" (the default where there is validation), "val_accuracy", "loss" or "accuracy".
        min_delta: what counts as improvement; default 0.
        restore_best_weights: end with the weights of the best epoch.
    """

    def __init__(self, patience: int, monitor: Optional[str] = None, min_delta: Optional[float] = None,
                 restore_best_weights: bool = False):
        super().__init__({"early_stopping": patience, "monitor": monitor, "min_delta": min_delta,
                          "restore_best_weights": restore_best_weights or None})


class ReduceLROnPlateau(_Settings):
    """Lowers the learning rate after `patience` epochs without improvement.

    Args:
        patience: epochs.
        factor: by which it is lowered; default 0.1.
        monitor: "val_loss", "val_accuracy", "loss" or "accuracy".
        min_delta: what counts as improvement; default 0.
        min_lr: it is not lowered below this.
    """

    def __init__(self, patience: int, factor: Optional[float] = None, monitor: Optional[str] = None,
                 min_delta: Optional[float] = None, min_lr: Optional[float] = None):
        super().__init__({"reduce_lr_patience": patience, "reduce_lr_factor": factor, "monitor": monitor,
                          "min_delta": min_delta, "min_lr": min_lr})


class TerminateOnNaN(_Settings):
    """Ends training at the first loss or gradient that is not finite."""

    def __init__(self) -> None:
        super().__init__({"terminate_on_nan": True})


class History(dict):
    """What training measured: a NumPy array for each figure, one number per epoch.

    Keys: epoch, step, loss, accuracy, val_loss, val_accuracy, learning_rate, seconds, images_per_s; those that were
    measured. A figure that an epoch does not have is NaN.

    Attributes:
        stopped: whether training was interrupted.
        reason: why a callback ended it early; else empty.
        failed: whether it ended because a loss or gradient was not finite.
        weights_epoch: the epoch whose weights were restored at the end; None if they are the last epoch's.
    """

    def __init__(self, epochs: Sequence[Dict[str, Any]] = (), stopped: bool = False, reason: str = "",
                 failed: bool = False, weights_epoch: Optional[int] = None):
        import numpy as np

        super().__init__()
        keys = [key for key in ("epoch", "step", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate",
                                "seconds", "images_per_s") if any(key in epoch for epoch in epochs)]
        for key in keys:
            kind = np.int64 if key in ("epoch", "step") else np.float64
            self[key] = np.array([epoch.get(key, np.nan) for epoch in epochs], dtype=kind)
        self.stopped, self.reason, self.failed, self.weights_epoch = stopped, reason, failed, weights_epoch

    @property
    def history(self) -> "History":
        """Itself, for code that was written for Keras."""
        return self

    def plot(self, axes: Any = None, label: str = ""):
        """Draws loss and accuracy over the epochs with matplotlib; returns its figure. Without epochs it is empty.

        Args:
            axes: two axes of matplotlib to draw on; absent: a new figure. `figure.axes` of one history, given to the
                next one, compares them.
            label: what the curves are called in the legend, in front of "training" and "validation".

        Raises:
            ImportError: matplotlib is not installed.
        """
        plt = pyplot("History.plot")
        names = [name for name in ("loss", "accuracy") if name in self] or ["loss"]
        start = f"{label}, " if label else ""
        if axes is None:
            _, axes = plt.subplots(1, len(names), figsize=(5 * len(names), 3.5), squeeze=False, layout="constrained")
            axes = axes[0]
        for axis, name in zip(axes, names):
            line, = axis.plot(self.get("epoch", []), self.get(name, []), marker=".", linestyle="--",
                              label=start + "training")
            if "val_" + name in self:
                axis.plot(self["epoch"], self["val_" + name], marker=".", color=line.get_color(),
                          label=start + "validation")
            axis.set(xlabel="epoch", ylabel=name)
            axis.xaxis.get_major_locator().set_params(integer=True)
            axis.grid(True, alpha=0.3)
            axis.legend()
        return axes[0].figure

    def __repr__(self) -> str:
        last = ", ".join(f"{key} {self[key][-1]:.4f}" for key in ("loss", "accuracy", "val_loss", "val_accuracy")
                         if key in self)
        epochs = len(self.get("epoch", ()))
        return f"<History of {epochs} epoch{'s' if epochs != 1 else ''}{': ' + last if last else ''}>"


class _Events:
    """What the library tells of training: shown, and passed on to the callbacks."""

    def __init__(self, model: Model, line: Line, callbacks: Sequence[Callback]):
        self.line, self.callbacks = line, callbacks
        self.epochs: List[Dict[str, Any]] = []
        for callback in callbacks:
            callback.model = model

    def warn(self, texts: List[str]) -> None:
        for text in texts:
            warnings.warn(text, stacklevel=2)

    def begin(self, steps: int, per_epoch: int, epochs: int, batch_size: int, _first: int) -> None:
        self.steps, self.all_epochs, self.batch_size = steps, epochs, batch_size
        for callback in self.callbacks:
            callback.on_train_begin({"steps": steps, "steps_per_epoch": per_epoch, "epochs": epochs,
                                     "batch_size": batch_size})

    def step(self, step: int, epoch: int, _in_epoch: int, logs: Dict[str, Any], due: bool) -> Optional[str]:
        if due and self.line.is_live:
            part = step / max(1, self.steps)
            self.line.draw(part, f"epoch {epoch}/{self.all_epochs}  {_figures(logs)}  {self.line.left(part)}".rstrip())
        for callback in self.callbacks:
            reason = callback.on_train_batch_end(step, logs)
            if isinstance(reason, str):
                return reason
        return None

    def epoch(self, record: Dict[str, Any]) -> Optional[str]:
        if record.pop("is_whole"):
            self.epochs.append(record)
            self.line.line(f"epoch {record['epoch']}/{self.all_epochs}  {_figures(record)}  "
                           f"{record['images_per_s']:.0f} images/s")
        else:
            return None
        for callback in self.callbacks:
            reason = callback.on_epoch_end(record["epoch"], dict(record))
            if isinstance(reason, str):
                return reason
        return None


def _figures(logs: Dict[str, Any]) -> str:
    return "  ".join(f"{name} {logs[name]:.4f}" for name in ("loss", "accuracy", "val_loss", "val_accuracy")
                     if name in logs)


def _settings(loss: Any, optimizer: Any, batch_size: Optional[int], more: Dict[str, Any]) -> Dict[str, Any]:
    """The settings of training that arguments stand for, in the library's keys."""
    settings: Dict[str, Any] = {"loss": loss, "batch_size": batch_size}
    if isinstance(optimizer, Optimizer):
        settings.update(optimizer.settings())
    elif optimizer is None or isinstance(optimizer, str):
        settings["optimizer"] = optimizer
    else:
        raise input_error("optimizer", "an optimizer such as ek.Adam(1e-3), or its name", f"a {type(optimizer).__name__}")
    settings.update(more)
    return {key: value for key, value in settings.items() if value is not None}


def _threads(threads: Optional[int]) -> int:
    if threads is not None and (not isinstance(threads, int) or threads < 1):
        raise input_error("threads", "a whole number of at least 1, or None for one per core", repr(threads))
    return threads or 0


def fit(model: Model, x: Any, y: Any = None, *, validation: Any = None, epochs: Optional[int] = None,
        steps: Optional[int] = None, batch_size: Optional[int] = None, loss: Optional[str] = None,
        optimizer: Union[Optimizer, str, None] = None, shuffle: bool = True, seed: Optional[int] = None,
        callbacks: Sequence[Any] = (), threads: Optional[int] = None, precision: Optional[str] = None,
        labels: str = "", channels_first: bool = False, best: Optional[str] = None, verbose: Any = "auto",
        **settings: Any) -> History:
    if seed is not None:
        settings["seed"] = seed
    values = _settings(loss, optimizer, batch_size,
                       {**settings, "epochs": epochs, "steps": steps, "precision": precision})
    own: List[Callback] = []
    for callback in callbacks:
        if isinstance(callback, _Settings):
            values.update(callback.settings)
        elif callable(callback) and not isinstance(callback, Callback):
            own.append(_Function(callback))
        elif isinstance(callback, Callback):
            own.append(callback)
        else:
            raise input_error("callbacks", "callbacks (ek.Callback), or functions of (epoch, logs)",
                              f"a {type(callback).__name__}")
    data = dataset(x if y is None else (x, y), model, for_training=True, name="training data", labels=labels,
                   channels_first=channels_first)
    held = model._held(None)
    checked = None
    if validation is not None:
        checked = dataset(validation, model, name="validation data", labels=labels, channels_first=channels_first)
    every_step = any(type(c).on_train_batch_end is not Callback.on_train_batch_end for c in own)
    with Line(verbose) as line:
        events = _Events(model, line, own)
        try:
            ended = native.fit(held, data, checked, values, bool(shuffle), _threads(threads),
                               os.fspath(best) if best else "", events, every_step)
        except BaseException:
            model.history = History(events.epochs, stopped=True)  # what was measured until it was interrupted
            raise
    whole = [{k: v for k, v in e.items() if k != "is_whole"} for e in ended.pop("epochs")]
    model.history = History(whole, **ended)
    for callback in own:
        callback.on_train_end(model.history)
    return model.history


def _fit_doc() -> str:
    described = []
    named = {"loss", "optimizer", "epochs", "steps", "batch_size", "seed", "precision"}
    for key in native.setting_descriptions():
        if key["name"] not in named:
            described.append(textwrap.fill(f"{key['name']}: {key['help']} ({key['accepts']}).", 100,
                                           initial_indent="        ", subsequent_indent="            "))
    return """Trains a model, as Keras's `fit` and the program's `train` do.

    The same data, settings, seed and number of threads give the same weights, bit for bit, as `evenkeel train`.
    Training goes on from the model's present weights, and from the optimizer's state if the model was trained before.
    Ctrl-C ends it after the present step: the weights stay, `model.history` has the epochs so far.

    Args:
        model: it is trained in place.
        x: samples [N, H, W, C] or [N, F] of uint8 or float32 (others are converted; float64 is rounded); raw pixels, if
            the model begins with a Rescaling. Or a SPEC of the program ("strokes:train"), a Dataset, or an iterable of
            batches (x, y). A list or dict of arrays for a model with several inputs.
        y: labels [N] of integers from 0 on, or targets [N, K] of float32.
        validation: (x, y), or what else x may be: evaluated after each epoch.
        epochs: default 1.
        steps: in place of epochs, so many full batches.
        batch_size: default 32.
        loss: "sparse_categorical_crossentropy", "binary_crossentropy", "mse", ...; default: the one that the model's
            file names, else the one that outputs and targets imply.
        optimizer: `ek.Adam(1e-3)`, `ek.SGD(...)`, or a name. Default Adam.
        shuffle: whether each epoch has an order of its own.
        seed: for the order of the data and dropout masks; default the model's.
        callbacks: `ek.EarlyStopping(3)`, ..., objects of subclasses of `ek.Callback`, or functions of (epoch, logs).
        threads: default one per core.
        precision: "float32" or "bfloat16".
        labels: "from-1", "contiguous" or "names": what labels that do not count from 0 become.
        channels_first: images are [N, C, H, W].
        best: a file for the weights of the best epoch (with `save_best=True`).
        verbose: "auto" or True: a bar in a terminal or notebook, else a line per epoch on stderr. False: nothing.
        **settings: further keys of training, as in a model file:
""" + "\n".join(described) + """

    Returns:
        The History: a dict of arrays, one number per epoch, with `plot()`.

    Raises:
        InputError: data, settings and model do not fit together; the message says what was seen.
        ResourceError: there is not enough memory.

    Example:
        history = ek.fit(model, x, y, validation=(x_test, y_test), epochs=5, batch_size=64, optimizer=ek.Adam(2e-3))
    """


fit.__doc__ = _fit_doc()


class _Function(Callback):
    def __init__(self, function: Any):
        self.function = function

    def on_epoch_end(self, epoch: int, logs: Dict[str, Any]) -> Optional[str]:
        return self.function(epoch, logs)


class Evaluation(dict):
    """`loss`, `accuracy` (None for mse), `samples`, `class_samples` [K], `class_accuracy` [K] and `confusion` [K, K].

    `confusion[i, j]` counts samples of class i that were predicted as class j. The entries are attributes too.
    """

    def __getattr__(self, key: str) -> Any:
        try:
            return self[key]
        except KeyError:
            raise AttributeError(key) from None

    def __repr__(self) -> str:
        accuracy = f", accuracy {self['accuracy']:.4f}" if self.get("accuracy") is not None else ""
        return f"<Evaluation of {self['samples']:,} samples: loss {self['loss']:.4f}{accuracy}>"


def evaluate(model: Model, x: Any, y: Any = None, *, batch_size: Optional[int] = None, loss: Optional[str] = None,
             mode: str = "evaluate", threads: Optional[int] = None, precision: Optional[str] = None, labels: str = "",
             channels_first: bool = False, verbose: Any = "auto") -> Evaluation:
    """Loss and accuracy over all samples, for each class, and the confusion matrix.

    Args:
        model: a model.
        x: samples, as for `ek.fit`.
        y: labels [N] or targets [N, K].
        batch_size: default that of training, else 32.
        loss: default that of training, else the one that outputs and targets imply.
        mode: "evaluate": moving statistics, no dropout. "train": the batch's statistics and dropout; moving statistics
            do not change.
        threads, precision, labels, channels_first, verbose: as for `ek.fit`.

    Returns:
        An Evaluation: a dict with loss, accuracy, samples, class_samples, class_accuracy, confusion.

    Raises:
        InputError: data and model do not fit, or there are no targets.
    """
    data = dataset(x if y is None else (x, y), model, labels=labels, channels_first=channels_first)
    values = _settings(loss, None, batch_size, {"precision": precision})
    with Line(verbose) as line:
        return Evaluation(native.evaluate(model._held(None), data, values, mode, _threads(threads), progress_of(line)))


def predict(model: Model, x: Any, *, what: str = "outputs", batch_size: Optional[int] = None,
            loss: Optional[str] = None, mode: str = "evaluate", threads: Optional[int] = None,
            precision: Optional[str] = None, channels_first: bool = False, verbose: Any = "auto") -> Any:
    """What the model says of samples.

    Args:
        model: a model.
        x: samples, as for `ek.fit`.
        what: "outputs": what the last layer yields [N, K]. "scores": softmax or sigmoid of it, by the loss. "classes":
            int32 [N], the largest score; -1 where scores are NaN. "all": a dict of these, and of the other outputs.
        batch_size: default that of training, else 32.
        loss: which scores are meant; default that of training.
        mode: "evaluate" or "train", as for `ek.evaluate`.
        threads, precision, channels_first, verbose: as for `ek.fit`.

    Returns:
        A NumPy array, or with "all" a dict of arrays.

    Raises:
        InputError: samples and model do not fit.
    """
    if what not in ("outputs", "scores", "classes", "all"):
        raise input_error("what", '"outputs", "scores", "classes" or "all"', repr(what))
    data = dataset(x, model, channels_first=channels_first, targets=False)
    values = _settings(loss, None, batch_size, {"precision": precision})
    with Line(verbose) as line:
        predictions = native.predict(model._held(None), data, values, mode, _threads(threads), progress_of(line))
    if what == "all":
        return predictions
    return predictions[what]
