#!/usr/bin/env python3
"""Keras on TensorFlow as a worker (protocol: worker.py): python peers_tensorflow.py --workload W1 --threads 2

In bfloat16: Keras's policy mixed_bfloat16 (weights stay float32).
"""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import tensorflow as tf
from networks_keras import loss_of, model_of, optimizer_of
from worker import WORKLOADS, arguments, serve


def main():
    chosen = arguments(step=["function", "train_on_batch"])
    workload = WORKLOADS[chosen.workload]
    tf.config.threading.set_intra_op_parallelism_threads(chosen.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)  # measured: faster than 2
    keras.utils.set_random_seed(0)
    if chosen.precision == "bfloat16":
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    model = model_of(chosen.workload)
    x = tf.random.uniform([chosen.batch, *workload.shape])
    labels = tf.random.uniform([chosen.batch], maxval=workload.classes, dtype=tf.int32)
    optimizer = optimizer_of(workload)
    loss, targets = loss_of(chosen.workload, labels)

    if chosen.what != "step":
        evaluate = tf.function(lambda x: model(x, training=False), jit_compile=False)
        serve(lambda: evaluate(x).numpy())
        return

    if chosen.step == "train_on_batch":
        model.compile(optimizer, loss, jit_compile=False)
        serve(lambda: model.train_on_batch(x, targets))
        return

    optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=False)
    def train(x, targets):
        with tf.GradientTape() as tape:
            value = loss(targets, model(x, training=True))
        optimizer.apply(tape.gradient(value, model.trainable_variables), model.trainable_variables)
        return value

    serve(lambda: train(x, targets).numpy())


if __name__ == "__main__":
    main()
