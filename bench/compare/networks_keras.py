"""The networks of the workloads in Keras, for every backend."""

import keras
from keras import layers
from worker import WORKLOADS


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
    return model + [layers.Dense(10)]


def speedup():
    return [
        *(layers.BatchNormalization(), layers.Conv2D(30, 3, strides=2, activation="relu")),
        *(layers.BatchNormalization(), layers.Conv2D(50, 3, activation="relu")),
        *(layers.BatchNormalization(), layers.Conv2D(60, 3, activation="relu"), layers.Flatten()),
        *(layers.BatchNormalization(), layers.Dense(3500, activation="relu")),
        *(layers.BatchNormalization(), layers.Dense(700, activation="relu")),
        *(layers.BatchNormalization(), layers.Dense(10)),
    ]


def depth():
    model = []
    for i in range(1, 20):
        model.append(layers.Conv2D(4 * i, 3, strides=2 if i % 3 == 0 else 1, padding="same", use_bias=False))
        model += [layers.BatchNormalization(), layers.Activation("relu")]
    model += [layers.Flatten(), layers.Dense(100, use_bias=False), layers.BatchNormalization(), layers.Activation("relu")]
    return model + [layers.Dense(10)]


def resnet18_block(x, name, filters, stride):
    def conv_norm(x, part, size, stride):
        padded = layers.ZeroPadding2D(1)(x) if size == 3 else x
        y = layers.Conv2D(filters, size, strides=stride, use_bias=False, name=f"{name}_conv{part}")(padded)
        return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn{part}")(y)

    y = layers.Activation("relu")(conv_norm(x, 1, 3, stride))
    y = conv_norm(y, 2, 3, 1)
    same = stride == 1 and x.shape[-1] == filters
    return layers.Activation("relu")(layers.Add()([y, x if same else conv_norm(x, 0, 1, stride)]))


def resnet18(shape):
    """keras.applications has no ResNet-18; this is torchvision's."""
    inputs = keras.Input(shape)
    x = layers.Conv2D(64, 7, strides=2, use_bias=False)(layers.ZeroPadding2D(3)(inputs))
    x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x))
    x = layers.MaxPooling2D(3, strides=2)(layers.ZeroPadding2D(1)(x))
    for stage in range(4):
        for i in range(2):
            x = resnet18_block(x, f"layer{stage + 1}_{i}", 64 << stage, 2 if stage > 0 and i == 0 else 1)
    return keras.Model(inputs, layers.Dense(1000)(layers.GlobalAveragePooling2D()(x)))


CHAINS = {"W1": placement, "W2": speedup, "W3": depth}
APPLICATIONS = {"M2": keras.applications.MobileNetV2, "E0": keras.applications.EfficientNetB0}


def model_of(workload):
    shape = WORKLOADS[workload].shape
    if workload in CHAINS:
        return keras.Sequential([keras.Input(shape), *CHAINS[workload]()])
    if workload == "R18":
        return resnet18(shape)
    return APPLICATIONS[workload](weights=None, input_shape=shape, classifier_activation=None)


def optimizer_of(workload):
    if not workload.adam:
        return keras.optimizers.SGD(workload.learning_rate, workload.momentum, weight_decay=workload.weight_decay)
    return keras.optimizers.Adam(workload.learning_rate, *workload.adam)


def loss_of(workload, labels):
    """The loss, in float32, and the targets that it takes."""
    if workload == "W3":
        return keras.losses.BinaryCrossentropy(from_logits=True, dtype="float32"), keras.ops.one_hot(labels, 10)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float32"), labels
