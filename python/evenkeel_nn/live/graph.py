"""What both makers of evidence know of a graph of layers."""

import dataclasses
import math


class Stop(BaseException):
    """Ends a pass early: what was wanted has been seen."""


@dataclasses.dataclass
class Node:
    """A layer of the graph. `axis`: that of the channels in the framework's output; `shape`: with the samples' axis."""

    name: str
    kind: str
    inputs: list
    traits: dict
    weights: list  # {"name": the framework's, "role", "tensor", "module"}
    shape: tuple
    axis: int | None
    input_axis: int | None
    opaque: bool
    module: object = None  # of a leaf module
    path: str = ""  # of the module that it belongs to


def peak_elements(nodes):
    """The most elements of one sample that are alive at once, from the edges."""
    last = {}
    for i, node in enumerate(nodes):
        for j in node.inputs:
            last[j] = i
    alive, peak = {}, 1
    for i, node in enumerate(nodes):
        alive[i] = math.prod(node.shape[1:]) if len(node.shape) > 1 else 1
        peak = max(peak, sum(alive.values()))
        for j in [j for j in alive if last.get(j, -1) <= i and j != i]:
            del alive[j]
    return peak
