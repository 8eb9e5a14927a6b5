"""Small modules in the manner of torchvision's and timm's, and two sets of images to train them on."""

import pathlib
import sys

import torch
import torchvision
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "live"))
import torch_models as small  # noqa: E402

CLASSES = 4


class TorchvisionResNet(torchvision.models.ResNet):
    """torchvision's own ResNet of four thin stages."""

    def __init__(self):
        super().__init__(torchvision.models.resnet.BasicBlock, [1, 1, 1, 1], num_classes=CLASSES, width_per_group=64)

    @staticmethod
    def make():
        net = TorchvisionResNet()
        net.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        net.maxpool = nn.Identity()
        net.layer3 = net.layer4 = nn.Identity()
        net.fc = nn.Linear(128, CLASSES)
        return net


def torchvision_mobilenet():
    setting = [[1, 8, 1, 1], [4, 16, 1, 2], [4, 16, 1, 1], [4, 24, 1, 2]]
    net = torchvision.models.MobileNetV2(
        num_classes=CLASSES, width_mult=1.0, inverted_residual_setting=setting, round_nearest=8
    )
    net.features[-1] = torchvision.ops.Conv2dNormActivation(24, 64, kernel_size=1, activation_layer=nn.ReLU6)
    net.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(64, CLASSES))
    return net


def torchvision_densenet():
    return torchvision.models.DenseNet(
        growth_rate=8, block_config=(2, 2), num_init_features=16, bn_size=2, num_classes=CLASSES
    )


def torchvision_vgg():
    features = torchvision.models.vgg.make_layers([8, 8, "M", 16, 16, "M"], batch_norm=True)
    net = torchvision.models.VGG(features, num_classes=CLASSES)
    net.avgpool = nn.AdaptiveAvgPool2d(2)
    net.classifier = nn.Sequential(nn.Linear(64, 32), nn.ReLU(True), nn.Dropout(0.3), nn.Linear(32, CLASSES))
    return net


FAMILIES = {
    "resnet": lambda: small.ResNet(CLASSES),
    "mobilenet": lambda: small.MobileNet(CLASSES),
    "densenet": lambda: small.DenseNet(CLASSES),
    "vit": lambda: small.ViT(CLASSES, size=12),
    "tv_resnet": TorchvisionResNet.make,
    "tv_mobilenet": torchvision_mobilenet,
    "tv_densenet": torchvision_densenet,
    "tv_vgg": torchvision_vgg,
}
NORMALIZED = [name for name in FAMILIES if name != "vit"]


def images(n, seed, size=12):
    """[n, 3, size, size] of coloured bars and blobs in noise, and which of four it is."""
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(0, CLASSES, (n,), generator=g)
    x = torch.randn(n, 3, size, size, generator=g) * 0.6
    rows = torch.randint(1, size - 3, (n,), generator=g)
    for i in range(n):
        r, k = int(rows[i]), int(y[i])
        if k == 0:
            x[i, 0, r : r + 2] += 1.2
        elif k == 1:
            x[i, 1, :, r : r + 2] += 1.2
        elif k == 2:
            x[i, 2, r : r + 3, r : r + 3] += 2.4
        else:
            x[i, 0, r : r + 2, :] += 0.8
            x[i, 2, :, r : r + 2] += 0.8
    return x + 0.3, y


@torch.enable_grad()
def train(net, x, y, *, steps=240, batch=32, rate=0.05, seed=0, momentum=None, order=None):
    """Trains with SGD and a rate that falls to zero, so that moving statistics arrive."""
    torch.manual_seed(seed)
    if momentum is not None:
        for m in net.modules():
            if isinstance(m, nn.modules.batchnorm._BatchNorm):
                m.momentum = momentum
    adam = any(isinstance(m, nn.LayerNorm) for m in net.modules())
    optimizer = (
        torch.optim.Adam(net.parameters(), 3e-3) if adam else torch.optim.SGD(net.parameters(), rate, momentum=0.9)
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 3e-3 if adam else rate, total_steps=steps, cycle_momentum=False
    )
    net.train()
    for _ in range(steps):
        rows = torch.randint(0, len(x), (batch,)) if order is None else order()
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
        optimizer.step()
        schedule.step()
    return net.eval()
