"""The studies: small experiments on normalization and dropout."""

from __future__ import annotations

import datetime
import json
import os
import sys
from typing import Any, Dict, Optional, Sequence, Tuple

from ._frame import framed
from ._loading import native
from ._progress import Line
from ._training import _threads


class StudyResult:
    """What a study measured.

    Attributes:
        name: of the study.
        answer: one sentence with the outcome.
        variants: by name; each a dict with the mean of each figure, `steps` and `runs`.
        summaries: of each variant's model, as text.
    """

    def __init__(self, held: Dict[str, Any]):
        self._html = held["html"]
        self._dict: Dict[str, Any] = json.loads(held["json"])
        self.name: str = self._dict["study"]
        self.answer: str = held["answer"]
        self.variants: Dict[str, Dict[str, Any]] = {v["name"]: v for v in self._dict["variants"]}
        self.summaries: Dict[str, str] = dict(held["summaries"])

    def to_dict(self) -> Dict[str, Any]:
        """Everything as plain data, as `evenkeel study --json` prints it."""
        return self._dict

    def to_html(self, path: Optional[Any] = None) -> str:
        """The report, a whole page; written to `path` if that is given."""
        if path is not None:
            with open(os.fspath(path), "w", encoding="utf-8") as file:
                file.write(self._html)
        return self._html

    def _repr_html_(self) -> str:
        return framed(self._html, f"Evenkeel: the study {self.name}")

    def __repr__(self) -> str:
        return f"<StudyResult of {self.name}: {self.answer}>"


class _Events:
    def __init__(self, line: Line, verbose: Any):
        self.shown, self.verbose = line, verbose

    def step(self, variant: str, seed: int, done: int, of: int, loss: float) -> None:
        if self.shown.is_live:
            self.shown.draw(done / max(1, of), f"{variant}, seed {seed}: step {done}/{of}  loss {loss:.4f}")

    def run(self, variant: str, seed: int, seconds: float) -> None:
        self.shown.line(f"{variant}, seed {seed}: {seconds:.1f} s of training")

    def line(self, text: str) -> None:
        """What the study measures, as the notebooks printed it: on stdout."""
        self.shown.close()
        if self.verbose:
            print(text)

    def warn(self, text: str) -> None:
        print(text, file=sys.stderr)


def study(name: str, *, quick: bool = False, seeds: Sequence[int] = (0,), data: str = "", data_dir: str = "",
          out: Optional[Any] = None, resume: bool = False, sweep: Optional[Tuple[str, Sequence[float]]] = None,
          rounds: Optional[int] = None, precision: Optional[str] = None, threads: Optional[int] = None,
          verbose: Any = "auto") -> StudyResult:
    """Trains the variants of a study, compares their results and reports on them.

    Args:
        name: "depth", "placement", "speedup", "dropout" or "variance-shift" (`ek.studies()`).
        quick: a small version; the report says what was scaled down.
        seeds: a run of every variant for each.
        data: a named set; default the study's own if it is on this disk, else one that the program draws.
        data_dir: a folder of named sets, searched first.
        out: a folder for runs, study.json and the report; default none.
        resume: keep the complete runs in `out`, and continue an interrupted one.
        sweep: a setting with its values, for every variant: ("learning_rate", [1e-3, 1e-2]).
        rounds: of training between evaluations, for studies that have them.
        precision, threads, verbose: as for `ek.fit`.

    Returns:
        A StudyResult; in a notebook it is the report. Ctrl-C interrupts; with `out`, `resume=True` continues.
    """
    settings = {"precision": precision} if precision else {}
    asked = (sweep[0], [float(value) for value in sweep[1]]) if sweep is not None else None
    started = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    with Line(verbose) as line:
        return StudyResult(
            native.run_study(name, quick, list(seeds), data, data_dir, os.fspath(out) if out is not None else "",
                             resume, asked, rounds, settings, _threads(threads), started, _Events(line, verbose)))


def studies() -> Dict[str, str]:
    """The studies, with the question that each asks."""
    return {entry["name"]: entry["question"] for entry in native.study_descriptions()}
