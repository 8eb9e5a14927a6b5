"""The doctor on live networks: PyTorch modules and Keras 3 models, where they are, without conversion.

`diagnose` and `repair` are what `evenkeel_nn.diagnose` and `evenkeel_nn.repair` call for such a network. The frameworks
are imported when they are first needed.
"""

from .errors import InputError, UnsupportedError  # noqa: F401

__all__ = ["diagnose", "repair", "update_bn", "from_torch", "to_torch", "to_keras", "network"]


def framework_of(model):
    """"torch" or "keras" for a live network of theirs, without importing either; else None."""
    for base in type(model).__mro__:
        root = base.__module__.partition(".")[0]
        if root == "torch" and base.__name__ in ("Module", "ScriptModule"):
            return "torch"
        if root in ("keras", "tf_keras", "tensorflow") and base.__name__ == "Model":
            return "keras"
    return None


def network(model, data, **options):
    """The live network as the doctor asks for it: a context manager that leaves everything as it was.

    Args:
        model: a torch.nn.Module or a Keras 3 model.
        data: a pair (x, y) of arrays, a DataLoader, a data set, or any iterable of batches.
        train: what it was trained on, in the same forms.
        loss: "cross_entropy", "nll", "bce_with_logits", "bce", "mse", a loss of the framework, or a function of
            (outputs, labels). None: the compiled one (Keras), or the one that labels and outputs imply.
        samples: of each set; 0: all.
        batch: what x and y are of a batch: `lambda b: (b["image"], b["label"])`.
        outputs: which of the model's outputs are the scores: a key, an index, an attribute or a function.
        call: `call(model, inputs)` runs the model, where `model(inputs)` does not.
        autocast: mixed precision for the passes: True, a dtype, or a context manager (PyTorch).
        memory: bytes that activations may take. None: what is free allows.
        optimizer: tells weight decay. records: what else is known of training: {"batch_size": 64, "updates": 10000}.
        class_names: by class number.
    """
    framework = framework_of(model)
    if framework is None:
        raise InputError(
            f"Expected a torch.nn.Module or a Keras model, received an object of type {type(model).__name__}."
        )
    if framework == "torch":
        from .torch_network import TorchNetwork

        return TorchNetwork(model, data, **options)
    from .keras_network import KerasNetwork

    return KerasNetwork(model, data, **options)


def diagnose(model, data, **options):
    """`evenkeel_nn.diagnose` for a live network; see there and `network`."""
    from ._doctor import diagnose as run

    return run(model, data, **options)


def repair(model, data, **options):
    """`evenkeel_nn.repair` for a live network: a repaired copy with `before`, `after` and `repair`."""
    from ._doctor import repair as run

    return run(model, data, **options)


def update_bn(loader, module, call=None, *, device=None, memory=None):
    """Sets the running statistics of a module's batch normalizations to the exact ones of the loader's data, with
    dropout off; in place of torch.optim.swa_utils.update_bn. `call(module, batch)` runs the module on a batch."""
    from .torch_repair import update_bn as run

    return run(loader, module, call, device=device, memory=memory)


def from_torch(module, example, **options):
    """A PyTorch module in our engine, with its weights under names of its own. See evenkeel_nn.live.torch_convert."""
    from .torch_convert import from_torch as run

    return run(module, example, **options)


def to_torch(model):
    """A model of ours as a torch.nn.Module, weights under their original names."""
    from .torch_convert import to_torch as run

    return run(model)


def to_keras(model):
    """A model of ours as a Keras model, through a .keras file."""
    import os
    import tempfile

    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        model.save(path)
        return keras.saving.load_model(path)
