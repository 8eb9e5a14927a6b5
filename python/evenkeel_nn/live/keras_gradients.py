"""Norms of gradients of a Keras model, by backend."""

import keras
import numpy as np


def gradients(model, inputs, variables, loss_of):
    """The norm of the gradient of `loss_of(model(inputs, training=True))` with respect to each variable."""
    return {"tensorflow": _tensorflow, "torch": _torch, "jax": _jax}[keras.backend.backend()](
        model, inputs, variables, loss_of
    )


def _tensorflow(model, inputs, variables, loss_of):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = loss_of(model(inputs, training=True))
    grads = tape.gradient(loss, [v.value for v in variables])
    return [
        0.0 if g is None else float(np.linalg.norm(np.asarray(tf.convert_to_tensor(g), dtype=np.float64)))
        for g in grads
    ]


def _torch(model, inputs, variables, loss_of):
    import torch

    with torch.enable_grad():
        loss = loss_of(model(inputs, training=True))
        grads = torch.autograd.grad(loss, [v.value for v in variables], allow_unused=True)
    return [0.0 if g is None else float(g.detach().double().norm()) for g in grads]


def _jax(model, inputs, variables, loss_of):
    import jax

    states = [v.value for v in model.non_trainable_variables]

    def loss(values):
        outputs, _ = model.stateless_call(values, states, inputs, training=True)
        return loss_of(outputs)

    grads = jax.grad(loss)([v.value for v in model.trainable_variables])
    norms = {
        id(v): float(np.linalg.norm(np.asarray(g, dtype=np.float64))) for v, g in zip(model.trainable_variables, grads)
    }
    return [norms.get(id(v), 0.0) for v in variables]
