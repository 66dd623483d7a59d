"""timm's VisionTransformer with global_pool='avg', its norms swapped where the twin has others, against zoo/vit's variant
"test".

Each fixture holds images [10, B, C, S, S] with labels [10, B] and soft targets [10, B, classes]; the first values
param.NAME; of the first batch every tap.SITE.in and tap.SITE.out, logits [B, classes], loss (of the labels), soft (of the
targets) and grad.NAME (of loss); and losses [10], the loss of the targets before each of ten AdamW steps with the paper's
settings (betas 0.9 and 0.999, decay 0.05 on what timm decays, 4e-3, no clipping). Its metadata say which network it is.
The fixture "init" is about first values instead.

Everything is float32, as users of both have it: the tolerance is that of two computations, not of one against the truth.
"""

import torch
from timm.loss import SoftTargetCrossEntropy
from timm.models.vision_transformer import VisionTransformer
from timm.optim import param_groups_weight_decay
from torch import nn

PACKAGES = ["timm"]

IMAGE, PATCH, CHANNELS, CLASSES, WIDTH, LAYERS, HEADS = 16, 4, 3, 10, 32, 2, 4
STEPS, BATCH, LR, DECAY = 10, 2, 4e-3, 0.05
SEEDS = 64  # networks whose first values are looked at


class DyT(nn.Module):
    """weight * tanh(alpha * x) + bias: Algorithm 1 of the paper."""

    def __init__(self, alpha):
        super().__init__()
        self.alpha = nn.Parameter(torch.full((1,), alpha))
        self.weight = nn.Parameter(torch.ones(WIDTH))
        self.bias = nn.Parameter(torch.zeros(WIDTH))

    def forward(self, x):
        return self.weight * torch.tanh(self.alpha * x) + self.bias


def swap(model, kind):
    """Puts another norm in the place of every LayerNorm."""
    make = {"rmsnorm": lambda alpha: nn.RMSNorm(WIDTH, eps=1e-6), "dyt": DyT}[kind]
    for block in model.blocks:
        block.norm1, block.norm2 = make(0.9), make(0.6)
    model.fc_norm = make(0.7)


def perturb(model):
    """Moves every parameter away from its first value, so that no gamma of 1 and no bias of 0 hides a mistake."""
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() > 1:
                p.copy_(torch.randn_like(p) / p[0].numel() ** 0.5)
            else:
                p.mul_(1 + 0.2 * torch.randn_like(p)).add_(0.1 * torch.randn_like(p))


def record(model, taps):
    """Makes every norm leave what it reads and writes in taps."""

    def hook(name):
        return lambda module, args, y: taps.update({f"tap.{name}.in": args[0], f"tap.{name}.out": y})

    sites = [f"blocks.{i}.norm{k}" for i in range(LAYERS) for k in (1, 2)] + ["fc_norm"]
    return [model.get_submodule(name).register_forward_hook(hook(name)) for name in sites]


def pictures():
    """Noise around one picture for each of three classes, so that ten steps have something to learn, with targets as mixing
    and smoothing leave them."""
    labels = torch.randint(3, (STEPS, BATCH))
    images = torch.randn(3, CHANNELS, IMAGE, IMAGE)[labels] + 0.3 * torch.randn(STEPS, BATCH, CHANNELS, IMAGE, IMAGE)
    hard = nn.functional.one_hot(labels, CLASSES).float()
    soft = 0.8 * hard + 0.15 * hard.flip(1) + 0.05 / CLASSES
    return images, labels, soft


def network():
    return VisionTransformer(
        img_size=IMAGE, patch_size=PATCH, in_chans=CHANNELS, num_classes=CLASSES, embed_dim=WIDTH, depth=LAYERS, num_heads=HEADS,
        global_pool="avg",
    )


def make(kind):
    model = network()
    if kind != "layernorm":
        swap(model, kind)
    perturb(model)
    images, labels, soft = pictures()
    out = {"images": images, "labels": labels.int(), "targets": soft}
    out |= {f"param.{n}": p.detach().clone() for n, p in model.named_parameters()}
    taps = {}
    hooks = record(model, taps)
    logits = model(images[0])
    loss = nn.functional.cross_entropy(logits, labels[0])
    loss.backward()
    out |= taps | {"logits": logits, "loss": loss}
    out |= {f"grad.{n}": p.grad.clone() for n, p in model.named_parameters()}
    for hook in hooks:
        hook.remove()
    groups = param_groups_weight_decay(model, DECAY, no_weight_decay_list=model.no_weight_decay())
    optimizer = torch.optim.AdamW(groups, lr=LR, betas=(0.9, 0.999), eps=1e-8)
    criterion, losses = SoftTargetCrossEntropy(), []
    for x, y in zip(images, soft):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.detach())
        optimizer.step()
    return out | {"soft": losses[0].clone(), "losses": torch.stack(losses)}, {"kind": kind}


def first_values(seed):
    """Of every parameter of SEEDS freshly made networks: root mean square and mean magnitude."""
    models = []
    for i in range(SEEDS):
        torch.manual_seed(seed + i)
        models.append(dict(network().named_parameters()))
    values = {name: torch.stack([m[name].detach() for m in models]) for name in models[0]}
    return {name: torch.stack([v.square().mean().sqrt(), v.abs().mean()]) for name, v in values.items()}


WHY = ("both float32: products of 32 to 128 terms of size 1 in another order, each some 1e-7, through two layers; activations and "
       "logits of size 1 to 10, gradients of 1e-3 to 1")
BOUND = {"tolerance": {"rel": 2e-6, "abs": 2e-6}, "reason": WHY}


def fixture(seed, kind):
    return {"make": lambda seed: make(kind), "seed": seed, "dtype": "f32"} | BOUND


FIXTURES = {
    "layernorm": fixture(1, "layernorm"),
    "rmsnorm": fixture(2, "rmsnorm"),
    "dyt": fixture(3, "dyt"),
    "init": {
        "make": first_values,
        "seed": 100,
        "dtype": "f32",
        "tolerance": {"rel": 0.1, "abs": 0.0},
        "reason": "other random numbers: the root mean square of 2048 normal values, the fewest that a parameter has, has a "
                  "standard error of 1.6 % on each side; the test says how near the ratio of mean to root mean square must be",
    },
}
