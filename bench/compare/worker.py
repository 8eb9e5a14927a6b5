"""The protocol between compare.py and a program it measures, and what all workers share.

A worker builds one workload, then answers lines on stdin with JSON lines on stdout:
    step K   runs K steps of what --what says: of training, or of evaluation without gradients
                                              -> {"ms": [...]}  one number per step
"""

import argparse
import json
import sys
import time

# name: (input height, width, channels), batch, learning rate, (beta_1, beta_2, epsilon)
WORKLOADS = {
    "W1": ((32, 32, 3), 250, 0.001, (0.9, 0.999, 1e-7)),
    "W2": ((32, 32, 3), 500, 0.001, (0.9, 0.999, 1e-8)),
    "W3": ((28, 28, 1), 64, 0.002, (0.9, 0.999, 1e-8)),
}
CLASSES = 10


def arguments(**choices):
    """--workload, --threads, --what, --precision and one option per keyword, whose first choice is the default."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workload", choices=WORKLOADS, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--what", choices=["step", "evaluate"], default="step")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    for name, values in choices.items():
        parser.add_argument(f"--{name}", choices=values, default=values[0])
    return parser.parse_args()


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
