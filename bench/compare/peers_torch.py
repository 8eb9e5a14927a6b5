#!/usr/bin/env python3
"""PyTorch as a worker (protocol: worker.py): python peers_torch.py --workload W1 --threads 2 --format channels_last

In bfloat16: --bf16 autocast (weights stay float32) or model (all of it, Adam's state too).
"""

import torch
import torch.nn.functional as F
from networks_torch import NETWORKS
from worker import WORKLOADS, arguments, serve


def optimizer_of(workload, parameters):
    """In its fused form, which is the fastest of PyTorch's three."""
    if not workload.adam:
        return torch.optim.SGD(parameters, lr=workload.learning_rate, momentum=workload.momentum,
                               weight_decay=workload.weight_decay, fused=True)  # fmt: skip
    beta_1, beta_2, epsilon = workload.adam
    return torch.optim.Adam(parameters, lr=workload.learning_rate, betas=(beta_1, beta_2), eps=epsilon, fused=True)


def main():
    chosen = arguments(format=["nchw", "channels_last"], bf16=["autocast", "model"])
    workload = WORKLOADS[chosen.workload]
    height, width, channels = workload.shape
    torch.set_num_threads(chosen.threads)
    torch.set_flush_denormal(True)  # as TensorFlow does
    torch.manual_seed(0)
    memory = torch.channels_last if chosen.format == "channels_last" else torch.contiguous_format
    model = NETWORKS[chosen.workload]().train().to(memory_format=memory)
    x = torch.rand(chosen.batch, channels, height, width).contiguous(memory_format=memory)
    half = chosen.precision == "bfloat16"
    if half and chosen.bf16 == "model":
        model, x = model.to(torch.bfloat16), x.to(torch.bfloat16)
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=half and chosen.bf16 == "autocast")
    labels = torch.randint(0, workload.classes, (chosen.batch,))
    one_hot = F.one_hot(labels, workload.classes).float()
    optimizer = optimizer_of(workload, model.parameters())

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
        with torch.inference_mode(), autocast:
            return model(x).float().sum().item()

    if chosen.what != "step":
        model.eval()
        serve(evaluate)
        return
    serve(step)


if __name__ == "__main__":
    main()
