#!/usr/bin/env python3
"""OpenVINO as a worker that predicts (protocol: worker.py): python peers_openvino.py --workload R18 --what predict"""

import tempfile

import numpy as np
import openvino
from networks_torch import export
from worker import WORKLOADS, arguments, serve


def main():
    chosen = arguments()
    if chosen.what == "step":
        raise SystemExit("OpenVINO predicts")
    settings = {
        "INFERENCE_NUM_THREADS": chosen.threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32" if chosen.precision == "float32" else "bf16",
    }
    with tempfile.TemporaryDirectory() as folder:
        path = export(chosen.workload, chosen.batch, folder)
        model = openvino.Core().compile_model(str(path), "CPU", settings)
    height, width, channels = WORKLOADS[chosen.workload].shape
    x = np.random.default_rng(0).random((chosen.batch, channels, height, width), dtype=np.float32)
    request = model.create_infer_request()

    def predict():
        request.infer([x], share_inputs=True)
        return request.get_output_tensor().data.copy()

    serve(predict)


if __name__ == "__main__":
    main()
