"""Writes tests/data/fixtures/crops.npz: what Pillow and torchvision make of images of 8 bits, for tests/data/crop_test.cpp.

    python tools/golden/make_crops.py tests/data/fixtures/crops.npz
"""

import sys

import numpy as np
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

SIZES = {"wide": (37, 53, 24, 20), "high": (61, 40, 16, 15), "odd": (30, 33, 21, 14), "larger": (9, 14, 20, 17)}


def main(path):
    random = np.random.default_rng(7)
    arrays = {}
    for name, (height, width, side, crop) in SIZES.items():
        # Smooth with noise: pure noise would hide what rounding does.
        ramp = np.linspace(0, 200, height)[:, None, None] * np.linspace(0.3, 1, width)[None, :, None]
        x = np.clip(ramp * [1, 0.7, 0.4] + random.integers(0, 56, (height, width, 3)), 0, 255).astype(np.uint8)
        image = Image.fromarray(x)
        arrays[name] = x
        arrays[f"{name}-resized"] = np.asarray(image.resize((23, 17), Image.Resampling.BILINEAR))
        make = Compose([Resize(side, InterpolationMode.BILINEAR), CenterCrop(crop)])
        arrays[f"{name}-{side}-{crop}"] = np.asarray(make(image))
    np.savez_compressed(path, **arrays)


if __name__ == "__main__":
    main(sys.argv[1])
