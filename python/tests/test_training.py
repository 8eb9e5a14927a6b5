"""fit, evaluate and predict: the program's results, from arrays."""

import json
import threading

import numpy as np
import pytest
from support import small_data, small_model

import evenkeel_nn as ek


def weights_of(model):
    return {name: array.copy() for name, array in model.weights.items()}


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def train_with_program(program, folder, model, data, *flags, validation=None):
    model.save(folder / "model.toml")
    np.savez(folder / "train.npz", x=data[0], y=data[1])
    arguments = ["train", folder / "model.toml", "--data", folder / "train.npz", "--out", folder / "run", *flags, "--json"]
    if validation is not None:
        np.savez(folder / "test.npz", x=validation[0], y=validation[1])
        arguments += ["--validation", folder / "test.npz"]
    return json.loads(program(*arguments).stdout)


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_fit_is_the_programs_train_bit_for_bit(program, folder, seed, dtype):
    x, y = small_data()
    x = x.astype(dtype)
    model = small_model(seed=seed)
    said = train_with_program(program, folder, model, (x, y), "--epochs", 2, "--batch-size", 20, "--optimizer", "adamw",
                              "--learning-rate", 0.002, "--label-smoothing", 0.1, "--schedule", "cosine",
                              "--loss", "sparse_categorical_crossentropy", validation=small_data(30, 2))
    history = ek.fit(model, x, y, validation=small_data(30, 2), epochs=2, batch_size=20, optimizer=ek.AdamW(0.002),
                     label_smoothing=0.1, schedule="cosine", loss="sparse_categorical_crossentropy", verbose=False)
    assert same(weights_of(model), weights_of(ek.load(folder / "run")))
    assert history["loss"][-1] == said["loss"] and history["val_loss"][-1] == said["validation"]["loss"]


def test_fit_goes_on_from_the_weights_and_the_optimizer(data):
    two, once = small_model(), small_model()
    ek.fit(two, *data, epochs=1, shuffle=False, verbose=False)
    ek.fit(two, *data, epochs=1, shuffle=False, verbose=False)
    ek.fit(once, *data, epochs=2, shuffle=False, verbose=False)
    assert same(weights_of(two), weights_of(once))


def test_another_batch_size_keeps_the_optimizers_state(data):
    kept, fresh = small_model(), small_model()
    ek.fit(kept, *data, epochs=1, batch_size=32, verbose=False)
    for name, values in weights_of(kept).items():
        fresh.weights[name] = values
    ek.fit(kept, *data, epochs=1, batch_size=16, shuffle=False, verbose=False)
    ek.fit(fresh, *data, epochs=1, batch_size=16, shuffle=False, verbose=False)
    assert not same(weights_of(kept), weights_of(fresh))


def test_history_has_an_array_for_each_figure(model, data):
    history = ek.fit(model, *data, validation=small_data(30, 2), epochs=3, verbose=False)
    assert history is model.history and history.history is history
    assert {"epoch", "step", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"} <= set(history)
    assert history["epoch"].tolist() == [1, 2, 3] and history["step"].tolist() == [3, 6, 9]
    assert history["loss"].dtype == np.float64 and history["loss"].shape == (3,)
    assert not history.stopped and history.weights_epoch is None
    assert repr(history).startswith("<History of 3 epochs: loss ")


def test_history_is_drawn_where_matplotlib_is(model, data):
    history = ek.fit(model, *data, epochs=2, verbose=False)
    try:
        import matplotlib
    except ImportError:
        with pytest.raises(ImportError, match="pip install matplotlib"):
            history.plot()
        return
    matplotlib.use("Agg")
    axes = history.plot(label="first").axes
    assert len(axes) == 2
    assert history.plot(axes, label="second") is axes[0].figure
    assert [line.get_label() for line in axes[0].get_lines()] == ["first, training", "second, training"]
    assert len(ek.History().plot().axes) == 1


def test_images_are_drawn_with_their_labels(data):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    axes = ek.plot_images(*data, count=3, class_names=["left", "middle", "right"]).axes
    assert [axis.get_title() for axis in axes] == ["left", "middle", "right"]
    drawn = axes[1].get_images()[0].get_array()
    assert np.array_equal(drawn, data[0][1, :, :, 0])
    assert len(ek.plot_images(ek.load_data("strokes:test[:12]"), count=12, columns=5).axes) == 15
    for x in (data[0][:, :, :, 0], np.zeros((2, 4, 4, 2), np.uint8), data[0][:0]):
        with pytest.raises(ek.InputError, match="1 or 3 channels"):
            ek.plot_images(x)
    with pytest.raises(ek.InputError, match="at least 1"):
        ek.plot_images(*data, count=0)


def test_evaluate_is_the_programs(trained, data, program, folder):
    trained.save(folder / "run")
    np.savez(folder / "d.npz", x=data[0], y=data[1])
    for mode in ("evaluate", "train"):
        said = json.loads(program("evaluate", folder / "run", "--data", folder / "d.npz", "--mode", mode, "--json").stdout)
        got = ek.evaluate(trained, *data, mode=mode, verbose=False)
        assert (got.loss, got["accuracy"], got.samples) == (said["loss"], said["accuracy"], said["samples"])
        assert got.confusion.tolist() == said["confusion"] and got.class_samples.sum() == 96


def test_predict_has_outputs_scores_and_classes(trained, data):
    said = ek.predict(trained, data[0], what="all", verbose=False)
    np.testing.assert_allclose(said["scores"].sum(axis=1), 1, rtol=1e-5)
    assert np.array_equal(said["classes"], said["scores"].argmax(axis=1)) and said["classes"].dtype == np.int32
    assert np.array_equal(ek.predict(trained, data[0], verbose=False), said["outputs"])
    assert np.array_equal(trained.predict(data[0], what="classes", verbose=False), said["classes"])
    with pytest.raises(ek.InputError, match='expected "outputs", "scores"'):
        ek.predict(trained, data[0], what="labels")


def test_training_may_have_one_thread(data):
    a, b = small_model(), small_model()
    ek.fit(a, *data, threads=1, verbose=False)
    ek.fit(b, *data, threads=1, verbose=False)
    assert same(weights_of(a), weights_of(b))
    with pytest.raises(ek.InputError, match="threads: expected a whole number of at least 1"):
        ek.fit(a, *data, threads=0)


def test_averages_are_what_is_evaluated_and_saved(data, folder, program):
    model = small_model()
    train_with_program(program, folder, model, data, "--epochs", 2, "--ema-momentum", 0.9)
    ek.fit(model, *data, epochs=2, ema_momentum=0.9, verbose=False)
    model.save(folder / "mine")
    assert same(weights_of(ek.load(folder / "mine")), weights_of(ek.load(folder / "run")))
    raw = weights_of(model)
    assert not same(raw, weights_of(ek.load(folder / "mine")))
    loss = ek.evaluate(model, *data, verbose=False).loss
    assert loss == ek.evaluate(ek.load(folder / "run"), *data, verbose=False).loss
    assert same(weights_of(model), raw)


def test_targets_may_be_numbers():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 4)).astype(np.float32)
    y = x @ np.array([[1.0], [2], [0], [-1]], np.float32)
    model = ek.Sequential([ek.Input((4,)), ek.Dense(1)])
    history = ek.fit(model, x, y, epochs=30, optimizer=ek.SGD(0.1), verbose=False)
    assert history["loss"][-1] < 1e-3 and model.training["loss"] == "mse"
    assert ek.evaluate(model, x, y, verbose=False).accuracy is None


def test_early_stopping_restores_the_best_weights(data):
    model = small_model()
    history = ek.fit(model, *data, validation=small_data(30, 2), epochs=40, optimizer=ek.Adam(0.05), verbose=False,
                     callbacks=[ek.EarlyStopping(2, restore_best_weights=True)])
    assert history.reason and history.weights_epoch == 1 + int(np.argmin(history["val_loss"]))
    loss = ek.evaluate(model, *small_data(30, 2), verbose=False).loss
    assert loss == pytest.approx(history["val_loss"].min())


class Watching(ek.Callback):
    def __init__(self):
        self.told, self.steps, self.threads = [], [], set()

    def on_train_begin(self, logs):
        self.told.append(("begin", logs["steps"], logs["epochs"]))

    def on_train_batch_end(self, step, logs):
        self.steps.append(step)
        self.threads.add(threading.current_thread())

    def on_epoch_end(self, epoch, logs):
        self.told.append((epoch, round(logs["loss"], 3)))
        self.model.learning_rate = 1e-4

    def on_train_end(self, history):
        self.told.append("end")


def test_callbacks_are_called_on_the_thread_of_fit(model, data):
    watching = Watching()
    history = ek.fit(model, *data, epochs=2, callbacks=[watching], verbose=False)
    assert watching.steps == [1, 2, 3, 4, 5, 6] and watching.threads == {threading.current_thread()}
    assert watching.told[0] == ("begin", 6, 2) and watching.told[-1] == "end" and watching.told[1][0] == 1
    assert history["learning_rate"].tolist() == [1e-3, 1e-4]


def test_a_callback_may_end_training_look_and_fail(model, data):
    assert ek.fit(model, *data, epochs=9, callbacks=[lambda epoch, logs: "enough" if epoch == 2 else None],
                  verbose=False).reason == "enough"
    losses = []
    ek.fit(model, *data, epochs=1, verbose=False,
           callbacks=[lambda epoch, logs: losses.append(ek.evaluate(model, *data, verbose=False).loss)])
    assert losses == [ek.evaluate(model, *data, verbose=False).loss]

    def fails(epoch, logs):
        raise LookupError("of the callback")

    with pytest.raises(LookupError, match="of the callback"):
        ek.fit(model, *data, epochs=2, callbacks=[fails], verbose=False)
    assert model.history["epoch"].tolist() == [1]
    ek.fit(model, *data, epochs=1, verbose=False)
    with pytest.raises(ek.InputError, match="not being trained"):
        ek.fit(model, *data, epochs=2, callbacks=[lambda *_: ek.fit(model, *data, verbose=False)], verbose=False)
    ek.fit(model, *data, epochs=1, callbacks=[lambda *_: ek.fit(model.copy(), *data, verbose=False)], verbose=False)
    with pytest.raises(ek.InputError, match="callbacks: expected callbacks"):
        ek.fit(model, *data, callbacks=["early"])


def test_settings_are_checked(model, data):
    with pytest.raises(ek.InputError, match='unknown key "epoch".*Did you mean "epochs"'):
        ek.fit(model, *data, epoch=3)
    with pytest.raises(ek.InputError, match="learning_rate"):
        ek.fit(model, *data, optimizer=ek.Adam(-1))
    with pytest.raises(ek.InputError, match="optimizer"):
        ek.fit(model, *data, optimizer="adamm")
    with pytest.raises(ek.InputError, match="optimizer: expected an optimizer such as"):
        ek.fit(model, *data, optimizer=3)
    with pytest.raises(ek.InputError, match="val"):
        ek.fit(model, *data, monitor="val_loss", early_stopping=2)


def test_threads_of_python_train_at_the_same_time(data):
    alone = small_model()
    ek.fit(alone, *data, epochs=3, threads=1, verbose=False)
    models = [small_model() for _ in range(4)]
    threads = [threading.Thread(target=ek.fit, args=(m, *data), kwargs={"epochs": 3, "threads": 1, "verbose": False})
               for m in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(same(weights_of(m), weights_of(alone)) for m in models)


def test_one_model_serves_several_threads(trained, data):
    right = ek.predict(trained, data[0], verbose=False)
    said = [None] * 4

    def ask(i):
        said[i] = [ek.predict(trained, data[0], batch_size=8 * (i + 1), verbose=False) for _ in range(3)]

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for outputs in said:
        for output in outputs:
            np.testing.assert_allclose(output, right, rtol=1e-5, atol=1e-5)


def test_bfloat16_is_a_precision_or_an_error(model, data):
    try:
        ek.fit(model, *data, precision="bfloat16", verbose=False)
    except ek.UnsupportedError as error:
        assert "bfloat16" in str(error)
    else:
        assert model.training["precision"] == "bfloat16"
