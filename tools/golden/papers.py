"""Layers that Keras 3 does not have, written from their papers with plain operations and automatic gradients."""

import keras
import tensorflow as tf


class Normalization(keras.layers.Layer):
    """What these layers have in common: tensors as BatchNormalization's, over the last axis."""

    def __init__(self, momentum=0.99, epsilon=1e-3, **options):
        super().__init__(**options)
        self.momentum, self.epsilon = momentum, epsilon

    def build(self, shape):
        self.gamma = self.add_weight(name="gamma", shape=(shape[-1],), initializer="ones")
        self.beta = self.add_weight(name="beta", shape=(shape[-1],), initializer="zeros")
        options = dict(shape=(shape[-1],), trainable=False)
        self.moving_mean = self.add_weight(name="moving_mean", initializer="zeros", **options)
        self.moving_variance = self.add_weight(name="moving_variance", initializer="ones", **options)

    def follow(self, mean, variance):
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(self.momentum * moving + (1 - self.momentum) * tf.stop_gradient(new))

    def by_moving(self, x):
        return (x - self.moving_mean) / tf.sqrt(self.moving_variance + self.epsilon) * self.gamma + self.beta


def moments(x):
    axes = list(range(len(x.shape) - 1))
    mean = tf.reduce_mean(x, axes)
    return mean, tf.reduce_mean(tf.square(x - mean), axes)


class BatchRenormalization(Normalization):
    """Ioffe 2017, algorithm 1: r and d are constants for the gradient; the moving deviation is the root of the variance."""

    def __init__(self, r_max=3.0, d_max=5.0, **options):
        super().__init__(**options)
        self.r_max, self.d_max = r_max, d_max

    def call(self, x, training=False):
        if not training:
            return self.by_moving(x)
        mean, variance = moments(x)
        deviation, moving = tf.sqrt(variance + self.epsilon), tf.sqrt(self.moving_variance + self.epsilon)
        r = tf.stop_gradient(tf.clip_by_value(deviation / moving, 1 / self.r_max, self.r_max))
        d = tf.stop_gradient(tf.clip_by_value((mean - self.moving_mean) / moving, -self.d_max, self.d_max))
        y = ((x - mean) / deviation * r + d) * self.gamma + self.beta
        self.follow(mean, variance)
        return y


class BatchNormalization(Normalization):
    """With a virtual_batch_size (Hoffer et al. 2017): the last group is what is left; the moving statistics weigh groups by
    their samples."""

    def __init__(self, virtual_batch_size, **options):
        super().__init__(**options)
        self.group = virtual_batch_size

    def call(self, x, training=False):
        if not training:
            return self.by_moving(x)
        samples = x.shape[0]
        parts, mean_of_all, variance_of_all = [], 0.0, 0.0
        for first in range(0, samples, self.group):
            part = x[first : first + self.group]
            mean, variance = moments(part)
            parts.append((part - mean) / tf.sqrt(variance + self.epsilon) * self.gamma + self.beta)
            share = tf.cast(part.shape[0] / samples, x.dtype)
            mean_of_all, variance_of_all = mean_of_all + share * mean, variance_of_all + share * variance
        self.follow(mean_of_all, variance_of_all)
        return tf.concat(parts, 0)


def layer(kind, options):
    """The layer of a case: Keras's, or one of these."""
    if kind == "BatchRenormalization":
        return BatchRenormalization(**options)
    if "virtual_batch_size" in options:
        return BatchNormalization(**options)
    return getattr(keras.layers, kind)(**options)
