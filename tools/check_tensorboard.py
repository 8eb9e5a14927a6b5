#!/usr/bin/env python3
"""Reads a run folder's events with the real TensorBoard, checks them against metrics.csv and prints what is there.

    python -m venv build/tensorboard-venv && build/tensorboard-venv/bin/pip install tensorboard
    build/evenkeel train examples/models/lenet.toml --data strokes --validation strokes:test --epochs 2 --summary-every 50 --out runs/check
    build/tensorboard-venv/bin/python tools/check_tensorboard.py runs/check

Run by hand; exits with 1 at the first thing that does not hold. Needs nothing but the package tensorboard.
"""

import argparse
import csv
import io
import math
import struct
from pathlib import Path

from PIL import Image
from tensorboard import data_compat
from tensorboard.backend.event_processing import event_file_loader
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

SCALARS = ["loss", "learning_rate", "images_per_s"]
PER_EPOCH = {"epoch/loss": "loss", "epoch/accuracy": "accuracy", "validation/loss": "val_loss",
             "validation/accuracy": "val_accuracy"}


def check(holds, what):
    if not holds:
        raise SystemExit(f"DOES NOT HOLD: {what}")


def float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def check_steps(tag, events):
    steps = [event.step for event in events]
    check(steps == sorted(set(steps)), f"steps of {tag} rise and none is there twice: {steps}")


def check_scalars(accumulator):
    for tag in accumulator.Tags()["scalars"]:
        events = accumulator.Scalars(tag)
        check_steps(tag, events)
        check(all(math.isfinite(event.value) for event in events), f"{tag} is finite")
        print(f"scalar     {tag:40} {len(events):4} values, last {events[-1].value:.6g} at step {events[-1].step}")
    for tag in SCALARS:
        check(tag in accumulator.Tags()["scalars"], f"there is a scalar {tag}")


def check_epochs(accumulator, metrics):
    with open(metrics, newline="") as file:
        rows = list(csv.DictReader(file))
    for tag, column in PER_EPOCH.items():
        expected = {int(row["step"]): float32(float(row[column])) for row in rows if row[column]}
        if not expected:
            check(tag not in accumulator.Tags()["scalars"], f"{tag} is absent, as in metrics.csv")
            continue
        found = {event.step: event.value for event in accumulator.Scalars(tag)}
        check(found.keys() == expected.keys(), f"{tag} has the steps of metrics.csv: {found.keys()}, {expected.keys()}")
        # metrics.csv has nine digits.
        check(all(math.isclose(found[step], expected[step], rel_tol=3e-7) for step in found), f"{tag} is as in metrics.csv")
        print(f"checked    {tag:40} {len(found):4} values equal metrics.csv")


def check_histograms(accumulator):
    tags = accumulator.Tags()["histograms"]
    check(any(tag.startswith("weights/") for tag in tags), "there are histograms of weights")
    check({tag[8:] for tag in tags if tag.startswith("weights/")} >= {tag[10:] for tag in tags if tag.startswith("gradients/")},
          "each gradient has its weights")
    for tag in tags:
        if tag.endswith("/moving_mean"):
            check(tag.replace("/moving_", "/batch_") in tags, f"beside {tag} is the batch's")
        events = accumulator.Histograms(tag)
        check_steps(tag, events)
        for event in events:
            value = event.histogram_value
            check(len(value.bucket) == len(value.bucket_limit), f"{tag}: a limit for each bucket")
            check(sum(value.bucket) == value.num > 0, f"{tag}: the buckets hold all {value.num} elements")
            check(list(value.bucket_limit) == sorted(value.bucket_limit), f"{tag}: limits rise")
            check(value.min <= value.max < value.bucket_limit[-1], f"{tag}: the last bucket holds the largest element")
            check(value.sum_squares * value.num >= value.sum**2 * (1 - 1e-9), f"{tag}: sums fit")
        print(f"histogram  {tag:40} {len(events):4} values, {value.num:.0f} elements in {len(value.bucket)} buckets")


def check_images(accumulator):
    for tag in accumulator.Tags()["images"]:
        events = accumulator.Images(tag)
        check_steps(tag, events)
        for event in events:
            image = Image.open(io.BytesIO(event.encoded_image_string))
            image.load()
            check(image.size == (event.width, event.height), f"{tag} has the size it states")
        print(f"image      {tag:40} {len(events):4} images, {event.width} x {event.height}")


def check_texts(accumulator):
    for tag in ["model/summary", "model/toml"]:
        events = accumulator.Tensors(tag)
        check(len(events) == 1, f"{tag} is there once")
        text = tensor_util.make_ndarray(events[0].tensor_proto).item().decode()
        check(text.startswith("```\n") and text.endswith("```\n"), f"{tag} is a code block")
        print(f"text       {tag:40} {len(text.splitlines()):4} lines")


def check_migration(folder):
    """What the TensorBoard server does with each event before it shows it."""
    for path in sorted(folder.glob("events.out.tfevents.*")):
        state = {}
        for event in event_file_loader.LegacyEventFileLoader(str(path)).Load():
            for value in data_compat.migrate_event(event).summary.value:
                plugin = state.setdefault(value.tag, value.metadata.plugin_data.plugin_name)
                check(plugin in {"scalars", "histograms", "images", "text"}, f"{value.tag} has a plugin: {plugin}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    run = parser.parse_args().run
    accumulator = EventAccumulator(str(run), size_guidance={key: 0 for key in ["scalars", "histograms", "images", "tensors"]})
    accumulator.Reload()
    check_scalars(accumulator)
    check_epochs(accumulator, run / "metrics.csv")
    check_histograms(accumulator)
    check_images(accumulator)
    check_texts(accumulator)
    check_migration(run)
    print("all holds")


if __name__ == "__main__":
    main()
