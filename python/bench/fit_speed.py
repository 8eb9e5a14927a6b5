"""Time and memory of `ek.fit` on NumPy arrays beside `evenkeel train` on the same samples, in turns.

    python python/bench/fit_speed.py [--rounds 5] [--samples 10000] [--threads 2]

Trains W1 (examples/models/placement.toml, batches of 250) for one epoch on the first samples of cifar10. Each run is a
process of its own. fit's time is that of the whole call, with taking the arrays in; the program's is what it says of its
epoch, without its start and reading the file: the stricter way. Ends with 1 if the ratio of the medians is above --most.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BATCH = 250


def prepare(args):
    """In a process of its own: a child's peak begins with that of its parent, which therefore stays small."""
    import numpy as np

    import evenkeel_nn as ek

    data = ek.load_data("cifar10", split="train")
    np.savez(args.prepare, x=data.x[: args.samples], y=data.y[: args.samples])


def fit(args):
    """In a process of its own: prints the seconds of one fit."""
    import numpy as np

    import evenkeel_nn as ek

    arrays = np.load(args.arrays)
    x, y = arrays["x"], arrays["y"]
    model = ek.load(args.model)
    start = time.perf_counter()
    ek.fit(model, x, y, epochs=1, batch_size=BATCH, seed=1, threads=args.threads, verbose=False)
    print(time.perf_counter() - start)


def measured(command):
    """Standard output and peak resident MiB of a process."""
    with tempfile.TemporaryFile() as out:
        child = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1)])
        _, status, used = os.wait4(child, 0)
        if status:
            sys.exit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
        out.seek(0)
        return out.read().decode(), used.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--samples", type=int, default=10000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--most", type=float, default=1.03, help="largest ratio of the medians (default 1.03)")
    parser.add_argument("--model", default=str(ROOT / "examples/models/placement.toml"))
    parser.add_argument("--program", default=str(ROOT / "build/release/evenkeel"))
    parser.add_argument("--arrays", help=argparse.SUPPRESS)
    parser.add_argument("--prepare", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.arrays:
        return fit(args)
    if args.prepare:
        return prepare(args)

    with tempfile.TemporaryDirectory() as folder:
        arrays = os.path.join(folder, "train.npz")
        measured([sys.executable, __file__, "--prepare", arrays, "--samples", str(args.samples)])
        own = [sys.executable, __file__, "--arrays", arrays, "--model", args.model, "--threads", str(args.threads)]
        found = {"fit": [], "train": []}
        for i in range(args.rounds):
            program = [args.program, "train", args.model, "--data", arrays, "--epochs", "1", "--batch-size", str(BATCH),
                       "--seed", "1", "--threads", str(args.threads), "--out", os.path.join(folder, str(i)), "--quiet",
                       "--json"]
            for which in ("fit", "train") if i % 2 else ("train", "fit"):
                said, peak = measured(own if which == "fit" else program)
                seconds = float(said) if which == "fit" else args.samples / json.loads(said)["images_per_s"]
                found[which].append((seconds, peak))
    medians = {}
    for which, runs in found.items():
        medians[which] = statistics.median(seconds for seconds, _ in runs)
        times = " ".join(f"{seconds:.2f}" for seconds, _ in runs)
        print(f"{which:6} {medians[which]:.3f} s ({times}), peak {max(peak for _, peak in runs):.0f} MiB")
    ratio = medians["fit"] / medians["train"]
    print(f"ratio of the medians {ratio:.3f}, at most {args.most}")
    return int(ratio > args.most)


if __name__ == "__main__":
    sys.exit(main())
