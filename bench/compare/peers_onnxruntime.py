#!/usr/bin/env python3
"""ONNX Runtime as a worker that predicts (protocol: worker.py): python peers_onnxruntime.py --workload R18 --what predict"""

import tempfile

import numpy as np
import onnxruntime
from networks_torch import export
from worker import WORKLOADS, arguments, serve


def main():
    chosen = arguments()
    if chosen.what == "step" or chosen.precision != "float32":
        raise SystemExit("ONNX Runtime predicts in float32")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = chosen.threads, 1
    with tempfile.TemporaryDirectory() as folder:
        path = export(chosen.workload, chosen.batch, folder)
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    height, width, channels = WORKLOADS[chosen.workload].shape
    x = np.random.default_rng(0).random((chosen.batch, channels, height, width), dtype=np.float32)
    feed = {session.get_inputs()[0].name: x}
    serve(lambda: session.run(None, feed))


if __name__ == "__main__":
    main()
