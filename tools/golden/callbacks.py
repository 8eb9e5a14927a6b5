"""Decisions of Keras's EarlyStopping and ReduceLROnPlateau on given metric sequences -> tests/golden/callbacks.json.

    python tools/golden/callbacks.py        (needs keras and a backend from PyPI)
"""
import os
import pathlib
import random

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import keras  # noqa: E402

from packing import shortest, write_cases  # noqa: E402


def sequences():
    generator = random.Random(7)
    yield "falling", [1.0 / (i + 1) for i in range(12)]
    yield "flat", [0.5] * 12
    yield "rising", [0.1 * (i + 1) for i in range(12)]
    yield "dip", [1.0, 0.8, 0.6, 0.7, 0.65, 0.62, 0.61, 0.55, 0.58, 0.57, 0.56, 0.54]
    yield "small steps", [1.0 - 0.004 * i for i in range(12)]
    for n in range(4):
        yield f"noise {n}", [round(generator.uniform(0.2, 1.0), 3) for _ in range(16)]


def small_model():
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def early_stopping(options, monitor, values):
    model = small_model()
    callback = keras.callbacks.EarlyStopping(monitor=monitor, mode="max" if "accuracy" in monitor else "min", **options)
    callback.set_model(model)
    model.stop_training = False
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        # The epoch's number is its weight: which weights are kept is seen at the end.
        model.set_weights([np.full((1, 1), epoch + 1.0)])
        callback.on_epoch_end(epoch, {monitor: value})
        if model.stop_training:
            break
    callback.on_train_end()
    return {"epochs": epoch + 1, "weight": shortest(model.get_weights()[0][0][0])}


def reduce_lr(options, monitor, values):
    model = small_model()
    callback = keras.callbacks.ReduceLROnPlateau(monitor=monitor, mode="max" if "accuracy" in monitor else "min", **options)
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {monitor: value})
        rates.append(shortest(model.optimizer.learning_rate))
    return {"rates": rates}


STOPPING = [{}, {"patience": 2}, {"patience": 3, "min_delta": 0.01}, {"patience": 2, "restore_best_weights": True},
            {"patience": 1, "baseline": 0.6}, {"patience": 2, "start_from_epoch": 4, "restore_best_weights": True}]
PLATEAU = [{"patience": 2}, {"patience": 0, "factor": 0.5}, {"patience": 1, "factor": 0.3, "cooldown": 2},
           {"patience": 1, "min_delta": 0.05, "min_lr": 0.005}, {"patience": 3, "cooldown": 1, "factor": 0.7}]

cases = []
for name, values in sequences():
    for monitor in ("val_loss", "val_accuracy"):
        for options in STOPPING:
            cases.append({"callback": "early_stopping", "sequence": name, "monitor": monitor,
                          "options": options, "keras": early_stopping(options, monitor, values)})
        for options in PLATEAU:
            cases.append({"callback": "reduce_lr_on_plateau", "sequence": name, "monitor": monitor,
                          "options": options, "keras": reduce_lr(options, monitor, values)})
path = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "callbacks.json"
write_cases(path, dict(sequences()), cases)
print(f"{len(cases)} cases, {path.stat().st_size} bytes")
