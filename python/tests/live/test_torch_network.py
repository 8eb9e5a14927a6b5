import copy
import json
import random

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn
from torch.nn import functional as F

import torch_models as models
from evenkeel_nn.live.errors import InputError, UnsupportedError
from evenkeel_nn.live.torch_network import TorchNetwork

torch.set_num_threads(1)
ROWS = np.arange(24)


@pytest.fixture
def resnet():
    torch.manual_seed(0)
    return models.randomize(models.ResNet(drop=0.3)).eval()


def everything(module):
    """All that must not change."""
    state = {"rng": torch.get_rng_state(), "numpy": str(np.random.get_state()), "python": random.getstate()}
    for path, m in module.named_modules():
        state[path, "training"] = m.training
        state[path, "attributes"] = sorted(k for k in m.__dict__)
        state[path, "track"] = getattr(m, "track_running_stats", None)
        for hooks in (
            "_forward_hooks",
            "_forward_pre_hooks",
            "_forward_hooks_with_kwargs",
            "_forward_pre_hooks_with_kwargs",
            "_backward_hooks",
        ):
            state[path, hooks] = dict(m.__dict__[hooks])
        for name, t in list(m._parameters.items()) + list(m._buffers.items()):
            if t is not None:
                state[path, name] = (
                    id(t),
                    t.detach().clone(),
                    t.requires_grad,
                    None if t.grad is None else (id(t.grad), t.grad.clone()),
                )
    return state


def same(a, b):
    assert a.keys() == b.keys()
    for key in a:
        left, right = a[key], b[key]
        if isinstance(left, tuple) and len(left) == 4 and isinstance(left[1], torch.Tensor):
            assert left[0] == right[0] and left[2] == right[2], key
            assert torch.equal(left[1], right[1]) or left[1].isnan().any(), key
            assert (left[3] is None) == (right[3] is None), key
            if left[3] is not None:
                assert left[3][0] == right[3][0] and torch.equal(left[3][1], right[3][1]), key
        elif isinstance(left, torch.Tensor):
            assert torch.equal(left, right), key
        else:
            assert left == right, key


def reference_statistics(module, x):
    """Moments of each normalization's input in a forward pass with the statistics of the whole batch, in double."""
    module = copy.deepcopy(module).double().eval()
    found = {}
    for name, m in module.named_modules():
        if isinstance(m, nn.modules.batchnorm._BatchNorm):
            m.train()
            m.register_forward_pre_hook(lambda m, args, name=name: found.update({name: args[0]}))
    with torch.no_grad():
        module(x.double())
    return {n: (v.mean((0, 2, 3)), v.var((0, 2, 3), unbiased=False), v.numel() // v.shape[1]) for n, v in found.items()}


class TestGraph:
    def test_follows_a_residual_network(self, resnet):
        with TorchNetwork(resnet, models.images()) as live:
            layers = live.describe()["layers"]
        index = {l["name"]: i for i, l in enumerate(layers)}
        add = layers[index["layer2.0 add"]]
        assert add["traits"]["merge"] == "sum"
        assert [layers[i]["name"] for i in add["inputs"]] == ["layer2.0.bn2", "layer2.0.downsample.1"]
        # In place: the identity of the first block is what the relu left, not what the normalization gave.
        block = layers[index["layer1.0 add"]]
        assert [layers[i]["name"] for i in block["inputs"]] == ["layer1.0.bn2", "forward relu"]
        assert layers[index["fc"]]["output_shape"] == [4] and layers[-1]["name"] == "fc"
        assert layers[index["layer1.0.conv1"]]["output_shape"] == [8, 8, 8]
        assert layers[index["layer1.0.drop"]]["traits"]["noise"] == {"rate": 0.3, "per": "channel"}

    def test_names_functions_and_finds_functional_dropout(self):
        net = models.DenseNet(drop=0.4).eval()
        with TorchNetwork(net, models.images()) as live:
            layers = {l["name"]: l for l in live.describe()["layers"]}
            assert layers["dense.0 dropout"]["traits"]["noise"]["rate"] == 0.4
            assert layers["dense.1 cat"]["traits"]["merge"] == "concatenation"
            assert layers["forward mean"]["traits"]["pooling"] == "mean"
            off = live.run("data", ROWS, want={"outputs": True})["outputs"]
            on = live.run("data", ROWS, noise=True, step=1, want={"outputs": True})["outputs"]
            again = live.run("data", ROWS, noise=True, step=1, want={"outputs": True})["outputs"]
            other = live.run("data", ROWS, noise=True, step=2, want={"outputs": True})["outputs"]
        assert np.abs(on - off).max() > 1e-4 and np.array_equal(on, again) and not np.array_equal(on, other)

    def test_follows_a_vision_transformer(self):
        net = models.ViT().eval()
        with TorchNetwork(net, models.images()) as live:
            described = live.describe()
            layers = {l["name"]: l for l in described["layers"]}
        assert layers["blocks.0.norm1"]["traits"]["normalization"]["over"] == "position"
        assert layers["blocks.0.norm1"]["output_shape"] == [5, 16]
        assert layers["blocks.1.drop_path1"]["traits"]["noise"] == {"rate": 0.1, "per": "sample"}
        assert layers["blocks.0.attn scaled_dot_product_attention"]["opaque"]
        names = {w["name"] for l in described["layers"] for w in l["weights"]}
        assert names == {n for n, _ in net.named_parameters()}

    def test_lists_every_weight_once(self, resnet):
        with TorchNetwork(resnet, models.images()) as live:
            names = [w["name"] for l in live.describe()["layers"] for w in l["weights"]]
        wanted = [n for n in resnet.state_dict() if not n.endswith("num_batches_tracked")]
        assert sorted(names) == sorted(wanted)

    def test_description_is_plain_data(self):
        for net in (models.MobileNet(), models.UNet(), models.ViT()):
            labels = torch.zeros(24, 8, 8, dtype=torch.long) if isinstance(net, models.UNet) else models.images()[1]
            with TorchNetwork(net, (models.images()[0], labels)) as live:
                json.dumps(live.describe(), allow_nan=False)

    def test_a_module_that_is_called_twice_has_its_weights_once(self):
        class Twice(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv, self.bn, self.fc = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3), nn.Linear(3, 4)

            def forward(self, x):
                x = self.bn(self.conv(x))
                return self.fc(self.bn(self.conv(x)).mean((2, 3)))

        with TorchNetwork(Twice().eval(), models.images()) as live:
            described = live.describe()
            layers = {l["name"]: l for l in described["layers"]}
            assert layers["bn (2)"]["opaque"] and not layers["bn (2)"]["weights"]
            count = live.run("data", ROWS, want={"input_moments": ["bn"]})["input_moments"]["bn"][0]
        assert count == 2 * 24 * 64
        assert any("bn is called several times" in s for s in described["lost"])

    def test_channels_last_inputs_are_seen(self):
        class Last(nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = models.ResNet()

            def forward(self, x):
                return self.inner(x.permute(0, 3, 1, 2))

        x, y = models.images()
        with TorchNetwork(Last().eval(), (x.permute(0, 2, 3, 1), y)) as live:
            assert live.describe()["input_shape"] == [8, 8, 3]
            assert np.array_equal(live.samples("data")["x"], x.permute(0, 2, 3, 1).numpy())

    def test_frozen_by_hand_is_seen_only_while_the_module_trains(self, resnet):
        resnet.train()
        resnet.bn1.eval()
        with TorchNetwork(resnet, models.images()) as live:
            moving = {
                l["name"]: l["traits"]["normalization"]["moving"]
                for l in live.describe()["layers"]
                if "normalization" in l["traits"]
            }
        assert moving["bn1"]["frozen"] and not moving["layer1.0.bn1"]["frozen"]


class TestWeights:
    def test_convolution_kernels_are_height_width_in_out(self, resnet):
        with TorchNetwork(resnet, models.images()) as live:
            w = live.weight("layer2.0.conv1.weight")
            assert w.shape == (3, 3, 8, 16)
            assert w[1, 2, 5, 7] == resnet.layer2[0].conv1.weight[7, 5, 1, 2].item()
            assert live.weight("fc.weight").shape == (16, 4)

    def test_transposed_kernels_are_height_width_out_in(self):
        net = models.UNet()
        x, _ = models.images()
        with TorchNetwork(net, (x, torch.zeros(24, 8, 8, dtype=torch.long))) as live:
            w = live.weight("up.weight")
            assert w.shape == (2, 2, 8, 16) and w[0, 1, 3, 9] == net.up.weight[9, 3, 0, 1].item()

    def test_what_is_set_is_read_used_and_restored(self, resnet):
        before = everything(resnet)
        with TorchNetwork(resnet, models.images()) as live:
            base = live.run("data", ROWS, want={"outputs": True})["outputs"]
            for name in ("fc.weight", "conv1.weight", "bn1.running_var"):
                w = live.weight(name)
                live.set_weight(name, 2 * w)
                assert np.allclose(live.weight(name), 2 * w)
            assert np.abs(live.run("data", ROWS, want={"outputs": True})["outputs"] - base).max() > 1e-3
        same(before, everything(resnet))


class TestMeasurements:
    def test_evaluation_equals_the_module(self, resnet):
        x, y = models.images()
        with TorchNetwork(resnet, (x, y)) as live:
            found = live.run("data", ROWS, want={"losses": True, "outputs": True})
        with torch.no_grad():
            z = resnet(x)
        assert np.allclose(found["outputs"], z.numpy(), atol=1e-5)
        assert np.allclose(found["losses"], F.cross_entropy(z.double(), y, reduction="none").numpy(), atol=1e-6)
        assert np.array_equal(found["correct"], (z.argmax(1) == y).double().numpy())
        assert found["losses"].dtype == np.float64

    def test_batch_statistics_equal_training_without_noise(self, resnet):
        x, y = models.images()
        with TorchNetwork(resnet, (x, y)) as live:
            names = live._moving
            found = live.run("data", ROWS, statistics=dict.fromkeys(names, "batch"), want={"outputs": True})["outputs"]
        twin = copy.deepcopy(resnet).train()
        for m in twin.modules():
            if isinstance(m, nn.Dropout2d):
                m.eval()
        with torch.no_grad():
            assert np.allclose(found, twin(x).numpy(), atol=2e-5)

    def test_supplied_statistics_equal_those_in_the_buffers(self, resnet):
        x, y = models.images()
        twin = models.randomize(copy.deepcopy(resnet), seed=5).eval()
        with TorchNetwork(resnet, (x, y)) as live:
            other = {
                n: (m.running_mean.double().numpy(), m.running_var.double().numpy())
                for n, m in twin.named_modules()
                if isinstance(m, nn.BatchNorm2d)
            }
            with torch.no_grad():  # only the statistics differ
                for n, m in twin.named_modules():
                    if isinstance(m, nn.BatchNorm2d):
                        m.weight.copy_(resnet.get_submodule(n).weight)
                        m.bias.copy_(resnet.get_submodule(n).bias)
                z = twin(x).numpy()
            found = live.run("data", ROWS, statistics=other, want={"outputs": True})["outputs"]
        assert np.allclose(found, z, atol=1e-5)

    def test_statistics_are_exact_and_conditioned(self, resnet):
        x, y = models.images()
        with TorchNetwork(resnet, (x, y)) as live:
            found = live.full_statistics("data", ROWS)
        wanted = reference_statistics(resnet, x)
        assert found["passes"] == 1.0 and found["layers"].keys() == wanted.keys()
        for n, (mean, variance, count) in wanted.items():
            c, m, m2 = found["layers"][n]
            assert c == count and np.allclose(m, mean, atol=1e-4) and np.allclose(m2 / c, variance, rtol=1e-4)

    def test_statistics_in_several_passes_equal_those_in_one(self, resnet):
        x, y = models.images()
        with TorchNetwork(resnet, (x, y)) as live:
            one = live.full_statistics("data", ROWS)
            live.memory = 7 * live.sample_bytes
            several = live.full_statistics("data", ROWS)
        assert several["passes"] > 2
        for n, (c, m, m2) in one["layers"].items():
            assert several["layers"][n][0] == c
            assert np.allclose(several["layers"][n][1], m, atol=2e-3) and np.allclose(
                several["layers"][n][2], m2, rtol=5e-3
            )

    def test_kept_layers_use_their_moving_statistics(self, resnet):
        x, y = models.images()
        with TorchNetwork(resnet, (x, y)) as live:
            all_but = [n for n in live._moving if n != "layer1.0.bn1"]
            kept = live.full_statistics("data", ROWS, keep=all_but)["layers"]
            moving = live.run("data", ROWS, want={"input_moments": ["layer1.0.bn1"]})["input_moments"]
        assert list(kept) == ["layer1.0.bn1"]
        assert np.allclose(kept["layer1.0.bn1"][1], moving["layer1.0.bn1"][1])

    def test_input_moments_histograms_and_squares(self, resnet):
        x, y = models.images()
        with TorchNetwork(resnet, (x, y)) as live:
            mean, deviation = np.zeros(8), np.full(8, 0.5)
            found = live.run(
                "data",
                ROWS,
                want={
                    "input_moments": ["bn1", "fc"],
                    "input_squares": ["fc", "bn1"],
                    "input_histograms": {"bn1": (mean, deviation)},
                },
            )
        with torch.no_grad():
            h = resnet.conv1(x).double()
        count, m, m2 = found["input_moments"]["bn1"]
        assert count == 24 * 64 and np.allclose(m, h.mean((0, 2, 3)), atol=1e-6)
        assert np.allclose(m2, h.var((0, 2, 3), unbiased=False) * count, rtol=1e-5)
        bins = np.clip(np.floor((h.numpy() / 0.5 + 4) / 8 * 64), 0, 63).astype(int)
        counts, number = found["input_histograms"]["bn1"]
        assert number == h.numel() and np.abs(counts - np.bincount(bins.ravel(), minlength=64)).sum() <= 4
        assert np.allclose(found["input_squares"]["bn1"], (h**2).sum(0).permute(1, 2, 0).reshape(-1), rtol=1e-4)
        assert found["input_squares"]["fc"].shape == (16,) and found["input_moments"]["fc"][0] == 24

    def test_output_signals_of_modules_and_functions(self, resnet):
        with TorchNetwork(resnet, models.images()) as live:
            found = live.run("data", ROWS, want={"output_signals": ["bn1", "forward relu", "layer1.0.relu", "fc"]})
            found = found["output_signals"]
        count, mean, m2, low, high = found["forward relu"]
        assert count == 24 * 64 and (low >= 0).all() and (high >= low).all() and mean.shape == (8,)
        # The second relu is called in place twice; the first call's figures are its own.
        assert found["layer1.0.relu"][0] == count and found["fc"][1].shape == (4,)

    def test_a_pass_for_moments_alone_ends_after_the_last_layer(self, resnet):
        with TorchNetwork(resnet, models.images()) as live:
            called = []
            handle = resnet.fc.register_forward_hook(lambda *a: called.append(1))
            live.run("data", ROWS, want={"input_moments": ["bn1"]})
            assert not called
            live.run("data", ROWS, want={"input_moments": ["bn1"], "losses": True})
            assert called
            handle.remove()

    def test_replaced_inputs_and_labels_are_used(self, resnet):
        x, y = models.images()
        with TorchNetwork(resnet, (x, y)) as live:
            own = live.samples("data")["x"]
            found = live.run("data", ROWS[:5], x=own[5:10], y=np.zeros(5, np.int32), want={"losses": True})
        with torch.no_grad():
            wanted = F.cross_entropy(resnet(x[5:10]), torch.zeros(5, dtype=torch.long), reduction="none")
        assert np.allclose(found["losses"], wanted, atol=1e-5)

    def test_gradients_are_those_of_one_training_step(self, resnet):
        x, y = models.images()
        for m in resnet.modules():
            if isinstance(m, nn.Dropout2d):
                m.p = 0.0
        resnet.layer1[0].conv1.weight.requires_grad_(False)
        with TorchNetwork(resnet, (x, y)) as live:
            found = live.gradient_norms("data", ROWS)
        twin = copy.deepcopy(resnet).train()
        F.cross_entropy(twin(x), y).backward()
        wanted = {n: p.grad.norm().item() for n, p in twin.named_parameters() if p.requires_grad}
        assert found.keys() == wanted.keys() and "layer1.0.conv1.weight" not in found
        for n, (norm, size) in found.items():
            assert norm == pytest.approx(wanted[n], rel=1e-3, abs=1e-6) and size == twin.get_parameter(n).numel()

    def test_positions_of_a_segmentation_network(self):
        x, _ = models.images()
        y = torch.randint(0, 3, (24, 8, 8))
        y[0, :2] = -100
        net = models.UNet().eval()
        with TorchNetwork(net, (x, y), loss=nn.CrossEntropyLoss(label_smoothing=0.1)) as live:
            found = live.run("data", ROWS, want={"losses": True, "outputs": True})
            assert live.describe()["outputs"] == 3 and live.describe()["label_smoothing"] == 0.1
        with torch.no_grad():
            z = net(x).double()
        wanted = F.cross_entropy(z, y, reduction="none", label_smoothing=0.1).flatten(1).sum(1) / (y >= 0).flatten(
            1
        ).sum(1)
        assert np.allclose(found["losses"], wanted, atol=1e-5)
        assert np.allclose(found["outputs"], z.permute(0, 2, 3, 1).reshape(24, -1), atol=1e-5)

    def test_losses_by_name(self):
        x, y = models.images()
        net = models.ResNet(classes=1).eval()
        with torch.no_grad():
            z = net(x).double()[:, 0]
        b = (y > 1).float()
        for loss, labels, wanted in (
            ("bce_with_logits", b, F.binary_cross_entropy_with_logits(z, b.double(), reduction="none")),
            ("mse", b * 3, (z - b.double() * 3) ** 2),
            (lambda o, t: ((o[:, 0] - t) ** 4).mean(), b, (z - b.double()) ** 4),
        ):
            with TorchNetwork(net, (x, labels), loss=loss) as live:
                assert np.allclose(live.run("data", ROWS, want={"losses": True})["losses"], wanted, atol=1e-4)

    def test_half_precision_is_respected(self, resnet):
        x, y = models.images()
        half = copy.deepcopy(resnet).to(torch.bfloat16)
        with TorchNetwork(half, (x, y)) as live:
            z = live.run("data", ROWS, want={"outputs": True})["outputs"]
        with torch.no_grad():
            assert np.allclose(z, half(x.to(torch.bfloat16)).float().numpy())
        with TorchNetwork(resnet, (x, y), autocast=torch.bfloat16) as live:
            z = live.run("data", ROWS, want={"outputs": True})["outputs"]
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            assert np.allclose(z, resnet(x).float().numpy())


def measure_all(live):
    live.describe()
    names = live._moving
    live.run("data", ROWS, want={"losses": True, "output_signals": [n.name for n in live.nodes]})
    live.run("data", ROWS, statistics=dict.fromkeys(names, "batch"), noise=True, step=3, want={"losses": True})
    live.full_statistics("data", ROWS, noise=True)
    live.gradient_norms("data", ROWS)
    live.set_weight("fc.weight", np.zeros_like(live.weight("fc.weight")))


class TestNothingChanges:
    @pytest.mark.parametrize("training", [True, False])
    def test_after_a_diagnosis(self, resnet, training):
        resnet.train(training)
        resnet.layer1.eval()
        resnet.register_forward_hook(lambda *a: None)
        resnet.fc.weight.requires_grad_(False)
        F.cross_entropy(resnet(models.images()[0]), models.images()[1]).backward()
        before = everything(resnet)
        with TorchNetwork(resnet, models.images()) as live:
            measure_all(live)
        same(before, everything(resnet))

    @pytest.mark.parametrize("problem", [RuntimeError, KeyboardInterrupt])
    def test_after_an_exception(self, resnet, problem):
        before = everything(resnet)
        calls = []

        def fail(*_):
            calls.append(1)
            if len(calls) > 2:
                raise problem("stop")

        with pytest.raises(problem):
            with TorchNetwork(resnet, models.images()) as live:
                handle = resnet.layer2.register_forward_pre_hook(fail)
                try:
                    measure_all(live)
                finally:
                    handle.remove()
        same(before, everything(resnet))

    def test_between_two_measurements(self, resnet):
        with TorchNetwork(resnet, models.images()) as live:
            before = everything(resnet)
            live.run("data", ROWS, statistics={"bn1": "batch"}, noise=True, want={"losses": True})
            live.full_statistics("data", ROWS)
            live.gradient_norms("data", ROWS)
            same(before, everything(resnet))

    def test_when_the_data_are_wrong(self, resnet):
        before = everything(resnet)
        with pytest.raises(InputError):
            TorchNetwork(resnet, (models.images()[0], models.images()[1] + 9))
        same(before, everything(resnet))


class TestWrapped:
    def test_data_parallel_and_compiled_modules_are_unwrapped(self, resnet):
        for wrapped in (nn.DataParallel(resnet), torch.compile(resnet), torch.compile(nn.DataParallel(resnet))):
            with TorchNetwork(wrapped, models.images()) as live:
                assert live.module is resnet and live.describe()["class"] == "ResNet"

    def test_a_compiled_part_keeps_its_path(self, resnet):
        names = None
        for part in (resnet.layer1, torch.compile(resnet.layer1)):
            resnet.layer1 = part
            with TorchNetwork(resnet, models.images()) as live:
                found = [l["name"] for l in live.describe()["layers"]]
            names = names or found
        assert found == names

    @pytest.mark.filterwarnings("ignore")
    def test_scripted_modules_are_refused_by_name(self, resnet):
        with pytest.raises(UnsupportedError, match="ResNet is a ScriptModule"):
            TorchNetwork(torch.jit.trace(resnet, models.images()[0]), models.images())

    def test_lazy_layers_are_refused_by_name(self):
        net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(4))
        with pytest.raises(InputError, match="1, 3"):
            TorchNetwork(net, models.images())

    def test_other_normalizations(self):
        torchvision = pytest.importorskip("torchvision")
        net = nn.Sequential(
            nn.Conv2d(3, 4, 3),
            torchvision.ops.FrozenBatchNorm2d(4),
            nn.GroupNorm(2, 4),
            nn.InstanceNorm2d(4, track_running_stats=True),
            nn.SyncBatchNorm(4),
            nn.BatchNorm2d(4, track_running_stats=False),
            nn.BatchNorm2d(4, momentum=None),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(4, 4),
        ).eval()
        with TorchNetwork(net, models.images()) as live:
            layers = live.describe()["layers"]
            moving = [l["traits"].get("normalization", {}).get("moving") for l in layers]
            assert moving[1]["frozen"] and moving[4]["momentum"] == pytest.approx(0.9) and not moving[4]["frozen"]
            assert moving[2] is None and moving[3] is None and moving[5] is None and moving[6]["momentum"] == 0.0
            assert [w["role"] for w in layers[6]["weights"]][-1] == "batches"
            found = live.full_statistics("data", ROWS)["layers"]
            assert set(found) == {"4", "6"}
            assert set(live.full_statistics("data", ROWS, frozen_too=True)["layers"]) == {"1", "4", "6"}
            live.gradient_norms("data", ROWS)


class TestUnseenCode:
    def test_what_calls_no_function_of_pytorch_is_an_opaque_layer(self):
        class Swish(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * x.sigmoid()

            @staticmethod
            def backward(ctx, g):
                return g * ctx.saved_tensors[0].sigmoid()

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.bn, self.b = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 4)

            def forward(self, x):
                x = Swish.apply(self.a(x))
                x = torch.from_numpy(self.bn(x).detach().numpy() * 2)
                return self.b(x.mean((2, 3)))

        with TorchNetwork(Net().eval(), models.images()) as live:
            layers = live.describe()["layers"]
            index = {l["name"]: i for i, l in enumerate(layers)}
            assert (
                layers[index["forward unseen"]]["inputs"] == [index["bn"]] and layers[index["forward unseen"]]["opaque"]
            )
            assert layers[index["forward mean"]]["inputs"] == [index["forward unseen"]]
            assert live.full_statistics("data", ROWS)["layers"]["bn"][0] == 24 * 36


class OwnAverage(nn.Module):
    """Updates a buffer and attributes in training, as code of one's own does."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc, self.steps = nn.Conv2d(3, 4, 3), nn.Linear(4, 4), 0
        self.register_buffer("average", torch.zeros(4))

    def forward(self, x):
        h = self.conv(x)
        if self.training:
            self.steps += 1
            self.average.mul_(0.5).add_(h.detach().mean((0, 2, 3)), alpha=0.5)
        self.last = h
        return self.fc(F.dropout(h - self.average[:, None, None], 0.2, self.training).mean((2, 3)))


class TestCodeThatTrains:
    def test_a_pass_in_training_mode_leaves_nothing_to_the_next(self):
        net, (x, y) = OwnAverage().eval(), models.images()
        with torch.no_grad():
            wanted = net(x).numpy()
        del net.last
        with TorchNetwork(net, (x, y)) as live:
            for _ in range(2):
                assert np.allclose(live.run("data", ROWS, want={"outputs": True})["outputs"], wanted, atol=1e-6)
                live.run("data", ROWS, noise=True, want={"losses": True})
                live.gradient_norms("data", ROWS)
        assert net.steps == 0 and not hasattr(net, "last") and not net.average.any()

    def test_a_path_that_training_leaves_out_by_chance_is_looked_at(self):
        class Depth(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.bn1, self.fc = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 4)
                self.b, self.bn2 = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)

            def forward(self, x):
                x = self.bn1(self.a(x))
                if not self.training or torch.rand(()) > 2:
                    x = x + self.bn2(self.b(x))
                return self.fc(x.mean((2, 3)))

        with TorchNetwork(Depth().eval(), models.images()) as live:
            assert live._moving == ["bn1", "bn2"]

    def test_gradients_that_cannot_be_computed_are_said(self):
        class Fixed(nn.Module):
            def __init__(self):
                super().__init__()
                self.net = models.ResNet()

            @torch.no_grad()
            def forward(self, x):
                return self.net(x)

        with TorchNetwork(Fixed().eval(), models.images()) as live:
            assert "does not require grad" in live.describe()["cannot"]["gradients"]
        with TorchNetwork(models.ResNet().eval(), models.images()) as live:
            assert live.describe()["cannot"] == {}

    @pytest.mark.filterwarnings("ignore")
    def test_a_scripted_part_is_refused_by_its_path(self):
        net = nn.Sequential(torch.jit.script(nn.Conv2d(3, 4, 3)), nn.Flatten(), nn.Linear(144, 4))
        with pytest.raises(UnsupportedError, match="0 is a ScriptModule"):
            TorchNetwork(net, models.images())


class TestTargets:
    def test_classes_of_positions_become_rows(self):
        x, _ = models.images()
        y = torch.randint(0, 3, (24, 8, 8))
        y[0, 0, 0] = -100  # which PyTorch's cross-entropy passes over
        with TorchNetwork(models.UNet().eval(), (x, y)) as live:
            targets = live.samples("data")["y"].reshape(24, 64, 3)
        assert np.array_equal(targets.argmax(2)[1:], y.flatten(1)[1:].numpy())
        assert targets[0, 0].sum() == 0 and targets.sum() == 24 * 64 - 1

    def test_samples_with_many_outputs_are_fewer(self):
        x, y = torch.randn(64, 3, 8, 8), torch.randint(0, 3, (64, 8, 8))
        with TorchNetwork(models.UNet().eval(), (x, y), memory=16 * 40 * 192) as live:
            assert live.samples("data")["size"] == 40 and live.samples("data")["y"].shape == (40, 192)
            assert any("40 of 64 samples" in said for said in live.lost)
