"""What the makers of evidence for all frameworks share: the samples, how a pass is divided, and exact statistics."""

import dataclasses

import numpy as np

from . import arrays
from . import data as sets
from .errors import InputError

# Nats: what statistics of repeated passes may still move by. The distance that is left is far smaller, because each
# pass makes a layer more exact; the doctor judges distances of 0.05.
TOLERANCE = 1e-5
_PASS_BYTES = 64 << 20  # what a part of a pass may take on a CPU: larger parts are slower, not faster


def free_memory():
    """Bytes that a measurement may take on the CPU: a quarter of what is free, at most 4 GiB."""
    try:
        with open("/proc/meminfo") as file:
            free = next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        free = 4 << 30
    return min(free // 4, 4 << 30)


def is_iterator(data):
    """Whether it can be gone through only once."""
    return hasattr(data, "__next__")


@dataclasses.dataclass
class Figures:
    """What the parts of a pass have found, by layer."""

    moments: dict = dataclasses.field(default_factory=dict)
    histograms: dict = dataclasses.field(default_factory=dict)
    squares: dict = dataclasses.field(default_factory=dict)
    signals: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Division:
    """How a pass is made: `want` without what is not wanted, the layers on the `batch`'s statistics, the `parts` of the
    rows, and the layers that end it once all were seen (None: none)."""

    want: dict
    batch: set
    parts: list
    stop_after: set | None


class LiveNetwork:
    """A framework's maker of evidence is one of these, with `run`, `weight`, `set_weight`, `gradient_norms`,
    `describe`, `restore` (docs/doctor/live.md), and

    - `_noun`: what the framework calls a network;
    - `_images(which)`: the one array of inputs as NumPy, channels last, float32 or uint8; or None;
    - `_targets(labels)`: labels as data.as_targets gives them;
    - `_out_of_memory`: exceptions that say a batch was too large; `_release()` frees what it left.
    """

    _noun = "network"
    _out_of_memory = ()

    def _release(self):
        pass

    def _draw(self, data, train, **how):
        """The sets that are looked at. `how`: of data.draw."""
        if train is data and is_iterator(data):
            raise InputError("data and train are the same iterator, which can be used only once. Give two, or a list.")
        self._sets = {
            "data": sets.draw(data, name="data", **how),
            "train": None if train is None else sets.draw(train, name="train", **how),
        }

    def _chosen(self, outputs):
        """What outputs= names among a network's outputs; all of them without it."""
        if callable(self._outputs):
            return self._outputs(outputs)
        if self._outputs is None:
            return outputs
        try:
            if isinstance(self._outputs, str) and not isinstance(outputs, dict):
                return getattr(outputs, self._outputs)
            return outputs[self._outputs]
        except (KeyError, IndexError, AttributeError, TypeError):
            raise InputError(f"outputs={self._outputs!r}: the {self._noun} returns {sets.seen(outputs)}.") from None

    def samples(self, which):
        """The drawn samples: {"x", "y", "size", "name"}; None for a set that was not given."""
        sample = self._sets[which]
        if sample is None:
            return None
        if which not in self._arrays:
            y = self._labels[which]
            self._arrays[which] = {
                "x": self._images(which),
                "y": None if y is None else self._targets(y),
                "size": int(sample.size),
                "name": sample.name,
            }
            if self._class_names:
                self._arrays[which]["class_names"] = list(self._class_names)
        return self._arrays[which]

    def _part_bytes(self):
        """What a part of a pass may take."""
        return min(_PASS_BYTES, self.memory)

    def _divided(self, rows, statistics, noise, want):
        want = {key: value for key, value in (want or {}).items() if value}
        batch = {name for name, s in statistics.items() if isinstance(s, str) and s == "batch" and name in self.by_name}
        parts = [np.arange(len(rows))]
        if not batch and not noise:
            size = int(max(1, min(1024, self._part_bytes() // max(1, self.sample_bytes))))
            parts = [np.arange(i, min(i + size, len(rows))) for i in range(0, len(rows), size)] or parts
        moments_only = set(want) == {"input_moments"} and not set(want["input_moments"]) & self._repeated
        stop_after = set(want["input_moments"]) & set(self.by_name) if moments_only else None
        return Division(want, batch, parts, stop_after)

    def _supply_all(self, statistics):
        for name, s in statistics.items():
            if not isinstance(s, str) and s is not None and name in self.by_name:
                self.supply(self.by_name[name].module, s[0], s[1])

    @staticmethod
    def _answer(scores, figures, want):
        """The answer of `run`: `scores` of each part, and `figures` whose arrays are NumPy's or become that."""
        array = lambda a: np.ascontiguousarray(np.asarray(a))
        answer = {}
        for key in ("losses", "outputs", "correct"):
            values = [part[key] for part in scores if part.get(key) is not None]
            if values:
                answer[key] = np.ascontiguousarray(np.concatenate(values))
        if "input_moments" in want:
            answer["input_moments"] = {k: (c, array(m), array(s)) for k, (c, m, s) in figures.moments.items()}
        if "output_signals" in want:
            answer["output_signals"] = {
                k: (c, array(m), array(s), array(low), array(high))
                for k, ((c, m, s), low, high) in figures.signals.items()
            }
        if "input_histograms" in want:
            answer["input_histograms"] = {k: (array(c), n) for k, (c, n) in figures.histograms.items()}
        if "input_squares" in want:
            answer["input_squares"] = {k: array(s) for k, s in figures.squares.items()}
        return answer

    def frozen(self):
        """The normalizations that training uses as they are, by name."""
        return {n for n in self._moving if self.by_name[n].traits["normalization"]["moving"]["frozen"]}

    def full_statistics(self, which, rows, x=None, *, noise=False, step=0, frozen_too=False, keep=()):
        """Exact statistics of each normalization's input over these rows, each with those of the layers before.

        All rows as one batch where its activations fit the memory. Otherwise passes with the statistics of the pass
        before, from those of a part, until they no longer change: each makes at least one more layer exact.
        """
        rows = np.asarray(rows, dtype=np.int64)
        frozen = self.frozen()
        names = [n for n in self._moving if n not in set(keep) and (frozen_too or n not in frozen)]
        if not names:
            return {"layers": {}, "passes": 0.0}

        def measured(part, statistics, step):
            some_x = None if x is None else x[part]
            want = {"input_moments": names}
            answer = self.run(which, rows[part], some_x, statistics=statistics, noise=noise, step=step, want=want)
            return answer["input_moments"]

        on_batch = dict.fromkeys(names, "batch")
        fits = int(max(1, self.memory // max(1, self.sample_bytes)))
        if len(rows) <= fits:
            try:
                return {"layers": measured(slice(None), on_batch, step), "passes": 1.0}
            except self._out_of_memory:
                self._release()
                fits = max(1, len(rows) // 4)
        some = sets.spread(len(rows), fits)
        found, passes = measured(some, on_batch, step), len(some) / len(rows)
        for _ in range(len(names) + 1):
            statistics, new = {n: (mean, m2 / count) for n, (count, mean, m2) in found.items()}, {}
            for k, i in enumerate(range(0, len(rows), fits)):
                for n, m in measured(slice(i, i + fits), statistics, step * 1000003 + k).items():
                    new[n] = arrays.merged(new.get(n), m)
            passes += 1
            moved = max(self.distance(found[n], new[n], n) for n in names)
            found = new
            if not moved > TOLERANCE:
                break
        return {"layers": found, "passes": float(passes)}

    def distance(self, a, b, name):
        """Mean over channels of the divergence between two moments of a normalization's input, in nats."""
        epsilon = self.by_name[name].traits["normalization"]["epsilon"]
        va, vb = a[2] / a[0] + epsilon, b[2] / b[0] + epsilon
        return float(np.mean(0.5 * (va / vb - 1 - np.log(va / vb) + (a[1] - b[1]) ** 2 / vb)))

    def _where_not_finite(self, rows):
        """For an error: "" if the outputs of these samples are finite, else what is not, and the first such layer."""
        if np.isfinite(self.run("data", rows, want={"outputs": True})["outputs"]).all():
            return ""
        signals = self.run("data", rows, want={"output_signals": [n.name for n in self.nodes]})["output_signals"]
        where = next((name for name in signals if not np.isfinite(signals[name][1]).all()), "")
        return "The outputs are NaN or infinite, though weights and inputs are finite" + (
            f"; the first such layer is {where!r}" if where else ""
        )

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.restore()
