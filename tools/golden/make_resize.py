#!/usr/bin/env python3
"""Writes tests/data/fixtures/resize.npz: an image and what torch makes of it in other sizes. Needs torch and numpy.

    python tools/golden/make_resize.py

`x` [7, 11, 3] float32, and `<height>x<width>` for each size: bilinear, antialiased, computed in float64.
"""

from pathlib import Path

import numpy as np
import torch

SIZES = [(7, 11), (3, 4), (14, 22), (2, 30), (20, 5), (1, 1)]


def main():
    out = Path(__file__).parents[2] / "tests/data/fixtures/resize.npz"
    x = np.random.RandomState(0).randint(0, 256, (7, 11, 3)).astype(np.float32)
    planes = torch.from_numpy(x.astype(np.float64)).permute(2, 0, 1)[None]
    arrays = {"x": x}
    for height, width in SIZES:
        y = torch.nn.functional.interpolate(planes, (height, width), mode="bilinear", antialias=True, align_corners=False)
        arrays[f"{height}x{width}"] = y[0].permute(1, 2, 0).contiguous().numpy().astype(np.float32)
    np.savez(out, **arrays)


if __name__ == "__main__":
    main()
