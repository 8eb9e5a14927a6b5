#!/usr/bin/env python3
"""Writes tests/interchange/onnx/nodes/not_supported.txt anew from what fails: the reasons are the rules below, and a
test that none of them explains is an error.

    python tools/interchange/update_not_supported.py [--program build/release/tests/test_interchange] [--all ARCHIVE]
"""

import argparse
import gzip
import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "tests/interchange/onnx/nodes"
LIST = FOLDER / "not_supported.txt"
HEAD = """# Node tests of onnx that do not pass, and why: "<test, or its beginning and *>: <reason>". A test that
# passes must not stand here (tests/interchange/onnx/nodes_test.cpp). Tests that are not in the committed
# archive are listed too. Written by tools/interchange/update_not_supported.py.
"""
# The first that matches.
RULES = [
    (r"layer_norm.*expanded", "layer normalization over samples and positions that were flattened into one axis"),
    (r"_3d", "three axes of positions, or a product with more than a matrix"),
    (r"pool_2d_dilations", "windows of pooling with dilations"),
    (r"last_window_starts_on_pad", "onnx's expected number has four digits"),
    (r"^test_cast_|celu_b", "types other than float32: a network of ours computes in float32"),
    (r"clip_min_greater_than_max", "the lower bound is above the upper one, which no activation has"),
    (r"^test_constant$", "a graph without inputs is no network"),
    (r"^test_div", "a quotient of two values that depend on the inputs"),
    (r"dropout.*mask", "the mask of a Dropout is no output of a network"),
    (r"training_dropout", "the mask is drawn by another generator"),
    (r"^test_erf$", "Erf alone is no activation of ours; where it makes a gelu it is read"),
    (r"flatten_", "samples and positions mixed in one axis"),
    (r"^test_gather", "a table of indices, or places that do not follow each other"),
    (r"gemm_(all|transposeA)", "the first matrix is transposed: its columns are the samples"),
    (r"gemm_default_matrix", "a bias for each sample"),
    (r"^test_matmul", "a product with a constant that is no matrix"),
    (r"argmax", "the places of the maxima are no output of a network"),
    (r"^test_pow", "a power other than 1 and 2"),
    (r"allowzero|zero_size|start_out_of_bounds", "arrays without elements"),
    (r"resize.*cubic", "cubic interpolation"),
    (r"resize.*antialias", "antialias"),
    (r"tf_crop", "cropping and resizing at once"),
    (r"not_larger|not_smaller", "sizes that keep the aspect ratio"),
    (r"^test_resize", "pixels found by a rule that our resizing does not have"),
    (r"^test_shape", "the output does not depend on the input"),
    (r"slice_neg_steps", "a slice that goes backwards"),
    (r"^test_sqrt", "a root alone is no layer; where it makes a normalization it is read"),
    (r"wrap_pad", "padding that wraps around"),
    (r"softmax_axis_0_expanded", "the batch is the axis of the softmax"),
    (r"expanded", "comparisons, choices or exponentials that no pattern knows, or another scheme of constants"),
]


def names_in(archive):
    data = gzip.decompress(archive.read_bytes())
    length = struct.unpack("<Q", data[:8])[0]
    return set(json.loads(data[8 : 8 + length])["__metadata__"])


def failing(program, archive):
    """With an empty list, each test that does not pass is reported."""
    LIST.write_text(HEAD)
    environment = {**os.environ, "EVENKEEL_NODE_TESTS": str(archive)}
    done = subprocess.run([program, "--gtest_filter=NodeTests.Pass*"], capture_output=True, text=True, env=environment)
    return set(re.findall(r"^(test_\S+) \(", done.stdout, re.MULTILINE))


def reason_of(name):
    return next((why for pattern, why in RULES if re.search(pattern, name)), None)


def lines_of(failed, known):
    """A beginning in place of several names, where it is that of failing tests of one reason alone."""
    done = set()
    for name in sorted(failed, key=lambda n: ([why for _, why in RULES].index(reason_of(n)), n)):
        if name in done:
            continue
        alike = {n for n in failed if reason_of(n) == reason_of(name)}
        for end in range(10, len(name)):
            begun = {n for n in known if n.startswith(name[:end])}
            if len(begun) > 1 and begun <= alike:
                done |= begun
                yield f"{name[:end]}*: {reason_of(name)}"
                break
        else:
            yield f"{name}: {reason_of(name)}"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--program", type=Path, default=ROOT / "build/release/tests/test_interchange")
    options.add_argument("--all", type=Path, default=FOLDER / "nodes.safetensors.gz", help="the archive of all tests")
    options = options.parse_args()
    known, failed = names_in(options.all), failing(options.program, options.all)
    without = sorted(n for n in failed if not reason_of(n))
    if without:
        sys.exit("no reason: " + " ".join(without))
    LIST.write_text(HEAD + "".join(line + "\n" for line in lines_of(failed, known)))
    print(f"{len(known) - len(failed)} of {len(known)} pass, {len(failed)} are listed")


if __name__ == "__main__":
    main()
