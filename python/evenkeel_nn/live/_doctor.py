"""Runs the doctor and the repairs on a live network."""

import re
import warnings

from . import framework_of, network
from .errors import InputError
from .live_network import is_iterator

_NETWORK = (
    "train",
    "loss",
    "samples",
    "batch",
    "outputs",
    "call",
    "autocast",
    "memory",
    "optimizer",
    "records",
    "class_names",
)
_SILENT = {"labels": "", "channels_first": False, "threads": None}
# Codes that statistics of the data repair, and methods; what the package's own `repair` takes.
_STATISTICS = {
    "re-estimate",
    "never-updated",
    "lagging",
    "variance-shift",
    "stale-statistics",
    "bad-variance",
    "averaged-weights",
    "frozen-statistics",
    "restore-variance",
}
_FORBID = {
    "input-mismatch": "the data are not prepared as in training",
    "weight-layout": "the weights are laid out for another program",
    "wrong-axis": "a normalization has the wrong axis",
}


def _split(options):
    """Options of the network, checked."""
    for name, default in _SILENT.items():
        options.pop(name, default)
    unknown = [name for name in options if name not in _NETWORK]
    if unknown:
        raise TypeError(f"unknown argument {unknown[0]!r} for a live network. Known: {', '.join(_NETWORK)}.")
    return {k: v for k, v in options.items() if v is not None}


def diagnose(model, data, *, batch_size=None, verbose="auto", **options):
    """See evenkeel_nn.diagnose."""
    from .._loading import native
    from .._progress import Line, progress_of
    from .._report import Report

    chosen = _split(options)
    if batch_size:
        chosen["records"] = {"batch_size": int(batch_size)} | dict(chosen.get("records") or {})
    memory = chosen.get("memory") or 1 << 30
    with network(model, data, **chosen) as live, Line(verbose) as line:
        for sample in filter(None, map(live.samples, ("data", "train"))):
            if sample["y"] is None:
                raise InputError(f"The samples of {sample['name']} have no labels, and the doctor compares losses. Give "
                                 "pairs (inputs, labels). ek.update_bn sets statistics without labels.")
        told = {"name": type(live_model(live)).__name__, "memory": int(memory), "progress": progress_of(line)}
        told |= {key: int(live.records[key]) for key in ("batch_size", "updates") if key in live.records}
        return Report(native.diagnose_live(live, told))


def live_model(live):
    return live.module if live.framework == "torch" else live.model


def _plan(report, fix):
    """What to do to a copy, from what the doctor found."""
    codes = {f.code for f in report.findings} if report is not None else set()
    forbidden = [text for code, text in _FORBID.items() if code in codes]
    plan = {"statistics": False, "silence": False, "invert": [], "reorder": {}}
    every = fix == "all"
    if every or fix in _STATISTICS:
        plan["statistics"] = fix in _STATISTICS or bool(codes & _STATISTICS)
    if every or fix in ("not-finite", "remove-channels"):
        plan["silence"] = "not-finite" in codes or not every
    for finding in report.findings if report is not None else ():
        if finding.code == "momentum-inverted" and (every or fix in ("momentum-inverted", "invert-momentum")):
            plan["invert"] += finding.layers
            plan["statistics"] = True
        if finding.code == "swapped-vectors" and fix in ("all", "swapped-vectors"):
            moved = re.findall(
                r"the slot of (gamma|beta|moving mean|moving variance) has the "
                r"(gamma|beta|moving mean|moving variance)",
                finding.cause,
            )
            if moved:
                plan["reorder"] |= {layer: moved for layer in finding.layers}
    if forbidden and plan["statistics"]:
        raise InputError(
            f"Statistics must not be estimated: {' and '.join(forbidden)}. Correct that first "
            "(ek.diagnose says how); else the repair would hide it."
        )
    return plan


def repair(model, data, *, fix="all", validation=None, batch_size=None, verbose="auto", **options):
    """See evenkeel_nn.repair."""
    from .._report import Repair

    if options.pop("then_train", 0):
        raise InputError("then_train: a live network is trained by its framework. Repair it, then train it on.")
    chosen = _split(dict(options))
    known = _STATISTICS | {
        "all",
        "not-finite",
        "remove-channels",
        "momentum-inverted",
        "invert-momentum",
        "swapped-vectors",
    }
    if fix not in known:
        raise InputError(f'fix="{fix}" is not known for a live network. Known: {", ".join(sorted(known))}.')
    # They are read several times.
    data, validation = (list(d) if is_iterator(d) else d for d in (data, validation))
    report = diagnose(
        model,
        data if validation is None else validation,
        batch_size=batch_size,
        verbose=verbose,
        **(options | ({} if validation is None else {"train": data})),
    )
    plan = _plan(report, fix)
    chosen.pop("train", None)
    if framework_of(model) == "torch":
        from .torch_repair import repair_module as run
    else:
        from .keras_repair import repair_model as run
    mended, changes, scored = run(model, data, plan, validation=validation, **chosen)
    if not changes and fix != "all":
        raise InputError(f'fix="{fix}": there is nothing in {type(model).__name__} that it repairs. {report.answer}')
    methods = [
        name
        for name, on in (
            ("re-estimate", plan["statistics"]),
            ("remove-channels", plan["silence"]),
            ("invert-momentum", plan["invert"]),
            ("swapped-vectors", plan["reorder"]),
        )
        if on
    ]
    worse = scored["after"]["loss"] > scored["before"]["loss"]
    no_help = "the loss is not lower on samples that it has not seen" if changes and worse else ""
    if no_help:
        warnings.warn(f"The repair does not help: {no_help}.", stacklevel=3)
    done = Repair(
        methods=methods,
        kind="statistics" if plan["statistics"] else "exact",
        changes=changes,
        left=[],
        architecture_changed=False,
        trained_epochs=0,
        no_help=no_help,
        input_unchecked="",
        before=scored["before"],
        after=scored["after"],
        reference=None,
        scored_on=scored["on"],
        expected=None,
    )
    mended.before, mended.after, mended.repair = scored["before"], scored["after"], done
    return mended
