"""What is drawn with matplotlib, which is imported only here, when something is drawn."""

from __future__ import annotations

from typing import Any, Optional, Sequence

from ._data import Dataset, as_array
from ._errors import input_error


def pyplot(asks: str) -> Any:
    """matplotlib.pyplot, for the function of this name."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise ImportError(f"{asks} needs matplotlib: pip install matplotlib") from None
    return plt


def plot_images(x: Any, y: Any = None, *, count: int = 10, columns: int = 10,
                class_names: Optional[Sequence[str]] = None) -> Any:
    """Draws the first images of a set, with their labels, by matplotlib.

    Args:
        x: images [N, H, W, C] with one or three channels, uint8 or numbers from 0 to 1; or a Dataset.
        y: labels [N]; of a Dataset its own.
        count: how many images.
        columns: how many are in a row.
        class_names: what the labels are called; of a Dataset its own.

    Returns:
        The figure of matplotlib.

    Raises:
        InputError: these are not images.
        ImportError: matplotlib is not installed.
    """
    if count < 1 or columns < 1:
        raise input_error("plot_images", "a count and columns of at least 1", f"{count} and {columns}")
    if isinstance(x, Dataset):
        y = x.y if y is None else y
        class_names = class_names or x.class_names
        x = x.x
    images = as_array(x[:count], "plot_images: x")
    if images.ndim != 4 or images.shape[0] == 0 or images.shape[3] not in (1, 3):
        raise input_error("plot_images: x", "images [N, H, W, C] with 1 or 3 channels", f"an array {images.shape}")
    plt = pyplot("plot_images")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(columns, 1.25 * rows), squeeze=False, layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    for i, (axis, image) in enumerate(zip(axes.flat, images)):
        axis.imshow(image.squeeze(2) if image.shape[2] == 1 else image, cmap="gray", interpolation="nearest")
        if y is not None:
            label = y[i]
            axis.set_title(class_names[int(label)] if class_names else str(label), fontsize=8)
    return figure
