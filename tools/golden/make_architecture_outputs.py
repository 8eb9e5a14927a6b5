#!/usr/bin/env python3
"""Writes tests/golden/architecture_outputs.csv: what small versions of known architectures compute, by torchvision and
Keras in float64, with weights and images that are a formula (so that no file has to hold them). See README.md.

    python tools/golden/make_architecture_outputs.py [NAME ...]

A line has the network's name, the side of the images, what it is ("evaluate", "train", "after": evaluation after one
step of SGD), and the outputs of BATCH images for CLASSES classes.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
import torch
import torch.nn.functional as F
from make_architectures import KERAS, SMALL, fnv1a, torch_model
from torch import nn
from torchvision.ops import StochasticDepth

BATCH, CLASSES, LEARNING_RATE = 4, 3, 0.001
# Name: side of the images. Of most families one. VGG, wide networks and the larger ones of a family would take long.
SIDES = {"resnet18": 64, "resnext50_32x4d": 64, "resnet50_v2": 64, "resnet20": 16, "densenet121": 64,
         "squeezenet1_1": 65, "googlenet": 67, "inception_v3": 107, "shufflenet_v2_x0_5": 64, "mobilenet_v1": 67,
         "mobilenet_v2": 64, "mobilenet_v3_small": 64, "efficientnet_b0": 64, "regnet_x_400mf": 64,
         "regnet_y_400mf": 64, "mnasnet0_5": 64, "convnext_tiny": 64, "unet": 32}  # fmt: skip
IMAGENET = ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])
CIFAR = ([125.3, 123.0, 113.9], [63.0, 62.1, 66.7])
SYMMETRIC = ([127.5] * 3, [127.5] * 3)


def hashed(name, shape):
    """Numbers in [-1, 1), row by row: murmur3's finalizer of the index and the name's hash."""
    h = np.arange(int(np.prod(shape)), dtype=np.uint32) * np.uint32(2654435761) + np.uint32(fnv1a(name) & 0xFFFFFFFF)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        h ^= h >> np.uint32(shift)
        h *= np.uint32(factor)
    return (h / 2.0**31 - 1).reshape(shape)


def weight(name, shape, fan_in=1):
    """A tensor of ours: "conv1/kernel". Kernels keep the variance of what a relu gives."""
    v, kind = hashed(name, shape), name.rpartition("/")[2]
    if kind == "kernel":
        return v * np.sqrt(6 / fan_in)
    return {"gamma": 1 + 0.2 * v, "moving_variance": 1 + 0.5 * v}.get(kind, 0.1 * v)


def images(side):
    return np.floor((hashed("images", [BATCH, side, side, 3]) + 1) * 127.5)


def torch_kernel(module, name):
    """In our layout, then in PyTorch's."""
    shape = list(module.weight.shape)
    if isinstance(module, nn.Linear):
        return weight(name, shape[::-1], shape[1]).T
    o, i, h, w = shape
    if isinstance(module, nn.ConvTranspose2d):
        return weight(name, [h, w, i, o], o).transpose(3, 2, 0, 1)
    if module.groups == o > 1:
        return weight(name, [h, w, o, 1], h * w).transpose(2, 3, 0, 1)
    return weight(name, [h, w, i, o], h * w * i).transpose(3, 2, 0, 1)


def set_torch_weights(model):
    names = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
    for path, module in model.named_modules():
        layer, has_kernel = path.replace(".", "_"), isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d))
        own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
        for name, tensor in own:
            if name == "num_batches_tracked":
                continue
            if name == "layer_scale":
                value = weight(f"{layer}_layer_scale/gamma", [tensor.shape[0]]).reshape(tensor.shape)
            elif has_kernel and name == "weight":
                value = torch_kernel(module, f"{layer}/kernel")
            else:
                value = weight(f"{layer}/{'bias' if has_kernel else names[name]}", list(tensor.shape))
            with torch.no_grad():
                tensor.copy_(torch.as_tensor(np.ascontiguousarray(value)))


def of_torch(name, side):
    model = torch_model(name, num_classes=CLASSES).double()
    set_torch_weights(model)
    for module in model.modules():
        if isinstance(module, (nn.Dropout, StochasticDepth)):
            module.p = 0.0
    symmetric = name in ("googlenet", "inception_v3", "unet")
    mean, deviation = SYMMETRIC if symmetric else CIFAR if name in SMALL else IMAGENET
    x = torch.as_tensor((images(side) - mean) / deviation).permute(0, 3, 1, 2)

    def run(training):
        return model.train(training)(x)

    return run, lambda: list(model.parameters())


def of_keras(name, side):
    more = {"dropout": 0.0} if name == "mobilenet_v1" else {}
    model = KERAS[name](weights=None, classes=CLASSES, input_shape=(side, side, 3), classifier_activation=None, **more)
    for layer in model.layers:
        for variable in layer.weights:
            shape, kind = list(variable.shape), variable.name
            depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
            fan_in = np.prod(shape[:2]) if depthwise else np.prod(shape[:-1])
            variable.assign(weight(f"{layer.name}/{kind}", shape, fan_in))
    x = images(side) / 127.5 - 1
    return (lambda training: model(x, training=training)), lambda: [v.value for v in model.trainable_variables]


def lines(name):
    side = SIDES[name]
    run, parameters = (of_keras if name in KERAS else of_torch)(name, side)

    def line(what, outputs):
        numbers = outputs.detach().permute(0, 2, 3, 1) if outputs.ndim == 4 else outputs.detach()
        return ",".join([name, str(side), what, *(f"{v:.9g}" for v in numbers.flatten()[: 4 * BATCH * CLASSES].tolist())])

    yield line("evaluate", run(False))
    if name == "unet":  # it has no loss of labels
        yield line("train", run(True))
        return
    outputs = run(True)
    yield line("train", outputs)
    loss = F.cross_entropy(outputs, torch.arange(BATCH) % CLASSES)
    values = parameters()
    with torch.no_grad():
        for value, gradient in zip(values, torch.autograd.grad(loss, values)):
            value -= LEARNING_RATE * gradient
    yield line("after", run(False))


def main():
    keras.config.set_floatx("float64")
    torch.set_default_dtype(torch.float64)
    out = Path(__file__).parents[2] / "tests/golden/architecture_outputs.csv"
    if sys.argv[1:]:
        print(*(line for name in sys.argv[1:] for line in lines(name)), sep="\n")
        return
    out.write_text("".join(line + "\n" for name in SIDES for line in lines(name)))


if __name__ == "__main__":
    main()
