"""PyTorch modules into our engine and back: needs the compiled library."""

import numpy as np
import pytest

ek = pytest.importorskip("evenkeel_nn", exc_type=ImportError)
if not hasattr(ek, "predict"):
    pytest.skip("without the compiled library", allow_module_level=True)
torch = pytest.importorskip("torch")
from torch import nn

import torch_models as models
from test_torch_network import everything, same

torch.set_num_threads(1)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.mark.parametrize("make", [models.ResNet, models.MobileNet, models.DenseNet, models.UNet])
def test_there_and_back(make):
    torch.manual_seed(0)
    net = models.randomize(make()).eval()
    x, _ = models.images(6)
    before = everything(net)
    ours = ek.from_torch(net, x)
    same(before, everything(net))
    with torch.no_grad():
        wanted = net(x)
    got = ek.predict(ours, x.permute(0, 2, 3, 1).numpy(), verbose=False)
    channels_last = wanted.movedim(1, -1).numpy()
    assert np.abs(got.reshape(channels_last.shape) - channels_last).max() < 1e-4 * np.abs(channels_last).max() + 1e-5
    back = ours.to_torch()
    with torch.no_grad():
        assert torch.allclose(back(x), wanted, atol=1e-4)
    state, theirs = back.state_dict(), net.state_dict()
    same_names = {n for n in theirs if n in state and not n.endswith("num_batches_tracked")}
    assert same_names == {n for n in theirs if not n.endswith("num_batches_tracked")}
    assert all(torch.equal(state[n], theirs[n]) for n in same_names)


def test_dropout_and_momentum_are_kept():
    net = models.MobileNet(drop=0.35)
    net.features[0][1].momentum = 0.03
    ours = ek.from_torch(net.train(), models.images(4)[0])
    kinds = {type(layer).__name__: layer for layer in ours.layers}
    assert kinds["Dropout"].rate == pytest.approx(0.35)
    assert any(
        getattr(layer, "momentum", 0) == pytest.approx(0.97)
        for layer in ours.layers
        if type(layer).__name__ == "BatchNormalization"
    )
    back = ours.to_torch()
    assert back.get_submodule("features.0.1").momentum == pytest.approx(0.03)


def test_what_cannot_be_traced_is_named_with_file_and_line():
    class Choice(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 2)

        def forward(self, x):
            if x.sum() > 0:
                x = x * 2
            return self.fc(x)

    class Broken(nn.Module):
        def forward(self, x):
            return x @ x

    with pytest.raises(ek.UnsupportedError, match=r"test_live_convert.py:\d+"):
        ek.from_torch(Choice(), torch.ones(2, 3))
    with pytest.raises(ek.InputError, match=r"test_live_convert.py:\d+: return x @ x"):
        ek.from_torch(Broken(), torch.ones(2, 3))


def test_models_of_ours_become_modules():
    model = ek.Sequential(
        [
            ek.Input((8, 8, 3)),
            ek.Rescaling(1 / 255),
            ek.Conv2D(8, padding="same", strides=2, use_bias=False),
            ek.BatchNormalization(),
            ek.Activation("relu"),
            ek.DepthwiseConv2D(activation="elu"),
            ek.MaxPooling2D(padding="same"),
            ek.Flatten(),
            ek.Dropout(0.3),
            ek.Dense(5, activation="tanh"),
            ek.Dense(3),
        ]
    )
    x = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    module = model.to_torch()
    with torch.no_grad():
        got = module(torch.from_numpy(x).permute(0, 3, 1, 2)).numpy()
    assert np.allclose(got, ek.predict(model, x, verbose=False), atol=1e-5)
    assert "conv2d.weight" in module.state_dict()
    module.train()
    assert module(torch.from_numpy(x).permute(0, 3, 1, 2)).requires_grad


def test_models_of_ours_become_keras_models():
    pytest.importorskip("keras")
    model = ek.Sequential(
        [ek.Input((8, 8, 3)), ek.Conv2D(4), ek.BatchNormalization(), ek.Activation("relu"), ek.Flatten(), ek.Dense(3)]
    )
    x = np.random.default_rng(0).normal(size=(4, 8, 8, 3)).astype(np.float32)
    assert np.allclose(model.to_keras().predict(x, verbose=0), ek.predict(model, x, verbose=False), atol=1e-5)
