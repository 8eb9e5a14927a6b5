"""The doctor: what it finds, and what repairs it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Optional

from . import live
from ._data import dataset
from ._errors import FindingsError, input_error
from ._frame import framed
from ._loading import native
from ._model import Model, load
from ._progress import Line, progress_of
from ._training import _settings, _threads

_MEMORY = 1 << 30  # bytes
_SEVERITIES = ("info", "warning", "error")


@dataclass(frozen=True)
class Fact:
    """A number that a finding rests on, and what it should be."""

    what: str
    value: float
    unit: str = ""
    expected: str = ""

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        should = f" (expected {self.expected})" if self.expected else ""
        return f"{self.what}: {self.value:.4g}{unit}{should}"


@dataclass(frozen=True)
class Remedy:
    """What to do: in words, as a call of this package (empty where none repairs it), and in other frameworks' code."""

    advice: str
    command: str = ""
    promise: str = ""
    keras: str = ""
    pytorch: str = ""

    def __str__(self) -> str:
        return self.advice


@dataclass(frozen=True)
class Finding:
    """What the doctor found: a cause, where, and how it knows.

    Attributes:
        code: "never-updated"; docs/doctor has a page for each.
        severity: "error" (it costs loss, or must fail), "warning" or "info".
        layers: exact names, in the order of the network; empty: the network as a whole.
        cause: one sentence.
        evidence: the numbers that it rests on.
        certainty: "sure", "likely" or "possible", and `certainty_reason`.
        cost: {"loss": {"value", "standard_error"}, "accuracy": ...}, measured; None where it cannot be separated.
        remedy: what to do.
        consequence_of: the code of the finding that explains this one; else None.
    """

    code: str
    title: str
    severity: str
    layers: List[str]
    cause: str
    evidence: List[Fact]
    certainty: str
    certainty_reason: str
    cost: Optional[Dict[str, Any]]
    remedy: Remedy
    consequence_of: Optional[str] = None
    foreign: Optional[List[str]] = None
    excluded: List[str] = field(default_factory=list)
    unseen: List[str] = field(default_factory=list)
    documentation: str = ""

    @property
    def layer(self) -> Optional[str]:
        """The first of the layers."""
        return self.layers[0] if self.layers else None

    def __str__(self) -> str:
        return f"{self.severity}: {self.code}: {self.cause}"


def _finding(entry: Dict[str, Any]) -> Finding:
    known = {key: entry[key] for key in Finding.__dataclass_fields__ if key in entry}
    known["evidence"] = [Fact(**fact) for fact in entry["evidence"]]
    known["remedy"] = Remedy(**entry["remedy"])
    return Finding(**known)


class Report:
    """The answer of `ek.diagnose`.

    Attributes:
        findings: sorted by severity, then by cost.
        answer: one or two sentences.
        worst: the highest severity; None without findings.
    """

    def __init__(self, held: Any):
        self._held = held
        self._dict: Dict[str, Any] = json.loads(held.json)
        self.findings = [_finding(entry) for entry in self._dict["findings"]]
        self.answer: str = held.answer
        self.worst: Optional[str] = held.worst

    @property
    def cells(self) -> Dict[str, Any]:
        """Loss and accuracy of the data and the training data, in evaluation mode and in training mode."""
        return self._dict["cells"]

    @property
    def attribution(self) -> Dict[str, Any]:
        """The steps from training mode to evaluation mode, with what each costs."""
        return self._dict["attribution"]

    @property
    def statistics(self) -> List[Dict[str, Any]]:
        """Of each normalization: how far its moving statistics are from those of the data, and the noise before it."""
        return self._dict["statistics"]

    @property
    def notes(self) -> List[str]:
        """What should be known about the data first."""
        return self._dict["notes"]

    @property
    def checked(self) -> List[str]:
        """What was checked."""
        return self._dict["checked"]

    @property
    def unchecked(self) -> List[Dict[str, str]]:
        """What was not checked, and why."""
        return self._dict["unchecked"]

    @property
    def samples(self) -> int:
        """How many samples were looked at."""
        return self._dict["samples"]

    @property
    def passes(self) -> float:
        """How often the sample went through the network."""
        return self._dict["passes"]

    def to_dict(self) -> Dict[str, Any]:
        """Everything as plain data, as `evenkeel doctor --json` prints it."""
        return json.loads(self._held.json)

    def to_html(self, path: Optional[Any] = None) -> str:
        """The doctor's page, a whole document without links to other files; written to `path` if that is given."""
        page = self._held.html
        if path is not None:
            with open(os.fspath(path), "w", encoding="utf-8") as file:
                file.write(page)
        return page

    def raise_if(self, severity: str = "error") -> "Report":
        """Raises FindingsError if there are findings of this severity or a higher one; returns the report otherwise.

        Args:
            severity: "error", "warning" or "info".
        """
        if severity not in _SEVERITIES:
            raise input_error("severity", '"error", "warning" or "info"', repr(severity))
        refused = [f for f in self.findings if _SEVERITIES.index(f.severity) >= _SEVERITIES.index(severity)]
        if not refused:
            return self
        error = FindingsError("\n".join(map(str, refused)), received=f"{len(refused)} findings")
        error.findings = refused
        raise error

    def details(self) -> str:
        """Everything as text: each finding with its evidence and its remedies."""
        return self._held.details

    def __str__(self) -> str:
        return self._held.text.replace("--verbose has the rest", "report.details() has the rest")

    def __repr__(self) -> str:
        return f"<Report: {self.worst or 'nothing found'}: {self.answer}>"

    def _repr_html_(self) -> str:
        return framed(self._held.html, "Evenkeel: the doctor's report")


@dataclass(frozen=True)
class Repair:
    """What `ek.repair` did.

    Attributes:
        methods: the methods that were used.
        kind: "exact" (outputs stay), "statistics" (moving statistics are set) or "needs training".
        changes: pairs of a layer and what changed in it; empty: there was nothing to repair.
        left: pairs of a layer that could not be repaired, and why.
        before, after: loss and accuracy, on samples that the repair has not seen.
        scored_on: "validation", "cross-fitted halves" or "data".
        no_help: why the repair does not help, by the scores; empty if it helps or keeps the outputs.
    """

    methods: List[str]
    kind: str
    changes: List[Any]
    left: List[Any]
    architecture_changed: bool
    trained_epochs: int
    no_help: str
    input_unchecked: str
    before: Optional[Dict[str, Any]]
    after: Optional[Dict[str, Any]]
    reference: Optional[Dict[str, Any]]
    scored_on: Optional[str]
    expected: Optional[Any]


def _ours(model: Any, where: str) -> Model:
    if isinstance(model, Model):
        return model
    if isinstance(model, (str, os.PathLike)):
        return load(model)
    raise input_error(where, "a model of evenkeel_nn, a torch.nn.Module, a Keras model or the path of a model",
                      f"an object of type {type(model).__name__}")


def diagnose(model: Any, data: Any, train: Any = None, loss: Optional[str] = None, samples: int = 2048,
             batch_size: Optional[int] = None, *, batch: Optional[Callable] = None, labels: str = "",
             channels_first: bool = False, memory: Optional[int] = None, threads: Optional[int] = None,
             verbose: Any = "auto", **options: Any) -> Report:
    """Says why a network behaves in evaluation as it does: layer, cause, evidence, cost, remedy.

    Args:
        model: a model of this package or the path of one; a live `torch.nn.Module` on any device, or a Keras 3 model,
            which is left exactly as it was: weights, buffers, modes, random numbers, hooks.
        data: what evaluation is about: a pair (x, y) of arrays, a DataLoader or any iterable of batches, or a SPEC.
        train: what the network was trained on, if that is something else.
        loss: "cross_entropy", "binary_crossentropy", "mse", ...; default that of training, else the one that outputs
            and targets imply.
        samples: how many of each set are looked at; 0: all.
        batch_size: of training; default what is recorded, else 32.
        batch: what x and y are of a batch: `lambda b: (b["image"], b["label"])`.
        labels, channels_first: as for `ek.fit`.
        memory: bytes that measurements may keep; default 1 GiB, of a live network what its device has free.
        threads: default one per core; of our engine.
        verbose: "auto" or True: a bar in a terminal or notebook. False: nothing.
        **options: of a live network (evenkeel_nn.live).

    Returns:
        A Report: `findings`, `to_html(path)`, `to_dict()`, `raise_if("error")`; in a notebook it is the doctor's page.

    Raises:
        InputError: data and network do not fit; the message says what was seen and how to go on.
    """
    if live.framework_of(model):
        return live.diagnose(model, data, train=train, loss=loss, samples=samples, batch_size=batch_size, batch=batch,
                             labels=labels, verbose=verbose, memory=memory, **options)
    if options:
        raise TypeError(f"diagnose: unknown argument {next(iter(options))!r}")
    ours = _ours(model, "diagnose")
    how = {"labels": labels, "channels_first": channels_first, "batch": batch}
    evaluated = dataset(data, ours, name="data", **how)
    trained = dataset(train, ours, for_training=True, name="training data", **how) if train is not None else None
    with Line(verbose) as line:
        held = native.diagnose(ours._held(None), evaluated, trained, _settings(loss, None, batch_size, {}), samples,
                               memory or _MEMORY, _threads(threads), progress_of(line))
    return Report(held)


def repair(model: Any, data: Any, fix: str = "all", *, validation: Any = None, then_train: int = 0,
           loss: Optional[str] = None, batch_size: Optional[int] = None, batch: Optional[Callable] = None,
           labels: str = "", channels_first: bool = False, memory: Optional[int] = None, threads: Optional[int] = None,
           verbose: Any = "auto", **settings: Any) -> Any:
    """Repairs a copy of a network, and measures the gain.

    Args:
        model: as for `ek.diagnose`. It does not change.
        data: for statistics, as for `ek.diagnose`; best the training data.
        fix: a method ("re-estimate"), a finding's code ("never-updated"), or "all": every repair that keeps the
            architecture and hides no defect. `ek.repairs()` lists the methods.
        validation: what loss and accuracy are measured on; default: each half of the data, repaired with the other.
        then_train: epochs of training after a method that needs it.
        loss, batch_size, batch, labels, channels_first, memory, threads, verbose: as for `ek.diagnose`.
        **settings: of that training, as for `ek.fit`; of a live network, as for `ek.diagnose`.

    Returns:
        The repaired copy: a model of ours, or a deep copy of the module. Attributes of ours: `before` and `after` (loss
        and accuracy), `repair` (what was done).

    Raises:
        InputError: `fix` is not known, data and network do not fit, there is nothing that this method repairs, or a
            repair would hide a defect.
    """
    if live.framework_of(model):
        return live.repair(model, data, fix=fix, validation=validation, loss=loss, batch_size=batch_size, batch=batch,
                           labels=labels, verbose=verbose, memory=memory, **settings)
    ours = _ours(model, "repair")
    how = {"labels": labels, "channels_first": channels_first, "batch": batch}
    statistics = dataset(data, ours, for_training=True, name="data", **how)
    checked = dataset(validation, ours, name="validation data", **how) if validation is not None else None
    with Line(verbose) as line:
        held, what = native.repair(ours._held(None), statistics, checked, fix,
                                   _settings(loss, settings.pop("optimizer", None), batch_size, settings), then_train,
                                   memory or _MEMORY, _threads(threads), progress_of(line))
    done = Repair(**what)
    if held is None:
        now = ""
        if done.expected:
            cause, before, then = done.expected
            now = f" {cause} costs loss {before['loss'] - then['loss']:+.4f} now."
        raise input_error(f'repair "{fix}"', "then_train=N, epochs of training: weights must adapt", "0",
                          f"It changes the architecture ({', '.join(done.methods)}).{now}")
    if done.no_help:
        import warnings

        warnings.warn(f"The repair does not help: {done.no_help}.", stacklevel=2)
    mended = Model._of(held)
    mended.before, mended.after, mended.repair = done.before, done.after, done
    return mended


def repairs() -> Dict[str, str]:
    """The methods that `ek.repair` knows, with what they do."""
    return {name: f"{what} ({kind})" for name, kind, what in native.repairs()}


def codes() -> Dict[str, str]:
    """The codes of all findings, with their titles."""
    return {code: title for code, title, _ in native.codes()}
