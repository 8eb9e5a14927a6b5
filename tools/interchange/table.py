#!/usr/bin/env python3
"""Writes docs/interchange-table.md: what we make of the files of torchvision's and Keras's families.

    python tools/interchange/table.py FOLDER [--program build/release/bench/interchange_figures] [--only NAME ...]

FOLDER is what `make_networks.py large` wrote. One file after the other, on a machine that does nothing else. Without
--only the page is written; with it, the rows are printed.
"""

import argparse
import json
import os
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs/interchange-table.md"
FORMS = [(".evaluate.onnx", "ONNX, evaluation"), (".train.onnx", "ONNX, training"), (".folded.onnx", "ONNX, folded"),
         (".dynamo.onnx", "ONNX, dynamo"), (".keras", "Keras"), (".h5", "Keras, h5")]
# Ours, of the same network.
DESCRIBED = {"ResNet50V2": "resnet50_v2", "MobileNet": "mobilenet_v1"}
TIMED = 25


def onnxruntime_with(path, arrays, side):
    """Milliseconds for one image, and how far ONNX Runtime's outputs are from the producer's."""
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count()
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with np.load(arrays) as held:
        inputs, expected = held["input:x"].astype(np.float32), held["evaluate:y"]
    outputs = np.concatenate([session.run(None, {name: image[None]})[0] for image in inputs])
    away = np.linalg.norm(outputs - expected) / np.linalg.norm(expected)
    x = {name: np.full((1, 3, side, side), 0.5, np.float32)}
    times = []
    for i in range(TIMED + 3):
        begin = time.perf_counter()
        session.run(None, x)
        if i >= 3:
            times.append(1000 * (time.perf_counter() - begin))
    return sorted(times)[len(times) // 2], float(away)


def processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), "unknown processor")


def figures_of(program, path, arrays, architecture):
    path.read_bytes()  # what is measured is not the disk
    command = [str(program), str(path), str(arrays), *([architecture] if architecture else [])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    except subprocess.TimeoutExpired:
        return {"error": "not done after 600 s"}
    if done.returncode:
        return {"error": f"exit code {done.returncode}: {done.stderr.strip()[-200:]}"}
    return json.loads(done.stdout)


def distance(value):
    return value if isinstance(value, str) else ("0" if value == 0 else f"{value:.0e}")


def row_of(about, form, figures, onnxruntime):
    begin = f"| {about['family']} | {form} | {about['parameters'] / 1e6:.1f} M |"
    if "error" in figures:
        return f"{begin} {figures['error'].splitlines()[0][:60].replace('|', '/')} | | | | | | | | |"
    normalized = form not in ("ONNX, folded", "ONNX, dynamo")
    statistics = f"{distance(figures['statistics'])}" if figures["statistics_compared"] else "-"
    if normalized and figures["statistics_compared"] != figures["statistics_there"]:
        statistics = f"{figures['statistics_compared']} of {figures['statistics_there']}"
    cells = [f"{figures['import_ms']:.0f}", f"{figures['memory_of_file']:.2f}", distance(figures["evaluate"]),
             distance(onnxruntime[1]) if onnxruntime else "-",
             distance(figures["train"]) if normalized else "-", statistics if normalized else "-",
             f"{figures['predict_ms']:.1f}", f"{figures['described_ms']:.1f}" if "described_ms" in figures else "-",
             f"{onnxruntime[0]:.1f}" if onnxruntime else "-"]
    return f"{begin} {' | '.join(cells)} |"


def known_architectures():
    page = (ROOT / "docs/architectures.md").read_text()
    return {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}


def rows_of(about, folder, program, known):
    name = about["family"]
    architecture = DESCRIBED.get(name, name if name in known else "")
    for ending, form in FORMS:
        path = folder / (name + ending)
        if not path.exists():
            continue
        figures = figures_of(program, path, folder / f"{name}.npz", architecture)
        onnxruntime = None
        if ending in (".evaluate.onnx", ".folded.onnx", ".dynamo.onnx"):
            onnxruntime = onnxruntime_with(path, folder / f"{name}.npz", about["side"])
        yield row_of(about, form, figures, onnxruntime), figures


HEAD = """# Networks of PyTorch and Keras, imported

Written by `make interchange-table` (tools/interchange). Each family at random weights, with statistics that
are not those of its data, 100 classes and four images of 64 pixels (96 or 107 where the network needs more).
PyTorch {torch}, Keras {keras}, ONNX Runtime {onnxruntime}; {processor}, {threads} threads.

- **import**: milliseconds to read the file, which is in the page cache, into a model with its weights.
  **memory**: what the process needs for that, in sizes of the file.
- **evaluation**, **training**: relative distance (L2) of the outputs to those of the producer, in both modes,
  noise off; **ORT**: that of ONNX Runtime's evaluation with the same file. **statistics**: the largest of all
  moving means and variances after one pass in training mode. At most 1e-4 is promised. A folded file, and one
  of PyTorch's newer exporter, has no normalization left to train.
- **predict**: milliseconds for one image; **described**: of the same network as `evenkeel model` describes
  it; **ORT ms**: ONNX Runtime with the same file. The medians of {timed}.

EfficientNets with random weights and such statistics amplify rounding in evaluation: their outputs are in the
thousands, and programs that compute the same in another order differ by as much as the column ORT shows. In
training mode, where each batch is normalized, they agree. Inception v3 is the same in training mode: it
ends in maps of one pixel, so that the statistics of a batch are those of four numbers.

| family | file | weights | import | memory | evaluation | ORT | training | statistics | predict | described | ORT ms |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""


def wrapped(text, width=110):
    """Lines of the page that are no table row are at most 110 characters."""
    assert all(len(line) <= width for line in text.splitlines() if not line.startswith("|")), text
    return text


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--program", type=Path, default=ROOT / "build/release/bench/interchange_figures")
    options.add_argument("--only", nargs="*", default=[])
    options = options.parse_args()
    from importlib.metadata import version

    known, rows, all_figures = known_architectures(), [], {}
    for path in sorted(options.folder.glob("*.json"), key=lambda p: p.name.lower()):
        about = json.loads(path.read_text())
        if "family" not in about or (options.only and about["family"] not in options.only):
            continue
        for row, figures in rows_of(about, options.folder, options.program, known):
            print(row, flush=True)
            if "error" in figures:
                print("   ", figures["error"], flush=True)
            rows.append(row)
            all_figures[row.split("|")[1].strip() + row.split("|")[2]] = figures
    if options.only:
        return
    head = HEAD.format(torch=version("torch"), keras=version("keras"), onnxruntime=version("onnxruntime"),
                       threads=os.cpu_count(), timed=TIMED, processor=processor())
    PAGE.write_text(wrapped(head) + "\n".join(rows) + "\n")
    print(f"{len(rows)} rows: {PAGE}")


if __name__ == "__main__":
    main()
