"""Models: made, saved, opened, copied; their weights without a copy."""

import copy
import gc
import pickle
import warnings

import numpy as np
import pytest
from support import small_data, small_model

import evenkeel_nn as ek


def equal_weights(a, b):
    return list(a.weights) == list(b.weights) and all(np.array_equal(a.weights[n], b.weights[n]) for n in a.weights)


def test_a_chain_and_a_graph_are_the_same(data):
    x = ek.Input((8, 8, 1))
    y = ek.Rescaling(1 / 255)(x)
    y = ek.Activation("relu")(ek.BatchNormalization(momentum=0.9)(ek.Conv2D(4, use_bias=False)(y)))
    y = ek.Dense(3)(ek.Dropout(0.2)(ek.Flatten()(y)))
    graph, chain = ek.Model(x, y, name="small"), small_model()
    assert graph.to_toml() == chain.to_toml()
    assert equal_weights(graph, chain)


def test_a_graph_has_branches_inputs_and_outputs():
    image, age = ek.Input((4, 4, 1), name="image"), ek.Input((2,), name="age")
    pooled = ek.GlobalAveragePooling2D(name="pooled")(ek.Conv2D(3)(image))
    auxiliary = ek.Dense(2, name="auxiliary")(pooled)
    classes = ek.Dense(2, name="classes")(ek.Concatenate()([pooled, age]))
    model = ek.Model([image, age], [classes, auxiliary])
    assert model.inputs == [("image", (4, 4, 1)), ("age", (2,))]
    assert model.outputs == ["classes", "auxiliary"]
    x = {"image": np.ones((5, 4, 4, 1), np.float32), "age": np.zeros((5, 2), np.float32)}
    said = ek.predict(model, x, what="all", verbose=False)
    assert said["outputs"].shape == (5, 2) and said["others"]["auxiliary"].shape == (5, 2)
    assert np.array_equal(ek.predict(model, [x["image"], x["age"]], verbose=False), said["outputs"])
    with pytest.raises(ek.InputError, match="arrays for the model's inputs image, age, received none for age"):
        ek.predict(model, {"image": x["image"]})


def test_a_layer_is_used_once():
    x = ek.Input((4,))
    dense = ek.Dense(4)
    with pytest.raises(ek.InputError, match="one that is called twice"):
        ek.Model(x, dense(dense(x)))


def test_an_input_that_is_missing_is_named():
    x, other = ek.Input((4,)), ek.Input((4,), name="other")
    with pytest.raises(ek.InputError, match="none for <input other"):
        ek.Model(x, ek.Add()([x, other]))


def test_shapes_that_do_not_fit_name_the_layer():
    with pytest.raises(ek.InputError, match='layer "conv2d"'):
        ek.Sequential([ek.Input((4,)), ek.Conv2D(3)])


def test_the_first_samples_give_the_input_shape(data):
    model = ek.Sequential([ek.Rescaling(1 / 255), ek.Flatten(), ek.Dense(3)])
    with pytest.raises(ek.InputError, match="Begin with ek.Input"):
        model.summary()
    ek.fit(model, *data, epochs=1, verbose=False)
    assert model.input_shape == (8, 8, 1)


def test_layers_have_names_and_shapes(model):
    assert [layer.name for layer in model.layers][:4] == ["rescaling", "conv2d", "batch_normalization", "activation"]
    assert model.layers[2].momentum == 0.9
    node = model.graph[1]
    assert node["inputs"] == ["rescaling"] and tuple(node["output_shape"]) == (6, 6, 4) and node["parameters"] == 36
    assert model.output_shape == (3,)
    assert repr(model) == f"<Sequential 'small': input (8, 8, 1) -> (3,), {model.parameters:,} parameters>"


def test_summary_is_that_of_the_program(model, folder, program, capfd):
    model.save(folder / "m.toml")
    ek.summary(model)
    assert capfd.readouterr().out == program("summary", folder / "m.toml").stdout


def test_weights_are_the_models_memory(model, data):
    kernel = model.weights["conv2d/kernel"]
    assert kernel.shape == (3, 3, 1, 4) and kernel.dtype == np.float32 and not kernel.flags.owndata
    assert np.shares_memory(kernel, model.weights["conv2d/kernel"])
    before = ek.predict(model, data[0], verbose=False)
    kernel *= 2
    assert not np.array_equal(ek.predict(model, data[0], verbose=False), before)
    before_fit = kernel.copy()
    ek.fit(model, *data, epochs=1, verbose=False)
    assert np.array_equal(kernel, model.weights["conv2d/kernel"]) and not np.array_equal(kernel, before_fit)


def test_a_view_outlives_its_model():
    kernel = small_model(seed=3).weights["conv2d/kernel"]
    gc.collect()
    assert np.array_equal(kernel, small_model(seed=3).weights["conv2d/kernel"])


def test_weights_are_a_mapping(model):
    assert len(model.weights) == len(list(model.weights)) == 7
    assert "conv2d/kernel" in model.weights and model.weights.is_state("batch_normalization/moving_mean")
    assert model.weights.is_trainable("conv2d/kernel")
    model.weights["dense/bias"] = [1, 2, 3.5]
    assert model.weights["dense/bias"].tolist() == [1, 2, 3.5]
    with pytest.raises(ek.InputError, match=r"expected an array \(3,\), received one \(2,\)"):
        model.weights["dense/bias"] = [1, 2]
    with pytest.raises(KeyError, match="did you mean 'conv2d/kernel'"):
        model.weights["conv2d/kernal"]
    assert "conv2d/kernel" in repr(model.weights)


def test_the_seed_draws_the_weights():
    assert equal_weights(small_model(seed=5), small_model(seed=5))
    assert not equal_weights(small_model(seed=5), small_model(seed=6))


@pytest.mark.parametrize("name", ["run", "w.safetensors", "m.onnx", "m.keras"])
def test_what_is_saved_is_opened(trained, data, folder, name):
    trained.class_names = ["left", "middle", "right"]
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        trained.save(folder / name)
    assert [str(note.message) for note in noted] == (
        ['Left out, because evaluation does not use it: "dropout".'] if name == "m.onnx" else [])
    opened = ek.load(folder / name)
    said = ek.predict(opened, data[0], verbose=False)
    np.testing.assert_allclose(said, ek.predict(trained, data[0], verbose=False), rtol=1e-4, atol=1e-5)
    if not name.startswith("m."):
        assert equal_weights(opened, trained) and opened.to_toml() == trained.to_toml()
        assert opened.class_names == trained.class_names


def test_the_program_opens_what_is_saved(trained, data, folder, program):
    trained.save(folder / "run")
    np.savez(folder / "d.npz", x=data[0], y=data[1])
    said = program("evaluate", folder / "run", "--data", folder / "d.npz", "--json").stdout
    import json

    assert json.loads(said)["loss"] == ek.evaluate(trained, *data, verbose=False).loss


def test_weights_are_loaded_from_a_file(trained, model, folder):
    trained.save(folder / "w.safetensors")
    model.load_weights(folder / "w.safetensors")
    assert equal_weights(model, trained)
    trained.save(folder / "m.toml")
    assert equal_weights(ek.load(folder / "m.toml", folder / "w.safetensors"), trained)
    other = ek.Sequential([ek.Input((4,)), ek.Dense(2)])
    before = other.weights["dense/kernel"].copy()
    with pytest.raises(ek.InputError):
        other.load_weights(folder / "w.safetensors")
    assert np.array_equal(other.weights["dense/kernel"], before)


def test_foreign_files_say_what_they_are(trained, folder):
    trained.save(folder / "m.onnx", training=True)
    opened = ek.from_onnx(folder / "m.onnx")
    assert opened.record["format"] == "onnx"
    with pytest.raises(ek.InputError, match="ends in .onnx"):
        ek.from_onnx(folder / "m.keras")


def test_errors_of_opening_have_a_kind(folder):
    with pytest.raises(ek.InputError):
        ek.load(folder / "nothing.toml")
    (folder / "bad.toml").write_text("input = [4]\n[[layer]]\ntype = \"Dense\"\nunit = 3\n")
    with pytest.raises(ek.InputError, match='bad.toml.*Did you mean "units"') as caught:
        ek.load(folder / "bad.toml")
    assert isinstance(caught.value, ValueError)


def test_copies_are_independent(trained, data):
    for same in (trained.copy(), copy.deepcopy(trained), copy.copy(trained), pickle.loads(pickle.dumps(trained))):
        assert equal_weights(same, trained) and same.to_toml() == trained.to_toml()
        same.weights["dense/bias"] = [9, 9, 9]
        assert not equal_weights(same, trained)
        assert same.training == trained.training


def test_a_model_is_made_of_text(model):
    assert equal_weights(ek.Model.from_toml(model.to_toml()), model)
    with pytest.raises(ek.InputError, match="from_toml"):
        ek.Model.from_toml("input = [")


def test_a_chain_grows(data):
    model = ek.Sequential(input_shape=(8, 8, 1))
    model.add(ek.Flatten())
    model.add(ek.Dense(3))
    assert model.output_shape == (3,)
    with pytest.raises(ek.InputError, match="Sequential: expected layers"):
        model.add("relu")
