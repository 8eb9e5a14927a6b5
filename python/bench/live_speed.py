"""What a diagnosis of a live ResNet-18 costs: passes, time against plain PyTorch, memory; and the package's import.

    PYTHONPATH=build/release/python python python/bench/live_speed.py [--samples 2048] [--stem torchvision|cifar]
                                                                      [--profile]

The module is torchvision's ResNet-18 on images of 32 x 32, untrained, with statistics from a few batches. Plain time is
that of the same number of forward passes in evaluation mode, without gradients, in batches of 128. Ends with 1 if a
bound is not met: 40 passes, 1.3 times the plain time, 150 ms of import.
"""

import argparse
import cProfile
import os
import pstats
import resource
import subprocess
import sys
import time

MOST_PASSES, MOST_RATIO, MOST_IMPORT = 40, 1.3, 0.150


def import_time(repeats=7):
    """Seconds that a new interpreter takes longer with the import than without; the median of several."""

    def once(code):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - started

    once("import numpy, evenkeel_nn")  # files come from the disk once
    differences = sorted(once("import numpy, evenkeel_nn") - once("import numpy") for _ in range(repeats))
    return differences[repeats // 2]


def peak_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def network(stem):
    import torch
    import torchvision

    net = torchvision.models.resnet18(num_classes=10)
    if stem == "cifar":
        net.conv1, net.maxpool = torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False), torch.nn.Identity()
    return net


def plain_pass(net, x, batch=128):
    import torch

    started = time.perf_counter()
    with torch.no_grad():
        for part in x.split(batch):
            net(part)
    return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=2048)
    parser.add_argument("--stem", choices=("torchvision", "cifar"), default="torchvision")
    parser.add_argument("--profile", action="store_true", help="the functions that the diagnosis spends its time in")
    arguments = parser.parse_args()
    imported = import_time()

    import torch

    import evenkeel_nn as ek

    torch.manual_seed(0)
    net = network(arguments.stem)
    x, y = torch.randn(arguments.samples, 3, 32, 32), torch.randint(0, 10, (arguments.samples,))
    net.train()
    plain_pass(net, x[:512])
    net.eval()
    plain_pass(net, x[:512])
    before = [plain_pass(net, x) for _ in range(2)]
    memory = peak_memory()
    profile = cProfile.Profile() if arguments.profile else None
    started = time.perf_counter()
    report = profile.runcall(ek.diagnose, net, (x, y), verbose=False) if profile else ek.diagnose(
        net, (x, y), verbose=False
    )
    took = time.perf_counter() - started
    more = peak_memory() - memory
    # Before and after: what else the machine does must not count for one side alone.
    plain = min(before + [plain_pass(net, x) for _ in range(2)])
    ratio = took / (report.passes * plain)
    print(f"{os.cpu_count()} cores, {torch.get_num_threads()} threads, PyTorch {torch.__version__}, {arguments.stem} stem")
    print(f"passes            {report.passes:.1f} of {arguments.samples} samples (at most {MOST_PASSES})")
    print(f"plain pass        {plain:.2f} s")
    print(f"diagnosis         {took:.1f} s, {ratio:.2f} times the plain passes (at most {MOST_RATIO})")
    print(f"peak memory       {more / 2**20:.0f} MiB above plain PyTorch's {memory / 2**20:.0f} MiB")
    print(f"import            {imported * 1000:.0f} ms with NumPy loaded (at most {MOST_IMPORT * 1000:.0f} ms)")
    if profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
    return 1 if report.passes > MOST_PASSES or ratio > MOST_RATIO or imported > MOST_IMPORT else 0


if __name__ == "__main__":
    sys.exit(main())
