"""Everything of a module that a measurement might change, and its way back."""

import contextlib
import random

import numpy as np
import torch

_HOOKS = (
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
_FLAGS = ("training", "track_running_stats")


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


class Snapshot:
    """Weights, buffers, modes, requires_grad, grads, hooks and generators of a module. Buffers are copied; weights are
    copied by keep(), before something sets them."""

    def __init__(self, module):
        self._random = RandomState()
        self._modules = []
        for m in module.modules():
            flags = {f: m.__dict__[f] for f in _FLAGS if f in m.__dict__}
            hooks = {h: dict(m.__dict__[h]) for h in _HOOKS if isinstance(m.__dict__.get(h), dict)}
            self._modules.append((m, flags, hooks, dict(m._buffers), dict(m._parameters)))
        self._kept = {}
        self._tensors = {}
        for _, _, _, buffers, parameters in self._modules:
            for t in list(buffers.values()) + list(parameters.values()):
                if t is not None and id(t) not in self._tensors:
                    grad = t.grad if t.is_leaf else None
                    self._tensors[id(t)] = (t, t.requires_grad, grad, self._version(t))
            for t in buffers.values():
                self.keep(t)

    @staticmethod
    def _version(t):
        try:
            return t._version
        except RuntimeError:  # made in inference mode: has none
            return None

    def keep(self, tensor):
        """Copies a tensor, unless it is copied already."""
        if tensor is not None and id(tensor) not in self._kept:
            self._kept[id(tensor)] = (tensor, tensor.detach().clone(), self._version(tensor))

    def restore(self):
        """Everything as it was. May be called again."""
        for m, flags, hooks, buffers, parameters in self._modules:
            for name, value in flags.items():
                if m.__dict__.get(name) is not value:
                    m.__dict__[name] = value
            for name, entries in hooks.items():
                now = m.__dict__[name]
                if list(now.items()) != list(entries.items()):
                    now.clear()
                    now.update(entries)
            for now, then in ((m._buffers, buffers), (m._parameters, parameters)):
                if len(now) != len(then) or any(now.get(k, self) is not v for k, v in then.items()):
                    now.clear()
                    now.update(then)
        with torch.no_grad():
            for tensor, copy, version in self._kept.values():
                if version is None or self._version(tensor) != version:
                    with torch.inference_mode() if tensor.is_inference() else contextlib.nullcontext():
                        tensor.copy_(copy)
        for tensor, requires_grad, grad, _ in self._tensors.values():
            if tensor.requires_grad != requires_grad:
                tensor.requires_grad_(requires_grad)
            if tensor.is_leaf and tensor.grad is not grad:
                tensor.grad = grad
        self._random.restore()
