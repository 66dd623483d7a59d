"""Twenty steps of torch.optim's optimizers on given gradients, with parameter groups, clipping and a moving average; and
learning-rate schedules, step by step.

Each optimizer's fixture holds, for every parameter NAME of a small made-up model: init.NAME, grad.NAME [steps, ...] and
after.NAME [steps, ...], the parameter after each step; with an average also ema.NAME [steps, ...]. lr [steps] and
decay [steps] are the schedules, norm [steps] the gradient norms before clipping.

The oracle computes in float64 from float32 inputs: what we compute in float32 is compared with the exact answer.
"""

import math

import numpy
import torch

STEPS = 20

# Names as checkpoints have them; the shapes are the smallest that tell the rules apart.
SHAPES = {
    "cls_token": (1, 1, 4),
    "pos_embed": (1, 5, 4),
    "patch_embed.proj.weight": (4, 6),
    "patch_embed.proj.bias": (4,),
    "blocks.0.norm1.alpha": (1,),
    "blocks.0.attn.qkv.weight": (12, 4),
    "blocks.1.norm1.weight": (4,),
    "blocks.1.norm1.alpha": (4,),
    "blocks.1.mlp.fc1.weight": (8, 4),
    "blocks.1.mlp.fc1.bias": (8,),
    "head.weight": (3, 4),
    "head.bias": (3,),
}


def decays(name, rule):
    """Source: optim_factory.py of the DyT repository (vectors, biases and the skip list do not decay)."""
    vector = len(SHAPES[name]) == 1 or name.endswith(".bias") or name in ("cls_token", "pos_embed")
    return rule == "all" or not vector


def layer(name):
    """Source: util/lr_decay.py of the MAE repository, for two blocks."""
    if name in ("cls_token", "pos_embed") or name.startswith("patch_embed"):
        return 0
    if name.startswith("blocks"):
        return int(name.split(".")[1]) + 1
    return 3


def run(make, rule, decay, clip, layer_decay=1.0, ema=0.0):
    params = {n: torch.nn.Parameter(torch.randn(s, dtype=torch.float32).double()) for n, s in SHAPES.items()}
    grads = {n: (0.3 * torch.randn(STEPS, *s, dtype=torch.float32)).double() for n, s in SHAPES.items()}
    for g in grads.values():
        g[5] *= 20  # one violent step, well over the clip
        g[9] *= 0.01  # one quiet step, well under it
    lrs = [0.02 * min(1.0, (t + 1) / 5) * (0.97**t) for t in range(STEPS)]
    wds = [decay * (1 + t / STEPS) for t in range(STEPS)]
    groups = [
        {"params": [p], "scale": layer_decay ** (3 - layer(n)), "decays": decays(n, rule)} for n, p in params.items()
    ]
    optimizer = make(groups)
    average = torch.nn.ParameterDict({k.replace(".", "/"): v for k, v in params.items()})
    if ema:
        average = torch.optim.swa_utils.AveragedModel(average, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(ema))
        average.update_parameters(torch.nn.ParameterDict({k.replace(".", "/"): v for k, v in params.items()}))
    out = {f"init.{n}": p.detach().float() for n, p in params.items()}
    out |= {f"grad.{n}": g.float() for n, g in grads.items()}
    after = {n: [] for n in params}
    averages = {n: [] for n in params}
    norms = []
    for t in range(STEPS):
        for n, p in params.items():
            p.grad = grads[n][t].clone()
        norm = torch.nn.utils.get_total_norm([p.grad for p in params.values()])
        if clip:
            norm = torch.nn.utils.clip_grad_norm_(params.values(), clip)
        norms.append(norm)
        for group in optimizer.param_groups:
            group["lr"] = lrs[t] * group["scale"]
            group["weight_decay"] = wds[t] if group["decays"] else 0.0
        optimizer.step()
        if ema:
            average.update_parameters(torch.nn.ParameterDict({k.replace(".", "/"): v for k, v in params.items()}))
            for n in params:
                averages[n].append(average.module[n.replace(".", "/")].detach().clone())
        for n, p in params.items():
            after[n].append(p.detach().clone())
    out |= {f"after.{n}": torch.stack(v) for n, v in after.items()}
    if ema:
        out |= {f"ema.{n}": torch.stack(v) for n, v in averages.items()}
    f64 = lambda v: torch.tensor(v, dtype=torch.float64)
    return out | {"lr": f64(lrs), "decay": f64(wds), "norm": torch.stack(norms)}


def adamw(beta2):
    return lambda groups: torch.optim.AdamW(groups, lr=1.0, betas=(0.9, beta2), eps=1e-8)


def sgd(momentum, nesterov):
    return lambda groups: torch.optim.SGD(groups, lr=1.0, momentum=momentum, nesterov=nesterov)


def per_iteration(base, final, steps, warmup):
    """The schedule of ConvNeXt's and DINO's training code, which is also the ViT recipe's: linspace, then a cosine."""
    left = numpy.arange(steps - warmup)
    fall = final + 0.5 * (base - final) * (1 + numpy.cos(numpy.pi * left / len(left)))
    return torch.from_numpy(numpy.concatenate((numpy.linspace(0.0, base, warmup), fall)))


def fsdp(base, steps):
    """The LLaMA recipe, stepped as training steps it: through LambdaLR."""
    w = min(2000, steps // 20)
    factor = lambda s: min(1 - (1 - min(s, w) / w) ** 2, 0.1 + 0.45 * (1 + math.cos(s / steps * math.pi)))
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return torch.tensor(rates, dtype=torch.float64)


def schedules(_):
    return {
        "vit": per_iteration(4e-3, 1e-6, 300, 20),
        "one_warm": per_iteration(1.0, 0.0, 10, 1),
        "decay": per_iteration(0.04, 0.4, 100, 0),
        "llama": fsdp(3e-4, 1000),
        "llama_long": fsdp(1.5e-4, 47684)[::97],
    }


def fixture(seed, *args, **kwargs):
    return {
        "make": lambda _: run(*args, **kwargs),
        "seed": seed,
        "dtype": "f64",
        "tolerance": {"rel": 2e-6, "abs": 1e-6},
        "reason": "ours is float32: twenty updates of numbers near 1, each rounded to half a ULP (6e-8) in two or three places",
    }


FIXTURES = {
    "adamw_vit": fixture(1, adamw(0.999), "matrices", 0.05, 0.0, ema=0.9),
    "adamw_llama": fixture(2, adamw(0.95), "all", 0.1, 1.0),
    "adamw_layers": fixture(3, adamw(0.999), "matrices", 0.05, 0.0, layer_decay=0.65),
    "schedules": {
        "make": schedules,
        "seed": 0,
        "dtype": "f64",
        "tolerance": {"rel": 1e-12, "abs": 1e-17},
        "reason": "one formula in float64 on both sides, with its operations in another order",
    },
    "sgd": fixture(4, sgd(0.0, False), "all", 1e-2, 0.0),
    "sgd_momentum": fixture(5, sgd(0.9, False), "matrices", 1e-2, 2.0),
    "sgd_nesterov": fixture(6, sgd(0.9, True), "matrices", 1e-2, 2.0),
}
