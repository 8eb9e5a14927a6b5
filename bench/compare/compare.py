#!/usr/bin/env python3
"""Times of PyTorch, Keras, ONNX Runtime, OpenVINO and Evenkeel, side by side on this machine, as a Markdown table.

    python bench/compare/compare.py [--all | --workloads W1 W2 W3 R18 M2 E0] [--what step evaluate predict single memory]
                                    [--precision float32 bfloat16] [--batch-size N] [--threads N] [--rounds N] [--steps N]
                                    [--clock wall|processor] [--python FILE | --venv DIR] [--ours FILE]
                                    [--results FILE] [--document FILE --section NAME]

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

from rows import BATCH, KINDS, OURS, WORKLOADS, Row, keep, load, table, write_into

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TURN_MS = 1500  # of one program; at least three steps
MEMORY_BATCH = 32
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

    def __init__(self, name, command, counts_processor_time=False):
        self.name, self.counts_processor_time = name, counts_processor_time
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
        start = self.processor_ms()
        times = self.ask(f"step {steps}")["ms"]
        return [(self.processor_ms() - start) / steps] if self.counts_processor_time else times

    def processor_ms(self):
        """What its threads have run for, so far."""
        return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")) / 1e6

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


def peers_of(options, what, precision):
    if what == "memory":
        return {name: PEERS[name] for name in PEERS if name.startswith("PyTorch")}
    predictors = PREDICTORS if what in ("predict", "single") else {}
    return PEERS | MORE_PEERS.get(precision, {}) | (JAX if options.has_jax else {}) | predictors


def commands(options, row):
    """Name and command line of every program that takes part."""
    what = {"single": "predict", "memory": "step"}.get(row.what, row.what)
    common = ["--workload", row.workload, "--threads", options.threads, "--what", what, "--precision", row.precision]
    common += ["--batch-size", row.batch]
    peers = peers_of(options, row.what, row.precision)
    all_of_them = {name: [options.python, HERE / script, *rest, *common] for name, (script, *rest) in peers.items()}
    if options.ours.exists():
        all_of_them[OURS] = [options.ours, *common]
    return all_of_them


def warmed_up(name, command, counts_processor_time=False):
    """The program after its first steps, and the milliseconds of the last of them; nothing if it does not answer. A
    program without this precision, or a machine without its instructions, leaves its column empty."""
    worker = Worker(name, command, counts_processor_time)
    try:
        return worker, worker.milliseconds(3)[-1]
    except NoAnswer as problem:
        say(problem)
        worker.close()
        return None


def measure(options, row):
    """Fills in the median of all steps of each program in ms, our share of the FMA peak and that peak, and others' load."""
    workers, times, steps, peaks = [], {}, {}, []
    try:
        for name, command in commands(options, row).items():
            say(f"{row.workload}, {row.what}, {row.precision}: starting {name}")
            if started := warmed_up(name, command, options.clock == "processor"):
                worker, warm = started
                workers.append(worker)
                times[name], steps[name] = [], options.steps or max(3, round(TURN_MS / warm))
        others = OthersLoad(workers)
        for _ in range(options.rounds):
            for worker in workers:
                worker.milliseconds(1)  # its data left the caches while it was stopped
                times[worker.name] += worker.milliseconds(steps[worker.name])
                if worker.name == OURS and options.clock == "wall":  # a busy machine has no peak
                    peaks.append(worker.ask("peak"))
        row.load = others.cpus()
    finally:
        for worker in workers:
            worker.close()
    row.medians = {name: statistics.median(values) for name, values in times.items()}
    if peaks:
        row.peak = statistics.median(answer["gflops"] for answer in peaks)
        row.share = peaks[0]["step_gflop"] / (row.medians[OURS] / 1000 * row.peak)


def measure_memory(options, row):
    """Fills in the greatest resident memory of each program in MB, libraries and all, after three steps."""
    for name, command in commands(options, row).items():
        say(f"{row.workload}, memory: starting {name}")
        if started := warmed_up(name, command):
            status = Path(f"/proc/{started[0].process.pid}/status").read_text()
            row.medians[name] = int(status.split("VmHWM:")[1].split()[0]) / 1024
            started[0].close()


def cpu_field(name):
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(name):
            return line.split(":", 1)[1].strip()
    return ""


def installed(python, module):
    return subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0


def rows_of(options):
    flags = cpu_field("flags").split()
    if options.all:
        options.workloads, options.what = WORKLOADS, ["step", "predict", "single", "memory"]
        options.precision = ["float32", "bfloat16"] if {"avx512_bf16", "amx_bf16"} & set(flags) else ["float32"]
    for precision in options.precision:
        for what in options.what:
            for workload in options.workloads:
                # What the table of all rows has no place for.
                if options.all and (what == "memory" and workload != "R18" or precision != "float32" and what != "step"):
                    continue
                batch = options.batch_size or {"single": 1, "memory": MEMORY_BATCH}.get(what, BATCH[workload])
                yield Row(workload, what, precision, batch, date=str(datetime.date.today()))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="every row that docs/performance.md has for this processor")
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=WORKLOADS[:3])
    parser.add_argument("--what", nargs="*", choices=KINDS, default=["step"],
                        help="training steps, evaluations (ours with the loss), predictions of a batch or of one image,"
                             " or the peak memory of training steps")  # fmt: skip
    parser.add_argument("--batch-size", type=int, default=0, help="default: the workload's")
    parser.add_argument("--precision", nargs="+", choices=["float32", "bfloat16"], default=["float32"])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--clock", choices=["wall", "processor"], default="wall",
                        help="processor: what a program's threads ran for. For a busy machine, with --threads 1")  # fmt: skip
    parser.add_argument("--rounds", type=int, default=5, help="turns of each program (default 5)")
    parser.add_argument("--steps", type=int, help="steps per turn (default: about 1.5 seconds of them)")
    parser.add_argument("--python", default=os.environ.get("EVENKEEL_PEERS_PYTHON"),
                        help="a Python that has the peers installed (default $EVENKEEL_PEERS_PYTHON)")  # fmt: skip
    parser.add_argument("--venv", type=Path, default=ROOT / "build" / "peers-venv", help="default build/peers-venv")
    parser.add_argument("--ours", type=Path, default=ROOT / "build" / "release" / "bench" / "step_time")
    parser.add_argument("--results", type=Path, help="a JSON file of rows: those measured replace those of the same kind")
    parser.add_argument("--document", type=Path, help="a Markdown file that gets the table of all rows of --results")
    parser.add_argument("--section", default="here", help="which table of that file (default here)")
    options = parser.parse_args()
    if options.document and not options.results:
        parser.error("--document needs --results")
    return options


def main():
    options = arguments()
    options.python = options.python or peers_python(options.venv)
    if not options.ours.exists():
        say(f"{options.ours} does not exist: measuring the peers only")
    options.has_jax = installed(options.python, "jax")
    has_avx512 = "avx512f" in cpu_field("flags").split()
    measured = []
    for row in rows_of(options):
        (measure_memory if row.what == "memory" else measure)(options, row)
        measured.append(row)
        say(f"{row.workload}, {row.what}, {row.precision}: {row.medians}")
        if options.results:
            keep(options.results, row)
    introduction = (
        f"{cpu_field('model name') or platform.machine()}, {options.threads} threads of {os.cpu_count()}, "
        f"{datetime.date.today()}.\nMedian ms (memory: MB). ratio: the best peer over ours, beside the one that is"
        " wanted.\nShare of the FMA peak (float32), measured in the same run. load: CPUs that something else kept busy;"
        " a row above 0.1 means little.\n"
    )
    print(introduction + "\n" + table(measured, has_avx512))
    if options.document:
        write_into(options.document, options.section, table(load(options.results), has_avx512))


if __name__ == "__main__":
    main()
