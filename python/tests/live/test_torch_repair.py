import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import torch_models as models
from evenkeel_nn.live import update_bn
from evenkeel_nn.live.errors import InputError
from evenkeel_nn.live.torch_repair import repair_module, reorder_vectors, silence_bad_channels
from test_torch_network import everything, reference_statistics

torch.set_num_threads(1)


@pytest.fixture
def net():
    torch.manual_seed(0)
    return models.randomize(models.ResNet(drop=0.3)).eval()


def exact(module, x):
    return {
        n: (mean, variance * count / (count - 1))
        for n, (mean, variance, count) in reference_statistics(module, x).items()
    }


def close(module, wanted, atol=1e-4):
    for n, (mean, variance) in wanted.items():
        m = module.get_submodule(n)
        assert np.allclose(m.running_mean, mean, atol=atol) and np.allclose(m.running_var, variance, rtol=10 * atol), n


class TestUpdateBn:
    def test_gives_the_statistics_of_all_data_as_one_batch(self, net):
        x, y = models.images(24)
        wanted = exact(net, x)
        rng = torch.get_rng_state()
        net.train()
        net.layer1.eval()
        update_bn([(x[i : i + 5], y[i : i + 5]) for i in range(0, 24, 5)], net)
        close(net, wanted)
        assert net.training and not net.layer1.training and net.bn1.num_batches_tracked == 5
        assert torch.equal(rng, torch.get_rng_state())

    def test_gives_them_when_data_do_not_fit_the_memory(self, net):
        x, _ = models.images(24)
        wanted = exact(net, x)
        update_bn([x[i : i + 5] for i in range(0, 24, 5)], net, memory=100_000)
        close(net, wanted, atol=3e-3)

    def test_images_that_change_from_pass_to_pass_end_the_passes(self, net):
        x, _ = models.images(24)
        passes = []

        class Changing:
            def __iter__(self):
                passes.append(1)
                return (x[i : i + 5] + 0.3 * torch.randn(1) for i in range(0, 24, 5))

        update_bn(Changing(), net, memory=100_000)
        assert len(passes) < 10

    def test_takes_the_device_where_pytorchs_does(self, net):
        x, _ = models.images(24)
        update_bn([x], net, torch.device("cpu"))
        close(net, exact(net, x))

    def test_is_more_exact_than_pytorchs(self, net):
        x, _ = models.images(48)
        wanted = exact(net, x)
        loader = [x[i : i + 4] for i in range(0, 48, 4)]
        theirs = copy.deepcopy(net)
        torch.optim.swa_utils.update_bn(loader, theirs)
        update_bn(loader, net)
        error = lambda m: max(
            float((m.get_submodule(n).running_var / v - 1).abs().max())
            for n, (_, v) in ((n, (a, torch.as_tensor(b))) for n, (a, b) in wanted.items())
        )
        assert error(net) < 1e-3 < 0.05 < error(theirs)

    def test_takes_iterators_loaders_and_a_call(self, net):
        x, y = models.images(24)
        wanted = exact(net, x)
        dicts = [{"image": x[:9], "name": ["a"] * 9}, {"image": x[9:], "name": ["b"] * 15}]
        for loader, call in (
            (iter([x[:7], x[7:]]), None),
            (DataLoader(TensorDataset(x, y), batch_size=8), None),
            (dicts, lambda module, batch: module(batch["image"])),
        ):
            twin = copy.deepcopy(net)
            update_bn(loader, twin, call)
            close(twin, wanted, atol=3e-3)

    def test_refuses_an_empty_loader_and_leaves_modules_without_normalization_alone(self, net):
        with pytest.raises(InputError, match="no batch"):
            update_bn([], net)
        update_bn([], nn.Linear(2, 2))

    def test_sees_through_wrappers(self, net):
        x, _ = models.images(24)
        wanted = exact(net, x)
        update_bn([x], torch.optim.swa_utils.AveragedModel(net))
        assert not np.allclose(net.bn1.running_mean, wanted["bn1"][0], atol=1e-4)  # an averaged model is a copy
        update_bn([x], nn.DataParallel(net))
        close(net, wanted)


class TestRepair:
    def test_statistics_on_a_copy(self, net):
        x, y = models.images(40)
        before = everything(net)
        mended, changes, scored = repair_module(net, (x, y), {"statistics": True})
        close(mended, exact(net, x))
        assert {"bn1", "layer2.0.downsample.1"} <= {path for path, _ in changes}
        assert scored["before"]["loss"] > 0 and scored["after"]["loss"] > 0 and scored["on"] == "cross-fitted halves"
        after = everything(net)
        assert all(
            torch.equal(before[k][1], after[k][1])
            for k in before
            if isinstance(before[k], tuple) and len(before[k]) == 4
        )

    def test_scores_on_validation_data_are_those_of_the_modules(self, net):
        x, y = models.images(40)
        v, w = models.images(16, seed=3)
        mended, _, scored = repair_module(net, (x, y), {"statistics": True}, validation=(v, w))
        with torch.no_grad():
            for m, name in ((net, "before"), (mended, "after")):
                assert scored[name]["loss"] == pytest.approx(nn.functional.cross_entropy(m(v), w).item(), rel=1e-4)

    def test_bad_channels_become_zero(self, net):
        with torch.no_grad():
            net.layer1[0].conv1.weight[3, 0, 0, 0] = float("nan")
            net.bn1.weight[2] = float("inf")
        changes = silence_bad_channels(net)
        assert [path for path, _ in changes] == ["bn1", "layer1.0.conv1"]
        assert torch.isfinite(net(models.images()[0])).all() and not net.layer1[0].conv1.weight[3].any()

    def test_vectors_return_to_their_places(self, net):
        m = net.bn1
        gamma, mean = m.weight.detach().clone(), m.running_mean.clone()
        with torch.no_grad():
            m.weight.copy_(mean)
            m.running_mean.copy_(gamma)
        reorder_vectors(net, "bn1", [("gamma", "moving mean"), ("moving mean", "gamma")])
        assert torch.equal(m.weight, gamma) and torch.equal(m.running_mean, mean)

    def test_an_inverted_momentum_is_turned(self, net):
        net.bn1.momentum = 0.99
        mended, changes, _ = repair_module(net, models.images(), {"invert": ["bn1"], "statistics": True})
        assert mended.bn1.momentum == pytest.approx(0.01) and net.bn1.momentum == 0.99
