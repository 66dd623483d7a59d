package train

import (
	"github.com/dyt-go/dyt/data"
)

// The laptop recipes are the same for both twins, with one learning rate that is fair to both.

// laptopLLaMA is the recipe of the small LLaMAs: fan-in initialisation (zoo/llama), AdamW 0.9/0.95, decay 0.1 on matrices,
// clip 1, linear warm-up of 5 %, cosine to 10 %. Of the learning rates tried for both twins at 0.87M, 6e-3 is fair to both
// within 0.05 bits: RMSNorm likes half of it a little better, DyT needs it.
func laptopLLaMA(name, variant string, context, batch int, tokens int64) Recipe {
	r := Default()
	r.Preset, r.Model = name, Model{Arch: "llama", Variant: variant}
	r.Data = data.Config{Source: "goroot", Tokenizer: "bytes", Context: context, ValTokens: 1 << 16}
	r.Train.Tokens, r.Train.Batch, r.Train.Sample = tokens, batch, 200
	r.Optim.Beta2, r.Optim.Decay, r.Optim.Clip, r.Optim.LR = 0.95, 0.1, 1, 6e-3
	return mustDyT(r)
}

// laptopViT is the recipe of the small ViTs: fan-in initialisation (zoo/vit), AdamW 0.9/0.999, decay 0.05 on matrices, clip
// 1, linear warm-up of 5 %, cosine to a hundredth, flips and nothing else: within two epochs of Fashion-MNIST a random crop
// costs more than it gives (top-1 of the LayerNorm twin after 12,800 images 0.609 with pad 4, 0.777 without). Of the learning
// rates tried, 2e-3 and 4e-3, LayerNorm is as good with both and DyT likes 4e-3 (0.822, 0.822 and 0.793, 0.812).
func laptopViT(name, variant, source string, images int64) Recipe {
	r := Default()
	r.Preset, r.Model = name, Model{Arch: "vit", Variant: variant}
	r.Data = data.Config{Source: source, Augment: data.Augment{Flip: 0.5}}
	r.Train.Tokens, r.Train.Batch, r.Train.Log, r.Train.Eval = images, 64, 20, 500
	r.Optim.Decay, r.Optim.DecaySkip, r.Optim.Clip, r.Optim.LR, r.Optim.End = 0.05, tokensOfViT, 1, 4e-3, 0.01
	return mustDyT(r)
}

// tokensOfViT are the tensors of two and more dimensions that timm's ViT keeps from decay.
var tokensOfViT = []string{"cls_token", "pos_embed"}
