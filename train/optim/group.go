package optim

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Rule says which tensors weight decay acts on. The paper's experiments differ in it, and DyT's alpha, gamma and beta
// decay under one and not under the other.
type Rule string

const (
	// Matrices decays tensors of two and more dimensions except biases and the names of DecaySkip: alpha, gamma, beta
	// and layer scales do not decay. ViT, ConvNeXt, MAE, DINO, GPT-2.
	Matrices Rule = "matrices"

	// All decays everything, embeddings and LLaMA's embedding scalar included. LLaMA, wav2vec 2.0.
	All Rule = "all"
)

// Rules lists every rule.
var Rules = []Rule{Matrices, All}

// Group is how the update treats one tensor.
type Group struct {
	Decay bool    // weight decay acts on it
	Scale float64 // factor of its learning rate
}

// Groups assigns a group to every tensor, given all names with their ranks.
func (c Config) Groups(names []string, ranks []int) []Group {
	layers := 0
	for _, name := range names {
		if i, ok := block(name); ok {
			layers = max(layers, i+1)
		}
	}
	groups := make([]Group, len(names))
	for i, name := range names {
		groups[i] = Group{Decay: c.decays(name, ranks[i]), Scale: c.scale(name, layers)}
	}
	return groups
}

func (c Config) decays(name string, rank int) bool {
	if c.DecayRule == All {
		return true
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	return rank >= 2 && last != "bias" && !slices.Contains(c.DecaySkip, name)
}

// scale is the layer-wise decay of MAE's fine-tuning: with L blocks, the head has factor 1, block i has
// LayerDecay^(L-i), and what stands before the blocks (embeddings, class token, positions) LayerDecay^(L+1).
// Source: facebookresearch/mae util/lr_decay.py.
func (c Config) scale(name string, layers int) float64 {
	if c.LayerDecay == 1 {
		return 1
	}
	if i, ok := block(name); ok {
		return math.Pow(c.LayerDecay, float64(layers-i))
	}
	if isInput(name) {
		return math.Pow(c.LayerDecay, float64(layers+1))
	}
	return 1
}

// block returns the number after "blocks." (timm's names) or "layers." (transformers') in a tensor name.
func block(name string) (int, bool) {
	parts := strings.Split(name, ".")
	for i, part := range parts[:len(parts)-1] {
		if part == "blocks" || part == "layers" {
			n, err := strconv.Atoi(parts[i+1])
			return n, err == nil
		}
	}
	return 0, false
}

// isInput says whether a tensor outside the blocks stands before them.
func isInput(name string) bool {
	for _, part := range strings.Split(name, ".") {
		switch part {
		case "patch_embed", "cls_token", "pos_embed", "embed_tokens", "embed_scale":
			return true
		}
	}
	return false
}
