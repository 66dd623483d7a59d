"""Fixtures that test the fixture reader itself: every dtype that golden reads, and values that are easy to check."""

import torch


def dtypes(seed):
    ramp = torch.arange(-3, 3, dtype=torch.float64).reshape(2, 3) / 4
    tensors = {
        "f64": ramp,
        "f32": ramp.float(),
        "f16": ramp.half(),
        "bf16": ramp.bfloat16(),
        "i32": torch.tensor([[-1, 2], [2**31 - 1, -(2**31)]], dtype=torch.int32),
        "i64": torch.tensor([5, -6]),
        "wide": torch.tensor([2**31]),
        "scalar": torch.tensor(2.5),
        "random": torch.randn(4),
    }
    return tensors, {"note": "ramp is (-3..2)/4"}


FIXTURES = {
    "dtypes": {
        "make": dtypes,
        "seed": 7,
        "dtype": "mixed",
        "tolerance": {"ulp": 0},
        "reason": "values are stored, not computed",
    },
}
