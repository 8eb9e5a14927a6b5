"""Everything of a module that a measurement might change, and its way back."""

import contextlib
import random

import numpy as np
import torch

_DICTS = (
    "_parameters",
    "_buffers",
    "_modules",
    "_forward_hooks",
    "_forward_pre_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_pre_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)


class RandomState:
    """The state of every generator that a forward pass may draw from: PyTorch on CPU and CUDA, NumPy, Python."""

    def __init__(self):
        self._cpu = torch.get_rng_state()
        self._cuda = (
            torch.cuda.get_rng_state_all() if torch.cuda.is_available() and torch.cuda.is_initialized() else None
        )
        self._numpy, self._python = np.random.get_state(), random.getstate()

    def restore(self):
        torch.set_rng_state(self._cpu)
        if self._cuda is not None:
            torch.cuda.set_rng_state_all(self._cuda)
        np.random.set_state(self._numpy)
        random.setstate(self._python)


def seed_noise(step):
    """Seeds every generator for the noise of one step."""
    seed = (0x5EED + 0x9E3779B1 * int(step)) % (1 << 31)
    torch.manual_seed(seed)  # CUDA's as well
    np.random.seed(seed)
    random.seed(seed)


def _version(t):
    try:
        return t._version
    except RuntimeError:  # made in inference mode: has none
        return None


def _write(tensor, copy, version):
    """Puts the values back, if the tensor has changed since. F.batch_norm changes statistics without a new version."""
    if version is None or _version(tensor) != version or not torch.equal(tensor, copy):
        with torch.no_grad(), torch.inference_mode() if tensor.is_inference() else contextlib.nullcontext():
            tensor.copy_(copy)


def _put_back(now, then):
    """A dict as it was, with the order of its entries."""
    if len(now) != len(then) or any(k != other or now[k] is not v for k, (other, v) in zip(now, then.items())):
        now.update(then)
        for key in [k for k in now if k not in then]:
            del now[key]
        for key in then:  # moved to the end one by one
            now[key] = now.pop(key)


class Buffers:
    """The buffers of a module for one pass in which parts of it train: code of its own may update some."""

    def __init__(self, module):
        self._places = [(m._buffers, dict(m._buffers)) for m in module.modules()]
        self._tensors = [(t, t.detach().clone(), _version(t)) for t in module.buffers()]

    def restore(self):
        for now, then in self._places:
            _put_back(now, then)
        for saved in self._tensors:
            _write(*saved)


class Snapshot:
    """Weights, buffers, modes, requires_grad, grads, hooks, attributes and generators of a module. Buffers are copied;
    weights are copied by keep(), before something sets them. Attributes are what they were, not copies of it."""

    def __init__(self, module):
        self._random = RandomState()
        self._modules = []
        for m in module.modules():
            inner = {name: dict(m.__dict__[name]) for name in _DICTS if isinstance(m.__dict__.get(name), dict)}
            self._modules.append((m, dict(m.__dict__), inner))
        self._kept = {}
        self._tensors = {}
        for t in list(module.buffers()) + list(module.parameters()):
            if id(t) not in self._tensors:
                self._tensors[id(t)] = (t, t.requires_grad, t.grad if t.is_leaf else None)
        for t in module.buffers():
            self.keep(t)

    def keep(self, tensor):
        """Copies a tensor, unless it is copied already."""
        if tensor is not None and id(tensor) not in self._kept:
            self._kept[id(tensor)] = (tensor, tensor.detach().clone(), _version(tensor))

    def restore(self):
        """Everything as it was. May be called again."""
        for m, attributes, inner in self._modules:
            _put_back(m.__dict__, attributes)
            for name, entries in inner.items():
                _put_back(m.__dict__[name], entries)
        for saved in self._kept.values():
            _write(*saved)
        for tensor, requires_grad, grad in self._tensors.values():
            if tensor.requires_grad != requires_grad:
                tensor.requires_grad_(requires_grad)
            if tensor.is_leaf and tensor.grad is not grad:
                tensor.grad = grad
        self._random.restore()
