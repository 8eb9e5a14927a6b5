"""Writes tests/app/fixtures: one small network, trained a little and with spoiled moving statistics, as PyTorch and
Keras users have it, and what both compute.

    python tools/interchange/make_app_fixtures.py tests/app/fixtures

Exporting in training mode runs the network once, which moves the statistics a little; what it computes is taken after
that. The images are those of App::write_data (tests/app/app_test.h): 6 x 6, one bright third, three classes.
"""

import io
import os
import sys
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import torch


def images(n):
    """As App::write_data."""
    i, p = np.arange(n)[:, None], np.arange(36)[None]
    x = np.where(p // 12 == i % 3, 200, 20) + (i * 7 + p * 13) % 40
    return x.astype(np.uint8).reshape(n, 6, 6, 1), (np.arange(n) % 3).astype(np.int32)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 4, 3, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(4)
        self.drop = torch.nn.Dropout(0.25)
        self.fc = torch.nn.Linear(64, 3)

    def forward(self, x):
        return self.fc(self.drop(torch.relu(self.bn1(self.conv1(x)))).flatten(1))


def trained():
    torch.manual_seed(1)
    net, (x, y) = Net(), images(60)
    x = torch.tensor(x).permute(0, 3, 1, 2).float() / 255
    optimizer = torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(60):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), torch.tensor(y).long()).backward()
        optimizer.step()
    with torch.no_grad():  # as if they were of other images
        sign = torch.tensor([1.0, -1.0, 1.0, -1.0])
        net.bn1.running_mean += 3 * sign * net.bn1.running_var.sqrt()
        net.bn1.running_var *= 9
    return net


def export(net, path, train):
    mode = torch.onnx.TrainingMode.TRAINING if train else torch.onnx.TrainingMode.EVAL
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net, torch.zeros(2, 1, 6, 6), path, dynamo=False, opset_version=17, input_names=["image"],
                          output_names=["scores_of"], training=mode, do_constant_folding=not train,
                          dynamic_axes={"image": {0: "batch"}, "scores_of": {0: "batch"}})


def keras_file(path, x, y):
    import keras
    keras.utils.set_random_seed(1)
    net = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Rescaling(1 / 255, name="rescaling"),
                            keras.layers.Conv2D(4, 3, use_bias=False, name="conv"),
                            keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-4, name="norm"),
                            keras.layers.ReLU(name="relu"), keras.layers.Dropout(0.25, name="drop"),
                            keras.layers.Flatten(name="flatten"), keras.layers.Dense(3, name="head")])
    net.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    net.fit(x, y, batch_size=20, epochs=4, verbose=0)
    norm = net.get_layer("norm")
    norm.moving_mean.assign(np.zeros(4, np.float32))
    norm.moving_variance.assign(np.ones(4, np.float32))
    net.save(path)
    return net


def main(folder):
    net = trained()
    export(net, f"{folder}/train.onnx", True)
    export(net, f"{folder}/evaluate.onnx", False)
    net.eval()
    x, y = images(40)
    with torch.no_grad():
        outputs = net(torch.tensor(x).permute(0, 3, 1, 2).float() / 255).numpy()
    state = {k: v.contiguous().numpy() for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    from safetensors.numpy import save_file
    save_file(state, f"{folder}/state_dict.safetensors")
    network = keras_file(f"{folder}/model.keras", *images(60))
    network.save(f"{folder}/model.h5")
    np.savez(f"{folder}/outputs.npz", torch=outputs, keras=np.asarray(network(x.astype(np.float32), training=False)))


if __name__ == "__main__":
    main(sys.argv[1])
