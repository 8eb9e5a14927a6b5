"""A live PyTorch module as the doctor asks for it: described once, then measured pass by pass."""

import contextlib
import math
import sys

import numpy as np
import torch
from torch import nn

from . import data as sets
from . import torch_layers, torch_loss, torch_moments
from .errors import InputError, UnsupportedError, first
from .graph import Stop, peak_elements
from .live_network import Figures, LiveNetwork, free_memory
from .torch_state import Buffers, RandomState, Snapshot, seed_noise
from .torch_trace import Calls, Recorder, plain, tensors_of



def unwrap(module):
    """The module inside DataParallel, DistributedDataParallel, AveragedModel and torch.compile."""
    while True:
        if isinstance(
            module, (nn.DataParallel, nn.parallel.DistributedDataParallel, torch.optim.swa_utils.AveragedModel)
        ):
            module = module.module
        elif hasattr(module, "_orig_mod"):
            module = module._orig_mod
        else:
            return module


def check_parts(module):
    """Refuses modules with parts whose layers cannot be seen, by name."""
    scripts = [plain(path) for path, m in module.named_modules() if isinstance(m, torch.jit.ScriptModule)]
    if scripts:
        raise UnsupportedError(
            f"{scripts[0]} is a ScriptModule: hooks do not reach its layers. Put the module there that was scripted."
        )


def check(module):
    """Refuses what cannot be measured, by name."""
    if isinstance(module, torch.jit.ScriptModule):
        name = getattr(module, "original_name", type(module).__name__)
        raise UnsupportedError(
            f"{name} is a ScriptModule: hooks do not reach its layers. Give the module that was scripted."
        )
    # fully_shard() (FSDP2) makes a class of its own, with FSDPModule among its bases.
    sharded = {"FullyShardedDataParallel", "FSDPModule"}
    parts = [m for m in module.modules() if sharded & {base.__name__ for base in type(m).__mro__}]
    if parts:
        raise UnsupportedError(
            f"{type(parts[0]).__name__}: its weights are spread over processes. Give the module inside, "
            "with its full weights."
        )
    lazy = [plain(path) or type(module).__name__ for path, m in module.named_modules() if torch_layers.is_lazy(m)]
    if lazy:
        raise InputError(
            f"Lazy layers that have no weights yet: {first(lazy)}. Run the module once, or load its weights."
        )


def _uncompiled():
    """Runs compiled parts as they were written, so that hooks are called. Without the compiler nothing is compiled; it
    is not imported for this (that takes seconds)."""
    return torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else contextlib.nullcontext()


def to_host(array):
    tensor = array if isinstance(array, torch.Tensor) else torch.as_tensor(np.ascontiguousarray(array))
    return tensor.detach().to("cpu")


def spread_loader(data, samples):
    """A DataLoader in file order, or a Dataset, as a loader over samples spread over it; and what it tells."""
    from torch.utils.data import DataLoader, Dataset, IterableDataset, RandomSampler, SequentialSampler, Subset

    facts = {}
    if isinstance(data, DataLoader):
        if data.batch_size:
            facts["batch_size"] = int(data.batch_size)
        if isinstance(data.sampler, RandomSampler):
            facts["shuffled"] = True
        if isinstance(data.sampler, SequentialSampler) and data.batch_size and 0 < samples < len(data.dataset):
            rows = sets.spread(len(data.dataset), samples).tolist()
            data = DataLoader(
                Subset(data.dataset, rows),
                batch_size=data.batch_size,
                collate_fn=data.collate_fn,
                num_workers=data.num_workers,
            )
    elif isinstance(data, Dataset) and not isinstance(data, IterableDataset) and hasattr(data, "__len__"):
        rows = sets.spread(len(data), samples).tolist()
        data = DataLoader(Subset(data, rows), batch_size=64)
    return data, facts


@contextlib.contextmanager
def untouched_loaders(*loaders):
    """Keeps the generators of loaders as they are."""
    states = []
    for loader in loaders:
        for owner in (loader, getattr(loader, "sampler", None)):
            generator = getattr(owner, "generator", None)
            if isinstance(generator, torch.Generator):
                states.append((generator, generator.get_state()))
    try:
        yield
    finally:
        for generator, state in states:
            generator.set_state(state)


def _memory_of(device):
    """Bytes that a measurement may take on a device: of a GPU half of what is free."""
    return torch.cuda.mem_get_info(device)[0] // 2 if device.type == "cuda" else free_memory()


class _Watcher(Calls):
    """Takes figures in a part of a pass, and gives normalizations the statistics of the batch."""

    def __init__(self, network, batch, want, stop_after, figures):
        super().__init__(network.module)
        self._network, self._batch, self._stop_after = network, batch, stop_after
        self._inputs = set(want.get("input_moments", ()))
        self._histograms, self._squares = want.get("input_histograms", {}), set(want.get("input_squares", ()))
        self._signals = set(want.get("output_signals", ()))
        self._seen = set()
        self.moments, self.histograms = figures.moments, figures.histograms
        self.squares, self.signals = figures.squares, figures.signals

    def _input(self, name, x, axis, module=None):
        found = None
        batch = module is not None and name in self._batch
        if name in self._inputs or batch:
            found = torch_moments.moments(x, axis)
            if name in self._inputs:
                self.moments[name] = torch_moments.merged(self.moments.get(name), found)
        if batch:
            self._network.supply(module, found[1], found[2] / max(found[0], 1))
        if name in self._histograms:
            mean, deviation = self._histograms[name]
            counts, number = torch_moments.histogram(x, axis, mean, deviation)
            old = self.histograms.get(name)
            self.histograms[name] = (counts, number) if old is None else (old[0] + counts, old[1] + number)
        if name in self._squares:
            s = torch_moments.squares(x, axis)
            self.squares[name] = s if name not in self.squares else self.squares[name] + s
        if self._stop_after is not None and name in self._stop_after:
            self._seen.add(name)
            if self._seen == self._stop_after:
                raise Stop

    def before_leaf(self, name, module, args, kwargs):
        name = self._network.first_names.get(id(module), name)
        node = self._network.by_name.get(name)
        if node is None:
            return
        x = next(tensors_of((args, kwargs)), None)
        if x is not None:
            self._input(name, x, node.input_axis if node.input_axis is not None else x.ndim - 1, module)

    def after_leaf(self, name, module, args, kwargs, output):
        self._output(name, output)

    def before_function(self, name, args, kwargs):
        count = self._counts.get(name, 0) + 1
        name = name if count == 1 else f"{name} ({count})"
        node = self._network.by_name.get(name)
        if node is not None:
            x = next(tensors_of((args, kwargs)), None)
            if x is not None and (name in self._histograms or name in self._inputs or name in self._squares):
                self._input(name, x, node.input_axis if node.input_axis is not None else x.ndim - 1)

    def after_function(self, name, func, args, kwargs, output):
        self._output(name, output)

    def _output(self, name, output):
        if name not in self._signals:
            return
        x = next(tensors_of(output), None)
        if x is None or x.ndim == 0:
            return
        axis = self._network.by_name[name].axis
        axis = x.ndim - 1 if axis is None else axis
        x = x if x.is_floating_point() else x.float()
        small, large = torch_moments.extremes(x, axis)
        found = torch_moments.moments(x, axis)
        old = self.signals.get(name)
        if old is not None:
            small, large = torch.minimum(old[1], small), torch.maximum(old[2], large)
            found = torch_moments.merged(old[0], found)
        self.signals[name] = (found, small, large)


class TorchNetwork(LiveNetwork):
    """The maker of evidence for a PyTorch module. Nothing of the module stays changed: use it as a context manager, or
    call restore()."""

    framework = "torch"
    _noun = "module"
    _out_of_memory = (torch.OutOfMemoryError,)

    def __init__(
        self,
        module,
        data,
        *,
        train=None,
        loss=None,
        samples=2048,
        batch=None,
        outputs=None,
        call=None,
        autocast=None,
        memory=None,
        optimizer=None,
        records=None,
        class_names=None,
        check_outputs=True,
    ):
        self.module = unwrap(module)
        check(self.module)
        check_parts(self.module)
        self._state = Snapshot(self.module)
        self._outputs, self._call, self._autocast = outputs, call, autocast
        self._fastpath = torch.backends.mha.get_fastpath_enabled()
        try:
            self._prepare(data, train, loss, samples, batch, memory, optimizer, records or {}, class_names)
            if check_outputs:
                self._refuse_nan()
        except BaseException:
            self.restore()
            raise

    def _prepare(self, data, train, loss, samples, batch, memory, optimizer, records, class_names):
        tensors = list(self.module.parameters()) + list(self.module.buffers())
        self.device = tensors[0].device if tensors else torch.device("cpu")
        self.dtype = next((t.dtype for t in tensors if t.is_floating_point()), torch.float32)
        with untouched_loaders(data, train):
            self._draw(
                data, train, samples=samples, batch=batch, to_host=to_host, concatenate=torch.cat, loader=spread_loader
            )
        self.memory = memory or _memory_of(self.device)
        # A layer in evaluation mode inside a module that trains: frozen by hand.
        self._frozen = {id(m) for m in self.module.modules() if self.module.training and not m.training}
        self._trace()
        self._shape_of_outputs()
        self._few = sets.fewer(self._sets.values(), self.outputs * self.positions, memory)
        self.loss = torch_loss.loss_of(
            loss,
            self._sets["data"].labels,
            self.outputs,
            self.positions,
            self.nodes[self.output].traits.get("activation"),
        )
        self._labels = {which: self._ready_labels(s) for which, s in self._sets.items() if s is not None}
        self._arrays = {}
        self._class_names = class_names
        self._records(optimizer, records)

    # Forward passes.

    def _inputs(self, which, rows, x=None):
        """Inputs of these samples as the module takes them, on its device."""
        sample = self._sets[which]
        if x is not None:
            tensor = torch.from_numpy(np.ascontiguousarray(x))
            if tensor.ndim > 2 and self.input_axis != tensor.ndim - 1:
                tensor = tensor.movedim(-1, self.input_axis).contiguous()
            given = next(sets.leaves(sample.inputs))
            if not given.is_floating_point() and not tensor.is_floating_point():
                tensor = tensor.to(given.dtype)
            return self.ready(tensor)
        index = torch.as_tensor(rows, dtype=torch.long)
        whole = len(index) == sample.size and bool((index == torch.arange(sample.size)).all())
        return self.ready(sample.inputs if whole else sets.map_tree(lambda t: t[index], sample.inputs))

    def _forward(self, inputs):
        """The module's outputs, whatever they are."""
        with contextlib.ExitStack() as stack:
            if self._autocast:
                dtype = self._autocast if isinstance(self._autocast, torch.dtype) else None
                stack.enter_context(
                    self._autocast
                    if hasattr(self._autocast, "__enter__")
                    else torch.autocast(self.device.type, dtype=dtype)
                )
            if self._call is not None:
                return self._call(self.module, inputs)
            if isinstance(inputs, dict):
                return self.module(**inputs)
            if isinstance(inputs, (list, tuple)):
                return self.module(*inputs)
            return self.module(inputs)

    def _logits(self, outputs):
        """The tensor of scores among a module's outputs."""
        chosen = self._chosen(outputs)
        if isinstance(chosen, torch.Tensor) and chosen.ndim:
            return chosen
        if chosen is not outputs:
            raise InputError(f"outputs= must give one tensor of scores, and gave {sets.seen(chosen)}.")
        if isinstance(outputs, dict):
            key = next(
                (k for k in outputs if str(k) in ("logits", "out", "output", "scores")), next(iter(outputs), "out")
            )
            raise InputError(f"The module returns {sets.seen(outputs)}. Say which one has the scores: outputs={key!r}.")
        if isinstance(outputs, (list, tuple)):
            raise InputError(f"The module returns {sets.seen(outputs)}. Say which one has the scores: outputs=0.")
        raise InputError(
            f"The module returns {sets.seen(outputs)}. Say where the scores are: outputs=lambda o: o.logits."
        )

    @contextlib.contextmanager
    def _modes(self, training):
        """Sets the mode of each module for a pass: `training(module)` says which ones train."""
        changed, switched = [], []
        fastpath = torch.backends.mha.get_fastpath_enabled()
        modes = [(m, bool(training(m))) for m in self.module.modules()]
        buffers = Buffers(self.module) if any(on for _, on in modes) else None
        try:
            torch.backends.mha.set_fastpath_enabled(False)  # it would pass by the hooks
            for m, on in modes:
                if m.training != on:
                    changed.append((m, m.training))
                    m.__dict__["training"] = on
            with _uncompiled():
                yield switched
        finally:
            for m, on in changed:
                m.__dict__["training"] = on
            for owner, name, value in reversed(switched):
                owner[name] = value
            if buffers is not None:
                buffers.restore()
            torch.backends.mha.set_fastpath_enabled(fastpath)

    def supply(self, module, mean, variance):
        """Makes a normalization use these statistics until the end of the pass."""
        for name, values in (("running_mean", mean), ("running_var", variance)):
            owner = module._buffers if name in module._buffers else module.__dict__
            if name in module._parameters:
                owner = module._parameters
            old = owner[name]
            self._switched.append((owner, name, old))
            tensor = torch.as_tensor(values).to(device=old.device, dtype=old.dtype, copy=True)
            owner[name] = nn.Parameter(tensor, requires_grad=False) if isinstance(old, nn.Parameter) else tensor

    def _noise_modules(self):
        paths = self._noise_paths
        found = set()
        for path, m in self.module.named_modules():
            rate = torch_layers.noise_rate(m)
            inner = getattr(m, "dropout", 0) if isinstance(m, (nn.MultiheadAttention, nn.RNNBase)) else 0
            if (rate is not None and rate > 0) or (isinstance(inner, float) and inner > 0) or plain(path) in paths:
                found.add(id(m))
        return found

    def _refuse_nan(self):
        """NaN outputs of finite weights, positive variances and finite inputs have a cause outside of the weights."""
        for t in list(self.module.parameters()) + list(self.module.buffers()):
            if t.is_floating_point() and not bool(t.detach().isfinite().all()):
                return
        for name in self._moving:
            if bool((self.by_name[name].module.running_var < 0).any()):
                return
        rows = np.arange(min(2, self._sets["data"].size))
        if not (where := self._where_not_finite(rows)):
            return
        raise InputError(
            where
            + f". Its numbers leave the range of {str(self.dtype).replace('torch.', '')}? Look at the size of the "
            "inputs, or give the module in float32."
        )

    # The description.

    def _trace(self):
        rows = np.arange(min(2, self._sets["data"].size))
        inputs = self._inputs("data", rows)

        def attempt(train, always_on=()):
            noisy = lambda m: train and not torch_layers.is_leaf(m)
            recorder = Recorder(self.module, evaluation=not train, always_on=always_on)
            recorder.track_input(inputs)
            seed_noise(0)
            with self._modes(noisy), torch.no_grad(), recorder:
                outputs = self._forward(inputs)
            return recorder, outputs

        self._switched = []
        recorder, outputs = attempt(False)
        self._unjudged = recorder.notes
        logits = self._logits(outputs)
        self._unlike = ""
        try:  # in training mode more functions may be seen: dropout that evaluation leaves out
            trained, other = attempt(True, recorder.always_on)
            if self._logits(other).shape != logits.shape:
                raise InputError(f"it returns {sets.seen(other)}")
            self._noise_paths = trained.noise_paths | recorder.noise_paths
            seen, more = ({n.name for n in r.nodes} for r in (recorder, trained))
            if seen < more:  # with all that evaluation computes; paths that are drawn by chance may be left out
                recorder, outputs, logits = trained, other, self._logits(other)
        except Exception as problem:  # evaluation can be looked at all the same, without the noise of functions
            self._noise_paths = set()
            if recorder.noise_paths:
                self._unlike = f"Noise of functions is not looked at: the module does not run in training mode ({problem})."
        if not recorder.nodes:
            raise UnsupportedError(
                f"{type(self.module).__name__}: no layer or function of PyTorch was seen in its forward."
            )
        self.output = recorder.finish(logits)
        self.nodes = recorder.nodes
        if self.output is None or self.output < 0:
            raise UnsupportedError(
                "The outputs do not come from the inputs by functions that can be followed "
                f"({type(self.module).__name__} returns {sets.seen(logits)})."
            )
        self.input_axis = recorder.input_axis
        self._input_axis_from_consumer()
        self.by_name, self.first_names, self.weights = {}, {}, {}
        for node in self.nodes:
            self.by_name.setdefault(node.name, node)
            if node.module is not None:
                self.first_names.setdefault(id(node.module), node.name)
                if id(node.module) in self._frozen and node.traits.get("normalization", {}).get("moving"):
                    node.traits["normalization"]["moving"]["frozen"] = True
            for w in node.weights:
                self.weights.setdefault(w["name"], w)
        self._repeated = {self.first_names[id(m)] for _, m in recorder.repeated if id(m) in self.first_names}
        self._moving = [n.name for n in self.nodes if n.traits.get("normalization", {}).get("moving")]
        self._noisy = self._noise_modules()
        self._logits_shape = tuple(logits.shape)
        leaf = next(sets.leaves(self._sets["data"].inputs))
        per_sample = max(peak_elements(self.nodes), math.prod(leaf.shape[1:]) if leaf.ndim > 1 else 1)
        self.sample_bytes = per_sample * torch.finfo(self.dtype).bits // 8 * 2

    def _input_axis_from_consumer(self):
        leaf = next(sets.leaves(self._sets["data"].inputs))
        if leaf.ndim == 3:
            users = [n for n in self.nodes if -1 in n.inputs]
            self.input_axis = 1 if users and users[0].input_axis == 1 else 2

    def _shape_of_outputs(self):
        labels = self._sets["data"].labels
        shape = self._logits_shape
        self.class_axis = torch_loss.class_axis(shape, None if labels is None else (shape[0], *labels.shape[1:]))
        self.outputs = 1 if len(shape) == 1 else shape[self.class_axis]
        self.positions = 1 if len(shape) <= 2 else math.prod(shape[1:]) // max(1, self.outputs)

    def _ready_labels(self, sample):
        if sample.labels is None:
            return None
        if self.loss.function is not None:
            y = sample.labels.numpy()
            fits = y.dtype.kind in "iub" and y.size == sample.size * self.positions
            return torch.as_tensor(y.astype(np.int64)) if fits else sample.labels
        y = sets.checked_labels(
            sample.labels.float().numpy()
            if sample.labels.dtype in (torch.float16, torch.bfloat16)
            else sample.labels.numpy(),
            self.loss.kind,
            self.outputs,
            self.positions,
            sample.name,
        )
        # A sample without a class has no place in the scores; a position without one has.
        sets.checked_range(y, self.outputs, sample.name, self.loss.ignored if self.positions > 1 else ())
        return torch.as_tensor(y)

    def _records(self, optimizer, records):
        tracked = [
            int(m.num_batches_tracked)
            for _, m in self.module.named_modules()
            if torch_layers.is_moving_normalization(m)
            and isinstance(getattr(m, "num_batches_tracked", None), torch.Tensor)
        ]
        self.records, self.lost = {}, []
        if tracked:
            self.records["updates"] = max(tracked)
        source = self._sets["train"] or self._sets["data"]
        if "batch_size" in source.facts and self._sets["train"] is not None:
            self.records["batch_size"] = source.facts["batch_size"]
            if source.facts.get("shuffled"):
                self.records["shuffled"] = True
        if optimizer is not None:
            decay = [float(group.get("weight_decay", 0.0) or 0.0) for group in optimizer.param_groups]
            self.records["weight_decay"] = max(decay, default=0.0)
        else:
            self.lost.append("A module does not tell its optimizer and weight decay; optimizer= does.")
        if "batch_size" not in self.records and "batch_size" not in records:
            self.lost.append("A module does not tell the batch size of its training; batch_size= or train= does.")
        self.records.update(records)
        self.lost.extend(self.loss.notes)
        self.lost.extend(self._few)
        for name, m in self.module.named_modules():
            if isinstance(m, nn.modules.instancenorm._InstanceNorm) and m.track_running_stats:
                self.lost.append(
                    f"{plain(name)}: whether the running statistics of an instance normalization fit is not checked."
                )
        self.lost.extend(self._unjudged)
        if self._unlike:
            self.lost.append(self._unlike)
        for name in sorted(self._repeated):
            self.lost.append(f"{name} is called several times; its figures are those of all calls together.")

    def _cannot(self):
        """Measurements that cannot be made, and why; tried on a few samples."""
        which = "data" if self._sets["train"] is None else "train"
        if self._labels[which] is None:
            return {}
        try:
            self.gradient_norms(which, np.arange(min(4, self._sets[which].size)))
        except Exception as problem:  # whatever code of the module's own raises
            return {"gradients": f"its gradients cannot be computed ({str(problem).strip().partition(chr(10))[0]})"}
        return {}

    def describe(self):
        """The graph of layers, their traits, weights and records, as plain data (PROTOCOL)."""
        layers, names = [], set()
        for node in self.nodes:
            name, k = node.name, 2
            while name in names:
                name, k = f"{node.name} ({k})", k + 1
            names.add(name)
            shape = list(node.shape[1:]) or [1]
            if node.axis is not None and len(node.shape) > 2 and 0 < node.axis < len(node.shape) - 1:
                shape.append(shape.pop(node.axis - 1))
            weights = []
            for w in node.weights:
                tensor = w["tensor"]
                ours = torch_layers.to_ours(tensor.detach(), w["role"], w["module"])
                entry = {
                    "name": w["name"],
                    "role": w["role"],
                    "shape": list(ours.shape) or [1],
                    "trainable": bool(tensor.requires_grad),
                }
                if w.get("initializer"):
                    entry["initializer"] = w["initializer"]
                weights.append(entry)
            trainable = [w["tensor"].requires_grad for w in node.weights if isinstance(w["tensor"], nn.Parameter)]
            layers.append(
                {
                    "name": name,
                    "kind": node.kind,
                    "inputs": [int(i) for i in node.inputs] or [-1],
                    "output_shape": [int(n) for n in shape],
                    "traits": node.traits,
                    "weights": weights,
                    "trainable": any(trainable) if trainable else True,
                    "opaque": bool(node.opaque),
                }
            )
        described = {
            "framework": "torch",
            "class": type(self.module).__name__,
            "input_shape": self._input_shape(),
            "outputs": int(self.outputs),
            "loss": self.loss.kind,
            "scores": self.loss.scores,
            "label_smoothing": self.loss.smoothing,
            "layers": layers,
            "output": int(self.output),
            "records": self.records,
            "lost": self.lost,
            "cannot": self._cannot(),
        }
        return described

    def _single(self, which):
        """The one array of inputs, float32 or uint8, or None."""
        inputs = self._sets[which].inputs
        if not isinstance(inputs, torch.Tensor) or inputs.ndim < 2:
            return None
        return inputs if inputs.is_floating_point() or inputs.dtype == torch.uint8 else None

    def _input_shape(self):
        x = self._single("data")
        if x is None:
            return [1]
        shape = list(x.shape[1:])
        if len(shape) > 1 and self.input_axis != x.ndim - 1:
            shape.append(shape.pop(self.input_axis - 1))
        return [int(n) for n in shape]

    def _images(self, which):
        x = self._single(which)
        if x is None:
            return None
        if x.ndim > 2 and self.input_axis != x.ndim - 1:
            x = x.movedim(self.input_axis, -1)
        return np.ascontiguousarray((x if x.dtype == torch.uint8 else x.float()).numpy())

    def _targets(self, labels):
        return sets.as_targets(labels.numpy(), self.outputs, self.positions, self.loss.ignored)

    # Weights.

    def weight(self, name):
        """A tensor, float32, in Evenkeel's layout."""
        w = self.weights[name]
        ours = torch_layers.to_ours(w["tensor"].detach(), w["role"], w["module"])
        return np.array(ours.float().cpu().numpy(), order="C")  # a copy: what is set later does not change it

    def set_weight(self, name, array):
        """Sets a tensor from Evenkeel's layout, until restore()."""
        w = self.weights[name]
        tensor = w["tensor"]
        self._state.keep(tensor)
        values = torch_layers.from_ours(torch.from_numpy(np.ascontiguousarray(array)), w["role"], tensor)
        with torch.no_grad():
            tensor.copy_(values.reshape(tensor.shape))

    # Measurements.

    def run(self, which, rows, x=None, y=None, *, statistics=None, noise=False, step=0, want=None):
        """One batch: see PROTOCOL. `statistics`: of each normalization with moving ones "moving", "batch" or (mean,
        variance); `want`: what to return."""
        rows = np.asarray(rows, dtype=np.int64)
        statistics = statistics or {}
        division = self._divided(rows, statistics, noise, want)
        want, batch = division.want, division.batch
        watch = batch or set(want) - {"losses", "outputs"}
        result, figures = [], Figures()
        random = RandomState()
        try:
            seed_noise(step)
            with self._modes(lambda m: noise and id(m) in self._noisy) as self._switched, torch.no_grad():
                self._supply_all(statistics)
                for part in division.parts:
                    watcher = _Watcher(self, batch, want, division.stop_after, figures) if watch else None
                    inputs = self._inputs(which, rows[part], None if x is None else x[part])
                    try:
                        with watcher if watcher is not None else contextlib.nullcontext():
                            outputs = self._forward(inputs)
                    except Stop:
                        continue
                    del inputs
                    labels = None if y is None else torch.from_numpy(np.ascontiguousarray(y[part]))
                    labels = labels.long() if labels is not None and not labels.is_floating_point() else labels
                    result.append(self._scores(which, rows[part], outputs, labels, want))
        finally:
            random.restore()
        return self._answer(result, figures, want)

    def moments_of(self, batches, names, statistics):
        """({layer: moments}, number of samples) of the inputs of these layers over batches of inputs, noise off."""
        figures, number = Figures(), 0
        with self._modes(lambda m: False) as self._switched, torch.no_grad():
            self._supply_all(statistics)
            batch = {name for name, s in statistics.items() if isinstance(s, str) and s == "batch"}
            for inputs in batches:
                with _Watcher(self, batch, {"input_moments": names}, None, figures):
                    self._forward(self.ready(inputs))
                number += len(next(sets.leaves(inputs)))
        return figures.moments, number

    def ready(self, inputs):
        """Inputs on the module's device, in its precision."""

        def move(tensor):
            tensor = torch.as_tensor(tensor).to(self.device)
            return tensor.to(self.dtype) if tensor.is_floating_point() and tensor.dtype != self.dtype else tensor

        return sets.map_tree(move, inputs)

    def _part_bytes(self):
        return self.memory // 4 if self.device.type != "cpu" else super()._part_bytes()

    def _release(self):
        torch.cuda.empty_cache()

    def _scores(self, which, rows, outputs, labels, want):
        found = {}
        if not ("losses" in want or "outputs" in want):
            return found
        logits = self._logits(outputs).float()
        z = torch_loss.positions_last(logits, None, self.class_axis)
        if "outputs" in want:
            found["outputs"] = z.reshape(len(rows), -1).float().cpu().numpy()
        if "losses" in want:
            raw = None
            if labels is None:
                if self._labels[which] is None:
                    raise InputError(f"{self._sets[which].name} has no labels, which the loss needs.")
                index = torch.as_tensor(rows)
                labels, raw = self._labels[which][index], self._sets[which].labels[index]
            labels = labels.to(z.device)
            losses, correct = torch_loss.sample_losses(
                self.loss, z, labels, logits, labels if raw is None else raw.to(z.device)
            )
            found["losses"] = losses.numpy()
            found["correct"] = None if correct is None else correct.numpy()
        return found

    def gradient_norms(self, which, rows):
        """{weight: (norm, size)} of one training step's gradients of the mean loss: batch statistics, noise, no
        update."""
        rows = np.asarray(rows, dtype=np.int64)
        weights = {n: w["tensor"] for n, w in self.weights.items() if w["tensor"].requires_grad and w["tensor"].is_leaf}
        if not weights:
            return {}
        frozen = {id(self.by_name[n].module) for n in self.frozen()}
        trains = {id(self.by_name[n].module) for n in self._moving} - frozen
        random = RandomState()
        try:
            seed_noise(0)
            with (
                self._modes(lambda m: id(m) in self._noisy or id(m) in trains) as self._switched,
                torch.inference_mode(False),
                torch.enable_grad(),
                self._batch_gradients(trains),
            ):
                outputs = self._forward(self._inputs(which, rows))
                loss = self._mean_loss(which, rows, outputs)
                grads = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
        finally:
            random.restore()
        return {
            n: (0.0 if g is None else float(g.detach().double().norm()), int(t.numel()))
            for (n, t), g in zip(weights.items(), grads)
        }

    @contextlib.contextmanager
    def _batch_gradients(self, trains):
        """Batch statistics that gradients pass through, and that leave the running ones alone."""
        changed = []
        try:
            for m in self.module.modules():
                if id(m) not in trains:
                    continue
                if isinstance(m, nn.SyncBatchNorm):  # without the other processes
                    m.__dict__["forward"] = lambda x, m=m: nn.functional.batch_norm(
                        x, None, None, m.weight, m.bias, True, 0.0, m.eps
                    )
                    changed.append((m, "forward", None))
                elif "track_running_stats" in m.__dict__:
                    changed.append((m, "track_running_stats", m.track_running_stats))
                    m.__dict__["track_running_stats"] = False
            yield
        finally:
            for m, name, value in changed:
                if value is None:
                    m.__dict__.pop(name, None)
                else:
                    m.__dict__[name] = value

    def _mean_loss(self, which, rows, outputs):
        index = torch.as_tensor(rows)
        logits = self._logits(outputs)
        if self.loss.function is not None:
            value = self.loss.function(logits, self._sets[which].labels[index].to(logits.device))
            return value.mean()
        z = torch_loss.positions_last(logits, None, self.class_axis)
        if self._labels[which] is None:
            raise InputError(f"{self._sets[which].name} has no labels, which the loss needs.")
        return torch_loss.known_losses(self.loss, z, self._labels[which][index].to(z.device))[0].mean()

    # The end.

    def restore(self):
        """Everything as it was."""
        self._state.restore()
        torch.backends.mha.set_fastpath_enabled(self._fastpath)
