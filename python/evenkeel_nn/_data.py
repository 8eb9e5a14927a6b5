"""What people have as data, as a set of the library: arrays, SPECs of the program, loaders of batches."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any, Callable, Iterable, List, Optional, Tuple

from ._errors import in_python, input_error
from ._loading import native

if TYPE_CHECKING:
    from ._model import Model

Dataset = native.Dataset


def is_array(value: Any) -> bool:
    return hasattr(value, "__array__") or hasattr(value, "__dlpack__") or hasattr(value, "__array_interface__")


def as_array(value: Any, name: str):
    """A C-contiguous NumPy array of a type that the library has; the same memory where that is possible."""
    import numpy as np

    if hasattr(value, "detach"):  # a tensor of PyTorch
        value = value.detach()
        if getattr(value.device, "type", "cpu") != "cpu":
            raise input_error(name, "a tensor in the memory of the processor", f"one on {value.device}",
                              "Call .cpu() on it.")
        if str(value.dtype) == "torch.bfloat16":
            value = value.float()
    try:
        array = np.asarray(value) if not hasattr(value, "__dlpack__") or hasattr(value, "__array__") else np.from_dlpack(value)
    except (ValueError, TypeError) as error:
        raise input_error(name, "an array, or lists of equal lengths", str(error)) from None
    if array.dtype.kind == "O":
        first = array.flat[0] if array.size else None
        if array.size and all(isinstance(item, str) for item in array.flat):
            array = array.astype(str)
        else:
            raise input_error(name, "an array of numbers", f"an array of objects ({type(first).__name__})",
                              "np.stack makes one array of a list of equal arrays.")
    return np.ascontiguousarray(_of_known_type(np, array, name)).reshape(array.shape)


def _of_known_type(np: Any, array: Any, name: str):
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind in "US" or array.dtype in (np.uint8, np.int32, np.int64, np.float32):
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    if kind == "b":
        return array.astype(np.uint8)
    if kind == "u" and size == 8 and array.size and array.max() > np.iinfo(np.int64).max:
        raise input_error(name, "whole numbers of 64 bits", f"{array.max()}")
    if kind in "iu":
        return array.astype(np.int32 if size < 4 else np.int64)
    if kind == "f" or array.dtype.name == "bfloat16":
        return _rounded(np, array, name)
    raise input_error(name, "an array of numbers", f"one of {array.dtype}")


def _rounded(np: Any, array: Any, name: str):
    """The nearest float32, as every framework takes it."""
    with np.errstate(over="ignore"):
        rounded = array.astype(np.float32)
    if array.dtype.itemsize > 4 and not np.array_equal(np.isinf(rounded), np.isinf(array)):
        raise input_error(name, "numbers that float32 can hold", f"{array[np.isinf(rounded) & ~np.isinf(array)].flat[0]}")
    return rounded


def _targets(y: Any, name: str):
    if y is None:
        return None
    array = as_array(y, name)
    return (array.reshape(-1).tolist(), array.shape) if array.dtype.kind in "US" else array


def _pair(batch: Any, where: str, function: Optional[Callable]) -> Tuple[Any, Any]:
    """The samples and targets of a batch."""
    if function is not None:
        batch = function(batch)
    if isinstance(batch, (tuple, list)) and len(batch) == 2:
        return batch[0], batch[1]
    if is_array(batch):
        return batch, None
    what = (f"a {type(batch).__name__} of {len(batch)}" if isinstance(batch, (tuple, list)) else
            f"a dict with {', '.join(map(repr, batch))}" if isinstance(batch, dict) else
            f"an object of type {type(batch).__name__}")
    raise input_error(where, "batches that are a pair (x, y)", what,
                      "batch=lambda b: (b[\"image\"], b[\"label\"]) says what x and y are.")


def _collected(loader: Iterable, where: str, function: Optional[Callable]):
    """All batches of a loader, as two arrays."""
    import numpy as np

    xs: List[Any] = []
    ys: List[Any] = []
    for batch in loader:
        x, y = _pair(batch, where, function)
        xs.append(as_array(x, f"{where}: x"))
        if y is not None:
            ys.append(as_array(y, f"{where}: y"))
    if not xs:
        raise input_error(where, "at least one batch", "an iterable that yields none",
                          "A generator is used up after one pass: give a list, a DataLoader or arrays.")
    if ys and len(ys) != len(xs):
        raise input_error(where, "targets in every batch or in none", f"{len(ys)} of {len(xs)} batches with targets")
    return np.concatenate(xs), np.concatenate(ys) if ys else None


def dataset(data: Any, model: Optional["Model"] = None, *, for_training: bool = False, name: str = "data",
            labels: str = "", channels_first: bool = False, data_dir: str = "", resize: bool = False,
            batch: Optional[Callable] = None, targets: bool = True):
    """A set of the library, for this model."""
    held = model._held(None) if model is not None and model._is_built() else None
    if isinstance(data, Dataset):
        return data
    if isinstance(data, (str, os.PathLike)):
        loaded, notes = Dataset.load(os.fspath(data), for_training, held, data_dir, labels, channels_first, resize)
    else:
        x, y = _arrays(data, name, batch, held)
        if model is not None:
            held = model._held(x[0].shape[1:])
        loaded, notes = Dataset.from_arrays(name, x, _targets(y, f"{name}: y") if targets else None, held, labels,
                                            channels_first)
    for note in notes:
        if ": samples are " not in note:
            warnings.warn(in_python(note), stacklevel=4)
    return loaded


def _arrays(data: Any, where: str, batch: Optional[Callable], held: Any):
    """The arrays of the inputs, a list, and the targets."""
    y = None
    if isinstance(data, dict) and "x" in data and not (held and "x" in dict(held.inputs)):
        data, y = data["x"], data.get("y")
    elif isinstance(data, tuple) and len(data) == 2 and batch is None:
        data, y = data
    elif isinstance(data, list) and held is not None and len(held.inputs) == len(data) > 1 and all(map(is_array, data)):
        pass
    elif isinstance(data, (tuple, list)) and len(data) == 2 and batch is None and _are_samples_and_targets(data):
        data, y = data
    elif not is_array(data) and not isinstance(data, (dict, tuple, list)) and hasattr(data, "__iter__"):
        data, y = _collected(data, where, batch)
    elif batch is not None and not is_array(data) and hasattr(data, "__iter__"):
        data, y = _collected(data, where, batch)
    elif isinstance(data, list) and data and isinstance(data[0], (tuple, list)) and all(map(_is_batch, data)):
        data, y = _collected(data, where, batch)
    elif isinstance(data, tuple):
        _pair(data, where, None)  # says what is wrong
    if data is None:
        raise input_error(where, "arrays (x, y), a SPEC such as \"strokes:test\", or an iterable of batches", "None")
    if isinstance(data, dict):
        names = [name for name, _ in held.inputs] if held else list(data)
        missing = [name for name in names if name not in data]
        if missing:
            raise input_error(where, f"arrays for the model's inputs {', '.join(names)}", f"none for {missing[0]}")
        return [as_array(data[name], f"{where}: {name}") for name in names], y
    several = isinstance(data, (list, tuple)) and held is not None and len(held.inputs) > 1
    return [as_array(a, f"{where}: x") for a in (data if several else [data])], y


def _is_batch(item: Any) -> bool:
    return isinstance(item, (tuple, list)) and len(item) == 2 and is_array(item[0])


def _are_samples_and_targets(data: Any) -> bool:
    """[x, y] of equal lengths, not a list of two samples or of two batches."""
    x, y = data
    return is_array(x) and is_array(y) and len(x.shape) > 1 and len(y.shape) >= 1 and x.shape[0] == y.shape[0] \
        and x.shape != y.shape


def load_data(spec: str, model: Optional["Model"] = None, *, split: str = "test", labels: str = "",
              channels_first: bool = False, data_dir: str = "", resize: bool = False):
    """A data set that the program knows, or files: "mnist:train[5000:]", "images.npz", "photos/".

    Args:
        spec: NAME[:SPLIT][RANGE], an .npz file or a folder with a subfolder of images per class.
        model: the model that the data are for; images then get the shape of its input.
        split: what a bare name means, "train" or "test".
        labels: of .npz files: "from-1", "contiguous" or "names".
        channels_first: images of .npz files are [N, C, H, W].
        data_dir: a folder of named sets, searched first.
        resize: images of another size are resized, not refused.

    Returns:
        A Dataset with `x` [N, H, W, C] or [N, F], `y` [N] or [N, K] (views, read-only) and `class_names`. All
        functions of the package take it in place of arrays.

    Raises:
        InputError: an unknown name, files that are damaged, an empty range.
    """
    return dataset(spec, model, for_training=split == "train", labels=labels, channels_first=channels_first,
                   data_dir=data_dir, resize=resize)
