"""Layers are made of the library's descriptions."""

import copy
import inspect
import json
import pickle
import pydoc

import pytest

import evenkeel_nn as ek


def test_every_layer_of_the_program_has_a_class(program):
    listed = json.loads(program("layers", "--json").stdout)["layers"]
    for layer in listed:
        assert hasattr(ek, layer["type"]), layer["type"]
        if layer["type"] == "Input":
            continue
        parameters = inspect.signature(getattr(ek, layer["type"])).parameters
        assert set(parameters) == {key["name"] for key in layer["keys"]} | {"name"}
        for key in layer["keys"]:
            default = parameters[key["name"]].default
            if key["required"]:
                assert default is inspect.Parameter.empty
            else:
                assert json.loads(json.dumps(default)) == key["default"], (layer["type"], key["name"])


def test_help_reads_as_keras_does():
    text = pydoc.render_doc(ek.BatchNormalization, renderer=pydoc.plaintext)
    assert "BatchNormalization(axis: int = -1, momentum: float = 0.99, epsilon: float = 0.001" in text
    assert "momentum: weight of the old moving statistics (a number in [0, 1]; default 0.99)" in text


def test_what_is_required_comes_first():
    assert ek.Dense(10).units == 10
    assert ek.Conv2D(8, 5).settings(True) == {"filters": 8, "kernel_size": 5}
    assert list(inspect.signature(ek.Dropout).parameters)[0] == "rate"


def test_fields_are_attributes_and_do_not_change():
    layer = ek.BatchNormalization(momentum=0.9, name="norm")
    assert (layer.momentum, layer.epsilon, layer.name) == (0.9, 1e-3, "norm")
    with pytest.raises(AttributeError, match="make a new layer"):
        layer.momentum = 0.5
    with pytest.raises(AttributeError, match="no field 'moment'"):
        layer.moment
    assert repr(layer) == "BatchNormalization(momentum=0.9, name='norm')"
    assert "momentum" in dir(layer)


def test_layers_are_values():
    layer = ek.Conv2D(8, strides=2, name="c")
    for same in (pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer), ek.Conv2D(8, strides=[2, 2], name="c")):
        assert same == layer and hash(same) == hash(layer)
    assert layer != ek.Conv2D(9, strides=2, name="c")


def test_an_unknown_argument_says_what_was_meant():
    with pytest.raises(TypeError, match='unknown argument "kernal_size".*Did you mean "kernel_size"'):
        ek.Conv2D(8, kernal_size=3)
    with pytest.raises(TypeError, match="Dense: missing a required argument: 'units'"):
        ek.Dense()


def test_a_value_out_of_range_says_what_is_right():
    with pytest.raises(ek.InputError) as caught:
        ek.Dropout(1.5, name="drop")
    assert caught.value.where == 'Dropout "drop": "rate"'
    assert caught.value.expected == "a number in [0, 1)"
    assert caught.value.received == "1.5"
    with pytest.raises(ek.InputError, match="Did you mean"):
        ek.Activation("relo")


def test_numpys_scalars_are_numbers():
    import numpy as np

    assert ek.Dense(np.int64(10)) == ek.Dense(10)
    assert ek.Dropout(np.float32(0.5)) == ek.Dropout(0.5)
    assert ek.Conv2D(4, np.array([3, 5])).kernel_size == (3, 5)
    with pytest.raises(ek.InputError, match="expected"):
        ek.Dense(object())


def test_optimizers_have_kerass_names():
    assert ek.Adam(1e-3).settings() == {"optimizer": "adam", "learning_rate": 1e-3}
    assert ek.AdamW().weight_decay == 0.004
    assert ek.SGD(0.1, momentum=0.9).momentum == 0.9
    assert repr(ek.Adam(0.01)) == "Adam(learning_rate=0.01)"
    with pytest.raises(TypeError, match='unknown argument "beta1".*Did you mean "beta_1"'):
        ek.Adam(beta1=0.9)


def test_a_layer_needs_symbols():
    with pytest.raises(ek.InputError, match="what ek.Input or a layer returned"):
        ek.Dense(3)([[1.0, 2.0]])
    with pytest.raises(TypeError, match="base of all layers"):
        ek.Layer()
