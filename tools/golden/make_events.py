#!/usr/bin/env python3
"""Writes tests/formats/fixtures/records.tfrecord and tests/report/fixtures/events.tfevents with TensorFlow.

    build/golden-venv/bin/python tools/golden/make_events.py

The event file holds one value of each kind that Evenkeel writes, made by TensorFlow's own messages.
"""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
from tensorflow.core.framework import summary_pb2, tensor_pb2, types_pb2
from tensorflow.core.util import event_pb2

TESTS = Path(__file__).parents[2] / "tests"


def write(path, records):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)


def events():
    yield event_pb2.Event(wall_time=1.5, file_version="brain.Event:2")
    yield event_pb2.Event(wall_time=2.5, step=7, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START))
    value = summary_pb2.Summary.Value
    plugin = summary_pb2.SummaryMetadata.PluginData(plugin_name="text")
    text = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, tensor_shape={}, string_val=[b"# a text"])
    histogram = summary_pb2.HistogramProto(
        min=-1, max=2.5, num=3, sum=2, sum_squares=9.25, bucket_limit=[-0.5, 1, 3], bucket=[1, 0, 2]
    )
    image = summary_pb2.Summary.Image(height=2, width=3, colorspace=1, encoded_image_string=b"png")
    metadata = summary_pb2.SummaryMetadata(plugin_data=plugin)
    yield event_pb2.Event(
        wall_time=3.5,
        step=8,
        summary=summary_pb2.Summary(
            value=[
                value(tag="scalar", simple_value=0.25),
                value(tag="histogram", histo=histogram),
                value(tag="image", image=image),
                value(tag="text", metadata=metadata, tensor=text),
            ]
        ),
    )


write(TESTS / "formats/fixtures/records.tfrecord", [b"first", b"", b"x" * 1000])
write(TESTS / "report/fixtures/events.tfevents", [event.SerializeToString(deterministic=True) for event in events()])
