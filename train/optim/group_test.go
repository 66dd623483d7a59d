package optim

import (
	"math"
	"strings"
	"testing"
)

// The rules of the published experiments, tensor by tensor.
func TestDecayFollowsTheRuleOfTheExperiment(t *testing.T) {
	skip := []string{"cls_token", "pos_embed"}
	for _, c := range []struct {
		name          string
		rank          int
		matrices, all bool
	}{
		{"blocks.0.attn.qkv.weight", 2, true, true},
		{"blocks.0.attn.qkv.bias", 1, false, true},
		{"patch_embed.proj.weight", 4, true, true},
		{"blocks.0.norm1.alpha", 1, false, true},
		{"blocks.0.norm1.weight", 1, false, true},
		{"cls_token", 3, false, true},
		{"pos_embed", 3, false, true},
		{"odd.bias", 2, false, true},
		{"model.embed_tokens.weight", 2, true, true},
		{"model.embed_scale", 1, false, true},
	} {
		for rule, want := range map[Rule]bool{Matrices: c.matrices, All: c.all} {
			config := Config{DecayRule: rule, DecaySkip: skip, LayerDecay: 1}
			if got := config.Groups([]string{c.name}, []int{c.rank})[0].Decay; got != want {
				t.Errorf("%s under %q: decays %v, expected %v", c.name, rule, got, want)
			}
		}
	}
}

func TestLayerDecayFallsFromHeadToInput(t *testing.T) {
	config := Config{DecayRule: All, LayerDecay: 0.5}
	names := []string{
		"patch_embed.proj.weight", "cls_token", "blocks.0.norm1.alpha", "blocks.2.mlp.fc1.weight", "fc_norm.alpha", "head.weight",
		"model.embed_tokens.weight", "model.layers.1.input_layernorm.weight",
	}
	want := []float64{1. / 16, 1. / 16, 1. / 8, 1. / 2, 1, 1, 1. / 16, 1. / 4} // three blocks
	for i, g := range config.Groups(names, make([]int, len(names))) {
		if math.Abs(g.Scale-want[i]) > 1e-15 {
			t.Errorf("%s: factor %g, expected %g", names[i], g.Scale, want[i])
		}
	}
}

func TestCheckNamesTheField(t *testing.T) {
	if err := Default().Check(); err != nil {
		t.Errorf("the default is refused: %v", err)
	}
	for want, spoil := range map[string]func(*Config){
		"name":        func(c *Config) { c.Name = "adam" },
		"decay_rule":  func(c *Config) { c.DecayRule = "some" },
		"beta1":       func(c *Config) { c.Beta1 = 1 },
		"beta2":       func(c *Config) { c.Beta2 = -0.1 },
		"eps":         func(c *Config) { c.Eps = math.NaN() },
		"momentum":    func(c *Config) { c.Momentum = 2 },
		"decay":       func(c *Config) { c.Decay = -1 },
		"layer_decay": func(c *Config) { c.LayerDecay = 0 },
		"clip":        func(c *Config) { c.Clip = math.Inf(1) },
		"ema":         func(c *Config) { c.EMA = 1 },
	} {
		c := Default()
		spoil(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), "optim: "+want+":") {
			t.Errorf("%s: got %v", want, err)
		}
	}
}
