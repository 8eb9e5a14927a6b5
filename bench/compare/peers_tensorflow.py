#!/usr/bin/env python3
"""Keras on TensorFlow as a worker (protocol: worker.py): python peers_tensorflow.py --workload W1 --threads 2"""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import tensorflow as tf
from keras import layers
from worker import CLASSES, WORKLOADS, arguments, serve


def placement():
    model = []
    for filters in (16, 32, 64):
        model += [
            layers.Conv2D(filters, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("elu"),
            layers.MaxPooling2D(2, padding="same"),
        ]
    model += [layers.Dropout(0.3), layers.Flatten(), layers.Dense(512, activation="elu"), layers.Dropout(0.3)]
    return model + [layers.Dense(CLASSES)]


def speedup():
    return [
        *(layers.BatchNormalization(), layers.Conv2D(30, 3, strides=2, activation="relu")),
        *(layers.BatchNormalization(), layers.Conv2D(50, 3, activation="relu")),
        *(layers.BatchNormalization(), layers.Conv2D(60, 3, activation="relu"), layers.Flatten()),
        *(layers.BatchNormalization(), layers.Dense(3500, activation="relu")),
        *(layers.BatchNormalization(), layers.Dense(700, activation="relu")),
        *(layers.BatchNormalization(), layers.Dense(CLASSES)),
    ]


def depth():
    model = []
    for i in range(1, 20):
        model.append(layers.Conv2D(4 * i, 3, strides=2 if i % 3 == 0 else 1, padding="same", use_bias=False))
        model += [layers.BatchNormalization(), layers.Activation("relu")]
    model += [layers.Flatten(), layers.Dense(100, use_bias=False), layers.BatchNormalization(), layers.Activation("relu")]
    return model + [layers.Dense(CLASSES)]


def main():
    chosen = arguments(step=["function", "train_on_batch"])
    shape, batch, learning_rate, (beta_1, beta_2, epsilon) = WORKLOADS[chosen.workload]
    tf.config.threading.set_intra_op_parallelism_threads(chosen.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)  # measured: faster than 2
    keras.utils.set_random_seed(0)
    build = {"W1": placement, "W2": speedup, "W3": depth}[chosen.workload]
    model = keras.Sequential([keras.Input(shape), *build()])
    x = tf.random.uniform([batch, *shape])
    labels = tf.random.uniform([batch], maxval=CLASSES, dtype=tf.int32)
    one_hot = tf.one_hot(labels, CLASSES)
    optimizer = keras.optimizers.Adam(learning_rate, beta_1, beta_2, epsilon)
    if chosen.workload == "W3":
        loss, targets = keras.losses.BinaryCrossentropy(from_logits=True), one_hot
    else:
        loss, targets = keras.losses.SparseCategoricalCrossentropy(from_logits=True), labels

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
