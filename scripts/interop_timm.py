"""Opens checkpoints that train/ writes with timm, which knows one twin and must refuse the other.

    python scripts/interop_timm.py       needs go, torch and timm; writes only to a temporary folder

A Go test trains both twins of the smallest ViT and leaves their folders, with images and the logits of each. The LayerNorm
twin must load without a missing or additional tensor and give the same logits; of the DyT twin timm knows neither the
architecture nor the tensors, and must say so.
"""

import json
import pathlib
import subprocess
import tempfile

import timm
import torch
from safetensors.torch import load_file

ROOT = pathlib.Path(__file__).resolve().parent.parent


def largest_difference(folder):
    model = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    model.load_state_dict(load_file(folder / "model.safetensors"), strict=True)
    ours = load_file(f"{folder}.logits.safetensors")
    with torch.no_grad():
        logits = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()(ours["images"])
        again = model(ours["images"])
    assert torch.equal(logits, again), "timm's loader left a tensor out"
    assert logits.shape == ours["logits"].shape
    return (logits - ours["logits"]).abs().max().item(), logits.abs().max().item()


def refusals(folder):
    """What timm says to a DyT folder: to the folder, and to its tensors under the stock architecture."""
    config = json.loads((folder / "config.json").read_text())
    stock = timm.create_model("vit_base_patch16_224", num_classes=config["num_classes"], **config["model_args"])
    said = []
    for what, load in {
        "create_model": lambda: timm.create_model(f"local-dir:{folder}", pretrained=True),
        "load_state_dict": lambda: stock.load_state_dict(load_file(folder / "model.safetensors")),
    }.items():
        try:
            load()
        except Exception as e:  # any: the point is that neither returns a model
            said.append(f"{what}: {type(e).__name__}: {' '.join(str(e).split())[:150]}")
        else:
            raise SystemExit(f"{what} accepted {folder}, which timm does not know")
    return said


def main():
    with tempfile.TemporaryDirectory() as temp:
        test = ["go", "test", "-count=1", "-run", "TestCheckpointIsAModelFolder", "./train", "-interop", temp]
        subprocess.run(test, cwd=ROOT, check=True)
        folder = pathlib.Path(temp) / "vit"
        difference, largest = largest_difference(folder / "layernorm")
        assert difference <= 1e-5, difference
        dyt = folder / "dyt"
        assert json.loads((dyt / "config.json").read_text())["norm"]["kind"] == "dyt"
        assert "blocks.0.norm1.alpha" in load_file(dyt / "model.safetensors")
        print(f"timm {timm.__version__}: logits of the layernorm folder up to {largest:.3g}, largest difference {difference:.2g}")
        print("the dyt folder is refused by", *refusals(dyt), sep="\n  ")


if __name__ == "__main__":
    main()
