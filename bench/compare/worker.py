"""The protocol between compare.py and a program it measures, and what all workers share.

A worker builds one workload, then answers lines on stdin with JSON lines on stdout:
    step K   runs K steps of what --what says: of training, of evaluation without gradients, or of prediction
                                              -> {"ms": [...]}  one number per step
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass


@dataclass
class Workload:
    shape: tuple  # height, width, channels
    batch: int
    classes: int
    learning_rate: float
    adam: tuple = ()  # beta_1, beta_2, epsilon; else SGD with these
    momentum: float = 0.9
    weight_decay: float = 1e-4


WORKLOADS = {
    "W1": Workload((32, 32, 3), 250, 10, 0.001, (0.9, 0.999, 1e-7)),
    "W2": Workload((32, 32, 3), 500, 10, 0.001, (0.9, 0.999, 1e-8)),
    "W3": Workload((28, 28, 1), 64, 10, 0.002, (0.9, 0.999, 1e-8)),
    "R18": Workload((224, 224, 3), 8, 1000, 0.0125),
    "M2": Workload((224, 224, 3), 8, 1000, 0.0125),
    "E0": Workload((224, 224, 3), 8, 1000, 0.0125),
}


def arguments(**choices):
    """--workload, --threads, --what, --precision, --batch-size and one option per keyword, whose first choice is the
    default. `batch` is the size given, else the workload's."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workload", choices=WORKLOADS, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--what", choices=["step", "evaluate", "predict"], default="step")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--batch-size", type=int, default=0)
    for name, values in choices.items():
        parser.add_argument(f"--{name}", choices=values, default=values[0])
    chosen = parser.parse_args()
    chosen.batch = chosen.batch_size or WORKLOADS[chosen.workload].batch
    return chosen


def serve(step):
    """Answers commands until stdin ends. `step()` runs one step and returns when its results exist."""
    for line in sys.stdin:
        command = line.split()
        if len(command) != 2 or command[0] != "step":
            raise SystemExit(f"unknown command: {line.strip()}")
        times = []
        for _ in range(int(command[1])):
            start = time.perf_counter()
            step()
            times.append(1000 * (time.perf_counter() - start))
        print(json.dumps({"ms": times}), flush=True)
