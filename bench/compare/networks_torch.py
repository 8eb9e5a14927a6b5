"""The networks of the workloads in PyTorch, and as ONNX files for the peers that only predict."""

from pathlib import Path

import torch
import torchvision
from torch import nn
from worker import WORKLOADS


def norm2d(channels):
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)  # Keras's 0.99 weighs the old value


def norm1d(units):
    return nn.BatchNorm1d(units, eps=1e-3, momentum=0.01)


def placement():
    layers, channels = [], 3
    for filters in (16, 32, 64):
        layers += [nn.Conv2d(channels, filters, 3, padding=1, bias=False), norm2d(filters), nn.ELU(), nn.MaxPool2d(2)]
        channels = filters
    layers += [nn.Dropout(0.3), nn.Flatten(), nn.Linear(1024, 512), nn.ELU(), nn.Dropout(0.3), nn.Linear(512, 10)]
    return nn.Sequential(*layers)


def speedup():
    return nn.Sequential(
        *(norm2d(3), nn.Conv2d(3, 30, 3, stride=2), nn.ReLU()),
        *(norm2d(30), nn.Conv2d(30, 50, 3), nn.ReLU()),
        *(norm2d(50), nn.Conv2d(50, 60, 3), nn.ReLU(), nn.Flatten()),
        *(norm1d(7260), nn.Linear(7260, 3500), nn.ReLU()),
        *(norm1d(3500), nn.Linear(3500, 700), nn.ReLU()),
        *(norm1d(700), nn.Linear(700, 10)),
    )


def depth():
    # Keras pads an even size at the end only. Padding 1 on both sides costs the same and gives the same sizes.
    layers, channels = [], 1
    for i in range(1, 20):
        stride = 2 if i % 3 == 0 else 1
        layers += [nn.Conv2d(channels, 4 * i, 3, stride, padding=1, bias=False), norm2d(4 * i), nn.ReLU()]
        channels = 4 * i
    layers += [nn.Flatten(), nn.Linear(76, 100, bias=False), norm1d(100), nn.ReLU(), nn.Linear(100, 10)]
    return nn.Sequential(*layers)


NETWORKS = {
    "W1": placement,
    "W2": speedup,
    "W3": depth,
    "R18": torchvision.models.resnet18,
    "M2": torchvision.models.mobilenet_v2,
    "E0": torchvision.models.efficientnet_b0,
}


def export(workload, batch, folder):
    """Writes the network in evaluation mode to an ONNX file and returns its path."""
    torch.manual_seed(0)
    height, width, channels = WORKLOADS[workload].shape
    path = Path(folder) / f"{workload}.onnx"
    example = torch.rand(batch, channels, height, width)
    torch.onnx.export(NETWORKS[workload]().eval(), (example,), path, dynamo=False)
    return path
