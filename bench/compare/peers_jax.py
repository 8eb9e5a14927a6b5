#!/usr/bin/env python3
"""Keras on JAX as a worker (protocol: worker.py), where it is installed: python peers_jax.py --workload W1"""

import os

os.environ["KERAS_BACKEND"] = "jax"

import jax
import keras
import numpy as np
from networks_keras import NETWORKS, loss_of
from worker import CLASSES, WORKLOADS, arguments, serve


def main():
    chosen = arguments()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: chosen.threads])  # XLA has no other way
    shape, batch, learning_rate, (beta_1, beta_2, epsilon) = WORKLOADS[chosen.workload]
    keras.utils.set_random_seed(0)
    if chosen.precision == "bfloat16":
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    model = keras.Sequential([keras.Input(shape), *NETWORKS[chosen.workload]()])
    random = np.random.default_rng(0)
    x = jax.numpy.asarray(random.random((batch, *shape), dtype=np.float32))
    labels = random.integers(0, CLASSES, batch)
    loss, targets = loss_of(chosen.workload, labels)
    model.compile(keras.optimizers.Adam(learning_rate, beta_1, beta_2, epsilon), loss, jit_compile=True)
    if chosen.what == "evaluate":
        weights = ([v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables])
        evaluate = jax.jit(lambda x: model.stateless_call(*weights, x, training=False)[0])
        serve(lambda: np.asarray(evaluate(x)))
        return
    serve(lambda: model.train_on_batch(x, targets))


if __name__ == "__main__":
    main()
