import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import torch_models as models
from evenkeel_nn.live.errors import InputError
from evenkeel_nn.live.torch_network import TorchNetwork

torch.set_num_threads(1)


@pytest.fixture
def net():
    torch.manual_seed(0)
    return models.MobileNet().eval()


def batches(n=24, of=8):
    x, y = models.images(n)
    return [(x[i : i + of], y[i : i + of]) for i in range(0, n, of)]


class TestSources:
    def test_pairs_of_arrays_are_spread(self, net):
        x, y = models.images(40)
        with TorchNetwork(net, (x.numpy(), y.numpy()), samples=10) as live:
            got = live.samples("data")
        assert got["size"] == 10 and np.array_equal(got["y"], y[::4].numpy()) and got["x"].shape == (10, 8, 8, 3)
        assert live.samples("train") is None

    def test_a_sorted_loader_is_spread_and_a_shuffled_one_read_from_its_beginning(self, net):
        x, y = models.images(40)
        data = TensorDataset(x, y.sort()[0])
        with TorchNetwork(net, DataLoader(data, batch_size=4), samples=8) as live:
            assert len(set(live.samples("data")["y"])) > 2
        loader = DataLoader(data, batch_size=4, shuffle=True, generator=torch.Generator().manual_seed(3))
        state = loader.generator.get_state()
        with TorchNetwork(net, loader, train=loader, samples=8) as live:
            assert live.samples("train")["size"] == 8
            assert live.describe()["records"]["batch_size"] == 4
        assert torch.equal(state, loader.generator.get_state())

    def test_iterables_of_batches_and_data_sets(self, net):
        for data in (batches(), (b for b in batches()), TensorDataset(*models.images())):
            with TorchNetwork(net, data, samples=20) as live:
                assert live.samples("data")["size"] == 20

    def test_dicts_with_a_batch_function(self, net):
        data = [{"image": x, "label": y} for x, y in batches()]
        with TorchNetwork(net, data, batch=lambda b: (b["image"], b["label"])) as live:
            assert live.samples("data")["size"] == 24

    def test_without_labels_if_asked(self, net):
        with TorchNetwork(net, [x for x, _ in batches()], batch=lambda b: (b, None)) as live:
            assert live.samples("data")["y"] is None
            with pytest.raises(InputError, match="no labels"):
                live.run("data", np.arange(3), want={"losses": True})

    def test_bytes_stay_bytes(self):
        class Bytes(nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = models.ResNet()

            def forward(self, x):
                return self.inner(x / 255)

        x = (torch.rand(24, 3, 8, 8) * 255).to(torch.uint8)
        with TorchNetwork(Bytes().eval(), (x, models.images()[1])) as live:
            assert live.samples("data")["x"].dtype == np.uint8
            base = live.run("data", np.arange(24), want={"outputs": True})["outputs"]
            other = live.run(
                "data", np.arange(24), x=live.samples("data")["x"].astype(np.float32), want={"outputs": True}
            )
        assert np.allclose(base, other["outputs"], atol=1e-6)

    def test_tokens_are_no_array_of_numbers(self):
        class Text(nn.Module):
            def __init__(self):
                super().__init__()
                self.e, self.bn, self.fc = nn.Embedding(10, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)

            def forward(self, ids, mask):
                return {"logits": self.fc(self.bn((self.e(ids) * mask[..., None]).mean(1)))}

        data = [({"ids": torch.randint(0, 10, (8, 5)), "mask": torch.ones(8, 5)}, torch.randint(0, 3, (8,)))] * 3
        with TorchNetwork(Text().eval(), data, outputs="logits") as live:
            assert live.samples("data")["x"] is None and live.describe()["input_shape"] == [1]
            assert live.full_statistics("data", np.arange(24))["layers"]["bn"][0] == 24
            assert np.isfinite(live.run("data", np.arange(24), want={"losses": True})["losses"]).all()


class TestRefusals:
    """Each says what was seen and how to go on."""

    @pytest.mark.parametrize(
        "data, says",
        [
            (
                [{"image": torch.zeros(4, 3, 8, 8), "label": torch.zeros(4)}],
                r"a dict with 'image'.*batch=lambda b: \(b\['image'\], b\['label'\]\)",
            ),
            ([(torch.zeros(4, 3, 8, 8), torch.zeros(4), torch.zeros(4))], r"a tuple of 3.*batch=lambda"),
            ([torch.zeros(4, 3, 8, 8)], "no labels.*batch=lambda b: "),
            (torch.zeros(4, 3, 8, 8), "no labels.*pair"),
            (iter([]), "used up already"),
            ([], "no samples"),
            (3, "must be a pair of arrays"),
            ((torch.zeros(4, 3, 8, 8), torch.zeros(3)), "differ in number"),
            (
                [(torch.zeros(4, 3, 8, 8), torch.zeros(4)), (torch.zeros(4, 3, 9, 9), torch.zeros(4))],
                "do not fit together",
            ),
            ((torch.zeros(4, 3, 8, 8), torch.tensor([0.0, 1, 2, 1])), r"whole numbers stored as floats.*\.long\(\)"),
            ((torch.zeros(4, 3, 8, 8), torch.tensor([0.5, 1, 2, 1])), 'loss="mse"'),
            ((torch.zeros(4, 3, 8, 8), torch.tensor([0, 1, 2, 4])), "class numbers from 0 to 4"),
            ((torch.zeros(4, 3, 8, 8), torch.tensor([[1, 1, 0, 0]] * 4)), "bce_with_logits"),
            ((torch.full((4, 3, 8, 8), float("nan")), torch.zeros(4).long()), "4 of 4 samples.*NaN"),
        ],
    )
    def test_data(self, net, data, says):
        with pytest.raises(InputError, match=says):
            TorchNetwork(net, data, loss="cross_entropy")

    def test_the_same_iterator_twice(self, net):
        data = iter(batches())
        with pytest.raises(InputError, match="used only once"):
            TorchNetwork(net, data, train=data)

    def test_one_hot_labels_are_taken(self, net):
        x, y = models.images()
        with TorchNetwork(net, (x, y)) as live:
            a = live.run("data", np.arange(24), want={"losses": True})
        with TorchNetwork(net, (x, torch.eye(4, dtype=torch.long)[y])) as live:
            b = live.run("data", np.arange(24), want={"losses": True})
        assert np.allclose(a["losses"], b["losses"]) and np.array_equal(a["correct"], b["correct"])

    @pytest.mark.parametrize(
        "kind, says", [("dict", "outputs='logits'"), ("tuple", "outputs=0"), ("dataclass", "outputs=lambda o")]
    )
    def test_outputs_that_are_no_tensor(self, net, kind, says):
        @dataclasses.dataclass
        class Output:
            logits: torch.Tensor

        class Other(nn.Module):
            def __init__(self):
                super().__init__()
                self.net = net

            def forward(self, x):
                z = self.net(x)
                return {"dict": {"loss": z.mean(), "logits": z}, "tuple": (z, x), "dataclass": Output(z)}[kind]

        with pytest.raises(InputError, match=says):
            TorchNetwork(Other(), models.images())
        outputs = {"dict": "logits", "tuple": 0, "dataclass": "logits"}[kind]
        with TorchNetwork(Other(), models.images(), outputs=outputs) as live:
            assert live.run("data", np.arange(4), want={"outputs": True})["outputs"].shape == (4, 4)

    def test_outputs_that_are_not_finite(self, net):
        class Bad(nn.Module):
            def __init__(self):
                super().__init__()
                self.net = net

            def forward(self, x):
                return self.net(x).abs().neg().log()

        with pytest.raises(InputError, match="first such layer is 'forward log'"):
            TorchNetwork(Bad(), models.images())
        with torch.no_grad():  # weights that are not finite are a finding
            net.classifier[1].weight[0] = float("nan")
        with TorchNetwork(net, models.images()) as live:
            assert np.isnan(live.run("data", np.arange(4), want={"outputs": True})["outputs"]).any()

    def test_labels_and_outputs_imply_the_loss(self, net):
        x, y = models.images()
        one = models.ResNet(classes=1).eval()
        for module, labels, kind in (
            (net, y, "cross_entropy"),
            (one, (y > 1).long(), "binary_crossentropy"),
            (one, y + 0.5, "mse"),
            (net, torch.eye(4)[y], "cross_entropy"),
            (net, torch.ones(24, 4).long(), "binary_crossentropy"),
            (net, torch.randn(24, 4), "mse"),
        ):
            with TorchNetwork(module, (x, labels)) as live:
                assert live.describe()["loss"] == kind

    def test_an_unknown_loss(self, net):
        with pytest.raises(InputError, match="cross_entropy"):
            TorchNetwork(net, models.images(), loss="hinge")
