"""The doctor on live networks, end to end: needs the compiled library."""

import pytest

ek = pytest.importorskip("evenkeel_nn", exc_type=ImportError)
if not hasattr(ek, "diagnose"):
    pytest.skip("without the compiled library", allow_module_level=True)
torch = pytest.importorskip("torch")
from torch import nn

import torch_models as models
from test_torch_network import everything, same

torch.set_num_threads(1)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def trained(net, x, y, steps=60, seed=0):
    torch.manual_seed(seed)
    optimizer = torch.optim.SGD(net.parameters(), 0.05, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=steps, cycle_momentum=False)
    net.train()
    for _ in range(steps):
        rows = torch.randint(0, len(x), (32,))
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
        optimizer.step()
        schedule.step()
    return net.eval()


@pytest.fixture(scope="module")
def sets():
    return models.images(600, seed=1), models.images(300, seed=2)


@pytest.fixture
def net(sets):
    torch.manual_seed(0)
    return trained(models.ResNet(), *sets[0])


def serious(report):
    return {f.code: f for f in report.findings if f.severity != "info"}


class TestDiagnose:
    def test_a_healthy_module_has_no_findings_and_stays_as_it_was(self, net, sets):
        before = everything(net)
        report = ek.diagnose(net, sets[1], train=sets[0], verbose=False)
        same(before, everything(net))
        assert not serious(report) and report.passes < 40
        assert "<html" in report.to_html() and report.to_dict()["findings"] is not None

    def test_statistics_that_were_never_updated(self, net, sets):
        for m in net.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.reset_running_stats()
        found = serious(ek.diagnose(net, sets[1], train=sets[0], verbose=False))
        assert "never-updated" in found and "layer2.0.bn2" in found["never-updated"].layers

    def test_one_layer_is_named_by_its_path(self, net, sets):
        with torch.no_grad():
            net.layer2[0].bn1.running_mean += 3
            net.layer2[0].bn1.running_var *= 5
        found = serious(ek.diagnose(net, sets[1], train=sets[0], verbose=False))
        assert found["stale-statistics"].layers == ["layer2.0.bn1"]

    def test_weights_that_are_not_finite(self, net, sets):
        with torch.no_grad():
            net.layer1[0].conv1.weight[0, 0, 0, 0] = float("nan")
        found = serious(ek.diagnose(net, sets[1], verbose=False))
        assert found["not-finite"].layers == ["layer1.0.conv1"]

    def test_inputs_that_are_no_array_of_numbers(self, sets):
        class Text(nn.Module):
            def __init__(self):
                super().__init__()
                self.e, self.bn, self.fc = nn.Embedding(10, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)

            def forward(self, ids):
                return self.fc(self.bn(self.e(ids).mean(1)))

        ids = torch.randint(0, 10, (200, 5))
        report = ek.diagnose(Text().eval(), (ids, ids[:, 0] % 3), verbose=False)
        assert "near-guessing" in serious(report) and report.statistics[0]["distance"] > 0.05

    def test_positions(self):
        x, _ = models.images(100, size=8)
        y = (x.mean(1) > 0).long()
        report = ek.diagnose(models.UNet(classes=2).eval(), (x, y), verbose=False)
        assert "near-guessing" in serious(report) and len(report.statistics) == 3


class TestRepair:
    def test_a_copy_is_mended(self, net, sets):
        for m in net.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.reset_running_stats()
        before = everything(net)
        fixed = ek.repair(net, sets[0], validation=sets[1], verbose=False)
        same(before, everything(net))
        assert fixed.after["accuracy"] > fixed.before["accuracy"] and fixed.repair.methods == ["re-estimate"]
        assert not serious(ek.diagnose(fixed, sets[1], train=sets[0], verbose=False))

    def test_data_that_are_not_prepared_as_in_training_are_refused(self, net, sets):
        with pytest.raises(ek.InputError, match="not prepared as in training"):
            ek.repair(net, (sets[1][0] * 255, sets[1][1]), fix="re-estimate", verbose=False)

    def test_an_unknown_method(self, net, sets):
        with pytest.raises(ek.InputError, match="is not known"):
            ek.repair(net, sets[0], fix="magic", verbose=False)


def test_keras_models_are_diagnosed(sets):
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(8, 3, use_bias=False),
            layers.BatchNormalization(name="bn"),
            layers.ReLU(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x, y = (t.numpy() for t in sets[0])
    x = x.transpose(0, 2, 3, 1)
    report = ek.diagnose(model, (x, y), verbose=False)
    assert serious(report)["never-updated"].layers == ["bn"]
    fixed = ek.repair(model, (x, y), verbose=False)
    assert fixed.after["loss"] < fixed.before["loss"] or fixed.repair.changes


class OwnFunctions(nn.Module):
    """Statistics in buffers of other names, a dropout that is always on, and one that is not."""

    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.fc = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Linear(8, 4)
        self.register_buffer("mu", torch.zeros(8))
        self.register_buffer("var", torch.ones(8))

    def forward(self, x):
        x = nn.functional.batch_norm(self.conv(x), self.mu, self.var, training=self.training)
        x = self.bn(nn.functional.dropout(x, 0.3))
        x = nn.functional.dropout(x, 0.2, training=self.training)
        return self.fc(x.mean((2, 3)))


def test_functional_calls_that_cannot_be_judged_are_listed_and_change_nothing():
    net = OwnFunctions().eval()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    report = ek.diagnose(net, (torch.randn(64, 3, 8, 8), torch.randint(0, 4, (64,))), verbose=False)
    text = report.details()
    assert "forward batch_norm (" in text and "buffers of other names" in text
    assert "forward dropout (" in text and "training=self.training" in text
    assert "forward dropout (2) (" not in text
    assert "test_live_doctor.py:" in text
    for key, value in net.state_dict().items():
        assert torch.equal(value, before[key]), key
