#!/usr/bin/env python3
"""Compares Evenkeel with Keras on the networks of keras.applications, with random weights and perturbed statistics.

    keras_applications.py [--run CMD] [--size 64] [NAME ...]

CMD runs a network: {model} {inputs} {outputs} {mode} are put into it; by default `evenkeel run`. Prints a line of the
table for each network: the relative L2 distance of the outputs in evaluation mode, and in training mode (dropout off).
"""
import argparse
import os
import pathlib
import shlex
import subprocess
import tempfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np

NAMES = ["MobileNetV2", "EfficientNetB0", "ResNet50V2", "DenseNet121", "MobileNetV3Small", "NASNetMobile", "Xception",
         "ConvNeXtTiny", "InceptionV3", "VGG16"]
LEAST = {"NASNetMobile": 224, "Xception": 96, "InceptionV3": 96, "DenseNet121": 64}


def without_noise(layer):
    config = layer.get_config()
    if isinstance(layer, keras.layers.Dropout):
        config["rate"] = 0.0
    return layer.__class__.from_config(config)


def make(name, size):
    size = max(size, LEAST.get(name, 0))
    model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3), classes=10)
    model = keras.models.clone_model(model, clone_function=without_noise)
    generator = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            for w in layer.weights:
                w.assign(np.array(w) + generator.uniform(-0.2, 0.2, w.shape) * (1 if "variance" not in w.name else 0.5))
    return model, generator.uniform(0, 255, (4, size, size, 3)).astype("float32") / (1 if "Net" in name else 255)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", default="build/release/evenkeel run {model} --inputs {inputs} --outputs {outputs} --mode {mode}")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("names", nargs="*", default=NAMES)
    options = parser.parse_args()
    for name in options.names or NAMES:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            model, x = make(name, options.size)
            model.save(folder / "net.keras")
            np.savez(folder / "x.npz", x=x)
            cells = []
            for mode in ("evaluate", "train"):
                command = options.run.format(model=folder / "net.keras", inputs=folder / "x.npz", outputs=folder / "y.npz", mode=mode)
                subprocess.run(shlex.split(command), check=True, stdout=subprocess.DEVNULL)
                with np.load(folder / "y.npz") as arrays:
                    ours = arrays[arrays.files[0]]
                theirs = np.array(model(x, training=mode == "train"))
                cells.append(f"{np.linalg.norm(ours - theirs) / np.linalg.norm(theirs):.1e}")
            print(f"| {name} | {' | '.join(cells)} |", flush=True)


main()
