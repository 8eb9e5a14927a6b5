#!/usr/bin/env python3
"""Writes tests/golden/schedules.json: learning rates by Keras and PyTorch, in float64. See README.md.

    python tools/golden/make_schedules.py [--out tests/golden/schedules.json]
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import torch

keras.config.set_floatx("float64")
schedules = keras.optimizers.schedules

STEPS = 64


def keras_rates(schedule):
    return [float(schedule(torch.tensor(step, dtype=torch.float64))) for step in range(STEPS)]


def one_cycle_rates(total_steps, max_lr, **options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr, total_steps, cycle_momentum=False, **options)
    rates = []
    for _ in range(total_steps):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        if len(rates) < total_steps:
            schedule.step()
    return rates


def case(rates, total_steps=STEPS, **training):
    return {"training": training, "total_steps": total_steps, "learning_rates": rates}


def cases():
    base = 0.3
    yield case([base] * STEPS, learning_rate=base)
    yield case(
        keras_rates(schedules.ExponentialDecay(base, decay_steps=7, decay_rate=0.6, staircase=True)),
        schedule="step", learning_rate=base, decay_steps=7, decay_rate=0.6,
    )  # fmt: skip
    yield case(
        keras_rates(schedules.PiecewiseConstantDecay([10, 11, 40], [base * 0.1**n for n in range(4)])),
        schedule="step", learning_rate=base, boundaries=[10, 11, 40],
    )  # fmt: skip
    yield case(
        keras_rates(schedules.CosineDecay(base, decay_steps=STEPS)),
        schedule="cosine", learning_rate=base,
    )  # fmt: skip
    yield case(
        keras_rates(schedules.CosineDecay(base, decay_steps=50, alpha=0.15)),
        schedule="cosine", learning_rate=base, decay_steps=50, alpha=0.15,
    )  # fmt: skip
    yield case(
        keras_rates(schedules.CosineDecay(0.0, decay_steps=40, warmup_target=base, warmup_steps=9)),
        schedule="cosine", learning_rate=base, decay_steps=40, warmup_steps=9,
    )  # fmt: skip
    yield case(
        keras_rates(schedules.CosineDecay(0.02, decay_steps=STEPS - 13, alpha=0.01, warmup_target=base, warmup_steps=13)),
        schedule="cosine", learning_rate=base, alpha=0.01, warmup_steps=13, initial_learning_rate=0.02,
    )  # fmt: skip
    # A cosine that does not decay is a warm-up alone.
    yield case(
        keras_rates(schedules.CosineDecay(0.1, decay_steps=1, alpha=1.0, warmup_target=base, warmup_steps=20)),
        learning_rate=base, warmup_steps=20, initial_learning_rate=0.1,
    )  # fmt: skip
    for total_steps in (1, 2, 3, 10, STEPS):
        yield case(
            one_cycle_rates(total_steps, base), total_steps, schedule="one_cycle", learning_rate=base
        )
    yield case(
        one_cycle_rates(STEPS, 0.7, pct_start=0.45, div_factor=10.0, final_div_factor=50.0),
        schedule="one_cycle", learning_rate=base, max_learning_rate=0.7, pct_start=0.45, div_factor=10.0,
        final_div_factor=50.0,
    )  # fmt: skip


def main():
    root = Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=root / "tests" / "golden" / "schedules.json")
    lines = ",\n".join(json.dumps(made) for made in cases())
    parser.parse_args().out.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
