// Package zoo is the index of architectures: what training and commands need of one without knowing it. Each architecture
// is a package of its own, to be read by itself; a new one is a row here.
package zoo

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/dyt-go/dyt/internal/suggest"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/weights"
	"github.com/dyt-go/dyt/zoo/llama"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/dyt-go/dyt/zoo/vit"
	"github.com/gomlx/compute/dtypes"
)

// Arch is a row of the index.
type Arch struct {
	Name     string    // the folder under zoo/
	Baseline norm.Kind // the papers' own norm, which DyT replaces
	Variants func() []string

	// Norm returns the architecture's setting of a kind: alpha0 by site, beta or not, eps.
	Norm func(variant string, kind norm.Kind) (norm.Config, error)

	// Open returns a variant with the given norm.
	Open func(variant string, n norm.Config, o Options) (part.Model, error)

	// FromConfigJSON returns the model that config.json describes.
	FromConfigJSON func(content []byte) (part.Model, error)

	// reads says whether a config.json with this model_type (transformers) or architecture (timm) is this row's.
	reads func(modelType, architecture string) bool
}

// Options are what a recipe says about a network beside its variant and its norm.
type Options struct {
	Classes  int          // what the logits choose among: classes, or the vocabulary; 0: the variant's own
	DropPath float64      // rate of stochastic depth in the last block; 0: none
	Method   part.Method  // what stands elsewhere in place of a norm; "": nothing
	Extras   bool         // give a normalized network what a norm-free one brings along, as a control
	Compute  dtypes.DType // of the activations: Float32, or BFloat16 (weights stay float32); 0: Float32
	Remat    bool         // gradient checkpointing, a block at a time
}

// Archs is the index.
var Archs = []Arch{
	{
		Name: "llama", Baseline: norm.RMSNorm, Variants: llama.Variants, Norm: llama.DefaultNorm, Open: openLLaMA,
		FromConfigJSON: func(content []byte) (part.Model, error) { return model(llama.FromConfigJSON(content)) },
		reads:          func(modelType, _ string) bool { return strings.TrimPrefix(modelType, "dyt_") == "llama" },
	},
	{
		Name: "vit", Baseline: norm.LayerNorm, Variants: vit.Variants, Norm: vit.DefaultNorm, Open: openViT,
		FromConfigJSON: func(content []byte) (part.Model, error) { return model(vit.FromConfigJSON(content)) },
		reads: func(_, architecture string) bool {
			return strings.HasPrefix(strings.TrimPrefix(architecture, "dyt_"), "vit")
		},
	},
}

func openLLaMA(variant string, n norm.Config, o Options) (part.Model, error) {
	m, err := llama.Open(variant, n)
	if err != nil {
		return nil, err
	}
	if o.DropPath != 0 {
		return nil, fmt.Errorf("llama: drop path is %g, expected 0: LLaMA has none", o.DropPath)
	}
	c := m.Config
	if o.Classes != 0 {
		c.Vocab = o.Classes
	}
	c.Method, c.EmbedScale, c.Compute, c.Remat = o.Method, c.EmbedScale || o.Extras, o.Compute, o.Remat
	return model(llama.New(variant, c))
}

func openViT(variant string, n norm.Config, o Options) (part.Model, error) {
	m, err := vit.Open(variant, n)
	if err != nil {
		return nil, err
	}
	c := m.Config
	if o.Classes != 0 {
		c.Labels = o.Classes
	}
	c.DropPath, c.Method, c.Compute, c.Remat = o.DropPath, o.Method, o.Compute, o.Remat
	return model(vit.New(variant, c))
}

// model turns a nil of an architecture's own type into a nil part.Model.
func model[M part.Model](m M, err error) (part.Model, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Names are those of the index.
func Names() []string {
	names := make([]string, len(Archs))
	for i, a := range Archs {
		names[i] = a.Name
	}
	return names
}

// Find returns the row of an architecture.
func Find(name string) (Arch, error) {
	for _, a := range Archs {
		if a.Name == name {
			return a, nil
		}
	}
	return Arch{}, fmt.Errorf("zoo: no architecture %q%s; there are: %v", name, suggest.DidYouMean(name, Names()), Names())
}

// Norms are the kinds with which `dyt models` lists the architecture: its own, the paper's, and Derf.
func (a Arch) Norms() []norm.Kind { return []norm.Kind{a.Baseline, norm.DyT, norm.Derf} }

// Default returns a variant with the architecture's own setting of a norm.
func (a Arch) Default(variant string, kind norm.Kind) (part.Model, error) {
	n, err := a.Norm(variant, kind)
	if err != nil {
		return nil, err
	}
	return a.Open(variant, n, Options{})
}

// FromLlama2C returns the model of a llama2.c checkpoint, which has a header in place of a config.json.
func FromLlama2C(c weights.Llama2C) (part.Model, error) { return model(llama.FromLlama2C(c)) }

// FromConfigJSON returns the model that config.json describes, in transformers' or timm's words or in ours.
func FromConfigJSON(content []byte) (part.Model, error) {
	var c struct {
		ModelType    string `json:"model_type"`
		Architecture string `json:"architecture"`
	}
	if err := json.Unmarshal(content, &c); err != nil {
		return nil, fmt.Errorf("zoo: config.json: %w", err)
	}
	for _, a := range Archs {
		if a.reads(c.ModelType, c.Architecture) {
			return a.FromConfigJSON(content)
		}
	}
	return nil, fmt.Errorf("zoo: config.json: model_type %q and architecture %q name no network that is here", c.ModelType, c.Architecture)
}
