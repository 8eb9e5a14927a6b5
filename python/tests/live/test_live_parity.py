"""The same network, examined live in PyTorch, live in Keras and imported into our engine, gives the same answers."""

import pytest

ek = pytest.importorskip("evenkeel_nn", exc_type=ImportError)
if not hasattr(ek, "diagnose"):
    pytest.skip("without the compiled library", allow_module_level=True)
torch = pytest.importorskip("torch")
keras = pytest.importorskip("keras")
from torch import nn

import torch_models as models
from test_live_doctor import trained

torch.set_num_threads(1)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Net(nn.Module):
    """What all three express."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8)
        self.conv2, self.bn2 = nn.Conv2d(8, 12, 3, bias=False), nn.BatchNorm2d(12)
        self.drop, self.fc = nn.Dropout(0.2), nn.Linear(12, 4)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        return self.fc(self.drop(x.mean((2, 3))))


def healthy(net):
    pass


def never_updated(net):
    net.bn1.reset_running_stats()
    net.bn2.reset_running_stats()


def stale(net):
    net.bn2.running_mean += 1.5
    net.bn2.running_var *= 3


def bad_variance(net):
    net.bn1.running_var[3] = -0.5


def not_finite(net):
    net.conv2.weight[2, 0, 0, 0] = float("nan")


def extreme_gamma(net):
    net.bn2.weight[1] = 1e6


def swapped(net):
    for m in (net.bn1, net.bn2):
        mean = m.running_mean.clone()
        m.running_mean.copy_(m.bias)
        m.bias.copy_(mean)


def constant(net):
    net.fc.weight.zero_()


@pytest.fixture(scope="module")
def world():
    train, test = models.images(600, seed=1), models.images(400, seed=2)
    torch.manual_seed(3)
    return trained(Net(), *train), train, test


def codes(report):
    return sorted({f.code for f in report.findings if f.severity != "info"})


@pytest.mark.parametrize(
    "plant", [healthy, never_updated, stale, bad_variance, not_finite, extreme_gamma, swapped, constant]
)
def test_three_ways_give_the_same_findings_and_distances(world, plant):
    import copy

    net, train, test = copy.deepcopy(world[0]), world[1], world[2]
    with torch.no_grad():
        plant(net)
    last = lambda pair: (pair[0].permute(0, 2, 3, 1).numpy().copy(), pair[1].numpy())
    ours = ek.from_torch(net, train[0][:4])
    theirs = ours.to_keras()
    options = {"loss": "cross_entropy", "verbose": False}
    reports = [
        ek.diagnose(net, test, train=train, **options),
        ek.diagnose(ours, last(test), train=last(train), **options),
        ek.diagnose(theirs, last(test), train=last(train), **options),
    ]
    assert codes(reports[0]) == codes(reports[1]) == codes(reports[2])
    distances = [[entry["distance"] for entry in report.statistics] for report in reports]
    assert len(distances[0]) == 2
    for other in distances[1:]:
        for a, b in zip(distances[0], other):
            assert a == pytest.approx(b, rel=0.01, abs=1e-4)
