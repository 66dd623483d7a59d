"""The LLaMA of transformers, its norms swapped where the twin is norm-free, against zoo/llama's variant "test".

Each fixture holds tokens [10, B, T+1]; the first values param.NAME; of the first batch every tap.SITE.in, tap.SITE.out and
tap.MLP.gate, logits [B, T, V], loss and grad.NAME; and losses [10], the loss before each of ten AdamW steps with the paper's
settings (betas 0.9 and 0.95, decay 0.1 on everything, clip 1) at the laptop recipe's learning rate. Its metadata say which
network it is.

Everything is float32, as users of both have it: the tolerance is that of two computations, not of one against the truth.
"""

import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

PACKAGES = ["transformers"]

VOCAB, WIDTH, LAYERS, HEADS, KV_HEADS, HIDDEN, CONTEXT = 64, 32, 2, 4, 2, 48, 16
STEPS, BATCH, LR = 10, 2, 6e-3


class PointWise(nn.Module):
    """weight * f(alpha * x + shift), DyT and Derf without beta as the paper's LLaMA has them."""

    def __init__(self, f, alpha, shift):
        super().__init__()
        self.f = f
        self.alpha = nn.Parameter(torch.full((1,), alpha))
        self.weight = nn.Parameter(torch.ones(WIDTH))
        self.shift = nn.Parameter(torch.zeros(1)) if shift else None

    def forward(self, x):
        z = self.alpha * x
        return self.weight * self.f(z if self.shift is None else z + self.shift)


def swap(model, kind):
    """Puts a point-wise norm in the place of every RMSNorm, and the learnable scalar behind the embedding."""
    make = {"dyt": lambda a: PointWise(torch.tanh, a, False), "derf": lambda a: PointWise(torch.erf, a, True)}[kind]
    for layer in model.model.layers:
        layer.input_layernorm, layer.post_attention_layernorm = make(0.9), make(0.6)
    model.model.norm = make(0.7)
    model.model.embed_scale = nn.Parameter(torch.tensor([WIDTH**0.5]))
    model.model.embed_tokens.register_forward_hook(lambda module, args, y: y * model.model.embed_scale)


def perturb(model):
    """Moves every parameter away from its first value, so that no gamma of 1 and no shift of 0 hides a mistake."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() == 2:
                p.copy_(torch.randn_like(p) / p.shape[1] ** 0.5)
            else:
                p.mul_(1 + 0.2 * torch.randn_like(p)).add_(0.1 * torch.randn_like(p))


def record(model, taps):
    """Makes every norm and every gate leave what it reads and writes in taps."""

    def norm(name):
        def hook(module, args, y):
            taps[f"tap.{name}.in"], taps[f"tap.{name}.out"] = args[0], y

        return hook

    def gate(name):
        return lambda module, args, y: taps.update({f"tap.{name}": y})

    for name, module in model.named_modules():
        if name.endswith("norm"):
            yield module.register_forward_hook(norm(name))
        if name.endswith("gate_proj"):
            yield module.register_forward_hook(gate(name.removesuffix("_proj")))


def neighbours(name, w):
    """Turns the rows of a projection for RoPE in pairs (i, i + K/2), as transformers has it, into those of the same network
    for pairs (2i, 2i+1), as the original code has it."""
    if not name.endswith(("q_proj.weight", "k_proj.weight")):
        return w
    size = WIDTH // HEADS
    return w.view(-1, 2, size // 2, WIDTH).transpose(1, 2).reshape(w.shape)


def text():
    """Tokens of which nine in ten follow from the one before, so that ten steps have something to learn."""
    tokens = torch.randint(VOCAB, (STEPS, BATCH, CONTEXT + 1))
    for t in range(CONTEXT):
        follows = torch.rand(STEPS, BATCH) < 0.9
        tokens[..., t + 1] = torch.where(follows, (5 * tokens[..., t] + 3) % VOCAB, tokens[..., t + 1])
    return tokens


def make(kind, tied=False, interleave=False):
    config = LlamaConfig(
        vocab_size=VOCAB, hidden_size=WIDTH, intermediate_size=HIDDEN, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        num_key_value_heads=KV_HEADS, max_position_embeddings=CONTEXT, rms_norm_eps=1e-5, tie_word_embeddings=tied,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0}, attn_implementation="eager",
    )
    model = LlamaForCausalLM(config)
    if kind != "rmsnorm":
        swap(model, kind)
    perturb(model)
    rows = neighbours if interleave else lambda name, w: w
    tokens = text()
    out = {"tokens": tokens.int()}
    out |= {f"param.{n}": rows(n, p.detach()).clone() for n, p in model.named_parameters()}
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1)
    losses, taps = [], {}
    hooks = list(record(model, taps))
    for batch in tokens:
        answer = model(batch[:, :-1], labels=batch[:, :-1], shift_labels=batch[:, 1:].contiguous(), use_cache=False)
        optimizer.zero_grad()
        answer.loss.backward()
        if not losses:
            out |= taps | {"logits": answer.logits, "loss": answer.loss}
            out |= {f"grad.{n}": rows(n, p.grad).clone() for n, p in model.named_parameters()}
            for hook in hooks:
                hook.remove()
        losses.append(answer.loss.detach())
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    out["losses"] = torch.stack(losses)
    return out, {"kind": kind, "tied": str(tied).lower(), "interleave": str(interleave).lower()}


WHY = ("both float32: products of 32 to 64 terms of size 1 in another order, each some 1e-7, through two layers; activations and "
       "logits of size 1 to 10, gradients of 1e-3 to 1")
POINTWISE = {"tolerance": {"rel": 5e-6, "abs": 5e-7}, "reason": WHY}
RMSNORM = {"tolerance": {"rel": 2e-5, "abs": 2e-6},
           "reason": WHY + "; RMSNorm of an embedding of size 0.2 makes its roundings five times as large"}


def fixture(seed, **network):
    bound = RMSNORM if network["kind"] == "rmsnorm" else POINTWISE
    return {"make": lambda seed: make(**network), "seed": seed, "dtype": "f32"} | bound


FIXTURES = {
    "rmsnorm": fixture(1, kind="rmsnorm"),
    "dyt": fixture(2, kind="dyt"),
    "derf": fixture(3, kind="derf"),
    "dyt_tied": fixture(4, kind="dyt", tied=True),
    "rmsnorm_interleaved": fixture(5, kind="rmsnorm", interleave=True),
}
