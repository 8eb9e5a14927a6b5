#!/usr/bin/env python3
"""Writes the golden cases of tests/golden with Keras 3 on TensorFlow. Deterministic. See README.md.

    python tools/golden/make_goldens.py [--out tests/golden] [case ...]

Keras computes every case twice: in float64, which is stored (as float32), and in float32, whose distance from it is
printed. A large distance means the case is badly conditioned (a kink, a tie, a gradient that is rounding), and is an error.
"""

import argparse
import os
import re
import zlib
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # plain kernels: one order of summation on every machine

import keras
import numpy as np
import papers
import tensorflow as tf
from cases import CASES
from packing import toml, write_npz_gz
from safetensors.numpy import save_file

STEPS = 5
SIZE_LIMIT = 1_500_000
FLOAT32_LIMIT = 1e-4  # relative L2 distance between Keras in float32 and in float64


def regularizer(text):
    """That of "l2" or "l2(0.1)"."""
    return keras.regularizers.L2(*[float(number) for number in re.findall(r"\((.*)\)", text)])


def build(case):
    """The Keras model of a case; layers without a name are named by Keras."""
    keras.utils.clear_session()
    model_input = last = keras.Input(case.input)
    values = {"input": model_input}
    for kind, options in case.layers:
        options = dict(options)
        if kind == "Input":
            values[options["name"]] = last = model_input
            continue
        sources = [values[name] for name in options.pop("inputs", [])] or [last]
        for key in [key for key in options if key.endswith("_regularizer")]:
            options[key] = regularizer(options[key])
        layer = papers.layer(kind, options)
        last = values[layer.name] = layer(sources if len(sources) > 1 else sources[0])
    return keras.Model(model_input, last)


def tensors(model):
    return {f"{layer.name}/{variable.name}": variable for layer in model.layers for variable in layer.weights}


def draw_weights(model, random):
    """Values that hide nothing: no zero bias, no gamma of 1, no moving variance of 1."""
    drawn = {}
    for name, variable in tensors(model).items():
        shape, kind = variable.shape, name.split("/")[1]
        if kind == "kernel":
            value = random.normal(0, np.sqrt(1.5 / np.prod(shape[:-1])), shape)
        elif kind in ("gamma", "scale"):
            value = random.uniform(0.5, 1.5, shape) * random.choice([1, 1, -1], shape)
        elif kind == "moving_variance":
            value = random.uniform(0.5, 2, shape)
        else:
            value = random.normal(0, 0.3, shape)
        drawn[name] = value.astype(np.float32)
    return drawn


def draw_data(case, classes, random):
    samples = STEPS * case.training["batch_size"]
    shape = [samples, *case.input]
    if case.pixels == "normal":
        x = random.normal(0, 1, shape).astype(np.float32)
    else:
        x = random.integers(0, 256, shape).astype(np.uint8)
        if case.pixels == "unit":
            x = (x / 255).astype(np.float32)
    if case.labels == "targets":
        return x, random.normal(0, 1, [samples, classes]).astype(np.float32)
    y = random.integers(0, max(classes, 2), samples).astype(np.int32)
    return x, np.eye(classes, dtype=np.float32)[y] if case.labels == "one_hot" else y


def keras_loss(case):
    """Keras's loss; from logits unless the model ends in a softmax or sigmoid."""
    name = case.training["loss"]
    if name == "mse":
        return keras.losses.MeanSquaredError()
    options = {"from_logits": case.layers[-1][1].get("activation") not in ("softmax", "sigmoid")}
    if "label_smoothing" in case.training:
        options["label_smoothing"] = case.training["label_smoothing"]
        name = name.removeprefix("sparse_")  # Keras smooths one-hot labels only
    loss = {
        "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy,
        "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
        "binary_crossentropy": keras.losses.BinaryCrossentropy,
    }
    return loss[name](**options)


def keras_targets(case, y, classes):
    """Labels as Keras's loss wants them: only the sparse loss takes integers."""
    if y.ndim == 2 or isinstance(keras_loss(case), keras.losses.SparseCategoricalCrossentropy):
        return y
    return np.eye(classes)[y] if classes > 1 else y[:, None]


def keras_optimizer(case):
    others = ("loss", "optimizer", "batch_size", "label_smoothing", "class_weight")
    options = {key: value for key, value in case.training.items() if key not in others}
    if "ema_momentum" in options:
        options["use_ema"] = True
    return keras.optimizers.deserialize({"class_name": case.training["optimizer"], "config": options})


def sample_weights(case, y):
    """The weight of each sample's class."""
    weights = np.array(case.training.get("class_weight", [1.0] * 1000))
    return weights[y.argmax(1) if y.ndim == 2 else y]


def accuracy(case, outputs, y):
    """As the program defines it: argmax, or a threshold when there is one output."""
    if outputs.shape[1] == 1:
        threshold = 0.5 if case.layers[-1][1].get("activation") == "sigmoid" else 0.0
        return np.mean((outputs[:, 0] > threshold) == y)
    return np.mean(outputs.argmax(1) == (y.argmax(1) if y.ndim == 2 else y))


def scores_of(outputs):
    scores = np.exp(outputs - outputs.max(1, keepdims=True))
    return scores / scores.sum(1, keepdims=True)


def fit(case, model, reset, x, targets, outputs):
    """The training loss that Keras's own fit reports. It must lead where the steps led."""
    reset()
    model.compile(optimizer=keras_optimizer(case), loss=keras_loss(case))
    weights = dict(enumerate(case.training["class_weight"])) if "class_weight" in case.training else None
    options = dict(batch_size=case.training["batch_size"], shuffle=False, verbose=0)
    history = model.fit(x, targets.numpy(), class_weight=weights, **options)
    if distance(model.predict(x, verbose=0), outputs.numpy()) > FLOAT32_LIMIT:
        raise SystemExit(f"{case.name}: fit leads elsewhere")
    return np.array(history.history["loss"][0])


def compute(case, initial, x, y, dtype):
    """All expected quantities of a case, computed by Keras in `dtype`."""
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    model, loss = build(case), keras_loss(case)
    variables = tensors(model)

    def reset():
        for name, value in initial.items():
            variables[name].assign(value)

    @tf.function
    def forward(x, training):
        return model(x, training=training)

    @tf.function
    def backward(x, targets, weights):
        with tf.GradientTape() as tape:
            value = loss(targets, model(x, training=True), weights) + sum(model.losses)
        return tape.gradient(value, model.trainable_variables)

    reset()
    classes = model.output_shape[-1]
    targets = tf.constant(keras_targets(case, y, classes))
    inputs, size = tf.constant(x), case.training["batch_size"]
    outputs = forward(inputs, False)
    weights = tf.constant(sample_weights(case, y))
    expected = {"outputs": outputs, "loss": tf.function(loss)(targets, outputs) + sum(model.losses)}
    if case.training["loss"] != "mse":
        expected["accuracy"] = accuracy(case, outputs.numpy(), y)
    if case.name == "python_weights":
        expected["scores"] = scores_of(outputs.numpy())
        expected["classes"] = outputs.numpy().argmax(1).astype(np.int32)
    if case.steps:
        expected["outputs_train"] = forward(inputs[:size], True)
        reset()  # the moving statistics followed
        names = {id(variable): name for name, variable in variables.items()}
        trainable = [names[id(variable)] for variable in model.trainable_variables]
        optimizer = keras_optimizer(case)
        for step in range(STEPS):
            batch = slice(step * size, (step + 1) * size)
            gradients = backward(inputs[batch], targets[batch], weights[batch])
            if step == 0:
                expected.update({f"g:{name}": value for name, value in zip(trainable, gradients)})
            optimizer.apply(gradients, model.trainable_variables)
        expected.update({f"w:{name}": keras.ops.convert_to_numpy(variable) for name, variable in variables.items()})
        if optimizer.use_ema:
            optimizer.finalize_variable_values(model.trainable_variables)  # the averages
            expected.update({f"a:{name}": keras.ops.convert_to_numpy(variables[name]) for name in trainable})
        expected["outputs_after"] = forward(inputs, False)
        if case.fit:
            expected["train_loss"] = fit(case, model, reset, x, targets, expected["outputs_after"])
    return {name: keras.ops.convert_to_numpy(value) for name, value in expected.items()}


def distance(a, b):
    return np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-12)


def make(case, folder):
    random = np.random.default_rng(zlib.crc32(case.name.encode()))
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    model = build(case)
    initial = draw_weights(model, random)
    x, y = draw_data(case, model.output_shape[-1], random)
    expected = compute(case, initial, x, y, "float64")
    single = compute(case, initial, x, y, "float32")
    name, worst = max(((name, distance(single[name], expected[name])) for name in expected), key=lambda item: item[1])

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.toml").write_text(toml(case))
    save_file(initial, folder / "initial.safetensors")
    np.savez_compressed(folder / "data.npz", x=x, y=y)
    stored = {k: v.astype(np.float32) if v.dtype == np.float64 else v for k, v in expected.items()}
    write_npz_gz(folder / "expected.npz.gz", stored)
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{case.name:30} {size:8,} bytes   float32 is off by {worst:.1e} ({name})")
    if worst > FLOAT32_LIMIT:
        raise SystemExit(f"{case.name}: badly conditioned, {name} is off by {worst:.1e}; allowed {FLOAT32_LIMIT}")
    return size


def main():
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=root / "tests" / "golden")
    parser.add_argument("cases", nargs="*", help="default: all")
    arguments = parser.parse_args()
    unknown = set(arguments.cases) - {case.name for case in CASES}
    if unknown:
        parser.error(f"unknown cases: {', '.join(sorted(unknown))}")

    tf.get_logger().setLevel("ERROR")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(0)  # nothing random is left, but an operation that asks for a seed shall find one
    chosen = [case for case in CASES if not arguments.cases or case.name in arguments.cases]
    total = sum(make(case, arguments.out / case.name) for case in chosen)
    print(f"total {total:,} bytes in {len(chosen)} cases")
    if total > SIZE_LIMIT:
        raise SystemExit(f"more than {SIZE_LIMIT:,} bytes")


if __name__ == "__main__":
    main()
