"""A network of ours has a batch axis, which no layer touches. Many of ONNX's node tests have none.

`touches_batch` says whether a node does something to the first axis of its input; `with_batch` gives such a test one
more axis in front, of one sample, so that the same is computed along an axis that a network has.
"""

import numpy as np
from onnx import NodeProto, helper

# Operators that compute each element on its own, or that by their definition leave the first axis alone.
PLAIN = set("""Relu LeakyRelu PRelu Elu Selu Celu Sigmoid HardSigmoid HardSwish Gelu Mish Softplus Softsign Clip Tanh Erf
    Sqrt Add Sub Mul Div Pow Sum Max Dropout Identity Cast CastLike""".split())
BY_SAMPLE = set("""Conv ConvTranspose BatchNormalization InstanceNormalization GroupNormalization MaxPool AveragePool
    GlobalAveragePool GlobalMaxPool Resize Upsample""".split())
DEFAULT_AXIS = {"Softmax": -1, "LogSoftmax": -1, "LayerNormalization": -1, "Split": 0, "Gather": 0}


def attribute(node: NodeProto, name: str, default=None):
    for found in node.attribute:
        if found.name == name:
            return helper.get_attribute_value(found)
    return default


def set_attribute(node: NodeProto, name: str, value):
    kept = [a for a in node.attribute if a.name != name]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute(name, value)])


def positive(axis, rank):
    return axis + rank if axis < 0 else axis


def touches_batch(node: NodeProto, x: np.ndarray, constants: dict) -> bool:
    """`constants`: the values of the node's other inputs by their position, where they are constants."""
    op, rank = node.op_type, x.ndim
    if op in PLAIN:
        return rank < 2 or any(c.ndim == rank and c.shape[0] > 1 for c in constants.values())
    if op in BY_SAMPLE:
        return False
    if op == "Gemm":
        return bool(attribute(node, "transA", 0))
    if op == "MatMul":
        return rank < 2 or constants[1].ndim > 2
    if op == "Flatten":
        return positive(attribute(node, "axis", 1), rank) != 1
    if op == "Concat":
        return positive(attribute(node, "axis"), rank) == 0 or rank < 2
    if op in DEFAULT_AXIS:
        return positive(attribute(node, "axis", DEFAULT_AXIS[op]), rank) == 0 or rank < 2
    if op == "Transpose":
        return attribute(node, "perm", list(range(rank))[::-1])[0] != 0
    if op == "Reshape":
        return int(constants[1][0]) not in (0, x.shape[0]) or attribute(node, "allowzero", 0)
    if op in ("Squeeze", "Unsqueeze"):
        after = rank + (len(constants[1]) if op == "Unsqueeze" else 0)
        return 0 in [positive(int(a), after) for a in constants[1]]
    if op == "ReduceMean":
        return not len(constants.get(1, [])) or 0 in [positive(int(a), rank) for a in constants[1]]
    if op == "Slice":
        return 0 in [positive(int(a), rank) for a in constants.get(3, range(len(constants[1])))]
    if op == "Pad":
        axes = [positive(int(a), rank) for a in constants.get(3, range(rank))]
        return any(int(p) for axis, p in zip([*axes, *axes], constants[1]) if axis == 0)
    raise KeyError(op)


def with_batch(node: NodeProto, rank: int, constants: dict) -> dict | None:
    """Changes the node; returns its constants by position, or None where one more axis changes the meaning."""
    op, changed = node.op_type, dict(constants)

    def next_axis(axis):
        return axis + 1 if axis >= 0 else axis

    if op in PLAIN:
        return changed
    if op == "MatMul":
        return changed if constants[1].ndim == 1 or rank > 1 else None
    if op == "Gemm" or op in BY_SAMPLE:
        return None
    if op == "Flatten":
        if positive(attribute(node, "axis", 1), rank) != 0:
            return None
        set_attribute(node, "axis", 1)
    elif op == "Concat" or op in DEFAULT_AXIS:
        set_attribute(node, "axis", next_axis(attribute(node, "axis", DEFAULT_AXIS.get(op))))
    elif op == "Transpose":
        order = attribute(node, "perm", list(range(rank))[::-1])
        set_attribute(node, "perm", [0, *[a + 1 for a in order]])
    elif op == "Reshape":
        changed[1] = np.array([1, *constants[1]], np.int64)
    elif op in ("Squeeze", "Unsqueeze"):
        changed[1] = np.array([next_axis(int(a)) for a in constants[1]], np.int64)
    elif op == "ReduceMean":
        axes = list(constants.get(1, []))
        changed[1] = np.array([next_axis(int(a)) for a in axes] or range(1, rank + 1), np.int64)
    elif op == "Slice":
        changed[3] = np.array([next_axis(int(a)) for a in constants.get(3, range(len(constants[1])))], np.int64)
    elif op == "Pad":
        if 3 in constants:
            changed[3] = np.array([next_axis(int(a)) for a in constants[3]], constants[3].dtype)
        else:
            changed[1] = np.array([0, *constants[1][:rank], 0, *constants[1][rank:]], np.int64)
    return changed
