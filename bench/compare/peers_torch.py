#!/usr/bin/env python3
"""PyTorch as a worker (protocol: worker.py): python peers_torch.py --workload W1 --threads 2 --format channels_last

In bfloat16: --bf16 autocast (weights stay float32) or model (all of it, Adam's state too).
"""

import torch
import torch.nn.functional as F
from torch import nn
from worker import CLASSES, WORKLOADS, arguments, serve


def norm2d(channels):
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)  # Keras's 0.99 weighs the old value


def norm1d(units):
    return nn.BatchNorm1d(units, eps=1e-3, momentum=0.01)


def placement():
    layers, channels = [], 3
    for filters in (16, 32, 64):
        layers += [nn.Conv2d(channels, filters, 3, padding=1, bias=False), norm2d(filters), nn.ELU(), nn.MaxPool2d(2)]
        channels = filters
    layers += [nn.Dropout(0.3), nn.Flatten(), nn.Linear(1024, 512), nn.ELU(), nn.Dropout(0.3), nn.Linear(512, CLASSES)]
    return nn.Sequential(*layers)


def speedup():
    return nn.Sequential(
        *(norm2d(3), nn.Conv2d(3, 30, 3, stride=2), nn.ReLU()),
        *(norm2d(30), nn.Conv2d(30, 50, 3), nn.ReLU()),
        *(norm2d(50), nn.Conv2d(50, 60, 3), nn.ReLU(), nn.Flatten()),
        *(norm1d(7260), nn.Linear(7260, 3500), nn.ReLU()),
        *(norm1d(3500), nn.Linear(3500, 700), nn.ReLU()),
        *(norm1d(700), nn.Linear(700, CLASSES)),
    )


def depth():
    # Keras pads an even size at the end only. Padding 1 on both sides costs the same and gives the same sizes.
    layers, channels = [], 1
    for i in range(1, 20):
        stride = 2 if i % 3 == 0 else 1
        layers += [nn.Conv2d(channels, 4 * i, 3, stride, padding=1, bias=False), norm2d(4 * i), nn.ReLU()]
        channels = 4 * i
    layers += [nn.Flatten(), nn.Linear(76, 100, bias=False), norm1d(100), nn.ReLU(), nn.Linear(100, CLASSES)]
    return nn.Sequential(*layers)


def main():
    chosen = arguments(format=["nchw", "channels_last"], bf16=["autocast", "model"])
    (height, width, channels), batch, learning_rate, (beta_1, beta_2, epsilon) = WORKLOADS[chosen.workload]
    torch.set_num_threads(chosen.threads)
    torch.set_flush_denormal(True)  # as TensorFlow does
    torch.manual_seed(0)
    memory = torch.channels_last if chosen.format == "channels_last" else torch.contiguous_format
    model = {"W1": placement, "W2": speedup, "W3": depth}[chosen.workload]().train().to(memory_format=memory)
    x = torch.rand(batch, channels, height, width).contiguous(memory_format=memory)
    half = chosen.precision == "bfloat16"
    if half and chosen.bf16 == "model":
        model, x = model.to(torch.bfloat16), x.to(torch.bfloat16)
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=half and chosen.bf16 == "autocast")
    labels = torch.randint(0, CLASSES, (batch,))
    one_hot = F.one_hot(labels, CLASSES).float()
    # The fused Adam is the fastest of PyTorch's three.
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, betas=(beta_1, beta_2), eps=epsilon, fused=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with autocast:
            outputs = model(x)
        outputs = outputs.float()  # losses of numbers with 8 bits say little
        if chosen.workload == "W3":
            loss = F.binary_cross_entropy_with_logits(outputs, one_hot)
        else:
            loss = F.cross_entropy(outputs, labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    def evaluate():
        with torch.no_grad(), autocast:
            return model(x).float().sum().item()

    if chosen.what == "evaluate":
        model.eval()
        serve(evaluate)
        return
    serve(step)


if __name__ == "__main__":
    main()
