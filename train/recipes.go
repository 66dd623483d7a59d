package train

import (
	"fmt"

	"github.com/dyt-go/dyt/internal/suggest"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo"
	"github.com/dyt-go/dyt/zoo/part"
)

// Preset is a row of the table of recipes.
type Preset struct {
	Name   string
	Note   string // what it trains, on what
	Cost   string // time and machine
	Expect string // what comes of it, and whose figure that is
	Fresh  func() Recipe
}

// Presets is the table: laptop sizes first, then the paper's own recipes, which want the paper's machines. The command of
// a row is `dyt train NAME`; one with another norm is its twin.
var Presets = []Preset{
	{"llama-0.1M", "0.08M-parameter LLaMA over bytes, on the source of Go's standard library", "10 s on 2 cores", "3.75 bits per byte with DyT, 3.66 with RMSNorm (one seed)", func() Recipe { return laptopLLaMA("llama-0.1M", "0.1M", 64, 16, 250_000) }},
	{"llama-0.87M", "0.87M-parameter LLaMA over bytes, on the source of Go's standard library", "about 10 minutes on 2 cores", "2.72 bits per byte with DyT, 2.65 with RMSNorm (one seed, the same recipe in PyTorch); after 800k tokens 2.97 and 2.76 (three seeds here)", func() Recipe { return laptopLLaMA("llama-0.87M", "0.87M", 128, 16, 1_500_000) }},
	{"llama-5M", "5M-parameter LLaMA over bytes, on the source of Go's standard library", "38 times the arithmetic of llama-0.87M: two hours of processor time", "after the first 98k tokens alone, as a run of its own, 4.22 bits per byte with DyT, 5.08 with RMSNorm (one seed); the whole not measured", func() Recipe { return laptopLLaMA("llama-5M", "5M", 256, 16, 10_000_000) }},
	{"llama-15M", "15M-parameter LLaMA over bytes, on the source of Go's standard library", "560 times the arithmetic of llama-0.87M", "after the first 49k tokens alone, as a run of its own, 4.98 bits per byte with DyT, 5.48 with RMSNorm (one seed); the whole not measured", func() Recipe { return laptopLLaMA("llama-15M", "15M", 256, 16, 50_000_000) }},
	{"vit-fashion-mnist", "0.2M-parameter ViT on Fashion-MNIST", "2 minutes of processor time", "top-1 87.0 % with DyT, 86.6 % with LayerNorm (three seeds: no difference shown)", func() Recipe { return laptopViT("vit-fashion-mnist", "0.2M/7", "fashion-mnist", 120_000) }},
	{"vit-cifar10", "0.2M-parameter ViT on CIFAR-10", "4 minutes on 2 cores", "top-1 52.6 % with DyT, 50.0 % with LayerNorm, on 2,000 images after 6 epochs of a part with 10,000 (one seed)", func() Recipe { return laptopViT("vit-cifar10", "0.2M/4", "cifar10", 60_000) }},
	{"vit-S", "ViT-S/16 on ImageNet-1K, from a folder of classes", paperCost, "top-1 80.3 % with DyT (paper, table 7)", func() Recipe { return paperViT("vit-S", "S/16", 0.1, 0.999) }},
	{"vit-B", "ViT-B/16 on ImageNet-1K, from a folder of classes", paperCost, "top-1 82.5 % with DyT, 82.3 % with LayerNorm (paper, table 1)", func() Recipe { return paperViT("vit-B", "B/16", 0.1, 0.999) }},
	{"vit-L", "ViT-L/16 on ImageNet-1K, from a folder of classes", paperCost, "top-1 83.6 % with DyT, 83.1 % with LayerNorm (paper, table 1)", func() Recipe { return paperViT("vit-L", "L/16", 0.4, 0.95) }},
	{"llama-7B", "LLaMA 7B on a folder of texts", "512 GPUs in the paper", "training loss 1.60 with DyT, 1.59 with RMSNorm on the Pile (paper, table 4)", func() Recipe { return paperLLaMA("llama-7B", "7B", 2, 512, false, 3e-4) }},
	{"llama-13B", "LLaMA 13B on a folder of texts", "512 GPUs in the paper", "training loss 1.54 with DyT, 1.53 with RMSNorm on the Pile (paper, table 4)", func() Recipe { return paperLLaMA("llama-13B", "13B", 2, 512, true, 3e-4) }},
	{"llama-34B", "LLaMA 34B on a folder of texts", "1024 GPUs in the paper", "training loss 1.50 with both norms on the Pile (paper, table 4)", func() Recipe { return paperLLaMA("llama-34B", "34B", 1, 1024, true, 1.5e-4) }},
	{"llama-70B", "LLaMA 70B on a folder of texts", "1024 GPUs in the paper", "training loss 1.45 with both norms on the Pile (paper, table 4)", func() Recipe { return paperLLaMA("llama-70B", "70B", 1, 1024, true, 1.5e-4) }},
}

const paperCost = "64 GPUs in the paper"

// Find returns the recipe of a preset.
func Find(name string) (Recipe, error) {
	names := make([]string, len(Presets))
	for i, p := range Presets {
		if p.Name == name {
			return p.Fresh(), nil
		}
		names[i] = p.Name
	}
	return Recipe{}, fmt.Errorf("train: no recipe %q, expected one of %v%s", name, names, suggest.DidYouMean(name, names))
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

// With returns the twin of r with another norm or, for the name of a method, with none and that method.
func (r Recipe) With(name string) (Recipe, error) {
	r.Model.Method = ""
	if method := part.Method(name); method.Acts() {
		r.Norm, r.Model.Method = norm.None(), method
		return r, nil
	}
	if _, known := norm.Lookup(norm.Kind(name)); !known {
		var all []string
		for _, kind := range norm.Kinds() {
			all = append(all, string(kind))
		}
		for _, method := range part.Methods[1:] {
			all = append(all, string(method))
		}
		return Recipe{}, fmt.Errorf("train: no norm and no method %q%s; there are: %v", name, suggest.DidYouMean(name, all), all)
	}
	return r.WithNorm(norm.Kind(name))
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
	return arch.Open(r.Model.Variant, r.Norm, zoo.Options{Classes: r.Model.Classes, DropPath: r.Model.DropPath, Method: r.Model.Method, Extras: r.Model.Extras,
		Compute: precisions[r.Train.Precision], Remat: r.Train.Remat})
}

// mustDyT gives a row of the table its norm: the architecture's DyT.
func mustDyT(r Recipe) Recipe {
	r, err := r.WithNorm(norm.DyT)
	if err != nil {
		panic(fmt.Errorf("BUG: train: preset %s: %w", r.Preset, err))
	}
	return r
}
