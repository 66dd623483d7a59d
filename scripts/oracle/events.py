"""Event files as TensorBoard's own package writes them, byte for byte. Each fixture holds one tensor, `file` (uint8)."""

import io

import numpy
from tensorboard.compat.proto.event_pb2 import Event, SessionLog, SourceMetadata
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.summary.writer.record_writer import RecordWriter

START = 1_700_000_000.25  # seconds; each event is half a second after the one before


def summary(**value):
    return Summary(value=[Summary.Value(**value)])


def text(tag, markdown):
    tensor = TensorProto(dtype="DT_STRING", string_val=[markdown.encode()], tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)]))
    return summary(tag=tag, tensor=tensor, metadata=SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text")))


def every_call(seed):
    events = [
        dict(file_version="brain.Event:2", source_metadata=SourceMetadata(writer="dyt")),
        dict(step=0, summary=text("config", "# Recipe\n\nnorm: `dyt`, α₀ = 0.8\n")),
        dict(step=1, summary=summary(tag="loss", simple_value=0.1)),
        dict(step=300, summary=summary(tag="eval/loss", simple_value=-2.5)),
        dict(step=2**40, summary=summary(tag="x" * 200, simple_value=0)),
        dict(step=301, summary=summary(tag="loss", simple_value=float("inf"))),
        dict(step=200, session_log=SessionLog(status=SessionLog.START)),
        dict(step=200, summary=summary(tag="loss", simple_value=3)),
    ]
    file = io.BytesIO()
    writer = RecordWriter(file)
    for i, e in enumerate(events):
        writer.write(Event(wall_time=START + i / 2, **e).SerializeToString())
    return {"file": numpy.frombuffer(bytearray(file.getvalue()), dtype=numpy.uint8)}


FIXTURES = {
    "every_call": {
        "make": every_call,
        "seed": 0,
        "dtype": "bytes",
        "tolerance": {"ulp": 0},
        "reason": "bytes of a file format are equal or wrong",
    },
}
PACKAGES = ["tensorboard", "protobuf"]
