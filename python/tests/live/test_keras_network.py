import json
import random

import numpy as np
import pytest

keras = pytest.importorskip("keras")
from keras import layers as L

from evenkeel_nn.live import arrays
from evenkeel_nn.live.errors import InputError
from evenkeel_nn.live.keras_network import KerasNetwork
from evenkeel_nn.live.keras_repair import repair_model

ROWS = np.arange(24)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Keras with NumPy 2


def functional(softmax=True, trainable=True):
    """A residual network with a nested model, normalizations and dropout."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 3))
    x = L.Conv2D(8, 3, padding="same", use_bias=False, name="conv_a")(inputs)
    x = L.Activation("relu", name="relu_a")(L.BatchNormalization(name="bn_a")(x))
    y = L.BatchNormalization(name="bn_b")(L.Conv2D(8, 3, padding="same", strides=2, name="conv_b")(x))
    x = L.ReLU(name="relu_b")(y + L.Conv2D(8, 1, strides=2, name="shortcut")(x))
    inner = keras.Sequential(
        [
            keras.Input((4, 4, 8)),
            L.DepthwiseConv2D(3, name="depthwise"),
            L.BatchNormalization(name="bn"),
            L.Dropout(0.4, name="drop"),
        ],
        name="backbone",
    )
    x = inner(x)
    if not trainable:
        inner.trainable = False
    x = L.Dense(4, activation="softmax" if softmax else None, name="head")(L.GlobalAveragePooling2D(name="pool")(x))
    model = keras.Model(inputs, x)
    model.compile(
        "adam",
        "sparse_categorical_crossentropy" if softmax else keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    rng = np.random.default_rng(1)
    for layer in model._flatten_layers():
        if isinstance(layer, L.BatchNormalization):
            layer.set_weights([rng.random(w.shape) + 0.5 for w in layer.get_weights()])
    return model


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = L.Conv2D(4, 3, name="conv"), L.BatchNormalization(name="norm")
        self.drop, self.head = L.Dropout(0.5, name="drop"), L.Dense(4, name="head")

    def call(self, x, training=None):
        x = keras.ops.relu(self.norm(self.conv(x)))
        return self.head(self.drop(keras.ops.mean(x, axis=(1, 2))))

    def get_config(self):
        return {}


def subclassed():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    model = Subclassed()
    model(np.zeros((1, 8, 8, 3), np.float32))
    return model


def images(n=24, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 4, n)
    return (rng.normal(size=(n, 8, 8, 3)) + 0.7 * y[:, None, None, None]).astype(np.float32), y


def everything(model):
    state = {w.path + str(i): keras.ops.convert_to_numpy(w.value).copy() for i, w in enumerate(model.weights)}
    for i, layer in enumerate(model._flatten_layers()):
        state[i, layer.name] = (layer.trainable, sorted(vars(layer)))
        for value in vars(layer).values():
            if isinstance(value, keras.random.SeedGenerator):
                state[i, "seed"] = keras.ops.convert_to_numpy(value.state.value).copy()
    state["numpy"], state["python"] = str(np.random.get_state()), random.getstate()
    state["calls"] = (keras.layers.Layer.__call__, keras.Operation.__call__)
    return state


def same(a, b):
    assert a.keys() == b.keys()
    for key in a:
        assert np.array_equal(a[key], b[key]) if isinstance(a[key], np.ndarray) else a[key] == b[key], key


class TestGraph:
    def test_follows_branches_and_nested_models(self):
        with KerasNetwork(functional(), images()) as live:
            described = live.describe()
        json.dumps(described, allow_nan=False)
        layers = {l["name"]: l for l in described["layers"]}
        index = [l["name"] for l in described["layers"]]
        assert [index[i] for i in layers["add"]["inputs"]] == ["bn_b", "shortcut"] and layers["add"]["traits"][
            "merge"
        ] == "sum"
        assert layers["backbone/drop"]["traits"]["noise"] == {"rate": 0.4, "per": "element"}
        assert layers["backbone/depthwise"]["traits"]["linear"]["groups"] == -1
        assert layers["head"]["traits"]["activation"] == "softmax" and described["scores"] == "probabilities"
        assert {w["role"] for w in layers["bn_a"]["weights"]} == {"gamma", "beta", "moving_mean", "moving_variance"}
        assert not layers["bn_a"]["traits"]["normalization"]["moving"]["unbiased"]

    def test_follows_a_subclassed_model(self):
        with KerasNetwork(subclassed(), images(), loss="cross_entropy") as live:
            layers = live.describe()["layers"]
        names = [l["name"] for l in layers]
        assert names == ["conv", "norm", "drop input", "drop", "head"] and layers[2]["opaque"]
        assert [l["inputs"] for l in layers] == [[-1], [0], [1], [2], [3]]

    def test_frozen_normalizations_are_seen(self):
        with KerasNetwork(functional(trainable=False), images()) as live:
            moving = {
                l["name"]: l["traits"]["normalization"]["moving"]["frozen"]
                for l in live.describe()["layers"]
                if "normalization" in l["traits"]
            }
            assert moving == {"bn_a": False, "bn_b": False, "backbone/bn": True}
            assert set(live.full_statistics("data", ROWS)["layers"]) == {"bn_a", "bn_b"}

    def test_unbuilt_models_and_wrong_data_are_refused(self):
        with pytest.raises(InputError, match="not built"):
            KerasNetwork(Subclassed(), images())
        model = functional()
        before = everything(model)
        with pytest.raises(InputError, match="class numbers"):
            KerasNetwork(model, (images()[0], images()[1] + 9))
        with pytest.raises(InputError, match="dict with 'image'"):
            KerasNetwork(model, [{"image": images()[0], "label": images()[1]}])
        same(before, everything(model))


class TestMeasurements:
    @pytest.mark.parametrize("softmax", [True, False])
    def test_evaluation_equals_kerass(self, softmax):
        model, (x, y) = functional(softmax), images()
        with KerasNetwork(model, (x, y)) as live:
            found = live.run("data", ROWS, want={"losses": True, "outputs": True})
        assert np.allclose(found["outputs"], model.predict(x, verbose=0), atol=1e-5)
        assert found["losses"].mean() == pytest.approx(model.evaluate(x, y, verbose=0), rel=1e-5)

    def test_statistics_are_exact_and_conditioned(self):
        model, (x, y) = functional(), images()
        with KerasNetwork(model, (x, y)) as live:
            found = live.full_statistics("data", ROWS)
            live.memory = 7 * live.sample_bytes
            several = live.full_statistics("data", ROWS)
        assert found["passes"] == 1.0 and several["passes"] > 2
        # Keras itself, by one training step with momentum 0 and without dropout.
        for layer in model._flatten_layers():
            if isinstance(layer, L.BatchNormalization):
                layer.momentum = 0.0
            if isinstance(layer, L.Dropout):
                layer.rate = 0.0
        model(x, training=True)
        for name, layer in (
            ("bn_a", model.get_layer("bn_a")),
            ("bn_b", model.get_layer("bn_b")),
            ("backbone/bn", model.get_layer("backbone").get_layer("bn")),
        ):
            count, mean, m2 = found["layers"][name]
            assert np.allclose(mean, layer.moving_mean, atol=1e-4), name
            assert np.allclose(m2 / count, layer.moving_variance, rtol=1e-3), name
            assert np.allclose(several["layers"][name][1], mean, atol=2e-3)

    def test_supplied_statistics_are_used(self):
        model, (x, y) = functional(), images()
        other = functional()
        with KerasNetwork(model, (x, y)) as live:
            supplied = {"bn_a": (np.zeros(8), np.full(8, 2.0))}
            found = live.run("data", ROWS, statistics=supplied, want={"outputs": True})["outputs"]
        other.get_layer("bn_a").moving_mean.assign(np.zeros(8))
        other.get_layer("bn_a").moving_variance.assign(np.full(8, 2.0))
        assert np.allclose(found, other.predict(x, verbose=0), atol=1e-5)

    def test_noise_is_a_function_of_the_step(self):
        with KerasNetwork(functional(), images()) as live:
            off, one, again, two = (
                live.run("data", ROWS, noise=n, step=s, want={"outputs": True})["outputs"]
                for n, s in ((False, 0), (True, 1), (True, 1), (True, 2))
            )
        assert np.array_equal(one, again) and not np.array_equal(one, two) and np.abs(off - one).max() > 1e-3

    def test_signals_histograms_and_squares(self):
        model, (x, y) = functional(), images()
        with KerasNetwork(model, (x, y)) as live:
            found = live.run(
                "data",
                ROWS,
                want={
                    "output_signals": ["relu_a", "add"],
                    "input_squares": ["bn_a", "head"],
                    "input_histograms": {"bn_a": (np.zeros(8), np.ones(8))},
                    "input_moments": ["bn_a"],
                },
            )
        h = keras.ops.convert_to_numpy(model.get_layer("conv_a")(x)).astype(np.float64)
        assert found["output_signals"]["relu_a"][0] == 24 * 64 and (found["output_signals"]["relu_a"][3] >= 0).all()
        assert np.allclose(found["input_moments"]["bn_a"][1], h.mean((0, 1, 2)), atol=1e-6)
        assert np.allclose(found["input_squares"]["bn_a"], np.square(h).sum(0).reshape(-1), rtol=1e-4)
        counts, number = found["input_histograms"]["bn_a"]
        assert number == h.size and counts.sum() == h.size

    def test_gradients_leave_the_statistics_alone(self):
        model = functional()
        before = everything(model)
        with KerasNetwork(model, images()) as live:
            found = live.gradient_norms("data", ROWS)
        assert found["head/kernel"][0] > 0 and found["conv_a/kernel"][1] == 216 and "bn_a/moving_mean" not in found
        same(before, everything(model))


class TestNothingChanges:
    @pytest.mark.parametrize("make", [functional, subclassed])
    def test_after_a_diagnosis(self, make):
        model = make()
        before = everything(model)
        with KerasNetwork(model, images(), loss="cross_entropy") as live:
            names = live._moving
            live.run("data", ROWS, statistics=dict.fromkeys(names, "batch"), noise=True, step=3, want={"losses": True})
            live.full_statistics("data", ROWS, noise=True)
            live.gradient_norms("data", ROWS)
            live.set_weight("head/kernel", 0 * live.weight("head/kernel"))
        same(before, everything(model))

    @pytest.mark.parametrize("problem", [RuntimeError, KeyboardInterrupt])
    def test_after_an_exception(self, problem, monkeypatch):
        model = functional()
        before = everything(model)
        with pytest.raises(problem):
            with KerasNetwork(model, images()) as live:

                def fail(*_, **__):
                    raise problem("stop")

                monkeypatch.setattr(arrays, "extremes", fail)
                live.run(
                    "data", ROWS, statistics={"bn_a": (np.zeros(8), np.ones(8))}, want={"output_signals": ["relu_a"]}
                )
        same(before, everything(model))


class TestRepair:
    @pytest.mark.parametrize("make", [functional, subclassed])
    def test_statistics_on_a_copy(self, make):
        model, (x, y) = make(), images(40)
        before = everything(model)
        with KerasNetwork(model, (x, y), loss="cross_entropy") as live:
            wanted = live.full_statistics("data", np.arange(40))["layers"]
        mended, changes, scored = repair_model(model, (x, y), {"statistics": True}, loss="cross_entropy")
        same(before, everything(model))
        with KerasNetwork(mended, (x, y), loss="cross_entropy") as live:
            for name, (count, mean, m2) in wanted.items():
                assert np.allclose(live.weight(f"{name}/moving_mean"), mean, atol=1e-5)
                assert np.allclose(live.weight(f"{name}/moving_variance"), m2 / count, rtol=1e-4)
        assert {n for n, _ in changes} == set(wanted) and scored["on"] == "cross-fitted halves"

    def test_bad_channels_become_zero(self):
        model, (x, y) = functional(), images()
        w = model.get_layer("conv_b").get_weights()
        w[0][0, 0, 0, 5] = np.nan
        model.get_layer("conv_b").set_weights(w)
        mended, changes, _ = repair_model(model, (x, y), {"silence": True})
        assert changes[0][0] == "conv_b" and np.isfinite(mended.predict(x, verbose=0)).all()
