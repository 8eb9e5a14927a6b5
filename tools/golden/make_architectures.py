#!/usr/bin/env python3
"""Writes tests/golden/architectures.csv: what torchvision and Keras count in the networks that `evenkeel model` knows.

    python tools/golden/make_architectures.py [--out tests/golden/architectures.csv]

A line has the network's name, input and classes, its trainable parameters, its moving statistics, and a hash of the
lines "<layer> <numbers>" of all layers with tensors, sorted. See README.md.
"""

import argparse
import math
import os
from collections import Counter
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import torch
from torch import nn
from torchvision import models
from torchvision.models.resnet import BasicBlock, ResNet

TORCHVISION = """vgg11_bn vgg13_bn vgg16_bn vgg19_bn resnet18 resnet34 resnet50 resnet101 resnet152 resnext50_32x4d
wide_resnet50_2 densenet121 densenet161 densenet169 densenet201 squeezenet1_0 squeezenet1_1 googlenet inception_v3
shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5 shufflenet_v2_x2_0 mobilenet_v2 mobilenet_v3_small
mobilenet_v3_large efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 regnet_x_400mf regnet_x_800mf
regnet_x_1_6gf regnet_x_3_2gf regnet_y_400mf regnet_y_800mf regnet_y_1_6gf regnet_y_3_2gf mnasnet0_5 mnasnet0_75
mnasnet1_0 mnasnet1_3 convnext_tiny convnext_small convnext_base""".split()
KERAS = {
    "resnet50_v2": keras.applications.ResNet50V2,
    "resnet101_v2": keras.applications.ResNet101V2,
    "mobilenet_v1": keras.applications.MobileNet,
}
SIDES = {"inception_v3": 299, "efficientnet_b1": 240, "efficientnet_b2": 288, "efficientnet_b3": 300}
OWN_TENSORS = ("weight", "bias", "running_mean", "running_var")


class SmallResNet(nn.Module):
    """He et al. 2015, section 4.2, with projections as shortcuts: n blocks in each of three stages."""

    def __init__(self, n, classes=10):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
        self.inplanes, self.dilation, self._norm_layer, self.groups, self.base_width = 16, 1, nn.BatchNorm2d, 1, 64
        for stage, stride in enumerate((1, 2, 2)):
            setattr(self, f"layer{stage + 1}", ResNet._make_layer(self, BasicBlock, 16 << stage, n, stride))
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        x = self.bn1(self.conv1(x)).relu()
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


class WideBlock(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(channels), nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn2, self.conv2 = nn.BatchNorm2d(filters), nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        if channels != filters:
            self.shortcut = nn.Conv2d(channels, filters, 1, stride, bias=False)

    def forward(self, x):
        first = self.bn1(x).relu()
        y = self.conv2(self.bn2(self.conv1(first)).relu())
        return y + (self.shortcut(first) if hasattr(self, "shortcut") else x)


class WideResNet(nn.Module):
    """Zagoruyko and Komodakis 2016: WRN-(6 n + 4)-k."""

    def __init__(self, n, k, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        channels = 16
        for stage in range(3):
            filters = (16 * k) << stage
            blocks = [WideBlock(channels, filters, 2 if stage > 0 else 1)]
            blocks += [WideBlock(filters, filters, 1) for _ in range(n - 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            channels = filters
        self.bn, self.fc = nn.BatchNorm2d(channels), nn.Linear(channels, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.conv1(x))))
        return self.fc(self.bn(x).relu().mean((2, 3)))


class UNet(nn.Module):
    """The layers of PyTorch Hub's mateuszbuda/brain-segmentation-pytorch, "unet", which has 7,763,041 parameters."""

    def __init__(self, first=32, classes=1):
        super().__init__()

        def block(name, channels, filters):
            layers = {}
            for i in "12":
                layers[f"{name}conv{i}"] = nn.Conv2d(channels, filters, 3, padding=1, bias=False)
                layers[f"{name}norm{i}"] = nn.BatchNorm2d(filters)
                channels = filters
            return nn.ModuleDict(layers)

        channels = 3
        for level in range(1, 5):
            filters = first << (level - 1)
            setattr(self, f"encoder{level}", block(f"enc{level}", channels, filters))
            setattr(self, f"upconv{level}", nn.ConvTranspose2d(2 * filters, filters, 2, 2))
            setattr(self, f"decoder{level}", block(f"dec{level}", 2 * filters, filters))
            channels = filters
        self.bottleneck = block("bottleneck", 8 * first, 16 * first)
        self.conv = nn.Conv2d(first, classes, 1)

    @staticmethod
    def run(block, x):
        conv1, norm1, conv2, norm2 = block.values()
        return norm2(conv2(norm1(conv1(x)).relu())).relu()

    def forward(self, x):
        skipped = []
        for level in range(1, 5):
            skipped.append(self.run(getattr(self, f"encoder{level}"), x))
            x = nn.functional.max_pool2d(skipped[-1], 2)
        x = self.run(self.bottleneck, x)
        for level in range(4, 0, -1):
            x = torch.cat([getattr(self, f"upconv{level}")(x), skipped[level - 1]], 1)
            x = self.run(getattr(self, f"decoder{level}"), x)
        return self.conv(x)


SMALL = {"resnet20": lambda **more: SmallResNet(3, **more), "resnet56": lambda **more: SmallResNet(9, **more),
         "wide_resnet28_10": lambda **more: WideResNet(4, 10, **more)}  # fmt: skip


def torch_model(name, **more):
    """`more`: num_classes."""
    own = SMALL | {"unet": UNet}
    if name in own:
        return own[name](**{"classes": value for value in more.values()})
    without_heads = {"aux_logits": False, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
    return getattr(models, name)(**without_heads, **more)


def described(name):
    if name.startswith("regnet"):  # computes its widths with tensors
        return torch_model(name)
    with torch.device("meta"):
        return torch_model(name)


def of_module(module):
    """Trainable parameters, moving statistics, and the numbers of each layer."""
    layers, moving = Counter(), 0
    for key, tensor in module.state_dict().items():
        if key.endswith("num_batches_tracked"):
            continue
        prefix, _, last = key.rpartition(".")
        layers[(prefix if last in OWN_TENSORS else key).replace(".", "_")] += tensor.numel()
        moving += tensor.numel() if last.startswith("running_") else 0
    return sum(p.numel() for p in module.parameters()), moving, layers


def of_keras(model):
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_variables)
    layers = {layer.name: layer.count_params() for layer in model.layers if layer.count_params()}
    return trainable, model.count_params() - trainable, layers


def fnv1a(text):
    state = 0xCBF29CE484222325
    for byte in text.encode():
        state = (state ^ byte) * 0x100000001B3 % 2**64
    return state


def line(name, side, classes, trainable, moving, layers):
    text = "".join(f"{layer} {numbers}\n" for layer, numbers in sorted(layers.items()))
    return f"{name},{side},{side},3,{classes},{trainable},{moving},{fnv1a(text):016x}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "tests/golden/architectures.csv")
    parser.add_argument("--layers", help="print the layers of one network instead")
    options = parser.parse_args()
    makers = {name: lambda name=name: of_module(described(name)) for name in [*TORCHVISION, *SMALL, "unet"]}
    makers |= {name: lambda make=make: of_keras(make(weights=None)) for name, make in KERAS.items()}
    if options.layers:
        for layer, numbers in sorted(makers[options.layers]()[2].items()):
            print(layer, numbers)
        return
    with options.out.open("w") as file:
        file.write("name,height,width,channels,classes,trainable,moving,layers\n")
        for name, make in sorted(makers.items()):
            side = 32 if name in SMALL else 256 if name == "unet" else SIDES.get(name, 224)
            classes = 10 if name in SMALL else 1 if name == "unet" else 1000
            file.write(line(name, side, classes, *make()))


if __name__ == "__main__":
    main()
