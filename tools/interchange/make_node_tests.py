#!/usr/bin/env python3
"""Writes onnx's own backend node tests, as networks, for tests/interchange/onnx/nodes_test.cpp. See README.md.

    python tools/interchange/make_node_tests.py [--all /work/tmp/interchange/nodes/nodes.safetensors.gz]
"""

import argparse
import contextlib
import fnmatch
import io
import warnings
from pathlib import Path

import numpy as np
import onnx
from archive import of_bytes, write_archive
from batched import attribute, set_attribute, touches_batch, with_batch
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parent.parent.parent
COMMITTED = ROOT / "tests/interchange/onnx/nodes/nodes.safetensors.gz"

# The operators of the issue.
OPERATORS = """Conv ConvTranspose Gemm MatMul BatchNormalization InstanceNormalization GroupNormalization
    LayerNormalization Dropout Relu LeakyRelu PRelu Elu Selu Celu Sigmoid HardSigmoid HardSwish Gelu Mish Softplus
    Softsign Clip Tanh Erf Softmax LogSoftmax Add Sub Mul Div Pow Sqrt Sum Max Concat Split Slice Pad MaxPool AveragePool
    GlobalAveragePool GlobalMaxPool ReduceMean Flatten Reshape Transpose Squeeze Unsqueeze Resize Upsample Identity
    Constant Cast Shape Gather""".split()
# All inputs that have the shape of the output stay inputs of the network.
MERGES = {"Add", "Sub", "Mul", "Div", "Sum", "Max", "Concat"}
# Second outputs that only a trainer's backward pass reads.
FIRST_OUTPUT_ONLY = {"LayerNormalization"}
INTEGER_PADS = {"test_edge_pad", "test_reflect_pad", "test_wrap_pad"}
# More numbers than this are cut to the first two samples, channels and so on where the operator allows it.
LARGE = 1024
# What is left out of the committed part: same kernels, other numbers.
NOT_COMMITTED = ["test_cast*", "*int8*", "*int16*", "*uint*", "*_3d_dilations_*large*", "test_pow_types*",
                 "*_large*include_pad*", "test_averagepool_3d_default", "test_maxpool_3d_default", "test_resize_*cubic*"]


class Case:
    def __init__(self, case):
        self.name = case.name
        self.model = onnx.ModelProto()
        self.model.CopyFrom(case.model)
        inputs, outputs = case.data_sets[0]
        graph = self.model.graph
        self.inputs = {i.name: array_of(a) for i, a in zip(graph.input, inputs)}
        self.outputs = {o.name: array_of(a) for o, a in zip(graph.output, outputs)}
        self.forms = []

    @property
    def node(self):
        return self.model.graph.node[0]

    @property
    def expanded(self):
        return len(self.model.graph.node) != 1 or "_expanded" in self.name

    def constants(self):
        known = {i.name: numpy_helper.to_array(i) for i in self.model.graph.initializer}
        return {at: known[name] for at, name in enumerate(self.node.input) if name in known}

    def freeze(self, name):
        graph = self.model.graph
        value = self.inputs.pop(name)
        graph.initializer.append(numpy_helper.from_array(value, name))
        keep = [i for i in graph.input if i.name != name]
        del graph.input[:]
        graph.input.extend(keep)

    def set_constants(self, constants):
        graph = self.model.graph
        names = list(self.node.input)
        for at, value in constants.items():
            while len(names) <= at:
                names.append("")
            if not names[at]:
                names[at] = f"made_{at}"
            keep = [i for i in graph.initializer if i.name != names[at]]
            del graph.initializer[:]
            graph.initializer.extend([*keep, numpy_helper.from_array(np.asarray(value), names[at])])
        del self.node.input[:]
        self.node.input.extend(names)

    def prepend_axis(self):
        graph, changed = self.model.graph, [self.inputs, self.outputs]
        infos = [*graph.input, *graph.output]
        if self.node.op_type == "Flatten":  # what it gives has two axes anyway
            changed, infos = [self.inputs], [*graph.input]
        for values in changed:
            for name in values:
                values[name] = values[name][None]
        for info in infos:
            shape = info.type.tensor_type.shape
            sizes = [d.dim_value for d in shape.dim]
            del shape.dim[:]
            for size in [1, *sizes]:
                shape.dim.add().dim_value = size

    def tensors(self):
        yield f"{self.name}/model", of_bytes(self.model.SerializeToString(deterministic=True))
        for kind, values in (("input", self.inputs), ("output", self.outputs)):
            for name, value in values.items():
                yield f"{self.name}/{kind}/{name}", storable(value)


def array_of(value):
    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)


def storable(value):
    """Half precision and less as float32, small integers as int32: the types that the archive's reader keeps."""
    if value.dtype.kind in "biu" and value.dtype.itemsize < 4:
        return value.astype(np.int32)
    return value if value.dtype.name in ("float32", "float64", "int32", "int64") else value.astype(np.float32)


def freeze_parameters(case):
    """All inputs but the first become initializers, and those of a merge that are no activations."""
    first, *others = list(case.inputs)
    largest = case.inputs[first].shape
    for name in others:
        merged = case.node.op_type in MERGES and case.inputs[name].ndim == len(largest)
        if case.expanded or not merged:
            case.freeze(name)
            case.forms.append(f"frozen: {name}")


def as_float(case):
    for values in (case.inputs, case.outputs):
        for name in values:
            values[name] = values[name].astype(np.float32)
    for info in [*case.model.graph.input, *case.model.graph.output]:
        info.type.tensor_type.elem_type = TensorProto.FLOAT
    case.forms.append("integers as float32")


def drop_outputs(case, kept):
    graph = case.model.graph
    case.forms.append("without outputs: " + ", ".join(o.name for o in graph.output if o.name not in kept))
    keep = [o for o in graph.output if o.name in kept]
    del graph.output[:]
    graph.output.extend(keep)
    case.outputs = {name: value for name, value in case.outputs.items() if name in kept}


def smaller(case):
    """Elementwise and pooling tests of many numbers, over a part of them: outputs from the reference implementation."""
    name, x = next(iter(case.inputs.items()))
    if case.expanded or len(case.inputs) != 1 or x.size <= LARGE or x.dtype != np.float32:
        return
    if case.node.op_type in ("Slice",) or x.ndim > 4:
        return
    kept = x[:, :2, :11, :11] if x.ndim == 4 else x[:100]
    from onnx.reference import ReferenceEvaluator

    for info in [*case.model.graph.input, *case.model.graph.output]:
        info.type.tensor_type.ClearField("shape")
    case.model.graph.input[0].type.tensor_type.CopyFrom(
        helper.make_tensor_type_proto(TensorProto.FLOAT, kept.shape).tensor_type)
    case.inputs[name] = np.ascontiguousarray(kept)
    results = ReferenceEvaluator(case.model).run(None, case.inputs)
    case.outputs = dict(zip(case.outputs, results))
    for info, value in zip(case.model.graph.output, results):
        info.type.tensor_type.CopyFrom(helper.make_tensor_type_proto(TensorProto.FLOAT, value.shape).tensor_type)
    case.forms.append("a part of the input; outputs of onnx's reference")


def adapt(case):
    if not case.inputs:
        return case
    if case.name in INTEGER_PADS:
        as_float(case)
    op = case.node.op_type
    if not case.expanded and op in FIRST_OUTPUT_ONLY and len(case.outputs) > 1:
        drop_outputs(case, {case.node.output[0]})
    if case.expanded and case.name.startswith("test_layer_normalization"):
        drop_outputs(case, {case.model.graph.output[0].name})
    smaller(case)
    freeze_parameters(case)
    x = next(iter(case.inputs.values()))
    if case.expanded:
        if x.ndim == 1:
            case.prepend_axis()
            case.forms.append("batch axis added")
        return case
    if op == "Shape" or not touches_batch(case.node, x, case.constants()):
        return case
    changed = with_batch(case.node, x.ndim, case.constants())
    if changed is not None:
        case.set_constants(changed)
        case.prepend_axis()
        case.forms.append("batch axis added")
    return case


def mode_of(case):
    training = attribute(case.node, "training_mode", 0)
    if case.node.op_type == "Dropout" and len(case.node.input) > 2:
        training = any(bool(v) for at, v in case.constants().items() if at == 2)
    return "train" if training else "evaluate"


def statistics(case):
    """BatchNormalization in training mode: its updated statistics are states of ours, not outputs."""
    if case.expanded or case.node.op_type != "BatchNormalization" or len(case.outputs) < 3:
        return {}
    names = list(case.outputs)
    values = {f"{case.name}/statistics/{what}": case.outputs[name]
              for what, name in zip(("moving_mean", "moving_variance"), names[1:])}
    drop_outputs(case, {names[0]})
    return values


def wanted(case):
    operators = {n.op_type for n in case.model.graph.node}
    if any(not i.type.HasField("tensor_type") for i in case.model.graph.input):
        return None
    if len(case.model.graph.node) == 1 and "_expanded" not in case.name:
        return next(iter(operators & set(OPERATORS)), None)
    base = case.name.split("_expanded")[0]
    return base if "_expanded" in case.name else None


def checked(case):
    """What was adapted still computes what is expected: onnx's reference says so."""
    from onnx.reference import ReferenceEvaluator

    onnx.checker.check_model(case.model)
    if not case.forms or mode_of(case) == "train" or case.expanded:
        return
    for expected, found in zip(case.outputs.values(), ReferenceEvaluator(case.model).run(None, case.inputs)):
        np.testing.assert_allclose(np.asarray(found, np.float64), np.asarray(expected, np.float64), rtol=1e-3, atol=1e-6,
                                   err_msg=case.name)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--all", type=Path, help="also write the whole set to this archive")
    options = options.parse_args()
    warnings.simplefilter("ignore")
    from onnx.backend.test.loader import load_model_tests

    with contextlib.redirect_stdout(io.StringIO()):
        cases = load_model_tests(kind="node")
    by_name = {case.name: case for case in cases}
    tensors, metadata, small = {}, {}, set()
    for case in cases:
        wants = wanted(case)
        if not wants or ("_expanded" in case.name and (wants not in by_name or not wanted(by_name[wants]))):
            continue
        made = adapt(Case(case))
        tensors.update(statistics(made))
        try:
            checked(made)
        except Exception as error:  # the reference lacks some cases; say so and keep onnx's own numbers
            print(f"{made.name}: not checked by the reference: {str(error).splitlines()[0][:90]}")
        tensors.update(made.tensors())
        metadata[made.name] = "; ".join([mode_of(made), *made.forms])
        size = sum(v.nbytes for n, v in tensors.items() if n.startswith(made.name + "/"))
        left_out = any(fnmatch.fnmatch(made.name, pattern) for pattern in NOT_COMMITTED)
        if size < 12000 and not (left_out and made.name not in {"test_add_int8", "test_cast_FLOAT_to_DOUBLE", "test_cast_DOUBLE_to_FLOAT"}):
            small.add(made.name)
    if options.all:
        print(f"{len(metadata)} tests, {write_archive(options.all, tensors, metadata)} bytes: {options.all}")
    kept = {name: value for name, value in tensors.items() if name.split("/")[0] in small}
    size = write_archive(COMMITTED, kept, {name: metadata[name] for name in sorted(small)})
    print(f"{len(small)} tests, {size} bytes: {COMMITTED}")


if __name__ == "__main__":
    main()
