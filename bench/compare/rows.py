"""The rows that are measured: what they are, the ratios that are wanted, how they are kept, and the table of them."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

WORKLOADS = ["W1", "W2", "W3", "R18", "M2", "E0"]
OURS = "Evenkeel"
BATCH = {"W1": 250, "W2": 500, "W3": 64, "R18": 8, "M2": 8, "E0": 8}
KINDS = {
    "step": "training step of {}",
    "evaluate": "evaluation of {}, without gradients",
    "predict": "prediction of {}",
    "single": "prediction of one",
    "memory": "training steps of 32, peak resident MB",
}


@dataclass
class Row:
    """Milliseconds of a step (or megabytes of a process), by the program's name."""

    workload: str
    what: str
    precision: str
    batch: int
    medians: dict = field(default_factory=dict)
    share: float | None = None  # of the FMA peak
    peak: float | None = None  # GF/s
    load: float = 0.0
    date: str = ""

    def key(self):
        return (WORKLOADS.index(self.workload), self.precision != "float32", list(KINDS).index(self.what), self.batch)

    def best_peer(self):
        return min((value for name, value in self.medians.items() if name != OURS), default=None)

    def ratio(self):
        ours, best = self.medians.get(OURS), self.best_peer()
        return best / ours if ours and best else None

    def wanted(self, has_avx512):
        """The ratio that issue 18 asks for; None where it asks for none."""
        if self.what == "memory":
            return 1 / 0.7 if self.workload == "R18" else None
        if self.what in ("predict", "single"):
            if self.precision != "float32":
                return None
            return {"R18": 1.05, "M2": 1.1, "E0": 1.1}.get(self.workload, 1.3)
        if self.what != "step":
            return None
        if self.precision == "bfloat16":
            return {"W1": 2.8, "W2": 1.4, "W3": 3.2, "R18": 1.5, "M2": 2.0, "E0": 2.0}[self.workload]
        train = {"W1": 2.2, "W2": 1.2, "W3": 2.6, "R18": 1.3 if has_avx512 else 1.15, "M2": 2.0, "E0": 2.0}
        return train[self.workload] if has_avx512 or self.workload not in ("W2", "W3") else None


def load(path):
    return [Row(**row) for row in json.loads(path.read_text())] if path.exists() else []


def keep(path, row):
    """Replaces the row of the same kind in the file, or adds it."""
    others = [kept for kept in load(path) if kept.key() != row.key()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(kept) for kept in sorted([*others, row], key=Row.key)], indent=1) + "\n")


def number(value):
    return "" if value is None else f"{value:.1f}" if value >= 20 else f"{value:.2f}"


def table(rows, has_avx512):
    """A Markdown table of the rows, with a column for each program that answered at least once."""
    rows = sorted(rows, key=Row.key)
    names = list(dict.fromkeys(name for row in rows for name in row.medians if name != OURS))
    columns = ["workload", "what", "precision", *names, OURS, "ratio", "wanted", "share of peak", "peak, GF/s", "load"]
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for row in rows:
        wanted = row.wanted(has_avx512)
        cells = [row.workload, KINDS[row.what].format(row.batch), row.precision]
        cells += [number(row.medians.get(name)) for name in [*names, OURS]]
        cells += [f"{row.ratio():.2f}" if row.ratio() else "", f"{wanted:.2f}" if wanted else ""]
        cells += [f"{100 * row.share:.0f} %" if row.share else "", f"{row.peak:.0f}" if row.peak else ""]
        lines.append("| " + " | ".join([*cells, f"{row.load:.2f}"]) + " |")
    return "\n".join(lines)


def write_into(document: Path, name, text):
    """Replaces what is between the comments `<!-- compare NAME -->` and `<!-- end of compare NAME -->`."""
    begin, end = f"<!-- compare {name} -->", f"<!-- end of compare {name} -->"
    before, found, rest = document.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"{document}: expected the lines '{begin}' and '{end}'")
    document.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")
