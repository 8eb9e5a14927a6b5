#!/usr/bin/env python3
"""Compares exported ONNX files with what we compute: in ONNX Runtime, OpenVINO and PyTorch (onnx2torch).

    build/release/bench/export_cases FOLDER [NAME...]
    tools/interchange/check_export.py FOLDER [--runtime NAME ...] [--tolerance 1e-4]

FOLDER has NAME.npz, and NAME.evaluate.onnx, NAME.fold.onnx and NAME.train.onnx. Prints a table of relative
differences (L2) and ends with 1 where one is above the tolerance. A file for training is computed by onnx's own
reference, with its Dropout switched off; its updated statistics are compared too.
"""
import argparse
import pathlib
import sys

import numpy
import onnx

def distance(ours, theirs):
    ours, theirs = numpy.float64(ours), numpy.float64(theirs)
    if ours.shape != theirs.shape:
        return float("inf")
    norm = numpy.linalg.norm(ours)
    return float(numpy.linalg.norm(ours - theirs) / (norm if norm > 0 else 1))


def arrays_of(npz, kind):
    return {name.split(":", 1)[1]: npz[name] for name in npz.files if name.startswith(kind + ":")}


def onnx_runtime(path, inputs, names):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return dict(zip(names, session.run(names, inputs)))


def open_vino(path, inputs, names):
    import openvino

    core = openvino.Core()
    # Without the hint it computes in bfloat16 where the processor has it.
    compiled = core.compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1})
    results = compiled(inputs)
    return {name: results[compiled.output(name)] for name in names}


def pytorch(path, inputs, names):
    import onnx2torch
    import torch

    torch.set_num_threads(1)
    module = onnx2torch.convert(onnx.load(str(path))).eval()
    with torch.no_grad():
        results = module(*[torch.from_numpy(array) for array in inputs.values()])
    results = results if isinstance(results, (tuple, list)) else [results]
    return {name: result.numpy() for name, result in zip(names, results)}


def reference(path, inputs, names):
    from onnx.reference import ReferenceEvaluator

    model = onnx.load(str(path))
    off = {node.input[2] for node in model.graph.node if node.op_type == "Dropout"}
    for tensor in model.graph.initializer:
        if tensor.name in off:
            tensor.raw_data = b"\0"
    known = {output.name for output in model.graph.output}
    for name in names:
        if name not in known:
            model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    return dict(zip(names, ReferenceEvaluator(model).run(names, inputs)))


RUNTIMES = {"ort": onnx_runtime, "openvino": open_vino, "onnx2torch": pytorch}


def largest(runtime, path, inputs, expected):
    try:
        results = runtime(path, inputs, list(expected))
        return max(distance(expected[name], results[name]) for name in expected)
    except Exception as error:  # what a runtime does not know is a figure too
        return f"{type(error).__name__}: {str(error).strip().splitlines()[0][:160]}"


def check(path, runtimes):
    """Yields (column, figure) for the files of a case."""
    npz = numpy.load(path)
    inputs, expected = arrays_of(npz, "input"), arrays_of(npz, "evaluate")
    for kind in ("evaluate", "fold"):
        file = path.with_suffix(f".{kind}.onnx")
        onnx.checker.check_model(str(file), full_check=True)
        for name in runtimes:
            yield f"{kind} {name}", largest(RUNTIMES[name], file, inputs, expected)
    file = path.with_suffix(".train.onnx")
    onnx.checker.check_model(str(file), full_check=True)
    trained = arrays_of(npz, "train") | arrays_of(npz, "statistic")
    if file.stat().st_size < 60_000_000:
        yield "train reference", largest(reference, file, inputs, trained)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--runtime", action="append", choices=sorted(RUNTIMES))
    parser.add_argument("--tolerance", type=float, default=1e-4)
    arguments = parser.parse_args()
    failures = 0
    for path in sorted(arguments.folder.glob("*.npz")):
        figures = []
        for column, figure in check(path, arguments.runtime or list(RUNTIMES)):
            good = isinstance(figure, float) and figure <= arguments.tolerance
            failures += not good
            figures.append(f"{column} {figure:.1e}" if isinstance(figure, float) else f"{column} [{figure}]")
        print(f"{path.stem}: " + ", ".join(figures), flush=True)
    print(f"{failures} figures above {arguments.tolerance:g}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
