"""Networks of Keras: their .keras and .h5 files, and what Keras computes with them in both modes."""

import os
import tempfile
import warnings
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np

NOISE = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianDropout", "GaussianNoise", "AlphaDropout")


def layers_with_paths(model, path=""):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from layers_with_paths(layer, f"{path}{layer.name}/")
        else:
            yield path + layer.name, layer


def normalizations(model):
    return {path: layer for path, layer in layers_with_paths(model) if type(layer).__name__ == "BatchNormalization"}


def perturb(model, x, seed, steps=None):
    random = np.random.default_rng(seed)
    for _, layer in layers_with_paths(model):
        for v in layer.weights:
            name, shape = v.path.rsplit("/", 1)[-1], v.shape
            if name in ("gamma",):
                v.assign(random.uniform(0.8, 1.2, shape))
            elif name in ("beta", "bias"):
                v.assign(random.uniform(-0.1, 0.1, shape))
            elif name == "moving_mean":
                v.assign(random.uniform(-0.3, 0.3, shape))
            elif name == "moving_variance":
                v.assign(random.uniform(0.4, 1.4, shape))
            elif name == "alpha":
                v.assign(random.uniform(0.1, 0.4, shape))
            elif "seed" in name or "count" in name or not np.issubdtype(np.dtype(v.dtype), np.floating):
                continue
            if steps:
                v.assign(np.round(np.asarray(v.numpy()) * steps) / steps)


def of(value):
    return np.asarray(keras.ops.convert_to_numpy(value), np.float32)


def as_list(outputs):
    return [of(v) for v in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]


def arrays_of(model, x):
    """Statistics by "<path of the layer>/moving_mean". The model's weights are as before at the end."""
    before = [w.numpy().copy() if hasattr(w.numpy(), "copy") else w.numpy() for w in model.weights]
    rates = {layer: layer.rate for _, layer in layers_with_paths(model) if type(layer).__name__ in NOISE}
    for layer in rates:
        layer.rate = 0.0
    arrays = {f"input/{tensor.name}": v for tensor, v in zip(model.inputs, x)}
    names = [f"y{i}" if len(model.outputs) > 1 else "y" for i in range(len(model.outputs))]
    arrays.update({f"evaluate/{n}": v for n, v in zip(names, as_list(model(x[0] if len(x) == 1 else x, training=False)))})
    arrays.update({f"train/{n}": v for n, v in zip(names, as_list(model(x[0] if len(x) == 1 else x, training=True)))})
    for path, layer in normalizations(model).items():
        arrays[f"statistics/{path}/moving_mean"] = of(layer.moving_mean)
        arrays[f"statistics/{path}/moving_variance"] = of(layer.moving_variance)
    for w, value in zip(model.weights, before):
        w.assign(value)
    for layer, rate in rates.items():
        layer.rate = rate
    # The archive's names have two slashes.
    return {name.replace("/", "\0", 1).replace("/", ".").replace("\0", "/"): np.ascontiguousarray(v, np.float32)
            for name, v in arrays.items()}


def saved(model, ending):
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / f"net{ending}"
        model.save(path)
        return path.read_bytes()
