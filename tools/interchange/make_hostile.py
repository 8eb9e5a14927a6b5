#!/usr/bin/env python3
"""Writes .keras and .h5 files that mean harm, for tests/interchange/keras/hostile_test.cpp: what only HDF5's own
library and a zip writer make easily. The metadata says what the error must name.

    python tools/interchange/make_hostile.py
"""

import io
import json
import sys
import tempfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
from archive import of_bytes, write_archive

ROOT = Path(__file__).resolve().parent.parent.parent
OUT = ROOT / "tests/interchange/keras/hostile.safetensors.gz"
sys.setrecursionlimit(100_000)
MILLION = 1_000_000


def dense_config(units=3, name="dense", module="keras.layers", class_name="Dense", **more):
    return {"module": module, "class_name": class_name, "registered_name": None,
            "build_config": {"input_shape": [None, 4]},
            "config": {"name": name, "trainable": True, "units": units, "activation": "linear", "use_bias": True, **more}}


def model_config(*layers):
    first = {"module": "keras.layers", "class_name": "InputLayer", "registered_name": None,
             "config": {"batch_shape": [None, 4], "dtype": "float32", "sparse": False, "name": "input"}}
    return {"module": "keras", "class_name": "Sequential", "registered_name": None,
            "config": {"name": "net", "trainable": True, "layers": [first, *layers], "build_input_shape": [None, 4]}}


def h5_bytes(write):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.h5"
        with h5py.File(path, "w") as file:
            write(file)
        return path.read_bytes()


def weights(kernel=None, bias=None):
    """What Keras 3 writes for one dense layer; the arguments write other things in the place of its two variables."""
    def write(file):
        group = file.create_group("layers/dense/vars")
        for name, make, value in (("0", kernel, np.zeros((4, 3), np.float32)), ("1", bias, np.zeros(3, np.float32))):
            if make:
                make(group, name)
            else:
                group[name] = value
    return h5_bytes(write)


def keras_bytes(config, h5, extra=(), compression=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        def put(name, data):
            archive.writestr(zipfile.ZipInfo(name), data, compression)

        put("metadata.json", json.dumps({"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}))
        put("config.json", config if isinstance(config, (str, bytes)) else json.dumps(config))
        if h5 is not None:
            put("model.weights.h5", h5)
        for name, data in extra:
            put(name, data)
    return out.getvalue()


def vast(group, name):
    group.create_dataset(name, (MILLION, MILLION), "f4", chunks=(1000, 1000))


def vast_of_another_rank(group, name):
    group.create_dataset(name, (1000,) * 6, "f4", chunks=(10,) * 6)


def bomb(group, name):
    group.create_dataset(name, (2000, 20000), "f4", data=np.zeros((2000, 20000), np.float32), chunks=(2000, 20000),
                         compression="gzip", compression_opts=9)


def stored_elsewhere(group, name):
    group.create_dataset(name, (4, 3), "f4", external=[("/etc/passwd", 0, 48)])


def virtual(group, name):
    layout = h5py.VirtualLayout((4, 3), "f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "x", (4, 3))
    group.create_virtual_dataset(name, layout)


def of_texts(group, name):
    group.create_dataset(name, (4, 3), h5py.string_dtype(), data=[["a", "b", "c"]] * 4)


def of_records(group, name):
    group.create_dataset(name, (4, 3), np.dtype([("a", "f4"), ("b", "i8")]))


def link(made):
    def write(group, name):
        group[name] = made
    return write


def cycle(group, name):
    group[name] = h5py.SoftLink(f"/layers/dense/vars/{name}")


def graph_config(*nodes, outputs):
    """A functional model of Add layers; each node: name, names of its inputs."""
    def tensor(name):
        return {"class_name": "__keras_tensor__", "config": {"shape": [None, 4], "dtype": "float32",
                                                            "keras_history": [name, 0, 0]}}

    layers = [{"module": "keras.layers", "class_name": "InputLayer", "registered_name": None, "name": "input",
               "config": {"batch_shape": [None, 4], "dtype": "float32", "name": "input"}, "inbound_nodes": []}]
    for name, inputs in nodes:
        layers.append({"module": "keras.layers", "class_name": "Add", "registered_name": None, "name": name,
                       "config": {"name": name}, "inbound_nodes": [{"args": [[tensor(i) for i in inputs]], "kwargs": {}}]})
    return {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional",
            "config": {"name": "net", "trainable": True, "layers": layers, "input_layers": [["input", 0, 0]],
                       "output_layers": [[o, 0, 0] for o in outputs]}}


def nested(depth):
    config = model_config(dense_config())
    for _ in range(depth):
        config = model_config(config)
    return config


def cases():
    good, h5 = model_config(dense_config()), weights()
    yield "whole", keras_bytes(good, h5), ""
    yield "whole_deflated", keras_bytes(good, h5, compression=zipfile.ZIP_DEFLATED), ""
    for name, kernel in (("vast", vast), ("vast_of_another_rank", vast_of_another_rank), ("bomb", bomb),
                         ("stored_elsewhere", stored_elsewhere), ("virtual", virtual), ("of_texts", of_texts),
                         ("of_records", of_records), ("external_link", link(h5py.ExternalLink("/etc/passwd", "/x"))),
                         ("soft_link", link(h5py.SoftLink("/layers/dense/vars/1"))), ("cycle_of_links", cycle),
                         ("empty", link(h5py.Empty("f4"))), ("scalar", link(np.float32(1))),
                         ("of_another_shape", link(np.zeros((3, 4), np.float32)))):
        yield f"kernel_{name}", keras_bytes(good, weights(kernel=kernel)), "dense"
    yield "weights_missing", keras_bytes(good, None), "model.weights.h5"
    yield "weights_of_no_layer", keras_bytes(good, h5_bytes(lambda f: f.create_group("layers"))), "dense"
    yield "weights_are_an_archive", keras_bytes(good, keras_bytes(good, h5)), "model.weights.h5"
    yield "archive_in_an_archive", keras_bytes(keras_bytes(good, h5), h5), "config.json"
    yield "only_an_archive_inside", zipped([("net.keras", keras_bytes(good, h5))]), "config.json"
    yield "weights_cut_short", keras_bytes(good, h5[:700]), "model.weights.h5"
    yield "outside", keras_bytes(good, h5, [("../evil", b"x")]), ".."
    yield "bomb_beside", keras_bytes(good, h5, [("assets/big", bytes(200 * MILLION))], zipfile.ZIP_DEFLATED), ""
    yield "config_is_a_bomb", keras_bytes(json.dumps(good) + " " * (300 * MILLION), h5,
                                          compression=zipfile.ZIP_DEFLATED), "config.json"
    yield "config_deep", keras_bytes('{"config":' * 100000, h5), "config.json"
    yield "config_is_a_list", keras_bytes([1, 2], h5), "config.json"
    yield "config_cut_short", keras_bytes(json.dumps(good)[:200], h5), "config.json"
    yield "models_nested_deep", keras_bytes(nested(500), h5), ""
    yield "units_negative", keras_bytes(model_config(dense_config(units=-3)), h5), "dense"
    yield "units_huge", keras_bytes(model_config(dense_config(units=2**62)), h5), "dense"
    yield "units_of_another_kind", keras_bytes(model_config(dense_config(units={"a": 1})), h5), "dense"
    yield "lambda", keras_bytes(model_config(dense_config(class_name="Lambda", name="evil")), h5), "Lambda"
    yield "custom", keras_bytes(model_config(dense_config(class_name="MyOwn", module="mine", name="mine")), h5), "MyOwn"
    yield "names_twice", keras_bytes(model_config(dense_config(), dense_config()), h5), "dense"
    yield "cyclic", keras_bytes(graph_config(("a", ["input", "b"]), ("b", ["a", "input"]), outputs=["b"]), h5), "a"
    yield "reads_what_is_not_there", keras_bytes(graph_config(("a", ["input", "nowhere"]), outputs=["a"]), h5), "nowhere"
    yield "output_is_not_there", keras_bytes(graph_config(("a", ["input", "input"]), outputs=["nowhere"]), h5), "nowhere"


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def legacy(write_more=lambda file: None, config=None):
    def write(file):
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = json.dumps(config or model_config(dense_config()))
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [b"dense"]
        dense = group.create_group("dense")
        dense.attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
        dense["dense/kernel:0"] = np.zeros((4, 3), np.float32)
        dense["dense/bias:0"] = np.zeros(3, np.float32)
        write_more(file)
    return h5_bytes(write)


def legacy_cases():
    def kernel(value):
        def write(file):
            del file["model_weights/dense/dense/kernel:0"]
            if callable(value):
                value(file["model_weights/dense/dense"], "kernel:0")
            else:
                file["model_weights/dense/dense/kernel:0"] = value
        return write

    def names(value):
        return lambda file: file["model_weights/dense"].attrs.modify("weight_names", value)

    yield "legacy_whole", legacy(), ""
    yield "legacy_external_link", legacy(kernel(h5py.ExternalLink("/etc/passwd", "/x"))), "kernel"
    yield "legacy_soft_link", legacy(kernel(h5py.SoftLink("/model_weights/dense/dense/bias:0"))), "kernel"
    yield "legacy_vast", legacy(kernel(vast)), "kernel"
    yield "legacy_stored_elsewhere", legacy(kernel(stored_elsewhere)), "kernel"
    yield "legacy_names_leave_the_group", legacy(names([b"../../../etc", b"/dense"])), "dense"
    yield "legacy_names_of_another_kind", legacy(lambda f: f["model_weights/dense"].attrs.__setitem__("weight_names", 3)), "dense"
    yield "legacy_no_config", h5_bytes(lambda file: file.create_group("model_weights")), "weights alone"
    yield "legacy_config_damaged", legacy(lambda file: file.attrs.__setitem__("model_config", "{")), "model_config"
    yield "legacy_cut_short", legacy()[:900], ""
    yield "legacy_empty_file", b"", ""


def main():
    tensors, metadata = {}, {}
    for kind, made in (("keras", cases()), ("h5", legacy_cases())):
        for name, data, names in made:
            tensors[f"{name}/{kind}"] = of_bytes(data)
            metadata[name] = names
    print(f"{len(metadata)} files, {write_archive(OUT, tensors, metadata)} bytes")


if __name__ == "__main__":
    main()
