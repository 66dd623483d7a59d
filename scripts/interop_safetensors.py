"""Reads what weights/ writes with the reference package `safetensors`, and compares its order of tensors with ours.

    python scripts/interop_safetensors.py        needs go, torch, numpy and safetensors; writes only to a temporary folder

The Go tests leave three things behind: a file with every dtype, whose bytes follow a rule that both sides know
(weights/write_test.go, everyDType), and model folders, whole and in shards.
"""

import json
import pathlib
import subprocess
import tempfile

import numpy
import safetensors
import torch
from safetensors import safe_open
from safetensors.numpy import load_file as load_numpy
from safetensors.torch import load_file as load_torch, save as save_torch

ROOT = pathlib.Path(__file__).resolve().parent.parent
BITS = {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
        "C64": 64, "F64": 64, "I64": 64, "U64": 64}
BYTE_WIDE = ["BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"]
TORCH = {"BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16, "U16": torch.uint16,
         "F16": torch.float16, "BF16": torch.bfloat16, "I32": torch.int32, "U32": torch.uint32, "F32": torch.float32,
         "C64": torch.complex64, "F64": torch.float64, "I64": torch.int64, "U64": torch.uint64,
         "F8_E5M2": torch.float8_e5m2, "F8_E4M3": torch.float8_e4m3fn, "F8_E8M0": torch.float8_e8m0fnu,
         "F8_E4M3FNUZ": torch.float8_e4m3fnuz, "F8_E5M2FNUZ": torch.float8_e5m2fnuz}


def rule(name, dtype, shape):
    elements = int(numpy.prod(shape))
    data = bytes((7 * i + len(name)) % 256 for i in range(elements * BITS.get(dtype, 8) // 8))
    return bytes(b & 1 for b in data) if dtype == "BOOL" else data


def every_dtype(path):
    whole = path.read_bytes()
    tensors = dict(safetensors.deserialize(whole))  # raw bytes of every dtype, also those that torch does not know
    want = {f"{d}.{kind}" for d in [*BITS, *BYTE_WIDE] for kind in ("matrix", "scalar", "empty")}
    assert set(tensors) == want, set(tensors) ^ want
    for name, t in tensors.items():
        dtype, kind = name.split(".")
        shape = {"matrix": [4, 2], "empty": [3, 0], "scalar": [8] if BITS.get(dtype, 8) < 8 else []}[kind]
        assert t["dtype"] == dtype and t["shape"] == shape, (name, t["dtype"], t["shape"])
        assert bytes(t["data"]) == rule(name, dtype, shape), name
    with safe_open(path, "pt") as f:
        assert f.metadata() == {"format": "pt", "ключ <&>": '"quoted" \\ \n\u2028'}, f.metadata()
        for dtype, torch_dtype in TORCH.items():
            for kind in ("matrix", "scalar", "empty"):
                t = f.get_tensor(f"{dtype}.{kind}")
                assert t.dtype == torch_dtype, (dtype, t.dtype)
    return tensors


def same_layout(path):
    """The reference, given the tensors of the dtypes that torch has, lays them out in the order of our file."""
    with safe_open(path, "pt") as f:
        tensors = {name: f.get_tensor(name) for name in f.keys() if name.split(".")[0] in TORCH}
    reference, ours = save_torch(tensors), path.read_bytes()
    want, got = ([k for k in json.loads(b[8:8 + int.from_bytes(b[:8], "little")]) if k in tensors] for b in (reference, ours))
    assert got == want, (got, want)


def folder(path):
    index = path / "model.safetensors.index.json"
    files = {"model.safetensors"}
    if index.exists():
        parsed = json.loads(index.read_text())
        assert parsed["metadata"]["total_size"] == 28, parsed
        files = set(parsed["weight_map"].values())
    tensors = {}
    for file in sorted(files):
        part = load_torch(path / file)
        assert all(index.exists() is False or parsed["weight_map"][k] == file for k in part)
        tensors |= part
        assert load_numpy(path / file).keys() == part.keys()
    assert tensors["model.b"].tolist() == [[1, 2], [3, 4]] and tensors["model.b"].dtype == torch.float32
    assert tensors["model.a"].tolist() == [5, 6]
    assert tensors["model.c"].item() == 7 and tensors["model.c"].dtype == torch.int32
    assert json.loads((path / "config.json").read_text()) == {"hidden_size": 64, "model_type": "llama"}
    return len(files)


def main():
    with tempfile.TemporaryDirectory() as temp:
        tests = "TestEveryDTypeRoundTrips|TestFolderRoundTrips"
        subprocess.run(["go", "test", "-count=1", "-run", tests, "./weights", "-interop", temp], cwd=ROOT, check=True)
        path = pathlib.Path(temp) / "every_dtype.safetensors"
        tensors = every_dtype(path)
        same_layout(path)
        shards = [folder(d) for d in sorted((pathlib.Path(temp) / "folder").iterdir())]
    print(f"safetensors {safetensors.__version__} read {len(tensors)} tensors and folders of {shards} files written by Go: all as expected")


if __name__ == "__main__":
    main()
