"""One peer of the side-by-side benchmark: PyTorch, JAX, ONNX Runtime or OpenVINO behind a pipe.

usage: peer.py ENGINE THREADS        ENGINE: torch-eager torch-compile jax onnxruntime openvino

Reads one JSON command a line and answers each with one JSON line, so that the driver can let it and us run in turn:
  {"do":"load","work":W,"norm":N,"file":F}  build W from the tensors of F, run it once -> {"values":{...}} (floats that
                                            both sides must agree on; tensors go to F.ENGINE as safetensors)
  {"do":"run","n":K,"clock":"wall"|"cpu"}   K repetitions -> {"ms":[...]}
  {"do":"peak"}                             -> {"peak_bytes": largest resident memory so far}
Works: vit-train vit-forward llama-train layer-forward layer-both layer-warm gemm copy.
Every model is what its users write: a Linear is nn.Linear, attention is the framework's own, AdamW is fused where there
is such a thing, JAX donates its state. float32 everywhere.
"""
import json
import os
import resource
import sys
import time

engine, threads = sys.argv[1], int(sys.argv[2])
os.environ["OMP_NUM_THREADS"] = str(threads)
os.environ["MKL_NUM_THREADS"] = str(threads)
os.environ["JAX_PLATFORMS"] = "cpu"
if hasattr(os, "sched_setaffinity"):  # JAX has no setting for its number of threads but the cores that it may use
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
os.environ["NPROC"] = str(threads)

import numpy as np
from safetensors.numpy import load_file, save_file

LR = {"vit-train": 1e-4, "llama-train": 1e-3}
BETAS, ADAM_EPS, DECAY, CLIP = (0.9, 0.95), 1e-8, 0.1, 1.0
HEADS = {"vit": 3, "llama": 4}


def main():
    peer = {"torch-eager": Torch, "torch-compile": Torch, "jax": Jax, "onnxruntime": Onnx, "openvino": Openvino}[engine]()
    call = None
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "load":
            path = command["file"]
            call, values, tensors = peer.load(command["work"], command["norm"], load_file(path))
            if tensors:
                save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, path + "." + engine)
            answer = {"values": {k: float(v) for k, v in values.items()}}
        elif command["do"] == "run":
            ms, now = [], time.process_time if command.get("clock") == "cpu" else time.perf_counter
            for _ in range(command["n"]):
                start = now()
                call()
                ms.append((now() - start) * 1e3)
            answer = {"ms": ms}
        else:
            answer = {"peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        print(json.dumps(answer), flush=True)


def layers(tensors, prefix):
    """The number of blocks in the file: one more than the largest index after prefix."""
    return 1 + max(int(k[len(prefix):].split(".")[0]) for k in tensors if k.startswith(prefix))


class Torch:
    def __init__(self):
        import torch
        torch.set_num_threads(threads)
        self.torch = torch

    def compiled(self, module):
        return self.torch.compile(module) if engine == "torch-compile" else module

    def load(self, work, norm, file):
        torch, F = self.torch, self.torch.nn.functional
        t = {k: torch.from_numpy(v) for k, v in file.items()}
        if work == "gemm":
            return (lambda: t["a"] @ t["b"]), {"sum": (t["a"] @ t["b"]).double().sum()}, None
        if work == "copy":
            to = torch.empty_like(t["a"])
            return (lambda: to.copy_(t["a"])), {}, None
        if work.startswith("layer"):
            return self.layer(work, norm, t)
        x = t.pop("input")
        if work == "llama-train":
            return self.llama_train(norm, t, x)
        model = torch_vit(torch, norm, t)
        run = self.compiled(model)
        if work == "vit-forward":
            def forward():
                with torch.no_grad():
                    return run(x)
            return forward, {"loss": forward().square().mean()}, None
        optimizer = torch.optim.SGD(model.parameters(), lr=LR[work])

        def step():
            optimizer.zero_grad()
            loss = run(x).square().mean()
            loss.backward()
            optimizer.step()
            return loss.detach()
        first = step()
        grad_norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
        return step, {"loss": first, "grad_norm": grad_norm, "loss2": step()}, None

    def llama_train(self, norm, t, x):
        torch, F = self.torch, self.torch.nn.functional
        model = torch_llama(torch, norm, t, x.shape[1] - 1)
        run = self.compiled(model)
        x = x.long()
        optimizer = torch.optim.AdamW(model.parameters(), lr=LR["llama-train"], betas=BETAS, eps=ADAM_EPS, weight_decay=DECAY, fused=True)

        def step():
            optimizer.zero_grad()
            loss = F.cross_entropy(run(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            return loss.detach(), norm
        first, grad_norm = step()
        return step, {"loss": first, "grad_norm": grad_norm, "loss2": step()[0]}, None

    def layer(self, work, norm, t):
        torch = self.torch
        module = torch_norm(torch, norm, t["weight"].numel())
        module.load_state_dict({k: t[k] for k in module.state_dict()})
        x, grad = t["x"].requires_grad_(), t["grad"]
        run = self.compiled(module)

        def forward():
            with torch.no_grad():
                return run(x)

        def both():
            x.grad = None
            for p in module.parameters():
                p.grad = None
            y = run(x)
            y.backward(grad)
            return y
        if work == "layer-forward":
            return forward, {}, {"y": forward().numpy()}
        if work == "layer-both":
            y = both().detach().numpy()
            return both, {}, {"y": y, "dx": x.grad.numpy().copy(), **{"d" + k: p.grad.numpy().copy() for k, p in module.named_parameters()}}
        out, scratch = torch.empty_like(x), torch.empty_like(x)

        def warm():
            with torch.no_grad():
                if norm == "dyt":
                    torch.mul(x, module.alpha, out=scratch)
                    torch.tanh(scratch, out=scratch)
                    torch.mul(scratch, module.weight, out=out)
                    out.add_(module.bias)
                elif norm == "rmsnorm":
                    torch.mul(x, (x.square().mean(-1, keepdim=True) + 1e-6).rsqrt(), out=out)
                    out.mul_(module.weight)
                else:
                    return forward()
            return out
        return warm, {}, {"y": warm().numpy().copy()}


def torch_norm(torch, kind, width):
    nn, F = torch.nn, torch.nn.functional

    class DyT(nn.Module):
        def __init__(self):
            super().__init__()
            self.alpha = nn.Parameter(torch.ones(1))
            self.weight = nn.Parameter(torch.ones(width))
            self.bias = nn.Parameter(torch.zeros(width))

        def forward(self, x):
            return torch.tanh(self.alpha * x) * self.weight + self.bias

    if kind == "dyt":
        return DyT()
    return nn.RMSNorm(width, eps=1e-6) if kind == "rmsnorm" else nn.LayerNorm(width, eps=1e-5)


def torch_vit(torch, norm, t):
    nn, F = torch.nn, torch.nn.functional
    width = t["blocks.0.attn.proj.weight"].shape[0]
    hidden = t["blocks.0.mlp.fc1.weight"].shape[0]

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv = nn.Linear(width, 3 * width)
            self.proj = nn.Linear(width, width)

        def forward(self, x):
            b, n, _ = x.shape
            q, k, v = self.qkv(x).reshape(b, n, 3, HEADS["vit"], -1).permute(2, 0, 3, 1, 4).unbind(0)
            return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, width))

    class Mlp(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1 = nn.Linear(width, hidden)
            self.fc2 = nn.Linear(hidden, width)

        def forward(self, x):
            return self.fc2(F.gelu(self.fc1(x)))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.attn = torch_norm(torch, norm, width), Attention()
            self.norm2, self.mlp = torch_norm(torch, norm, width), Mlp()

        def forward(self, x):
            x = x + self.attn(self.norm1(x))
            return x + self.mlp(self.norm2(x))

    class Vit(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.Sequential(*[Block() for _ in range(layers(t, "blocks."))])
            self.norm = torch_norm(torch, norm, width)

        def forward(self, x):
            return self.norm(self.blocks(x))

    model = Vit()
    model.load_state_dict(t)
    return model


def torch_llama(torch, norm, t, length):
    nn, F = torch.nn, torch.nn.functional
    vocab, width = t["model.embed_tokens.weight"].shape
    hidden = t["model.layers.0.mlp.gate_proj.weight"].shape[0]
    heads = HEADS["llama"]
    size = width // heads
    angles = torch.outer(torch.arange(length).float(), 1.0 / (10000 ** (torch.arange(0, size, 2).float() / size)))
    cos, sin = angles.cos().repeat(1, 2), angles.sin().repeat(1, 2)

    def rotate(x):
        a, b = x.chunk(2, -1)
        return x * cos + torch.cat((-b, a), -1) * sin

    def linear(i, o):
        return nn.Linear(i, o, bias=False)

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.q_proj, self.k_proj, self.v_proj, self.o_proj = (linear(width, width) for _ in range(4))

        def forward(self, x):
            b, n, _ = x.shape
            q, k, v = (p(x).view(b, n, heads, size).transpose(1, 2) for p in (self.q_proj, self.k_proj, self.v_proj))
            y = F.scaled_dot_product_attention(rotate(q), rotate(k), v, is_causal=True)
            return self.o_proj(y.transpose(1, 2).reshape(b, n, width))

    class Mlp(nn.Module):
        def __init__(self):
            super().__init__()
            self.gate_proj, self.up_proj, self.down_proj = linear(width, hidden), linear(width, hidden), linear(hidden, width)

        def forward(self, x):
            return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.input_layernorm, self.self_attn = torch_norm(torch, norm, width), Attention()
            self.post_attention_layernorm, self.mlp = torch_norm(torch, norm, width), Mlp()

        def forward(self, x):
            x = x + self.self_attn(self.input_layernorm(x))
            return x + self.mlp(self.post_attention_layernorm(x))

    class Stack(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed_tokens = nn.Embedding(vocab, width)
            self.layers = nn.Sequential(*[Block() for _ in range(layers(t, "model.layers."))])
            self.norm = torch_norm(torch, norm, width)

    class Llama(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = Stack()

        def forward(self, tokens):
            m = self.model
            return m.norm(m.layers(m.embed_tokens(tokens))) @ m.embed_tokens.weight.t()

    model = Llama()
    model.load_state_dict(t)
    return model


class Jax:
    def __init__(self):
        import jax
        import jax.numpy as jnp
        self.jax, self.jnp = jax, jnp

    def load(self, work, norm, file):
        jax, jnp = self.jax, self.jnp
        p = {k: jnp.asarray(v) for k, v in file.items()}
        done = jax.block_until_ready
        if work == "gemm":
            multiply = jax.jit(jnp.matmul)
            return (lambda: done(multiply(p["a"], p["b"]))), {"sum": np.asarray(multiply(p["a"], p["b"])).astype(np.float64).sum()}, None
        if work == "copy":
            copy = jax.jit(jnp.copy)
            return (lambda: done(copy(p["a"]))), {}, None
        if work.startswith("layer"):
            return self.layer(work, norm, p)
        x = p.pop("input")
        if work == "llama-train":
            return self.llama_train(norm, p, x)
        loss = lambda p, x: jnp.mean(self.vit(norm, p, x) ** 2)
        if work == "vit-forward":
            forward = jax.jit(lambda p, x: self.vit(norm, p, x))
            return (lambda: done(forward(p, x))), {"loss": jnp.mean(forward(p, x) ** 2)}, None

        def sgd(p, x):
            value, grads = jax.value_and_grad(loss)(p, x)
            return jax.tree.map(lambda a, g: a - LR[work] * g, p, grads), value
        return self.stepper(jax.jit(sgd, donate_argnums=0), p, x, self.grad_norm(loss, p, x))

    def grad_norm(self, loss, p, x):
        grads = self.jax.jit(self.jax.grad(loss))(p, x)
        return np.sqrt(sum(float(self.jnp.vdot(g, g)) for g in grads.values()))

    def stepper(self, update, state, x, grad_norm):
        holder = [state]

        def step():
            holder[0], value = self.jax.block_until_ready(update(holder[0], x))
            return value
        return step, {"loss": step(), "grad_norm": grad_norm, "loss2": step()}, None

    def norm(self, kind, p, prefix, x):
        jax, jnp = self.jax, self.jnp
        w = p[prefix + "weight"]
        if kind == "dyt":
            return jnp.tanh(p[prefix + "alpha"] * x) * w + p[prefix + "bias"]
        if kind == "rmsnorm":
            return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + 1e-6) * w
        m = jnp.mean(x, -1, keepdims=True)
        v = jnp.mean((x - m) ** 2, -1, keepdims=True)
        return (x - m) * jax.lax.rsqrt(v + 1e-5) * w + p[prefix + "bias"]

    def vit(self, norm, p, x):
        jax, jnp = self.jax, self.jnp
        b, n, width = x.shape
        dense = lambda name, x: x @ p[name + ".weight"].T + p[name + ".bias"]
        for i in range(layers(p, "blocks.")):
            at = f"blocks.{i}."
            qkv = dense(at + "attn.qkv", self.norm(norm, p, at + "norm1.", x)).reshape(b, n, 3, HEADS["vit"], -1)
            y = jax.nn.dot_product_attention(*jnp.moveaxis(qkv, 2, 0))
            x = x + dense(at + "attn.proj", y.reshape(b, n, width))
            h = dense(at + "mlp.fc1", self.norm(norm, p, at + "norm2.", x))
            x = x + dense(at + "mlp.fc2", jax.nn.gelu(h, approximate=False))
        return self.norm(norm, p, "norm.", x)

    def llama_train(self, norm, p, x):
        jax, jnp = self.jax, self.jnp
        heads, length = HEADS["llama"], x.shape[1] - 1
        size = p["model.embed_tokens.weight"].shape[1] // heads
        angles = jnp.outer(jnp.arange(length), 1.0 / (10000 ** (jnp.arange(0, size, 2) / size)))
        cos, sin = jnp.tile(jnp.cos(angles), (1, 2))[:, None], jnp.tile(jnp.sin(angles), (1, 2))[:, None]

        def rotate(x):
            a, b = jnp.split(x, 2, -1)
            return x * cos + jnp.concatenate((-b, a), -1) * sin

        def loss(p, t):
            x = p["model.embed_tokens.weight"][t[:, :-1]]
            b, n, width = x.shape
            for i in range(layers(p, "model.layers.")):
                at = f"model.layers.{i}."
                dense = lambda name, x: x @ p[at + name + "_proj.weight"].T
                h = self.norm(norm, p, at + "input_layernorm.", x)
                q, k, v = (dense("self_attn." + c, h).reshape(b, n, heads, size) for c in "qkv")
                y = jax.nn.dot_product_attention(rotate(q), rotate(k), v, is_causal=True)
                x = x + dense("self_attn.o", y.reshape(b, n, width))
                h = self.norm(norm, p, at + "post_attention_layernorm.", x)
                x = x + dense("mlp.down", jax.nn.silu(dense("mlp.gate", h)) * dense("mlp.up", h))
            logits = self.norm(norm, p, "model.norm.", x) @ p["model.embed_tokens.weight"].T
            return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), t[:, 1:, None], -1))

        def adamw(state, t):
            p, m, v, i = state
            value, g = jax.value_and_grad(loss)(p, t)
            total = jnp.sqrt(sum(jnp.sum(a * a) for a in jax.tree.leaves(g)))
            factor = jnp.minimum(1.0, CLIP / (total + 1e-6))
            g = jax.tree.map(lambda a: a * factor, g)
            i = i + 1
            m = jax.tree.map(lambda m, g: BETAS[0] * m + (1 - BETAS[0]) * g, m, g)
            v = jax.tree.map(lambda v, g: BETAS[1] * v + (1 - BETAS[1]) * g * g, v, g)
            lr, c1, c2 = LR["llama-train"], 1 - BETAS[0] ** i, 1 - BETAS[1] ** i
            p = jax.tree.map(lambda p, m, v: p * (1 - lr * DECAY) - lr * (m / c1) / (jnp.sqrt(v / c2) + ADAM_EPS), p, m, v)
            return (p, m, v, i), value
        zeros = lambda: jax.tree.map(jnp.zeros_like, p)
        return self.stepper(jax.jit(adamw, donate_argnums=0), (p, zeros(), zeros(), 0), x, self.grad_norm(loss, p, x))

    def layer(self, work, norm, p):
        jax, jnp = self.jax, self.jnp
        x, grad = p.pop("x"), p.pop("grad")
        run = lambda p, x: self.norm(norm, p, "", x)
        if work == "layer-forward":
            forward = jax.jit(run)
            return (lambda: jax.block_until_ready(forward(p, x))), {}, {"y": np.asarray(forward(p, x))}
        if work == "layer-both":
            both = jax.jit(lambda p, x, g: (lambda y, back: (y, back(g)))(*jax.vjp(run, p, x)))
            y, (dp, dx) = both(p, x, grad)
            tensors = {"y": np.asarray(y), "dx": np.asarray(dx), **{"d" + k: np.asarray(v) for k, v in dp.items()}}
            return (lambda: jax.block_until_ready(both(p, x, grad))), {}, tensors
        into = jax.jit(lambda p, x, old: run(p, x), donate_argnums=2, keep_unused=True)
        holder = [jnp.zeros_like(x)]

        def warm():
            holder[0] = jax.block_until_ready(into(p, x, holder[0]))
            return holder[0]
        return warm, {}, {"y": np.array(warm())}


def export_vit(norm, file, path):
    """Writes the ViT as ONNX through PyTorch's exporter and returns its input."""
    import torch
    t = {k: torch.from_numpy(v) for k, v in file.items()}
    x = t.pop("input")
    torch.onnx.export(torch_vit(torch, norm, t).eval(), (x,), path, dynamo=True, verbose=False)
    return x.numpy()


class Onnx:
    def load(self, work, norm, file):
        import tempfile
        import onnxruntime
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "vit.onnx")
            x = export_vit(norm, file, path)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        run = lambda: session.run(None, {name: x})[0]
        return run, {"loss": np.square(run(), dtype=np.float64).mean()}, None


class Openvino:
    def load(self, work, norm, file):
        import tempfile
        import openvino
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "vit.onnx")
            x = export_vit(norm, file, path)
            core = openvino.Core()
            settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
            request = core.compile_model(core.read_model(path), "CPU", settings).create_infer_request()
        run = lambda: request.infer({0: x})[0]
        return run, {"loss": np.square(run(), dtype=np.float64).mean()}, None


if __name__ == "__main__":
    # Exporters talk on standard output, which is the pipe of the driver: let them talk to standard error.
    pipe = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.stdout = pipe
    main()
