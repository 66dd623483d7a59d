"""Opens checkpoints that train/ writes with transformers, which knows one twin and must refuse the other.

    python scripts/interop_transformers.py       needs go, torch and transformers; writes only to a temporary folder

A Go test trains both twins of the smallest recipe and leaves their folders, with tokens and the logits of each. The RMSNorm
twin must load without a missing or additional tensor, give the same logits, and generate as its generation_config.json says: the
likeliest tokens, to the model's context or the end of the text. Of the DyT twin transformers knows neither
the architecture nor the tensors, and must say so.
"""

import json
import pathlib
import subprocess
import tempfile

import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, LlamaForCausalLM

ROOT = pathlib.Path(__file__).resolve().parent.parent


def largest_difference(folder):
    for loader in (AutoModelForCausalLM, LlamaForCausalLM):
        model, info = loader.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
        assert isinstance(model, LlamaForCausalLM), type(model)
        assert not any(info[k] for k in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
    ours = load_file(f"{folder}.logits.safetensors")
    with torch.no_grad():
        logits = model(ours["tokens"].long()).logits
    assert logits.shape == ours["logits"].shape
    return (logits - ours["logits"]).abs().max().item(), logits.abs().max().item()


def generated(folder):
    """The tokens that generate() adds to a prompt by the folder's own settings; they must be the likeliest ones."""
    said = transformers.GenerationConfig.from_pretrained(folder)
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
    assert said.max_length == model.config.max_position_embeddings and not said.do_sample, said
    prompt = load_file(f"{folder}.logits.safetensors")["tokens"][:1, :4].long()
    with torch.no_grad():
        text = model.generate(prompt, attention_mask=torch.ones_like(prompt))
        want = prompt
        while want.shape[1] < said.max_length and (want.shape[1] == 4 or want[0, -1] not in said.eos_token_id):
            want = torch.cat([want, model(want).logits[:, -1:].argmax(-1)], 1)
    assert text.shape[1] > 4 and torch.equal(text, want), (text, want)
    return text.shape[1] - 4


def refusals(folder):
    """What each of the stock loaders says to a DyT folder."""
    said = []
    for loader in (AutoModelForCausalLM, LlamaForCausalLM):
        try:
            loader.from_pretrained(folder)
        except Exception as e:  # any: the point is that none returns a model
            said.append(f"{loader.__name__}: {type(e).__name__}: {str(e).strip().splitlines()[0]}")
        else:
            raise SystemExit(f"{loader.__name__} made a model of {folder}, which it does not know")
    return said


def main():
    with tempfile.TemporaryDirectory() as temp:
        test = ["go", "test", "-count=1", "-run", "TestCheckpointIsAModelFolder", "./train", "-interop", temp]
        subprocess.run(test, cwd=ROOT, check=True)
        difference, largest = largest_difference(pathlib.Path(temp) / "llama" / "rmsnorm")
        assert difference <= 1e-5, difference
        dyt = pathlib.Path(temp) / "llama" / "dyt"
        config = json.loads((dyt / "config.json").read_text())
        assert config["norm"]["kind"] == "dyt" and config["rms_norm_eps"] is None, config
        assert "model.norm.alpha" in load_file(dyt / "model.safetensors")
        print(f"transformers {transformers.__version__}: logits of the rmsnorm folder up to {largest:.3g}, largest difference {difference:.2g}")
        print(f"generate adds {generated(pathlib.Path(temp) / 'llama' / 'rmsnorm')} tokens, the likeliest ones")
        print("the dyt folder is refused by", *refusals(dyt), sep="\n  ")


if __name__ == "__main__":
    main()
