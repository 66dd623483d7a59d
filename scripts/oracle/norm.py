"""Every kind of norm's table, with all gradients, from PyTorch's own functions and autograd.

Each fixture holds x and dy (what multiplies the output in the loss sum(y*dy)), the parameters alpha, shift, weight and bias
as far as it has them, and for every KIND: KIND.y, KIND.dx and KIND.d<parameter>. Its metadata say where the layer stands:
axis, and alpha as norm.Mode has it.

The oracle computes in float64 from float32 (or bfloat16) inputs and rounds once to float32: what we compute in float32 is
compared with the exact answer. The exception is special_f32, whose subject is what float32 does with NaN and infinities.
"""

import math

import torch
import torch.nn.functional as F

CHANNELS, EPS = 8, 1e-5

# torch.erf, hardtanh, ... where PyTorch has the function; else the formula of arXiv:2512.10938, tables 1 to 7.
FUNCTIONS = {
    "dyt": torch.tanh,
    "derf": torch.erf,
    "identity": lambda z: z,
    "hardtanh": F.hardtanh,
    "sigmoid": torch.sigmoid,
    "arctan": lambda z: 2 / math.pi * torch.atan(z),
    "isru": lambda z: z / torch.sqrt(z**2 + 1),
    "softsign": F.softsign,
    "smoothsign": lambda z: z / (torch.sqrt(z**2 + 1) + 1),
    "expsign": lambda z: z.sign() * -torch.expm1(-z.abs()),
    "exproot": lambda z: z.sign() * -torch.expm1(-z.abs().sqrt()),
    "logratio": lambda z: z.sign() * z.abs().log1p() / (z.abs().log1p() + 1),
    "cubic": lambda z: z**3 / (z.abs() ** 3 + 1),
    "satursin": lambda z: z.clamp(-math.pi / 2, math.pi / 2).sin(),
    "arcsinhclip": lambda z: z.asinh().clamp(-1, 1),
    "logclip": lambda z: (z.sign() * z.abs().log1p()).clamp(-1, 1),
    "logsquareclip": lambda z: (z.sign() * (z**2).log1p()).clamp(-1, 1),
    "powclip": lambda z: (z.sign() * z.abs() ** (2 / 3)).clamp(-1, 1),
    "arcsinh": torch.asinh,
    "logsign": lambda z: z.sign() * z.abs().log1p(),
    "logsquare": lambda z: z.sign() * (z**2).log1p(),
    "pow": lambda z: z.sign() * z.abs() ** (2 / 3),
    "sin": torch.sin,
    "serpentine": lambda z: 2 * z / (1 + z**2),
    "xexp": lambda z: math.e * z * (-z.abs()).exp(),
}
STATISTICS = {
    "layernorm": lambda x: F.layer_norm(x, x.shape[-1:], eps=EPS),
    "rmsnorm": lambda x: F.rms_norm(x, x.shape[-1:], eps=EPS),
}
# What float32 gives by the formula when the squares overflow; torch's own LayerNorm takes another route to the variance
# (Welford's) and has NaN there.
FORMULAS = {
    "layernorm": lambda x: (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, correction=0) + EPS).sqrt(),
    "rmsnorm": lambda x: x / ((x**2).mean(-1, keepdim=True) + EPS).sqrt(),
}
KINKS = (0, 1, math.sinh(1), math.e - 1, math.sqrt(math.e - 1), math.pi / 2)


def along(v, x, axis):
    """Gives a vector [C] ones for the other axes of x; leaves a scalar [1] alone."""
    return v if v.numel() == 1 else v.view([-1 if i == axis else 1 for i in range(x.dim())])


def layer(kind, x, axis, p):
    if kind in STATISTICS:
        y = STATISTICS[kind](x.movedim(axis, -1)).movedim(-1, axis)
    else:
        z = along(p["alpha"], x, axis) * x
        y = FUNCTIONS[kind](z + p["shift"] if "shift" in p else z)
    y = y * along(p["weight"], x, axis) if "weight" in p else y
    return y + along(p["bias"], x, axis) if "bias" in p else y


def inputs(shape, dtype, p, axis):
    """Mostly values of size 1; a tenth goes up to 60, where every saturating kind has long saturated in float32 (tanh does
    from 9). None lies within 0.01 of a kink, where float32 and float64 could stand on different sides."""
    x = torch.randn(shape, dtype=torch.float64)
    x = torch.where(torch.rand(shape) < 0.1, x.sign() * (10 + 50 * torch.rand(shape)), x).to(dtype).double()
    z = (along(p["alpha"], x, axis) * x + p.get("shift", 0)).abs()
    near = torch.zeros(shape, dtype=torch.bool)
    for k in KINKS:
        near |= (z - k).abs() < 0.01
    return torch.where(near, x + 0.0625, x).to(dtype)


def run(shape, axis, alpha, affine, dtype=torch.float32, kinds=(*STATISTICS, *FUNCTIONS)):
    c = (CHANNELS,)
    p = {"alpha": 0.8 + 0.1 * torch.randn(c if alpha == "channel" else 1)}
    if alpha == "fixed":
        p["alpha"] = torch.tensor([0.75])
    if affine:
        p |= {"shift": torch.tensor([0.15]), "weight": 1 + 0.3 * torch.randn(c), "bias": 0.3 * torch.randn(c)}
    x, dy = inputs(shape, dtype, p, axis), torch.randn(shape).to(dtype)
    out = {"x": x, "dy": dy, **p}
    for kind in kinds:
        q = {k: v.double().requires_grad_() for k, v in p.items() if kind not in STATISTICS or k in ("weight", "bias")}
        exact = x.double().requires_grad_()
        y = layer(kind, exact, axis, q)
        (y * dy.double()).sum().backward()
        out |= {f"{kind}.y": y.float(), f"{kind}.dx": exact.grad.float()}
        out |= {f"{kind}.d{k}": v.grad.float() for k, v in q.items() if (k, alpha) != ("alpha", "fixed")}
    return out, {"axis": str(axis), "alpha": alpha, "eps": str(EPS)}


LAST, FIRST = ((3, 4, CHANNELS), 2), ((3, CHANNELS, 2, 2), 1)


def special(seed):
    """Three rows with NaN, Inf and -Inf, a row of the largest and smallest numbers, and one of plain ones."""
    nan, inf, big, small = math.nan, math.inf, 3e38, 1e-40
    x = torch.tensor([[nan, 1, 2, -3], [inf, 1, -2, 3], [-inf, 1, 2, 3], [big, -big, small, -small], [1, 2, -3, 0.5]])
    p = {"alpha": torch.tensor([0.75])}
    out = {"x": x, **p}
    out |= {f"{kind}.y": f(x) for kind, f in FORMULAS.items()}
    out |= {f"{kind}.y": layer(kind, x, 1, p) for kind in FUNCTIONS}
    return out, {"axis": "1", "alpha": "fixed", "eps": str(EPS)}


F32 = {"rel": 5e-6, "abs": 1e-5}
F32_WHY = ("ours is float32: up to a dozen roundings of half a ULP (6e-8); sums of 12 to 96 terms, of which the largest are about "
           "100 (x up to 60 times dy), lose up to 96 * 6e-8 of the largest partial sum to cancellation")
BF16 = {"rel": 3.92e-3, "abs": 1e-5}
BF16_WHY = ("y and dx are rounded once to bfloat16, at most half a ULP or 2^-8 = 3.906e-3, after a float32 computation; gradients of "
            "parameters are float32 and held to the tolerance of the f32 fixture")

FIXTURES = {
    "last_f32": {
        "make": lambda seed: run(*LAST, "learned", True),
        "seed": 1, "dtype": "f64", "tolerance": F32, "reason": F32_WHY,
    },
    "first_f32": {
        "make": lambda seed: run(*FIRST, "learned", True),
        "seed": 2, "dtype": "f64", "tolerance": F32, "reason": F32_WHY,
    },
    "last_bf16": {
        "make": lambda seed: run(*LAST, "learned", True, torch.bfloat16),
        "seed": 3, "dtype": "f64", "tolerance": BF16, "reason": BF16_WHY,
    },
    "first_bf16": {
        "make": lambda seed: run(*FIRST, "learned", True, torch.bfloat16),
        "seed": 4, "dtype": "f64", "tolerance": BF16, "reason": BF16_WHY,
    },
    "channel_f32": {
        "make": lambda seed: run(*FIRST, "channel", True, kinds=tuple(FUNCTIONS)),
        "seed": 5, "dtype": "f64", "tolerance": F32, "reason": F32_WHY,
    },
    "fixed_f32": {
        "make": lambda seed: run(*LAST, "fixed", False),
        "seed": 6, "dtype": "f64", "tolerance": F32, "reason": F32_WHY,
    },
    "special_f32": {
        "make": special,
        "seed": 7, "dtype": "f32", "tolerance": {"rel": 4e-6, "abs": 2e-7},
        "reason": "both float32: a dozen roundings, and |z|^(2/3) as exp(2/3 ln|z|) loses 2/3 * 88 * 6e-8 = 3.5e-6 at 3e38; NaN and "
                  "infinities must be equal",
    },
}
