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
from networks_keras import NETWORKS, loss_of
from worker import CLASSES, WORKLOADS, arguments, serve


def main():
    chosen = arguments(step=["function", "train_on_batch"])
    shape, batch, learning_rate, (beta_1, beta_2, epsilon) = WORKLOADS[chosen.workload]
    tf.config.threading.set_intra_op_parallelism_threads(chosen.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)  # measured: faster than 2
    keras.utils.set_random_seed(0)
    if chosen.precision == "bfloat16":
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    model = keras.Sequential([keras.Input(shape), *NETWORKS[chosen.workload]()])
    x = tf.random.uniform([batch, *shape])
    labels = tf.random.uniform([batch], maxval=CLASSES, dtype=tf.int32)
    optimizer = keras.optimizers.Adam(learning_rate, beta_1, beta_2, epsilon)
    loss, targets = loss_of(chosen.workload, labels)

    if chosen.what == "evaluate":
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
