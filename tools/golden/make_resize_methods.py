#!/usr/bin/env python3
"""Writes tests/data/fixtures/resize_methods.npz: the image of resize.npz as OpenCV resizes it.

Needs opencv-python-headless.

    python tools/golden/make_resize_methods.py

`<method>-<height>x<width>` for each size, float32. OpenCV has no corners in their place; that is a formula of NumPy.
"""

from pathlib import Path

import cv2
import numpy as np

FIXTURES = Path(__file__).parents[2] / "tests/data/fixtures"
SIZES = [(3, 4), (14, 22), (2, 30), (20, 5), (1, 1)]
METHODS = {"bilinear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST_EXACT, "nearest_before": cv2.INTER_NEAREST}


def corners(x, height, width):
    for axis, out in ((0, height), (1, width)):
        at = np.linspace(0, x.shape[axis] - 1, out) if out > 1 else np.zeros(1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, x.shape[axis] - 1)
        part = (at - low).reshape([-1 if a == axis else 1 for a in range(3)])
        x = np.take(x, low, axis) * (1 - part) + np.take(x, high, axis) * part
    return x


def main():
    x = np.load(FIXTURES / "resize.npz")["x"]
    arrays = {}
    for height, width in SIZES:
        for name, method in METHODS.items():
            arrays[f"{name}-{height}x{width}"] = cv2.resize(x, (width, height), interpolation=method)
        arrays[f"corners-{height}x{width}"] = corners(x.astype(np.float64), height, width).astype(np.float32)
        if height <= x.shape[0] and width <= x.shape[1]:  # else OpenCV's area is its bilinear
            arrays[f"area-{height}x{width}"] = cv2.resize(x, (width, height), interpolation=cv2.INTER_AREA)
    np.savez(FIXTURES / "resize_methods.npz", **arrays)


if __name__ == "__main__":
    main()
