"""The archives of tests/interchange: one gzipped safetensors file, whose tensors are named "<case>/<what>".

A network's file is a tensor of bytes. One archive is a third of the size of as many files, and C++ reads it with what
the library has.
"""

import gzip
import io
from pathlib import Path

import numpy as np
from safetensors.numpy import save


def of_bytes(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8)


def write_archive(path: Path, tensors: dict, metadata: dict) -> int:
    """Returns the size of the file. The same tensors give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = save({name: np.ascontiguousarray(value) for name, value in tensors.items()}, metadata)
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as file:
        file.write(data)
    path.write_bytes(packed.getvalue())
    return len(packed.getvalue())
