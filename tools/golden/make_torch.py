#!/usr/bin/env python3
"""Writes the golden cases that follow PyTorch's conventions (torch_cases.py) with PyTorch in float64. See README.md.

    python tools/golden/make_torch.py [--out tests/golden] [case ...]
"""

import argparse
import zlib
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from cases import Case
from packing import toml, write_npz_gz
from safetensors.numpy import save_file
from torch_cases import TORCH_CASES
from torch_layers import compute, standard_draw

STEPS = 5


def of_numpy(tensors):
    return {name: tensor.detach().numpy().astype(np.float32) for name, tensor in tensors.items()}


def evaluate(case, tensors, x):
    """In batches, as the program evaluates: it matters where the batch's own statistics are used."""
    size = case.training["batch_size"]
    with torch.no_grad():
        return torch.cat([compute(case, tensors, x[at : at + size], False) for at in range(0, len(x), size)])


def make(case: Case, folder: Path):
    random = np.random.default_rng(zlib.crc32(case.name.encode()))
    size, rate = case.training["batch_size"], case.training["learning_rate"]
    x = random.normal(0, 1, [STEPS * size, *case.input]).astype(np.float32)
    tensors = {}
    with torch.no_grad():
        classes = compute(case, tensors, x[:size], False, standard_draw(random)).shape[-1]
    y = random.integers(0, classes, len(x)).astype(np.int32)
    labels = torch.as_tensor(y).long()
    initial = of_numpy(tensors)

    outputs = evaluate(case, tensors, x)
    expected = {"outputs": outputs, "loss": F.cross_entropy(outputs, labels),
                "accuracy": (outputs.argmax(1) == labels).double().mean()}
    learned = {name: tensor for name, tensor in tensors.items() if tensor.requires_grad}
    for step in range(STEPS):
        batch = slice(step * size, (step + 1) * size)
        outputs = compute(case, tensors, x[batch], True)
        gradients = torch.autograd.grad(F.cross_entropy(outputs, labels[batch]), learned.values())
        if step == 0:
            expected["outputs_train"] = outputs
            expected.update({f"g:{name}": value for name, value in zip(learned, gradients)})
        with torch.no_grad():
            for tensor, gradient in zip(learned.values(), gradients):
                tensor -= rate * gradient
    expected.update({f"w:{name}": tensor for name, tensor in tensors.items()})
    expected["outputs_after"] = evaluate(case, tensors, x)

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.toml").write_text(toml(case))
    save_file(initial, folder / "initial.safetensors")
    np.savez_compressed(folder / "data.npz", x=x, y=y)
    write_npz_gz(folder / "expected.npz.gz", of_numpy(expected))
    print(f"{case.name:30} {sum(file.stat().st_size for file in folder.iterdir()):8,} bytes")


def main():
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=root / "tests" / "golden")
    parser.add_argument("cases", nargs="*", help="default: all")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for case in TORCH_CASES:
        if not arguments.cases or case.name in arguments.cases:
            make(case, arguments.out / case.name)


if __name__ == "__main__":
    main()
