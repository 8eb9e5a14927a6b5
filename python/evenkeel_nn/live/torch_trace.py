"""Finds the graph of a PyTorch module by running it once: leaf modules and function calls, with edges by tensor."""

import dataclasses
import sys

import torch
from torch.overrides import TorchFunctionMode

from . import torch_layers
from .graph import Node

_IDENTITIES = {
    "contiguous",
    "clone",
    "to",
    "float",
    "half",
    "double",
    "bfloat16",
    "type",
    "type_as",
    "cpu",
    "cuda",
    "detach",
    "detach_",
    "requires_grad_",
    "alias",
    "data",
    "view_as_self",
    "__deepcopy__",
    "pin_memory",
}
_MOVES = {
    "flatten",
    "view",
    "reshape",
    "squeeze",
    "unsqueeze",
    "ravel",
    "reshape_as",
    "view_as",
    "unflatten",
    "squeeze_",
}
_PERMUTES = {"permute", "transpose", "movedim", "swapaxes", "t", "T", "mT", "moveaxis"}
_SUMS = {"add", "__add__", "__radd__", "__iadd__", "add_"}
_MERGES = (
    dict.fromkeys(_SUMS, "sum")
    | dict.fromkeys(("mul", "__mul__", "__rmul__", "__imul__", "mul_", "multiply"), "product")
    | dict.fromkeys(("sub", "__sub__", "__isub__", "sub_", "subtract"), "difference")
    | {"maximum": "maximum", "minimum": "minimum"}
)
_DROPOUTS = {
    "dropout": "element",
    "dropout1d": "channel",
    "dropout2d": "channel",
    "dropout3d": "channel",
    "alpha_dropout": "element",
    "feature_alpha_dropout": "channel",
    "dropout_": "element",
}
_CHANNELS_FIRST = {
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "batch_norm",
    "group_norm",
    "instance_norm",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_max_pool2d",
    "interpolate",
    "pixel_shuffle",
    "dropout2d",
}
_READABLE = {
    "__add__": "add",
    "__radd__": "add",
    "__iadd__": "add",
    "__mul__": "multiply",
    "__rmul__": "multiply",
    "__imul__": "multiply",
    "__sub__": "subtract",
    "__isub__": "subtract",
    "__truediv__": "divide",
    "__getitem__": "slice",
    "__setitem__": "assign",
    "__matmul__": "matmul",
    "__neg__": "negate",
    "__rsub__": "subtract",
    "__pow__": "power",
}


def plain(path):
    """A module's path without what torch.compile and DataParallel put in."""
    return ".".join(part for part in path.split(".") if part not in ("_orig_mod",))


def tensors_of(value):
    """The tensors in lists, tuples, dicts and dataclasses."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for v in value.values():
            yield from tensors_of(v)
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from tensors_of(v)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from tensors_of(getattr(value, field.name))


def function_name(func):
    name = getattr(func, "__name__", type(func).__name__)
    if name in ("__get__", "__set__"):
        name = getattr(getattr(func, "__self__", None), "__name__", name)
    return name


def line_of_call():
    """"file:line" of the code that calls PyTorch: the innermost frame outside of PyTorch and this package."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in ("torch", "evenkeel_nn"):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return "unknown line"


class Calls(TorchFunctionMode):
    """Follows a forward pass: names every leaf module's call and every function's call. Subclasses say what to do.

    A name is the module's path, "layer3.0.bn2", or the path and the function, "layer3.0 relu"; from the second call
    on with a number, "relu (2)".
    """

    def __init__(self, module):
        super().__init__()
        self._root, self._counts, self._stack, self._leaf, self._handles = module, {}, [], 0, []

    def before_leaf(self, name, module, args, kwargs):
        pass

    def after_leaf(self, name, module, args, kwargs, output):
        pass

    def before_function(self, name, args, kwargs):
        pass

    def after_function(self, name, func, args, kwargs, output):
        pass

    def _named(self, base):
        count = self._counts[base] = self._counts.get(base, 0) + 1
        return base if count == 1 else f"{base} ({count})"

    def __enter__(self):
        for path, module in self._root.named_modules():
            leaf = torch_layers.is_leaf(module)
            path = plain(path) or (type(module).__name__ if leaf else "")
            self._handles.append(
                module.register_forward_pre_hook(self._enter(path, leaf), with_kwargs=True, prepend=False)
            )
            self._handles.append(module.register_forward_hook(self._leave(path, leaf), with_kwargs=True))
        return super().__enter__()

    def __exit__(self, *problem):
        for handle in self._handles:
            handle.remove()
        self._handles = []
        return super().__exit__(*problem)

    def _enter(self, path, leaf):
        def hook(module, args, kwargs):
            if self._leaf:
                self._leaf += 1
                return
            if leaf:
                name = self._named(path)
                self._leaf = 1
                with torch._C.DisableTorchFunction():
                    self.before_leaf(name, module, args, kwargs)
                self._stack.append(name)
            else:
                self._stack.append(path)

        return hook

    def _leave(self, path, leaf):
        def hook(module, args, kwargs, output):
            if self._leaf > 1:
                self._leaf -= 1
                return
            name = self._stack.pop()
            if leaf:
                with torch._C.DisableTorchFunction():
                    self.after_leaf(name, module, args, kwargs, output)
                self._leaf = 0

        return hook

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if self._leaf:
            return func(*args, **kwargs)
        short = function_name(func)
        if short in _IDENTITIES or short.startswith("is_") or short in ("__set__", "shape", "size", "dim", "numel"):
            output = func(*args, **kwargs)
            if short in _IDENTITIES:
                self.after_identity(args, output)
            return output
        path = self._stack[-1] if self._stack else ""
        name = f"{path or 'forward'} {_READABLE.get(short, short.strip('_'))}"
        self.before_function(name, args, kwargs)
        output = func(*args, **kwargs)
        result = args[0] if short == "__setitem__" else output
        if any(True for _ in tensors_of(result)):
            self.after_function(self._named(name), short, args, kwargs, result)
        return output

    def after_identity(self, args, output):
        pass


def storage(tensor):
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):  # sparse, meta, wrappers
        return None


class Recorder(Calls):
    """Records the graph of one pass. `evaluation`: the module is in evaluation mode, so dropout that is on is always on;
    `always_on`: names of such calls, known from an earlier pass. `notes`: calls that cannot be judged, and why."""

    def __init__(self, module, *, evaluation, always_on=()):
        super().__init__(module)
        self._evaluation, self.always_on, self.notes = evaluation, set(always_on), []
        self.nodes, self._of, self._axis, self._alive = [], {}, {}, []
        self._by_storage, self._versions = {}, {}
        self.noise_paths = set()  # of modules whose own functions are noise
        self.input_axis = None
        self._names = {}
        for path, tensor in list(module.named_parameters()) + list(module.named_buffers()):
            self._names.setdefault(id(tensor), plain(path))
        self._known_modules = set()
        self.repeated = []
        self._constants, self._unread, self._batch = set(self._names), set(), None

    def track_input(self, tree):
        for tensor in tensors_of(tree):
            axis = 1 if tensor.ndim >= 4 else (tensor.ndim - 1 if tensor.ndim > 1 else None)
            if self.input_axis is None:
                self.input_axis, self._batch = axis, tensor.shape[0] if tensor.ndim else None
            self._assign(tensor, -1, axis)

    def node_of(self, tensor):
        return self._of.get(id(tensor))

    def _assign(self, tensor, node, axis):
        self._of[id(tensor)] = node
        self._axis[id(tensor)] = axis
        self._alive.append(tensor)  # else its id may be given to another
        key = storage(tensor)
        if key:
            self._by_storage.setdefault(key, {})[id(tensor)] = tensor

    def _tracked(self, args, kwargs):
        found = []
        for t in tensors_of((args, kwargs)):
            if id(t) not in self._of and self._is_unseen(t):
                self._add_unseen(t)
            if id(t) in self._of:
                found.append(t)
        return found

    def _is_unseen(self, tensor):
        """Whether a tensor of a sample's numbers comes from code that calls no function of PyTorch in Python."""
        return (
            id(tensor) not in self._constants
            and self._batch is not None
            and tensor.ndim > 1
            and tensor.shape[0] == self._batch
            and tensor.is_floating_point()
            and bool(self.nodes)
        )

    def _add_unseen(self, tensor):
        path = self._stack[-1] if self._stack else ""
        axis = 1 if tensor.ndim >= 4 else tensor.ndim - 1
        inputs = sorted(self._unread) or [len(self.nodes) - 1]
        self.nodes.append(
            Node(
                self._named(f"{path or 'forward'} unseen"),
                "unseen",
                inputs,
                {},
                [],
                tuple(tensor.shape),
                axis,
                axis,
                True,
                None,
                path,
            )
        )
        self._unread = {len(self.nodes) - 1}
        self._assign(tensor, len(self.nodes) - 1, axis)

    def _axis_of(self, tensors):
        return self._axis[id(tensors[0])] if tensors else None

    def _remember(self, tensors):
        for t in tensors:
            if not t.is_inference():
                self._versions[id(t)] = t._version

    def _spread_changes(self, tensors, node):
        """After a change in place, every view of the same memory has the new values."""
        for t in tensors:
            if not t.is_inference() and self._versions.get(id(t)) != t._version:
                for other in self._by_storage.get(storage(t), {}).values():
                    self._of[id(other)] = node

    def _add(self, name, kind, tracked, output, traits, weights, opaque, axis, module=None, path=""):
        inputs = list(dict.fromkeys(self._of[id(t)] for t in tracked))
        if traits.get("merge") and len(inputs) < 2:
            traits, opaque = {k: v for k, v in traits.items() if k != "merge"}, True
        first = next(tensors_of(output))
        node = Node(
            name, kind, inputs, traits, weights, tuple(first.shape), axis, self._axis_of(tracked), opaque, module, path
        )
        self.nodes.append(node)
        index = len(self.nodes) - 1
        self._unread -= set(inputs)
        self._unread.add(index)
        self._spread_changes(tracked, index)
        for tensor in tensors_of(output):
            same = axis if tensor.ndim == first.ndim else (1 if tensor.ndim >= 4 else tensor.ndim - 1)
            self._assign(tensor, index, same)
        return node

    # Modules.

    def before_leaf(self, name, module, args, kwargs):
        self._remember(self._tracked(args, kwargs))

    def after_leaf(self, name, module, args, kwargs, output):
        tracked = self._tracked(args, kwargs)
        outputs = list(tensors_of(output))
        if not tracked or not outputs:
            return
        first = tracked[0]
        axis_in = self._module_axis(module, first, self._axis_of(tracked))
        traits, roles, opaque = torch_layers.describe_module(module, first.shape, outputs[0].shape, axis_in)
        weights = []
        if id(module) in self._known_modules and (roles or any(True for _ in module.parameters())):
            traits, opaque = {}, True  # its weights belong to the first call
            self.repeated.append((name, module))
        else:
            self._known_modules.add(id(module))
            named = {r["name"] for r in roles}
            own = {n: t for n, t in module.named_parameters()}
            roles = roles + [{"name": n, "role": "other"} for n in own if n not in named]
            path = name if module is not self._root else ""
            for role in roles:
                tensor = own.get(role["name"])
                tensor = getattr(module, role["name"]) if tensor is None else tensor
                weights.append(
                    role
                    | {"name": f"{path}.{role['name']}" if path else role["name"], "tensor": tensor, "module": module}
                )
        axis = self._module_output_axis(module, axis_in, first, outputs[0])
        node = self._add(name, type(module).__name__, tracked, output, traits, weights, opaque, axis, module, name)
        node.input_axis = axis_in

    @staticmethod
    def _module_axis(module, tensor, axis):
        from torch import nn

        if isinstance(module, nn.LayerNorm):
            return 1 if "2d" in type(module).__name__.lower() and tensor.ndim == 4 else tensor.ndim - 1
        if isinstance(module, (nn.Linear, nn.MultiheadAttention, nn.RMSNorm)):
            return tensor.ndim - 1
        if torch_layers.is_moving_normalization(module) or isinstance(
            module, (nn.modules.conv._ConvNd, nn.modules.batchnorm._NormBase, nn.GroupNorm)
        ):
            return 1 if tensor.ndim > 1 else 0
        if "Pool" in type(module).__name__ and tensor.ndim > 2:
            return 1
        return axis if axis is not None else (tensor.ndim - 1)

    @staticmethod
    def _module_output_axis(module, axis_in, tensor, output):
        if output.ndim == tensor.ndim:
            return axis_in
        return 1 if axis_in == 1 and output.ndim > 2 else max(0, output.ndim - 1)

    # Functions.

    def before_function(self, name, args, kwargs):
        self._remember(self._tracked(args, kwargs))

    def after_identity(self, args, output):
        if args and isinstance(output, torch.Tensor) and isinstance(args[0], torch.Tensor) and id(args[0]) in self._of:
            self._assign(output, self._of[id(args[0])], self._axis[id(args[0])])

    def after_function(self, name, func, args, kwargs, output):
        tracked = self._tracked(args, kwargs)
        if not tracked:
            for t in tensors_of(output):
                self._constants.add(id(t))
                self._alive.append(t)
            return
        first, axis = tracked[0], self._axis_of(tracked)
        out = next(tensors_of(output))
        path = self._stack[-1] if self._stack else ""
        if func in _CHANNELS_FIRST and first.ndim > 2:
            axis = self._axis[id(first)] = 1
        elif func in ("linear", "layer_norm", "rms_norm", "scaled_dot_product_attention"):
            axis = first.ndim - 1
        axis_out = self._function_axis(func, args, kwargs, first, axis, out)
        traits, weights, opaque = self._function(func, args, kwargs, tracked, first, axis, out, path)
        if func in _DROPOUTS:
            traits, opaque = self._dropout(name, func, args, kwargs, path)
        elif func == "batch_norm" and kwargs.get("running_mean", args[1] if len(args) > 1 else None) is not None:
            self.notes.append(
                f"{name} ({line_of_call()}) is F.batch_norm with buffers of other names: whether its statistics fit is not "
                "checked. It is checked in a module whose buffers are running_mean and running_var."
            )
        self._add(
            name, _READABLE.get(func, func.strip("_")), tracked, output, traits, weights, opaque, axis_out, None, path
        )

    def _dropout(self, name, func, args, kwargs, path):
        """(traits, opaque) of a functional dropout."""
        rate = float(kwargs.get("p", args[1] if len(args) > 1 else 0.5))
        training = kwargs.get("training", kwargs.get("train", args[2] if len(args) > 2 else True))
        if self._evaluation and training and rate > 0:
            self.always_on.add(name)
            self.notes.append(
                f"{name} ({line_of_call()}) drops in evaluation mode too, so that predictions are random and noise cannot "
                f"be left out of the figures: what it does to statistics is not checked. F.dropout(x, {rate:g}, "
                "training=self.training) drops in training alone."
            )
        if name in self.always_on:
            return {}, True
        if rate > 0:
            self.noise_paths.add(path)
        return torch_layers.noise_traits(rate, _DROPOUTS[func], "alpha" in func), not isinstance(training, bool)

    def _function(self, func, args, kwargs, tracked, first, axis, out, path):
        """(traits, weights, opaque) of a function's call."""
        given = [t for t in tensors_of((args, kwargs)) if id(t) in self._names and id(t) not in self._of]
        weights = [{"name": self._names[id(t)], "role": "other", "tensor": t, "module": None} for t in given]
        for w in weights:
            self._names.pop(id(w["tensor"]))  # of the first that uses it
        text = torch_layers.function_activation(func, args, kwargs, axis, first.ndim)
        if text:
            return (
                {
                    "activation": text,
                    "identity_in_evaluation": True,
                    "per_channel": text not in ("softmax", "log_softmax"),
                },
                weights,
                False,
            )
        if func == "scaled_dot_product_attention" and kwargs.get("dropout_p", args[4] if len(args) > 4 else 0.0) > 0:
            self.noise_paths.add(path)
        if func in _MERGES and len(tracked) == 2 and all(tuple(t.shape) == tuple(out.shape) for t in tracked):
            return {"merge": _MERGES[func], "per_channel": False}, weights, False
        if func in ("cat", "concat", "concatenate"):
            dim = kwargs.get("dim", args[1] if len(args) > 1 else 0)
            whole = len(list(tensors_of(args[0] if args else kwargs.get("tensors")))) == len(tracked)
            if whole and axis is not None and dim % first.ndim == axis % first.ndim:
                return {"merge": "concatenation"}, weights, False
            return {}, weights, True
        if func in _MOVES:
            return torch_layers.axes_traits(tuple(first.shape), tuple(out.shape), axis), weights, False
        if func in _PERMUTES:
            return {"axes": "permuted"}, weights, False
        if func == "mean" and axis == 1 and first.ndim >= 3 and self._is_global(args, kwargs, first):
            return {"pooling": "mean", "per_channel": True}, weights, False
        if "avg_pool" in func or "max_pool" in func:
            return {"pooling": "mean" if "avg" in func else "maximum", "per_channel": True}, weights, False
        if func in ("interpolate", "upsample", "pad") and out.ndim == first.ndim and out.shape[1] == first.shape[1]:
            return {"per_channel": True}, weights, False
        return {}, weights, True

    @staticmethod
    def _is_global(args, kwargs, first):
        dims = kwargs.get("dim", args[1] if len(args) > 1 else None)
        dims = [dims] if isinstance(dims, int) else list(dims or [])
        return sorted(d % first.ndim for d in dims) == list(range(2, first.ndim))

    def _function_axis(self, func, args, kwargs, first, axis, out):
        """Where the channels of a function's output are."""
        if out.ndim == 0:
            return None
        if axis is None:
            return out.ndim - 1
        if func in _PERMUTES and out.ndim == first.ndim:
            order = self._order(func, args, kwargs, first.ndim)
            if order is not None:
                if self.node_of(first) == -1 and first.ndim == 4 and order == [0, 3, 1, 2]:
                    self.input_axis = axis = self._axis[id(first)] = 3  # the model takes channels last
                return order.index(axis % first.ndim)
        if out.ndim == first.ndim:
            return axis
        if func in _MOVES or func == "mean":
            channels = first.shape[axis]
            if axis % first.ndim == 1 and out.ndim > 2 and out.shape[1] == channels:
                return 1
        return out.ndim - 1

    @staticmethod
    def _order(func, args, kwargs, ndim):
        rest = args[1:]
        if func == "permute":
            dims = kwargs.get("dims", rest[0] if rest and not isinstance(rest[0], int) else rest)
            return [d % ndim for d in dims]
        if func in ("transpose", "swapaxes"):
            a, b = kwargs.get("dim0", rest[0] if rest else None), kwargs.get("dim1", rest[1] if len(rest) > 1 else None)
            if a is None or b is None:
                return None
        elif func in ("t", "T", "mT"):
            a, b = -1, -2
        else:
            return None
        order = list(range(ndim))
        order[a % ndim], order[b % ndim] = order[b % ndim], order[a % ndim]
        return order

    # The end.

    def finish(self, output):
        """The index of the node that makes the output. Weights that no node uses go to the node nearest by name."""
        placed = {id(w["tensor"]) for node in self.nodes for w in node.weights}
        for path, tensor in self._root.named_parameters():
            if id(tensor) in placed or not self.nodes:
                continue
            placed.add(id(tensor))
            parts = plain(path).split(".")

            def shared(node, parts=parts):
                count = 0
                for a, b in zip(node.path.split("."), parts):
                    if a != b:
                        break
                    count += 1
                return count

            node = max(self.nodes, key=shared)
            node.weights.append({"name": plain(path), "role": "other", "tensor": tensor, "module": None})
        if self.node_of(output) is None and self.nodes and output.ndim and output.shape[0] == self._batch:
            self._add_unseen(output)
        return self.node_of(output)
