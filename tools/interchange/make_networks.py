#!/usr/bin/env python3
"""Writes networks of PyTorch and Keras with what those compute, for tests/interchange and `make interchange-table`.

    python tools/interchange/make_networks.py tiny                      # tests/interchange/networks, committed
    python tools/interchange/make_networks.py large FOLDER [NAME ...]   # torchvision's and Keras's families
"""

import argparse
import json
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
from archive import of_bytes, write_archive

ROOT = Path(__file__).resolve().parent.parent.parent
COMMITTED = ROOT / "tests/interchange/networks"
SAMPLES = 3
# Weights and pixels are multiples of these: an archive of the small networks stays small.
WEIGHT_STEPS, PIXEL_STEPS = 64, 8
# Forms of the small networks, and the opset of each.
FORMS = {"resnet": {"folded": 9, "evaluate": 17, "train": 13, "dynamo": 18, "dynamo_unfolded": 18},
         "mobilenet": {"evaluate": 11, "train": 17, "dynamo": 18}, "densenet": {"folded": 12, "train": 15, "dynamo_unfolded": 18},
         "convnext": {"folded": 17, "evaluate": 11, "dynamo": 18}, "unet": {"evaluate": 11, "train": 14, "dynamo": 18},
         "shufflenet": {"folded": 17, "fixed": 12, "train": 13, "dynamo": 18}, "vgg": {"evaluate": 11, "fixed": 16, "train": 17, "dynamo": 18},
         "two_inputs": {"train": 16, "dynamo": 18}}  # fmt: skip


def tiny_torch():
    import tiny_torch
    import torch
    import torch_networks

    tensors, metadata = {}, {}
    for name, (module, shapes) in tiny_torch.TINY.items():
        torch.manual_seed(zlib.crc32(name.encode()))
        net = module()
        x = tuple(torch_networks.rounded(torch.randn(SAMPLES, *s), PIXEL_STEPS) for s in shapes)
        torch_networks.perturb(net, x, 5, WEIGHT_STEPS)
        arrays = torch_networks.arrays_of(net, x)
        names, outputs = torch_networks.names_of(x, [a for a in arrays if a.startswith("evaluate/")])
        for form, opset in FORMS[name].items():
            model = torch_networks.export(net, x, names, outputs, form, opset)
            tensors[f"{name}.{form}/model"] = of_bytes(model.SerializeToString(deterministic=True))
            metadata[f"{name}.{form}"] = f"PyTorch {torch.__version__}, opset {model.opset_import[0].version}"
        # What the network computes is the same for all its forms.
        tensors.update({f"{name}/{key}": value for key, value in arrays.items()})
    size = write_archive(COMMITTED / "pytorch.safetensors.gz", tensors, metadata)
    print(f"{len(metadata)} files of PyTorch, {size} bytes")


def tiny_keras():
    import keras
    import keras_networks
    import tiny_keras

    tensors, metadata = {}, {}
    for name, make in tiny_keras.TINY.items():
        keras.utils.set_random_seed(zlib.crc32(name.encode()) % 1000)
        model = make()
        random = np.random.default_rng(3)
        x = [(np.round(random.normal(size=(SAMPLES, *i.shape[1:])) * PIXEL_STEPS) / PIXEL_STEPS).astype(np.float32)
             for i in model.inputs]
        if name == "resnet":
            x = [np.clip(np.round(v * 60 + 128), 0, 255) for v in x]
        keras_networks.perturb(model, x, 7, WEIGHT_STEPS)
        tensors.update({f"{name}/{k}": v for k, v in keras_networks.arrays_of(model, x).items()})
        for ending in (".keras", ".h5"):
            tensors[f"{name}.{ending[1:]}/{ending[1:]}"] = of_bytes(keras_networks.saved(model, ending))
            metadata[f"{name}.{ending[1:]}"] = f"Keras {keras.__version__}"
    size = write_archive(COMMITTED / "keras.safetensors.gz", tensors, metadata)
    print(f"{len(metadata)} files of Keras, {size} bytes")


TORCHVISION = {"resnet18": 64, "resnet34": 64, "resnet50": 64, "resnext50_32x4d": 64, "wide_resnet50_2": 64,
               "vgg11_bn": 64, "vgg16_bn": 64, "densenet121": 64, "squeezenet1_0": 64, "squeezenet1_1": 64,
               "googlenet": 96, "inception_v3": 107, "shufflenet_v2_x0_5": 64, "shufflenet_v2_x1_0": 64,
               "mobilenet_v2": 64, "mobilenet_v3_small": 64, "mobilenet_v3_large": 64, "efficientnet_b0": 64,
               "efficientnet_b1": 64, "regnet_x_400mf": 64, "regnet_y_400mf": 64, "mnasnet0_5": 64, "mnasnet1_0": 64,
               "convnext_tiny": 64}  # fmt: skip
KERAS = {"ResNet50": 64, "ResNet50V2": 64, "VGG16": 64, "DenseNet121": 64, "InceptionV3": 107, "Xception": 96,
         "MobileNet": 64, "MobileNetV2": 64, "MobileNetV3Small": 64, "MobileNetV3Large": 64, "EfficientNetB0": 64,
         "EfficientNetV2B0": 64, "NASNetMobile": 64, "ConvNeXtTiny": 64}  # fmt: skip
LARGE_FORMS = {"folded": 17, "evaluate": 13, "train": 17, "dynamo": 18}
SECONDS = 600  # for one family


def large_torch(name, folder):
    import torch
    import torch_networks
    import torchvision

    torch.set_num_threads(1)
    torch.manual_seed(1)
    extra = {"init_weights": False, "aux_logits": False} if name in ("googlenet", "inception_v3") else {}
    net = getattr(torchvision.models, name)(weights=None, num_classes=100, **extra)
    side = TORCHVISION[name]
    x = (torch.randn(4, 3, side, side),)
    torch_networks.perturb(net, x, 5)
    arrays = torch_networks.arrays_of(net, x)
    np.savez(folder / f"{name}.npz", **{k.replace("/", ":"): v for k, v in arrays.items()})
    for form, opset in LARGE_FORMS.items():
        if form != "evaluate" and name.startswith("vgg"):
            continue  # half a gigabyte each
        model = torch_networks.export(net, x, ["x"], ["y"], form, opset)
        (folder / f"{name}.{form}.onnx").write_bytes(model.SerializeToString())
    parameters = sum(p.numel() for p in net.parameters())
    return {"family": name, "source": "torchvision", "parameters": parameters, "side": side}


def large_keras(name, folder):
    import keras
    import keras_networks

    keras.utils.set_random_seed(1)
    side = KERAS[name]
    model = getattr(keras.applications, name)(weights=None, input_shape=(side, side, 3), classes=100,
                                              classifier_activation=None)
    x = [np.random.default_rng(3).uniform(0, 255, (4, side, side, 3)).astype(np.float32)]
    if name in ("ResNet50", "ResNet50V2", "VGG16", "DenseNet121", "InceptionV3", "Xception", "MobileNet", "MobileNetV2",
                "NASNetMobile"):
        x = [x[0] / 64 - 2]
    keras_networks.perturb(model, x, 7)
    # Statistics of this very input, then off: a deep network with drawn statistics computes nothing that is of use.
    for layer in keras_networks.normalizations(model).values():
        layer.momentum, layer.kept = 0.0, layer.momentum
    model(x[0], training=True)
    random = np.random.default_rng(11)
    for layer in keras_networks.normalizations(model).values():
        layer.momentum = layer.kept
        mean, variance = layer.moving_mean.numpy(), layer.moving_variance.numpy()
        layer.moving_mean.assign(mean + np.sqrt(variance) * random.uniform(-0.3, 0.3, mean.shape))
        layer.moving_variance.assign(variance * random.uniform(0.7, 1.3, mean.shape))
    arrays = keras_networks.arrays_of(model, x)
    np.savez(folder / f"{name}.npz", **{k.replace("/", ":"): v for k, v in arrays.items()})
    for ending in (".keras", ".h5"):
        if ending == ".keras" or name != "VGG16":
            (folder / f"{name}{ending}").write_bytes(keras_networks.saved(model, ending))
    return {"family": name, "source": "keras.applications", "parameters": model.count_params(), "side": side}


def large(folder, names):
    """Each family in a process of its own, so that one which fails, hangs or fills the memory takes no other with it.
    Its .json is written last: a family that has one is done, and a second run goes on where the first ended."""
    folder.mkdir(parents=True, exist_ok=True)
    left = []
    for name in names or [*TORCHVISION, *KERAS]:
        if (folder / f"{name}.json").exists():
            continue
        begin = time.monotonic()
        try:
            code = subprocess.run([sys.executable, __file__, "one", folder, name], timeout=SECONDS).returncode
            said = f"exit code {code}" if code else ""
        except subprocess.TimeoutExpired:
            said = f"not done after {SECONDS} s"
        left += [name] if said else []
        print(f"{name}: {said or f'{time.monotonic() - begin:.0f} s'}", flush=True)
    return f"left out: {', '.join(left)}" if left else 0


def one(folder, names):
    for name in names:
        about = (large_torch if name in TORCHVISION else large_keras)(name, folder)
        (folder / f"{name}.json").write_text(json.dumps(about))


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("which", choices=["tiny", "large", "one"])
    options.add_argument("folder", type=Path, nargs="?")
    options.add_argument("names", nargs="*")
    options = options.parse_args()
    if options.which == "large":
        return large(options.folder, options.names)
    if options.which == "one":
        return one(options.folder, options.names)
    tiny_torch()
    tiny_keras()
    return 0


if __name__ == "__main__":
    sys.exit(main())
