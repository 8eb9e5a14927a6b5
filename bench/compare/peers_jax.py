#!/usr/bin/env python3
"""Keras on JAX as a worker (protocol: worker.py), where it is installed: python peers_jax.py --workload W1"""

import os

os.environ["KERAS_BACKEND"] = "jax"

import jax
import keras
import numpy as np
from networks_keras import loss_of, model_of, optimizer_of
from worker import WORKLOADS, arguments, serve


def main():
    chosen = arguments()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: chosen.threads])  # XLA has no other way
    workload = WORKLOADS[chosen.workload]
    keras.utils.set_random_seed(0)
    if chosen.precision == "bfloat16":
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    model = model_of(chosen.workload)
    random = np.random.default_rng(0)
    x = jax.numpy.asarray(random.random((chosen.batch, *workload.shape), dtype=np.float32))
    labels = random.integers(0, workload.classes, chosen.batch)
    loss, targets = loss_of(chosen.workload, labels)
    model.compile(optimizer_of(workload), loss, jit_compile=True)
    if chosen.what != "step":
        weights = ([v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables])
        evaluate = jax.jit(lambda x: model.stateless_call(*weights, x, training=False)[0])
        serve(lambda: np.asarray(evaluate(x)))
        return
    serve(lambda: model.train_on_batch(x, targets))


if __name__ == "__main__":
    main()
