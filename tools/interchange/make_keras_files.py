#!/usr/bin/env python3
"""Writes tests/interchange/keras/fixtures: small networks as Keras saves them, with inputs and outputs in both modes.

    make_keras_files.py 3          Keras 3: functional.keras and functional.h5.gz
    make_keras_files.py 2 [PATH]   tf_keras: tf_keras.h5.gz; PATH is where it is installed

Outputs are named OUTPUT_evaluate and OUTPUT_train; the networks have no noise, so both are exact. `after` has the
moving statistics after that one call in training mode.
"""
import gzip
import os
import pathlib
import sys
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "tests/interchange/keras/fixtures"
generator = np.random.default_rng(0)


def perturb(model):
    """Weights that no default could stand for."""
    model.set_weights([np.abs(w) * generator.uniform(0.5, 1.5, w.shape) + 0.1 * generator.uniform(0, 1, w.shape)
                       if w.ndim == 1 else w for w in model.get_weights()])


def functional(keras):
    layers = keras.layers
    image, age = keras.Input((8, 8, 3), name="image"), keras.Input((2,), name="age")
    backbone = keras.Sequential([keras.Input((4, 4, 4)), layers.Conv2D(4, 3, padding="same", name="conv"),
                                 layers.BatchNormalization(name="bn")], name="backbone")
    x = layers.Rescaling(1 / 127.5, offset=-1)(image)
    x = layers.Normalization(mean=[0.1, 0.2, 0.3], variance=[1, 2, 3])(x)
    x = layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="stem",
                      kernel_regularizer=keras.regularizers.L2(1e-4))(x)
    x = layers.BatchNormalization(scale=False, momentum=0.9, epsilon=1e-5, name="stem_bn")(x)
    x = layers.ReLU(6.0)(x)
    y = backbone(x, training=False)
    # Keras 3 ignores that keyword when the model itself is called with training=True; this it does not.
    backbone.trainable = False
    x = x + y * 0.5
    x = layers.SeparableConv2D(5, 3, activation="swish", name="separable")(x)
    x = layers.BatchNormalization(axis=3, name="last_bn")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Concatenate()([x, layers.Dense(3, activation="tanh", name="age_dense")(age)])
    return keras.Model([image, age], [layers.Dense(3, activation="softmax", name="classes")(x),
                                      layers.Dense(1, name="value")(x)], name="functional")


def sequential(keras):
    layers = keras.layers
    model = keras.Sequential([layers.Conv2D(4, 3, padding="same", activation="relu", input_shape=(6, 6, 2)),
                              layers.BatchNormalization(), layers.DepthwiseConv2D(3, name="depthwise"),
                              layers.LeakyReLU(), layers.Activation("hard_sigmoid"), layers.Flatten(),
                              layers.Dense(3, activation="softmax")], name="sequential")
    model.layers[0].trainable = False
    return model


def write(name, model, inputs, outputs):
    arrays = dict(inputs)
    samples = list(inputs.values()) if len(inputs) > 1 else next(iter(inputs.values()))
    statistics = [w for w in model.weights if "moving" in w.name]
    before = model.get_weights()
    for mode in ("evaluate", "train"):
        results = model(samples, training=mode == "train")
        for output, result in zip(outputs, results if len(outputs) > 1 else [results]):
            arrays[f"{output}_{mode}"] = np.array(result)
    for i, w in enumerate(statistics):
        arrays[f"after_{i}"] = np.array(w)
    model.set_weights(before)
    np.savez_compressed(FOLDER / f"{name}.npz", **arrays)


def make_small():
    """HDF5 is mostly zeros: .h5 files are kept as gzip, and .keras files with compressed members, as a zip tool does."""
    for path in FOLDER.glob("*.h5"):
        path.with_suffix(".h5.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        path.unlink()
    for path in FOLDER.glob("*.keras"):
        with zipfile.ZipFile(path) as old:
            members = [(m.filename, old.read(m)) for m in old.infolist()]
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for name, content in members:
                new.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    if sys.argv[1] == "3":
        import keras
        model = functional(keras)
        model.compile(keras.optimizers.Adam(2e-3), ["sparse_categorical_crossentropy", "mse"])
        inputs = {"image": generator.uniform(0, 255, (6, 8, 8, 3)).astype("float32"),
                  "age": generator.normal(size=(6, 2)).astype("float32")}
        model.fit(list(inputs.values()), [np.arange(6) % 3, np.ones(6)], batch_size=2, verbose=0)
        perturb(model)
        model.save(FOLDER / "functional.keras")
        model.save(FOLDER / "functional.h5")
        write("functional", model, inputs, ["classes", "value"])
    else:
        sys.path[:0] = sys.argv[2:]
        import tf_keras as keras
        model = sequential(keras)
        model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy")
        inputs = {"x": generator.normal(size=(6, 6, 6, 2)).astype("float32")}
        model.fit(inputs["x"], np.arange(6) % 3, batch_size=3, verbose=0)
        perturb(model)
        model.save(FOLDER / "tf_keras.h5")
        write("tf_keras", model, inputs, ["dense"])
    make_small()


main()
