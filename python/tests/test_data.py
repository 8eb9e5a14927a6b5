"""What people have as data, and what is refused."""

import warnings

import numpy as np
import pytest
from support import small_data

import evenkeel_nn as ek
from evenkeel_nn._data import dataset


def losses(model, *data, **how):
    return ek.evaluate(model, *data, verbose=False, **how).loss


def test_arrays_of_every_layout_are_taken(model):
    x, y = small_data()
    assert not dataset((x, y), model).x.flags.writeable
    fortran = np.asfortranarray(x)
    assert np.array_equal(dataset((fortran, y), model).x, x)
    assert np.array_equal(dataset((x[::2], y[::2]), model).x, x[::2])


def test_arrays_are_kept_alive(model):
    x, y = small_data()
    right = x.copy()
    taken = dataset((x.astype(np.float32), y.astype(np.int32)), model)
    assert np.array_equal(taken.x, right) and len(taken) == 96 and taken.classes == 3


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.uint16, np.uint32, np.int64, np.uint64, np.float16, np.float64,
                                   ">f4", ">i8"])
def test_numbers_of_every_type_are_taken(trained, dtype):
    x, y = small_data()
    x //= 2  # so that int8 holds it
    assert losses(trained, x.astype(dtype), y) == losses(trained, x, y)
    assert losses(trained, x, (y.astype(dtype))) == losses(trained, x, y)


def test_labels_have_several_forms(trained):
    x, y = small_data()
    right = losses(trained, x, y)
    assert losses(trained, x, y.tolist()) == right
    assert losses(trained, x, y[:, None]) == right
    assert losses(trained, x, np.eye(3, dtype=np.int64)[y]) == right
    assert losses(trained, x, y + 1, labels="from-1") == right
    assert losses(trained, x, np.array(["a", "b", "c"])[y], labels="names") == right
    assert losses(trained, x, np.array(["a", "b", "c"], dtype=object)[y], labels="names") == right


def test_batches_of_loaders_are_taken(trained):
    x, y = small_data()
    right = losses(trained, x, y)
    batches = [(x[i:i + 32], y[i:i + 32]) for i in range(0, 96, 32)]
    assert losses(trained, batches) == right
    assert losses(trained, iter(batches)) == right
    assert losses(trained, {"x": x, "y": y}) == right
    assert losses(trained, (x, y)) == right and losses(trained, [x, y]) == right


def test_a_spec_is_taken_and_seen(program):
    data = ek.load_data("strokes:test[:40]")
    assert data.x.shape == (40, 28, 28, 1) and data.y.dtype == np.int32 and len(data) == 40
    assert data.range(-5, 40).x.shape == (5, 28, 28, 1)
    assert np.shares_memory(data.range(0, 5).x, data.x)
    model = ek.Sequential([ek.Input((28, 28, 1)), ek.Rescaling(1 / 255), ek.Flatten(), ek.Dense(10)])
    assert losses(model, "strokes:test[:40]") == losses(model, data) == losses(model, data.x, data.y)
    with pytest.raises(ek.InputError, match='Did you mean "strokes"'):
        ek.load_data("stroke:test")


def refused(*data, match, model=None, **how):
    model = model or ek.Sequential([ek.Input((8, 8, 1)), ek.Flatten(), ek.Dense(3)])
    with warnings.catch_warnings(), pytest.raises(ek.InputError, match=match) as caught:
        warnings.simplefilter("ignore")
        ek.fit(model, *data, epochs=1, verbose=False, **how)
    return caught.value


def test_what_was_seen_is_said():
    x, y = small_data()
    refused(x, y[:-1], match="96.*95|95.*96")
    refused(x, match=r"training data: expected labels or targets \(y\), received samples alone")
    refused(x[:, :7], y, match=r"\[N, 8, 8, 1\].*\[N, 7, 8, 1\]|7, 8, 1")
    refused(np.moveaxis(x, 3, 1), y, match=r"channels_first=True")
    refused(x.astype(object), y, match=r"array of objects \(int\)")
    refused([x, x[:3]], y, match="equal lengths|arrays")
    refused(x.astype(complex), y, match="one of complex128")
    refused(x, np.where(y == 1, np.nan, y), match="NaN|nan")
    refused(np.where(x == x.max(), np.nan, x.astype(np.float32)), y, match="NaN|nan")
    refused(x.astype(np.float64) * 1e300, y, match="numbers that float32 can hold")
    refused(x, y + 5, match="labels")
    refused(x, y - 1, match="-1")
    refused(x[:0], y[:0], match="at least|empty|samples")
    refused(None, match="received None")
    refused(x, np.array(["a", "b", "c"])[y], match='labels="names"')
    refused([(x, y, y)], match="pair|equal")
    refused(iter([(x, y, y)]), match=r"batches that are a pair \(x, y\), received a tuple of 3")
    refused(iter([{"image": x}]), match="a dict with 'image'")
    refused(iter([]), match="used up after one pass")
    refused((x, y, y), match="received a tuple of 3")
    refused(x, y, batch_size=1000, match="batch")


def test_an_error_carries_its_parts():
    x, y = small_data()
    error = refused(x, y, loss="hinge", match="hinge")
    assert error.received == '"hinge"' and "mse" in error.expected and error.where
    import pickle

    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) and again.expected == error.expected


def test_errors_have_pythons_kinds():
    assert issubclass(ek.InputError, ValueError)
    assert issubclass(ek.ResourceError, OSError)
    assert issubclass(ek.UnsupportedError, NotImplementedError)
    assert issubclass(ek.FindingsError, AssertionError)


def test_a_disk_that_fails_is_a_resource_error(model):
    with pytest.raises(ek.ResourceError) as caught:
        model.save("/sys/here.safetensors")
    assert isinstance(caught.value, OSError)


def test_memory_that_is_missing_is_a_resource_error():
    with pytest.raises(ek.ResourceError, match="bytes"):
        ek.Sequential([ek.Input((1 << 16,)), ek.Dense(1 << 22)])
