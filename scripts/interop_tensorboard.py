"""Reads event files that train/events writes with TensorBoard's own reader, and compares every value.

    python scripts/interop_tensorboard.py        needs go and tensorboard; writes only to a temporary folder

The Go test leaves a run of 100 steps and its continuation from step 60, which must hide the old steps from 60 on.
"""

import math
import pathlib
import subprocess
import tempfile

import tensorboard
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    with tempfile.TemporaryDirectory() as temp:
        test = "TestLeavesFilesForTensorBoard"
        subprocess.run(["go", "test", "-count=1", "-run", test, "./train/events", "-interop", temp], cwd=ROOT, check=True)
        events = EventAccumulator(temp, size_guidance={"scalars": 0, "tensors": 0}, purge_orphaned_data=True)
        events.Reload()
        tags = events.Tags()
        assert tags["scalars"] == ["loss", "eval/loss"] and tags["tensors"] == ["config"], tags
        loss = events.Scalars("loss")
        assert [e.step for e in loss] == list(range(100)), [e.step for e in loss]
        for e in loss:
            assert e.value == (1000 if e.step >= 60 else 0) + e.step / 8, e
        assert all(math.isnan(e.value) for e in events.Scalars("eval/loss"))
        times = [e.wall_time for e in loss]
        assert times == sorted(times) and times[0] == 1_800_000_003, times[:3]
        config = events.Tensors("config")[0].tensor_proto
        assert list(config.string_val) == [b"norm: dyt"] and config.dtype == 7, config
        assert events.SummaryMetadata("config").plugin_data.plugin_name == "text"
    print(f"tensorboard {tensorboard.__version__} read {len(loss)} steps and a text written by Go: all as expected")


if __name__ == "__main__":
    main()
