#!/usr/bin/env python3
"""Foreign -> ours -> foreign: the committed small networks, imported by the program, written as ONNX and as .keras, and
run there: the outputs must be those of the network that was imported.

    python tools/interchange/check_back.py [--program build/release/evenkeel] [NAME ...]
"""

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import load

ROOT = Path(__file__).resolve().parent.parent.parent
TOLERANCE = 1e-5  # two ways to add float32
EXPORTS = [("evaluate", ["--mode", "evaluate"], ".onnx"), ("folded", ["--mode", "evaluate", "--fold"], ".onnx"),
           ("train", ["--mode", "train"], ".onnx"), ("keras", [], ".keras")]

# What Keras has no layer for, in networks of PyTorch: family, export, and what the refusal must say.
REFUSED = {("resnet", "keras"): "MaxPooling2D with padding in numbers", ("shufflenet", "keras"): "ChannelShuffle"}


def distance(a, b):
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return float("inf") if a.shape != b.shape else float(np.linalg.norm(a - b) / np.linalg.norm(b))


def run_onnx(path, inputs):
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {i.name: x for i, x in zip(session.get_inputs(), inputs)})


def without_noise(path):
    """Dropout of ratio 0: the generators differ."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(path)
    ratios = {n.input[1] for n in model.graph.node if n.op_type == "Dropout" and len(n.input) > 1}
    for tensor in model.graph.initializer:
        if tensor.name in ratios:
            tensor.CopyFrom(numpy_helper.from_array(np.float32(0).reshape(tensor.dims), tensor.name))
    onnx.save(model, path)


def run_openvino(path, inputs):
    import openvino

    # Without the hint it computes in bfloat16 where the processor has it.
    compiled = openvino.compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return [compiled([*inputs])[output] for output in compiled.outputs]


def run_keras(path, inputs, training=False):
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    model = keras.models.load_model(path, compile=False)
    if training:
        for layer in model.layers:
            if hasattr(layer, "rate"):
                layer.rate = 0.0
    outputs = model(inputs if len(inputs) > 1 else inputs[0], training=training)
    return [keras.ops.convert_to_numpy(y) for y in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]


def laid_out(x, to_channels_first, images):
    """Images between Keras's layout and PyTorch's."""
    if x.ndim != 4 or not images:
        return x
    return x.transpose(0, 3, 1, 2) if to_channels_first else x.transpose(0, 2, 3, 1)


def check(program, folder, data, case, network, failures):
    source = folder / f"net.{case.split('.')[1] if case.endswith(('.keras', '.h5')) else 'onnx'}"
    source.write_bytes(data["file"].tobytes())
    of_keras = source.suffix != ".onnx"
    imported = folder / "imported"
    done = subprocess.run([program, "import", source, "--out", imported], capture_output=True, text=True)
    if done.returncode:
        failures.append(f"{case}: import: {done.stderr.strip()[-300:]}")
        return
    for name, options, ending in EXPORTS:
        if name == "train" and case.endswith((".folded", ".dynamo")):
            continue  # no normalization left to train
        out = folder / f"back{ending}"
        done = subprocess.run([program, "export", imported, "--out", out, *options], capture_output=True, text=True)
        refusal = None if of_keras else REFUSED.get((case.split(".")[0], name))
        if refusal:
            print(f"{case:28} {name:10} refused", flush=True)
            if done.returncode != 4 or refusal not in done.stderr:
                failures.append(f"{case} as {name}: not refused for {refusal}: {done.stderr.strip()[-300:]}")
            continue
        if done.returncode:
            failures.append(f"{case} as {name}: {done.stderr.strip()[-300:]}")
            continue
        to_keras = ending == ".keras"
        inputs = [laid_out(x, not to_keras, of_keras != to_keras) for x in network["input"]]
        kind = "train" if name == "train" else "evaluate"
        expected = [laid_out(y, not to_keras, of_keras != to_keras) for y in network[kind]]
        try:
            if name == "train":
                without_noise(out)
            outputs = (run_keras if to_keras else run_onnx)(out, inputs)
            distances = [distance(a, b) for a, b in zip(outputs, expected)]
            worst = max(distances, default=float("inf"))
            print(f"{case:28} {name:10} {worst:.1e}", flush=True)
            if not worst < TOLERANCE:
                failures.append(f"{case} as {name}: distance {worst}, shapes {[y.shape for y in outputs]}")
            if name == "evaluate":
                other = max(distance(a, b) for a, b in zip(run_openvino(out, inputs), expected))
                print(f"{case:28} {'OpenVINO':10} {other:.1e}", flush=True)
                if not other < TOLERANCE:
                    failures.append(f"{case}: OpenVINO: distance {other}")
        except Exception as error:
            failures.append(f"{case} as {name}: {type(error).__name__}: {str(error)[-300:]}")
        out.unlink()
    subprocess.run(["rm", "-rf", imported], check=True)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--program", type=Path, default=ROOT / "build/release/evenkeel")
    options.add_argument("names", nargs="*")
    options = options.parse_args()
    failures = []
    for producer in ("pytorch", "keras"):
        tensors = load(gzip.open(ROOT / f"tests/interchange/networks/{producer}.safetensors.gz").read())
        networks = {}
        for key, value in tensors.items():
            parts = key.split("/")
            if len(parts) == 3 and parts[1] in ("input", "evaluate", "train"):
                networks.setdefault(parts[0], {}).setdefault(parts[1], {})[parts[2]] = value
        for key, value in tensors.items():
            case, what = key.split("/")[:2]
            if key.count("/") != 1 or (options.names and case.split(".")[0] not in options.names):
                continue
            # Names begin with a letter and a number: their order is that of the ports.
            network = {kind: [arrays[n] for n in sorted(arrays)] for kind, arrays in networks[case.split(".")[0]].items()}
            with tempfile.TemporaryDirectory() as folder:
                check(options.program, Path(folder), {"file": value}, case, network, failures)
    print("\n".join(failures) or "all equal")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
