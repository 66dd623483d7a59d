package train

import (
	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/train/optim"
)

// The paper's recipes, number by number. Where the paper spreads a batch over GPUs, here are micro-batches of the same
// size, so that mixing, which is drawn for a micro-batch, is the same.

// imageNetUpdates is an epoch of ImageNet-1K's 1,281,167 images in batches of 4096, without an incomplete one.
const imageNetUpdates = 312

// paperViT is the recipe of ViT on ImageNet-1K: 300 epochs, batch 4096 as 64 on each of 64 GPUs, AdamW with decay 0.05 on
// matrices, 4e-3 after 20 epochs of linear warm-up, cosine to 1e-6, no clipping, no mixed precision, average of the weights
// at 0.9999 evaluated alongside. Of ViT-S the paper prints no drop path; 0.1 is ours.
//
// Source: arXiv:2503.10622, appendix A; jiachenzhu/DyT @aab5dde, README.md, main.py, optim_factory.py.
func paperViT(name, variant string, dropPath, beta2 float64) Recipe {
	r := Default()
	r.Preset, r.Model = name, Model{Arch: "vit", Variant: variant, DropPath: dropPath}
	r.Data = data.Config{Source: "image-folder", Size: 224, Augment: data.PaperAugment()}
	r.Train = Budget{Tokens: 300 * imageNetUpdates * 4096, Batch: 64, Accumulate: 64, Precision: "f32", Seed: 0, Log: 10, Eval: imageNetUpdates}
	r.Optim.Beta2, r.Optim.Decay, r.Optim.DecaySkip, r.Optim.EMA = beta2, 0.05, tokensOfViT, 0.9999
	r.Optim.LR, r.Optim.End, r.Optim.Warmup = 4e-3, 1e-6/4e-3, 20./300
	r.Save.Every = imageNetUpdates
	return mustDyT(r)
}

// paperLLaMA is the recipe of LLaMA on 200 billion tokens of the Pile: 4,194,304 tokens an update, AdamW 0.9/0.95 with
// decay 0.1 on every tensor, clip 1, quadratic warm-up over 2000 updates, cosine to a tenth, bf16. alpha0 follows the width.
// Gradient checkpointing is of all blocks or none: the paper's 13B and 34B did it for half of them.
// The texts are a folder, the tokenizer is Llama 2's tokenizer.json: the recipe names neither.
//
// Source: arXiv:2503.10622, appendix A; jiachenzhu/DyT @aab5dde, other_tasks/LLaMA; fms-fsdp @5a296af.
func paperLLaMA(name, variant string, batch, accumulate int, remat bool, lr float64) Recipe {
	r := Default()
	r.Preset, r.Model = name, Model{Arch: "llama", Variant: variant}
	r.Data = data.Config{Source: "folder", Tokenizer: "tokenizer.json", Context: 4096, ValTokens: 1 << 20}
	r.Train = Budget{Tokens: 200_000_000_000, Batch: batch, Accumulate: accumulate, Precision: "bf16", Remat: remat, Seed: 2023, Log: 10, Eval: 500}
	r.Optim.Beta2, r.Optim.Decay, r.Optim.DecayRule, r.Optim.Clip = 0.95, 0.1, optim.All, 1
	r.Optim.LR, r.Optim.WarmupShape = lr, quadratic
	r.Optim.Warmup = 2000 / float64(r.Steps())
	r.Save.Every = 500
	return mustDyT(r)
}
