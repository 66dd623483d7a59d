package train

import (
	"fmt"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/zoo"
	"github.com/dyt-go/dyt/zoo/part"
)

// Preset is a row of the table of recipes.
type Preset struct {
	Name  string
	Note  string // what it trains, on what
	Fresh func() Recipe
}

// Presets is the table.
//
// The laptop rows share one recipe for both twins: fan-in initialisation (zoo/llama), AdamW 0.9/0.95, decay 0.1 on
// matrices, clip 1, linear warm-up of 5 %, cosine to 10 %.
var Presets = []Preset{
	{"llama-0.1M", "0.08M-parameter LLaMA over bytes, on the source of Go's standard library", func() Recipe { return laptopLLaMA("llama-0.1M", "0.1M", 64, 16, 250_000) }},
	{"llama-0.87M", "0.87M-parameter LLaMA over bytes, on the source of Go's standard library", func() Recipe { return laptopLLaMA("llama-0.87M", "0.87M", 128, 16, 1_500_000) }},
	{"llama-5M", "5M-parameter LLaMA over bytes, on the source of Go's standard library", func() Recipe { return laptopLLaMA("llama-5M", "5M", 256, 16, 10_000_000) }},
	{"vit-fashion-mnist", "0.2M-parameter ViT on Fashion-MNIST", func() Recipe { return laptopViT("vit-fashion-mnist", "0.2M/7", "fashion-mnist", 150_000) }},
	{"vit-cifar10", "0.5M-parameter ViT on CIFAR-10", func() Recipe { return laptopViT("vit-cifar10", "0.5M/4", "cifar10", 100_000) }},
	{"llama-15M", "15M-parameter LLaMA over bytes, on the source of Go's standard library", func() Recipe { return laptopLLaMA("llama-15M", "15M", 256, 16, 50_000_000) }},
}

// laptopLLaMA is the recipe of the small LLaMAs. Of the learning rates tried for both twins at 0.87M, 6e-3 is fair to both
// within 0.05 bits: RMSNorm likes half of it a little better, DyT needs it.
func laptopLLaMA(name, variant string, context, batch int, tokens int64) Recipe {
	adamw := optim.Default()
	adamw.Beta2, adamw.Decay, adamw.Clip = 0.95, 0.1, 1
	return mustDyT(Recipe{
		Preset: name,
		Model:  Model{Arch: "llama", Variant: variant},
		Data:   data.Config{Source: "goroot", Tokenizer: "bytes", Context: context, ValTokens: 1 << 16},
		Train:  Budget{Tokens: tokens, Batch: batch, Accumulate: 1, Seed: 1, Log: 10, Eval: 100},
		Optim:  Optim{Config: adamw, LR: 6e-3, End: 0.1, Schedule: cosine, Warmup: 0.05, WarmupShape: linear, DecaySchedule: constant},
		Save:   Save{Every: 200, Keep: 2},
	})
}

// laptopViT
func laptopViT(name, variant, source string, images int64) Recipe {
	adamw := optim.Default()
	adamw.Decay, adamw.DecaySkip, adamw.Clip = 0.05, []string{"cls_token", "pos_embed"}, 1
	return mustDyT(Recipe{
		Preset: name,
		Model:  Model{Arch: "vit", Variant: variant},
		Data:   data.Config{Source: source, Augment: data.LightAugment()},
		Train:  Budget{Tokens: images, Batch: 64, Accumulate: 1, Seed: 1, Log: 20, Eval: 400},
		Optim:  Optim{Config: adamw, LR: 2e-3, End: 0.01, Schedule: cosine, Warmup: 0.05, WarmupShape: linear, DecaySchedule: constant},
		Save:   Save{Every: 0, Keep: 2},
	})
}

// mustDyT gives a row of the table its norm: the architecture's DyT.
func mustDyT(r Recipe) Recipe {
	r, err := r.WithNorm(norm.DyT)
	if err != nil {
		panic(fmt.Errorf("BUG: train: preset %s: %w", r.Preset, err))
	}
	return r
}

// Find returns the recipe of a preset.
func Find(name string) (Recipe, error) {
	names := make([]string, len(Presets))
	for i, p := range Presets {
		if p.Name == name {
			return p.Fresh(), nil
		}
		names[i] = p.Name
	}
	return Recipe{}, fmt.Errorf("train: no recipe %q, expected one of %v%s", name, names, conf.DidYouMean(name, names))
}

// WithNorm returns the twin of r: the same recipe with the architecture's own setting of another norm.
func (r Recipe) WithNorm(kind norm.Kind) (Recipe, error) {
	arch, err := zoo.Find(r.Model.Arch)
	if err != nil {
		return Recipe{}, fmt.Errorf("train: model.arch: %w", err)
	}
	if r.Norm, err = arch.Norm(r.Model.Variant, kind); err != nil {
		return Recipe{}, err
	}
	return r, nil
}

// Baseline is the norm that the architecture has in the papers before ours.
func (r Recipe) Baseline() (norm.Kind, error) {
	arch, err := zoo.Find(r.Model.Arch)
	return arch.Baseline, err
}

// Open makes the network of the recipe.
func (r Recipe) Open() (part.Model, error) {
	arch, err := zoo.Find(r.Model.Arch)
	if err != nil {
		return nil, fmt.Errorf("train: model.arch: %w", err)
	}
	return arch.Open(r.Model.Variant, r.Norm, zoo.Options{Classes: r.Model.Classes, DropPath: r.Model.DropPath, Extras: r.Model.Extras})
}
