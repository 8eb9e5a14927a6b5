#!/usr/bin/env python3
"""Times of PyTorch, Keras and Evenkeel, side by side on this machine, as a Markdown table.

    python bench/compare/compare.py [--workloads W1 W2 W3 R18 M2 E0] [--what step|evaluate|predict] [--batch-size N]
                                        [--precision float32 bfloat16] [--threads N] [--rounds N] [--steps N]
                                        [--venv DIR] [--ours FILE]

Standard library only; the peers run in a virtual environment that is made on first use. See README.md.
"""

import argparse
import datetime
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORKLOADS = ["W1", "W2", "W3", "R18", "M2", "E0"]
TURN_MS = 1500  # of one program; at least three steps
OURS = "Evenkeel"
TICKS = os.sysconf("SC_CLK_TCK")
PEERS = {
    "PyTorch NCHW": ["peers_torch.py", "--format", "nchw"],
    "PyTorch channels_last": ["peers_torch.py", "--format", "channels_last"],
    "TensorFlow": ["peers_tensorflow.py"],
}
MORE_PEERS = {"bfloat16": {"PyTorch, all bf16": ["peers_torch.py", "--format", "channels_last", "--bf16", "model"]}}
JAX = {"JAX": ["peers_jax.py"]}
PREDICTORS = {"ONNX Runtime": ["peers_onnxruntime.py"], "OpenVINO": ["peers_openvino.py"]}


def say(message):
    print(message, file=sys.stderr, flush=True)


def peers_python(folder):
    """The virtual environment's Python, after installing requirements.txt unless that was done."""
    python, wanted, installed = folder / "bin" / "python", HERE / "requirements.txt", folder / "requirements.installed"
    if not installed.exists() or installed.read_text() != wanted.read_text():
        say(f"installing {wanted.relative_to(ROOT)} into {folder} (about 3 GB)")
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", wanted], check=True)
        installed.write_text(wanted.read_text())
    return python


class NoAnswer(Exception):
    """A program that ended instead of answering."""


class Worker:
    """A program that answers commands with JSON lines. It is stopped (SIGSTOP) whenever it is not asked something."""

    def __init__(self, name, command):
        self.name = name
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def ask(self, command):
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (BrokenPipeError, json.JSONDecodeError):
            self.log.seek(0)
            raise NoAnswer(f"{self.name} did not answer '{command}':\n{self.log.read().decode()[-2000:]}") from None
        finally:
            self.process.send_signal(signal.SIGSTOP)

    def milliseconds(self, steps):
        return self.ask(f"step {steps}")["ms"]

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def close(self):
        self.process.kill()  # works on a stopped process too
        self.process.wait()


class OthersLoad:
    """How many CPUs were busy, on average since the start, with anything but our workers (stolen time included)."""

    def __init__(self, workers):
        self.workers = workers
        self.start, self.clock = self.foreign_seconds(), time.monotonic()

    def foreign_seconds(self):
        user, nice, system, _idle, _iowait, *rest = map(int, Path("/proc/stat").read_text().split()[1:9])
        return (user + nice + system + sum(rest)) / TICKS - sum(worker.cpu_seconds() for worker in self.workers)

    def cpus(self):
        return (self.foreign_seconds() - self.start) / (time.monotonic() - self.clock)


def peers_of(options, precision):
    predictors = PREDICTORS if options.what == "predict" else {}
    return PEERS | MORE_PEERS.get(precision, {}) | (JAX if options.has_jax else {}) | predictors


def commands(options, workload, precision):
    """Name and command line of every program that takes part."""
    common = ["--workload", workload, "--threads", options.threads, "--what", options.what, "--precision", precision]
    common += ["--batch-size", options.batch_size]
    peers = peers_of(options, precision)
    all_of_them = {name: [options.python, HERE / script, *rest, *common] for name, (script, *rest) in peers.items()}
    if options.ours.exists():
        all_of_them[OURS] = [options.ours, *common]
    return all_of_them


def measure(options, workload, precision):
    """Per program the median of all its steps in ms; our share of the FMA peak and that peak in GF/s (None without our
    program); others' load."""
    workers, times, steps, peaks = [], {}, {}, []
    try:
        for name, command in commands(options, workload, precision).items():
            say(f"{workload}, {precision}: starting {name}")
            worker = Worker(name, command)
            try:
                warm = worker.milliseconds(3)[-1]  # after it was built and compiled
            except NoAnswer as problem:
                # A program without this precision, or a machine without its instructions, leaves its column empty.
                say(problem)
                worker.close()
                continue
            workers.append(worker)
            times[name], steps[name] = [], options.steps or max(3, round(TURN_MS / warm))
        others = OthersLoad(workers)
        for turn in range(options.rounds):
            for worker in workers:
                worker.milliseconds(1)  # its data left the caches while it was stopped
                times[worker.name] += worker.milliseconds(steps[worker.name])
                if worker.name == OURS:
                    peaks.append(worker.ask("peak"))
            say(f"{workload}: round {turn + 1} of {options.rounds}")
        load = others.cpus()
    finally:
        for worker in workers:
            worker.close()
    medians = {name: statistics.median(values) for name, values in times.items()}
    if not peaks:
        return medians, None, None, load
    peak = statistics.median(answer["gflops"] for answer in peaks)
    return medians, peaks[0]["step_gflop"] / (medians[OURS] / 1000 * peak), peak, load


def cpu_model():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def row(workload, precision, names, medians, share, peak, load):
    best = min((ms for name, ms in medians.items() if name != OURS), default=None)
    ours = medians.get(OURS)
    cells = [workload, precision, *(f"{medians[name]:.2f}" if name in medians else "-" for name in names)]
    cells.append(f"{ours:.2f}" if ours else "-")
    cells.append(f"{best / ours:.2f}" if ours and best else "-")
    cells += [f"{100 * share:.0f} %", f"{peak:.0f}"] if share else ["-", "-"]
    return "| " + " | ".join([*cells, f"{load:.2f}"]) + " |"


def installed(python, module):
    return subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=WORKLOADS[:3])
    parser.add_argument("--what", choices=["step", "evaluate", "predict"], default="step",
                        help="a training step, an evaluation (ours with the loss), or a prediction")  # fmt: skip
    parser.add_argument("--batch-size", type=int, default=0, help="default: the workload's")
    parser.add_argument("--precision", nargs="+", choices=["float32", "bfloat16"], default=["float32"])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=5, help="turns of each program (default 5)")
    parser.add_argument("--steps", type=int, help="steps per turn (default: about 1.5 seconds of them)")
    parser.add_argument("--venv", type=Path, default=ROOT / "build" / "peers-venv", help="default build/peers-venv")
    parser.add_argument("--ours", type=Path, default=ROOT / "build" / "release" / "bench" / "step_time")
    options = parser.parse_args()
    options.python = peers_python(options.venv)
    if not options.ours.exists():
        say(f"{options.ours} does not exist: measuring the peers only")

    options.has_jax = installed(options.python, "jax")
    kinds = {"step": "training step", "evaluate": "evaluation of a batch, without gradients",
             "predict": "prediction of a batch"}  # fmt: skip
    kind = kinds[options.what] + (f" of {options.batch_size}" if options.batch_size else "")
    print(f"{cpu_model()}, {options.threads} threads of {os.cpu_count()}, {datetime.date.today()}.")
    print(f"Median ms per {kind}. Ratio: the best peer's time over ours. Our share of the FMA peak (float32, GF/s),")
    print("both measured in the same run. Others' load: CPUs that something else kept busy; a row above 0.1 means little.\n")
    names = list(dict.fromkeys(name for precision in options.precision for name in peers_of(options, precision)))
    columns = ["Workload", "precision", *names, OURS, "ratio", "share of peak", "FMA peak", "others' load"]
    print("| " + " | ".join(columns) + " |\n|" + " --- |" * len(columns), flush=True)
    for precision in options.precision:
        for workload in options.workloads:
            print(row(workload, precision, names, *measure(options, workload, precision)), flush=True)


if __name__ == "__main__":
    main()
