#!/usr/bin/env python3
"""Writes tests/formats/fixtures/hdf5: HDF5 files with what Keras does not write, and what it could."""
import pathlib

import h5py
import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "tests/formats/fixtures/hdf5"
FOLDER.mkdir(parents=True, exist_ok=True)
NUMBERS = np.arange(6, dtype="f4").reshape(2, 3)


def file(name):
    return h5py.File(FOLDER / f"{name}.h5", "w", libver="latest")


with file("usual") as f:
    f.attrs["text"] = "héllo"
    f.attrs["fixed"] = np.bytes_(b"abc")
    f.attrs["list"] = [b"a", b"bcd"]
    f.attrs["none"] = []
    f.attrs["number"] = 3
    f.attrs["part0"], f.attrs["part1"] = [b"x"], [b"y", b"z"]
    f["group/numbers"] = NUMBERS
    f["group/half"] = NUMBERS.astype("f2")
    f["group/step"] = np.int64(7)
    f["group/big_endian"] = NUMBERS.astype(">f4")
    f.create_dataset("group/compressed", data=NUMBERS, chunks=(1, 2), compression="gzip", shuffle=True)
with file("soft_link") as f:
    f["numbers"] = NUMBERS
    f["again"] = h5py.SoftLink("/numbers")
with file("external_link") as f:
    f["elsewhere"] = h5py.ExternalLink("/etc/passwd", "/")
with file("two_names") as f:
    group = f.create_group("a")
    group.create_group("b")["up"] = group
with file("external_numbers") as f:
    f.create_dataset("numbers", (2, 3), "f4", external=[("/etc/passwd", 0, 24)])
with file("other_filter") as f:
    f.create_dataset("numbers", data=NUMBERS, chunks=(1, 2), fletcher32=True)
with file("huge") as f:
    f.create_dataset("numbers", (1 << 40,), "f4", chunks=(1024,), compression="gzip")
with file("virtual") as f:
    layout = h5py.VirtualLayout((2, 3), "f4")
    layout[...] = h5py.VirtualSource(str(FOLDER / "usual.h5"), "group/numbers", (2, 3))
    f.create_virtual_dataset("numbers", layout)
