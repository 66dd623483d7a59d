"""Opens checkpoints that train/ writes with transformers, which knows one twin and must refuse the other.

    python scripts/interop_transformers.py       needs go, torch and transformers; writes only to a temporary folder

A Go test trains both twins of the smallest recipe and leaves their folders, with tokens and the logits of each. The RMSNorm
twin must load without a missing or additional tensor and give the same logits; of the DyT twin transformers knows neither
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
        print("the dyt folder is refused by", *refusals(dyt), sep="\n  ")


if __name__ == "__main__":
    main()
