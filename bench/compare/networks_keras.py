"""The networks of the workloads in Keras, for every backend."""

import keras
from keras import layers
from worker import CLASSES


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


NETWORKS = {"W1": placement, "W2": speedup, "W3": depth}


def loss_of(workload, labels):
    """The loss, in float32, and the targets that it takes."""
    if workload == "W3":
        return keras.losses.BinaryCrossentropy(from_logits=True, dtype="float32"), keras.ops.one_hot(labels, CLASSES)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float32"), labels
