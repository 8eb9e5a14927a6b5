"""Small networks in Keras: the layers that its families use, with names and statistics as users have them."""

import keras
from keras import layers as L


def resnet():
    x = inputs = keras.Input((20, 24, 3), name="image")
    x = L.Rescaling(1 / 127.5, offset=-1.0)(x)
    x = L.ZeroPadding2D(((3, 2), (3, 2)), name="conv1_pad")(x)
    x = L.Conv2D(6, 7, strides=2, name="conv1_conv")(x)
    x = L.BatchNormalization(epsilon=1.001e-5, name="conv1_bn")(x)
    x = L.Activation("relu", name="conv1_relu")(x)
    x = L.MaxPooling2D(3, strides=2, padding="same")(x)
    y = L.Conv2D(6, 3, padding="same", use_bias=False)(x)
    y = L.ReLU(max_value=6.0)(L.BatchNormalization(scale=False, momentum=0.9)(y))
    y = L.Conv2D(6, 3, padding="same", kernel_regularizer=keras.regularizers.L2(1e-4))(y)
    y = L.BatchNormalization(center=False, trainable=False, name="kept")(y)
    x = L.ReLU()(L.Add(name="add")([x, y]))
    x = L.Conv2D(10, 3, strides=2, padding="same", activation="relu")(x)
    x = L.GlobalAveragePooling2D(name="avg_pool")(x)
    x = L.Dropout(0.25)(x)
    return keras.Model(inputs, L.Dense(5, activation="softmax", name="predictions")(x), name="resnet")


def mobilenet():
    x = inputs = keras.Input((12, 14, 3))
    x = L.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    x = L.Activation("hard_swish")(L.BatchNormalization(epsilon=1e-3, momentum=0.999)(x))
    y = L.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    y = L.Activation("swish")(L.BatchNormalization()(y))
    s = L.GlobalAveragePooling2D(keepdims=True)(y)
    s = L.Conv2D(4, 1, activation="relu")(s)
    s = L.Conv2D(8, 1, activation="hard_sigmoid")(s)
    y = L.Multiply()([y, s])
    y = L.SeparableConv2D(8, 3, padding="same", depth_multiplier=2)(y)
    x = L.Add()([x, L.BatchNormalization()(y)])
    x = L.PReLU(shared_axes=[1, 2])(x)
    x = L.SpatialDropout2D(0.1)(x)
    x = L.Flatten()(x)
    return keras.Model(inputs, L.Dense(5)(x), name="mobilenet")


def sequential():
    return keras.Sequential([
        keras.Input((10, 8, 2)),
        L.Conv2D(4, (3, 2), dilation_rate=(2, 1), groups=2, activation="elu"),
        L.GroupNormalization(2),
        L.LayerNormalization(epsilon=1e-4),
        L.LeakyReLU(negative_slope=0.2),
        L.AveragePooling2D(2, padding="same"),
        L.Permute((2, 1, 3)),
        L.Reshape((-1, 4)),
        L.Conv1D(6, 3, padding="causal", activation="gelu"),
        L.Flatten(),
        L.Dense(8, activation="selu"),
        L.BatchNormalization(),
        L.GaussianDropout(0.2),
        L.Dense(3),
    ], name="sequential")


def unet():
    x = inputs = keras.Input((8, 12, 3))
    a = L.LeakyReLU(negative_slope=0.1)(L.BatchNormalization()(L.Conv2D(4, 3, padding="same")(x)))
    b = L.Conv2D(6, 3, padding="same", activation="silu")(L.MaxPooling2D()(a))
    y = L.Conv2DTranspose(4, 3, strides=2, padding="same")(b)
    y = L.Concatenate()([L.BatchNormalization()(y), a])
    y = L.UpSampling2D(2, interpolation="bilinear")(L.AveragePooling2D(2)(y))
    y = L.Cropping2D(((1, 0), (2, 1)))(L.Conv2D(3, 3, padding="same", activation="relu")(y))
    return keras.Model(inputs, [L.Conv2D(1, 1, activation="sigmoid", name="mask")(y),
                                L.Dense(2, name="area")(L.GlobalMaxPooling2D()(y))], name="unet")


def transfer():
    """A frozen backbone, called in inference mode, inside another model: the usual recipe of transfer learning."""
    b = keras.Input((8, 10, 3))
    y = L.Conv2D(6, 3, strides=2, padding="same", use_bias=False, name="conv")(b)
    y = L.ReLU()(L.BatchNormalization(name="bn")(y))
    backbone = keras.Model(b, y, name="backbone")
    backbone.trainable = False
    inputs = keras.Input((8, 10, 3))
    x = backbone(inputs, training=False)
    x = L.Conv2D(6, 3, name="head_conv")(x)
    x = L.BatchNormalization(name="head_bn")(x)
    x = L.Average()([x, L.Maximum()([x, L.Subtract()([x, L.Activation("tanh")(x)])])])
    x = L.GlobalAveragePooling2D()(L.Activation("mish")(x))
    return keras.Model(inputs, L.Dense(4)(x), name="transfer")


TINY = {"resnet": resnet, "mobilenet": mobilenet, "sequential": sequential, "unet": unet, "transfer": transfer}
